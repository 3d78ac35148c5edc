//! A model that translates: its vocabularies and its network, in use and as a folder.

use super::network::{Blueprint, Translator};
use super::pairs::Vocabularies;
use super::search::{Ends, Found, Search, search};
use super::task::AT_ONCE;
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
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inputs: [Column; 1],
    targets: [Column; 1],
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

/// One way to translate a text.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Alternative {
    /// The translation.
    pub text: String,
    /// Its probability, by the network's own estimate.
    pub probability: f64,
    #[serde(skip)]
    pub(crate) pieces: Vec<u32>,
}

impl Translation {
    /// A network of this form, whose weights are drawn.
    ///
    /// # Errors
    /// A vocabulary that is not for writing, an impossible form, and no memory.
    pub(crate) fn new(
        columns: [String; 2],
        vocabularies: Vocabularies,
        blueprint: Blueprint,
        seed: &Seed,
    ) -> Result<Translation> {
        let ends = vocabularies.written.ends();
        let [begin, end] = ends.ok_or_else(|| Error::model("its vocabulary is not one for writing"))?;
        let network = Translator::new(seed, &blueprint, vocabularies.sizes())?;
        // Special pieces come first.
        let ends = Ends { begin, end, first: begin.max(end) + 1 };
        Ok(Translation { columns, vocabularies, network, blueprint, ends })
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

    /// Translates texts that are known as pieces, each into at most `alternatives`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub(crate) fn translate_pieces(
        &self,
        texts: &[&[u32]],
        how: Search,
        alternatives: usize,
    ) -> Result<Vec<Translated>> {
        let alternative = |found: &Found| {
            Ok(Alternative {
                text: self.text(&found.pieces)?,
                probability: found.log_probability.exp(),
                pieces: found.pieces.clone(),
            })
        };
        let mut all = vec![Translated { texts: Vec::new() }; texts.len()];
        // Texts of like length together: the others would wait for the longest.
        let mut order: Vec<usize> = (0..texts.len()).filter(|&i| !texts[i].is_empty()).collect();
        order.sort_by_key(|&i| texts[i].len());
        for some in order.chunks(AT_ONCE) {
            let pieces: Vec<&[u32]> = some.iter().map(|&i| texts[i]).collect();
            for (&i, found) in some.iter().zip(search(&self.network, &pieces, self.ends, how)?) {
                all[i].texts = found.iter().take(alternatives).map(alternative).collect::<Result<_>>()?;
            }
        }
        Ok(all)
    }

    /// As [`translate`](Self::translate), looked for in another way.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn translate_with<T: AsRef<str>>(
        &self,
        texts: &[T],
        how: Search,
        alternatives: usize,
    ) -> Result<Vec<Translated>> {
        let pieces = |text: &T| self.vocabularies.read.of(text.as_ref().trim()).map_err(Error::model);
        let pieces = texts.iter().map(pieces).collect::<Result<Vec<_>>>()?;
        let pieces: Vec<&[u32]> = pieces.iter().map(Vec::as_slice).collect();
        self.translate_pieces(&pieces, how, alternatives)
    }

    /// Translates texts, each into at most `alternatives`, the likeliest first. An empty text has no translation.
    ///
    /// # Errors
    /// No memory.
    pub fn translate<T: AsRef<str>>(&self, texts: &[T], alternatives: usize) -> Result<Vec<Translated>> {
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
            network: self.blueprint.clone(),
        };
        files.write(folder, GOAL, &file, &self.network)
    }

    /// Takes a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged or do not belong together.
    pub(crate) fn load(stored: &Stored) -> Result<Translation> {
        let File { inputs: [source], targets: [target], network } = stored.parse()?;
        let pieces = |column: &Column| {
            let vocabulary = Pieces::restore(&stored.tokenizer(&column.tokenizer)?);
            vocabulary.map(Arc::new).map_err(|why| stored.unreadable(format!("`{}`: {why}", column.name)))
        };
        let read = pieces(&source)?;
        let same = source.tokenizer == target.tokenizer;
        let written = if same { read.clone() } else { pieces(&target)? };
        let columns = [source.name, target.name];
        let vocabularies = Vocabularies { read, written };
        let mut model = Translation::new(columns, vocabularies, network, &Seed::none())?;
        stored.fill(&mut model.network)?;
        Ok(model)
    }
}
