//! A model that translates: its vocabularies and its network, in use and as a folder.

use super::leaning::Leaning;
use super::network::{Blueprint, Translator};
use super::pairs::Vocabularies;
use super::search::{Ends, Found, Search, search};
use super::task::AT_ONCE;
use super::ways::{Marks, Way};
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_kinds::text::Pieces;
use pellucid_nn::Seed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// What it is for, as its folder says.
pub(crate) const GOAL: &str = "translate";

/// A network with the vocabularies of both sides: all that a translation needs.
pub struct Translation {
    /// The columns of the texts that are read and of those that are written.
    pub columns: [String; 2],
    pub(crate) vocabularies: Vocabularies,
    pub(crate) network: Translator,
    /// What the network was built from.
    pub(crate) blueprint: Blueprint,
    ends: Ends,
    /// Which language a text is in, and the pieces that hardly any text to learn from had more of.
    known: Known,
}

/// What is known of the texts that were learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Known {
    /// Pieces of a text that is read; 99 in 100 had no more.
    pub(crate) length: usize,
    /// Which language a text is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(crate) leaning: Option<Leaning>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inputs: [Column; 1],
    targets: [Column; 1],
    texts: Known,
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
    tokenizer: Value,
}

/// A text with what the network makes of it.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Translated {
    /// The translations, the likeliest first; none of an empty text.
    pub texts: Vec<Alternative>,
}

impl Translated {
    /// The likeliest translation; nothing if there is none.
    pub(crate) fn best(&self) -> &str {
        self.texts.first().map_or("", |alternative| &alternative.text)
    }
}

/// One way to translate a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// The translation.
    pub text: String,
    /// Its probability, by the network's own estimate.
    pub probability: f64,
    #[serde(skip)]
    pub(crate) pieces: Vec<u32>,
    #[serde(skip)]
    pub(crate) way: Way,
}

impl Translation {
    /// A network of this form, whose weights are drawn.
    ///
    /// # Errors
    /// A vocabulary that is not for writing, an impossible form, and no memory.
    pub(crate) fn new(
        columns: [String; 2],
        vocabularies: Vocabularies,
        known: Known,
        blueprint: Blueprint,
        seed: &Seed,
    ) -> Result<Translation> {
        let ends = vocabularies.written.ends();
        let [begin, end] = ends.ok_or_else(|| Error::model("its vocabulary is not one for writing"))?;
        let network = Translator::new(seed, &blueprint, vocabularies.sizes())?;
        // Special pieces come first, marks after the ends.
        let last = vocabularies.marks.map_or(0, Marks::last).max(begin).max(end);
        let ends = Ends { begin, end, first: last + 1 };
        Ok(Translation { columns, vocabularies, network, blueprint, ends, known })
    }

    /// The special pieces of what is written.
    pub(crate) fn ends(&self) -> Ends {
        self.ends
    }

    /// The text of pieces that were written.
    ///
    /// # Errors
    /// Pieces that make no text.
    pub(crate) fn text(&self, pieces: &[u32]) -> Result<String> {
        self.vocabularies.written.text(pieces).map_err(Error::model)
    }

    /// The text of pieces that were read, and the way in which it is to be translated.
    ///
    /// # Errors
    /// Pieces that make no text.
    pub(super) fn source(&self, pieces: &[u32]) -> Result<(Way, String)> {
        let (way, pieces) = self.vocabularies.unmarked(pieces);
        Ok((way, self.vocabularies.read.text(pieces).map_err(Error::model)?))
    }

    /// Translates texts that are known as pieces, marked if both ways are known, each into at most `alternatives`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub(crate) fn translate_pieces(
        &self,
        texts: &[&[u32]],
        how: Search,
        alternatives: usize,
    ) -> Result<Vec<Translated>> {
        let alternative = |found: &Found, way: Way| {
            Ok(Alternative {
                text: self.text(&found.pieces)?,
                probability: found.log_probability.exp(),
                pieces: found.pieces.clone(),
                way,
            })
        };
        let mut all = vec![Translated { texts: Vec::new() }; texts.len()];
        // Texts of like length together: the others would wait for the longest.
        let mut order: Vec<usize> = (0..texts.len()).filter(|&i| !texts[i].is_empty()).collect();
        order.sort_by_key(|&i| texts[i].len());
        for some in order.chunks(AT_ONCE) {
            let pieces: Vec<&[u32]> = some.iter().map(|&i| texts[i]).collect();
            for (&i, found) in some.iter().zip(search(&self.network, &pieces, self.ends, how)?) {
                let (way, _) = self.vocabularies.unmarked(texts[i]);
                let found = found.iter().take(alternatives);
                all[i].texts = found.map(|found| alternative(found, way)).collect::<Result<_>>()?;
            }
        }
        Ok(all)
    }

    /// Translates texts in one way each, looked for as `how` says.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn translate_with<T: AsRef<str>>(
        &self,
        texts: &[(T, Way)],
        how: Search,
        alternatives: usize,
    ) -> Result<Vec<Translated>> {
        let (mut parts, mut counts) = (Vec::new(), Vec::with_capacity(texts.len()));
        for (text, way) in texts {
            let of_text = self.parts(text.as_ref().trim(), *way)?;
            counts.push(of_text.len());
            parts.extend(of_text);
        }
        let pieces: Vec<&[u32]> = parts.iter().map(Vec::as_slice).collect();
        let mut translated = self.translate_pieces(&pieces, how, alternatives)?.into_iter();
        Ok(counts.into_iter().map(|n| joined(translated.by_ref().take(n))).collect())
    }

    /// The pieces of a text: all together, or those of each sentence, if there are more of them than the network has seen at once.
    fn parts(&self, text: &str, way: Way) -> Result<Vec<Vec<u32>>> {
        let all = self.vocabularies.read(text, way)?;
        if all.len() <= self.known.length {
            return Ok(vec![all]);
        }
        sentences(text).into_iter().map(|sentence| self.vocabularies.read(sentence, way)).collect()
    }

    /// The ways in which it translates.
    pub fn ways(&self) -> &'static [Way] {
        self.vocabularies.ways()
    }

    /// Whether a text seems to be in the language of the column that is predicted, not in that of the other.
    fn leans_back(&self, text: &str) -> Result<bool> {
        let pieces = self.vocabularies.read.of(text.trim()).map_err(Error::model)?;
        Ok(self.known.leaning.as_ref().is_some_and(|leaning| leaning.is_written(&pieces)))
    }

    /// Whether a text seems to be in the language that the network writes, and not in one that it reads.
    ///
    /// # Errors
    /// A text that cannot be cut into pieces.
    pub fn seems_translated(&self, text: &str) -> Result<bool> {
        Ok(self.ways() == [Way::There] && self.leans_back(text)?)
    }

    /// The way in which a text wants to be translated: if both are known, by the language that it seems to be in.
    ///
    /// # Errors
    /// A text that cannot be cut into pieces.
    pub fn way_for(&self, text: &str) -> Result<Way> {
        let back = self.ways().contains(&Way::Back) && self.leans_back(text)?;
        Ok(if back { Way::Back } else { Way::There })
    }

    /// Translates texts, each in its way and into at most `alternatives`, the likeliest first. An empty text has no translation; one that is
    /// longer than those that were learned from is translated sentence by sentence.
    ///
    /// # Errors
    /// No memory.
    pub fn translate<T: AsRef<str>>(
        &self,
        texts: &[(T, Way)],
        alternatives: usize,
    ) -> Result<Vec<Translated>> {
        let beams = Search::default().beams.max(alternatives);
        self.translate_with(texts, Search { beams, ..Search::default() }, alternatives)
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let mut files = Saving::default();
        let mut tokenizer =
            |pieces: &Pieces| files.tokenizer(&pieces.stored().map_err(Error::model)?).map(Value::String);
        let read = tokenizer(&self.vocabularies.read)?;
        let written =
            if self.vocabularies.shared() { read.clone() } else { tokenizer(&self.vocabularies.written)? };
        let [source, target] = self.columns.clone();
        let column = |name, tokenizer| Column { name, kind: "text".to_owned(), tokenizer };
        let file = File {
            inputs: [column(source, read)],
            targets: [column(target, written)],
            texts: self.known.clone(),
            network: self.blueprint.clone(),
        };
        files.write(folder, GOAL, &file, &self.network)
    }

    /// Takes a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged or do not belong together.
    pub(crate) fn load(stored: &Stored) -> Result<Translation> {
        let File { inputs: [source], targets: [target], texts, network } = stored.parse()?;
        let pieces = |column: &Column| {
            let vocabulary = Pieces::restore(&stored.tokenizer(&column.tokenizer)?);
            vocabulary.map(Arc::new).map_err(|why| stored.unreadable(format!("`{}`: {why}", column.name)))
        };
        let read = pieces(&source)?;
        let same = source.tokenizer == target.tokenizer;
        let written = if same { read.clone() } else { pieces(&target)? };
        let columns = [source.name, target.name];
        let marks = Marks::of(&columns, &written).filter(|_| same);
        let vocabularies = Vocabularies { read, written, marks };
        let mut model = Translation::new(columns, vocabularies, texts, network, &Seed::none())?;
        stored.fill(&mut model.network)?;
        Ok(model)
    }
}

/// The translations of a text's parts, one after the other: the likeliest of each, the second of each, and so on.
fn joined(parts: impl Iterator<Item = Translated>) -> Translated {
    let parts: Vec<Vec<Alternative>> =
        parts.map(|part| part.texts).filter(|texts| !texts.is_empty()).collect();
    let ranks = parts.iter().map(Vec::len).max().unwrap_or_default();
    let whole = |rank: usize| {
        let chosen = || parts.iter().filter_map(move |texts| texts.get(rank.min(texts.len() - 1)));
        Alternative {
            text: chosen().map(|a| a.text.as_str()).collect::<Vec<_>>().join(" "),
            probability: chosen().map(|a| a.probability).product(),
            pieces: chosen().flat_map(|a| a.pieces.iter().copied()).collect(),
            way: chosen().next().map_or(Way::There, |a| a.way),
        }
    };
    Translated { texts: (0..ranks).map(whole).collect() }
}

/// The sentences of a text: each ends with a sign that ends sentences, and a space after it where the script has spaces.
fn sentences(text: &str) -> Vec<&str> {
    let (mut sentences, mut start) = (Vec::new(), 0);
    let mut letters = text.char_indices().peekable();
    while let Some((at, c)) = letters.next() {
        let next = letters.peek().map(|(_, next)| *next);
        let ends = match c {
            '.' | '!' | '?' | '…' | '।' | '؟' => next.is_none_or(char::is_whitespace),
            '。' | '！' | '？' => true,
            _ => false,
        };
        if ends {
            sentences.push(text[start..at + c.len_utf8()].trim());
            start = at + c.len_utf8();
        }
    }
    sentences.push(text[start..].trim());
    sentences.retain(|sentence| !sentence.is_empty());
    sentences
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sentences_end_where_they_end() {
        assert_eq!(sentences("One is 3.5 m. Two! And… three"), ["One is 3.5 m.", "Two!", "And…", "three"]);
        assert_eq!(sentences("犬。猫！  鳥"), ["犬。", "猫！", "鳥"]);
        assert_eq!(sentences(" \n "), [""; 0]);
        assert_eq!(sentences("no end"), ["no end"]);
    }

    #[test]
    fn parts_are_joined_rank_by_rank() {
        let one = |text: &str, probability| Alternative {
            text: text.to_owned(),
            probability,
            pieces: vec![7],
            way: Way::There,
        };
        let parts = [
            Translated { texts: vec![one("a", 0.5), one("b", 0.25)] },
            Translated { texts: vec![] },
            Translated { texts: vec![one("c", 0.5)] },
        ];
        let texts = joined(parts.into_iter()).texts;
        assert_eq!([texts[0].text.as_str(), &texts[1].text], ["a c", "b c"]);
        assert_eq!((texts[0].probability, texts[1].pieces.len()), (0.25, 2));
        assert!(joined([].into_iter()).texts.is_empty());
    }
}
