//! A model that writes texts or melodies: its network, in use and as a folder.

use super::notation::{Notation, Player};
use super::sampling::Sampling;
use super::script::Script;
use super::vocabulary::{Sort, Vocabulary};
use crate::causal::{Blueprint, CausalTransformer, Memory};
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_kinds::melody::Melody;
use pellucid_kinds::text::{Characters, Pieces};
use pellucid_nn::Seed;
use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// What it is for, as its folder says.
pub(crate) const GOAL: &str = "generate";

/// A network that has learned to write.
pub struct Generation {
    /// The column of what it learned from.
    pub column: String,
    pub(crate) script: Arc<Script>,
    pub(crate) network: CausalTransformer,
    pub(crate) blueprint: Blueprint,
    /// Whether its works begin and end, or were cut somewhere.
    pub(crate) ends: bool,
    /// Quarter notes a minute of its melodies; 0 for texts.
    pub(crate) tempo: f64,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    targets: [Column; 1],
    /// Whether works begin and end.
    ends: bool,
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
struct Column {
    name: String,
    #[serde(flatten)]
    kind: Written,
}

/// How what is written is written.
#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "lowercase", deny_unknown_fields)]
enum Written {
    Text {
        /// All characters, if those are its pieces.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        characters: Option<String>,
        /// The file of its vocabulary, if its pieces are pieces of words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        tokenizer: Option<Value>,
    },
    Melody {
        /// Steps of a bar.
        bar: usize,
        /// The lowest and the highest pitch.
        pitches: [u8; 2],
        /// Steps of the longest note.
        longest: usize,
        /// Quarter notes a minute.
        tempo: f64,
    },
}

/// How a work is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// What a text goes on from; it may be empty.
    pub prompt: String,
    /// What a melody goes on from.
    pub start: Option<Melody>,
    /// The most characters of a text, or sixteenths of a melody, beside what it goes on from.
    pub length: usize,
    /// How boldly it is written: 1 as the network has learned, less for what is likelier; above 0.
    pub temperature: f64,
    /// Only the likeliest pieces are used that together have this probability, from 0 to 1; one at least.
    pub top_p: f64,
    /// What the drawing of pieces is derived from.
    pub seed: u64,
}

impl Default for Writing {
    fn default() -> Self {
        Writing { prompt: String::new(), start: None, length: 500, temperature: 0.8, top_p: 0.95, seed: 0 }
    }
}

impl Generation {
    /// Whether it writes melodies, and not texts.
    pub fn writes_melodies(&self) -> bool {
        matches!(*self.script, Script::Melody(_))
    }

    /// The characters of a text that stand in nothing it learned from.
    pub fn unknown(&self, text: &str) -> Vec<char> {
        match self.script.as_ref() {
            Script::Text(vocabulary) => vocabulary.unknown(text),
            Script::Melody(_) => Vec::new(),
        }
    }

    /// Writes a text. `each` is given every part of it as soon as it is written, without the prompt, and says whether to go on.
    ///
    /// # Errors
    /// A network that writes melodies, a prompt that cannot be cut into pieces, no memory, and those of `each`.
    pub fn write<E: From<Error>>(
        &self,
        how: &Writing,
        each: &mut dyn FnMut(&str) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        let Script::Text(vocabulary) = self.script.as_ref() else {
            return Err(Error::usage("this network writes melodies, and no texts").into());
        };
        let between = vocabulary.between();
        let may = |piece: u32| !vocabulary.bytes(piece).is_empty() || (self.ends && piece == between);
        let mut drawing = self.begin(self.start(vocabulary, &how.prompt)?, how)?;
        // Bytes of a character whose rest is not yet written.
        let mut pending: Vec<u8> = Vec::new();
        let mut left = how.length;
        while left > 0 {
            let Some(piece) = drawing.next(may)?.filter(|&piece| piece != between) else { break };
            pending.extend(vocabulary.bytes(piece));
            let text = take_characters(&mut pending, left);
            left -= text.chars().count();
            if !text.is_empty() && !each(&text)? {
                break;
            }
        }
        Ok(())
    }

    /// A whole text, without its prompt.
    ///
    /// # Errors
    /// As [`write`](Self::write).
    pub fn text(&self, how: &Writing) -> Result<String> {
        let mut all = String::new();
        self.write(how, &mut |part: &str| {
            all.push_str(part);
            Ok::<_, Error>(true)
        })?;
        Ok(all)
    }

    /// A melody, with what it goes on from.
    ///
    /// # Errors
    /// A network that writes texts, and no memory.
    pub fn melody(&self, how: &Writing) -> Result<Melody> {
        let Script::Melody(notation) = self.script.as_ref() else {
            return Err(Error::usage("this network writes texts, and no melodies"));
        };
        let mut player = Player::new(notation);
        let start = how.start.as_ref().map(|melody| notation.of_melody(melody)).unwrap_or_default();
        start.iter().for_each(|&piece| player.play(piece));
        let longest = player.steps().saturating_add(how.length);
        let tempo = how.start.as_ref().map_or(self.tempo, |melody| melody.tempo);
        let mut drawing = self.begin([&[notation.between()], &start[..]].concat(), how)?;
        while player.steps() < longest {
            let Some(piece) = drawing.next(|piece| player.may(piece))? else { break };
            if piece == notation.between() {
                break;
            }
            player.play(piece);
        }
        Ok(player.finish(tempo))
    }

    /// The pieces that a text goes on from: the beginning of a text and the prompt, or of a text that was cut somewhere a new line.
    fn start(&self, vocabulary: &Vocabulary, prompt: &str) -> Result<Vec<u32>> {
        let of = |text: &str| vocabulary.of(text).map_err(Error::model);
        let mut pieces = match self.ends {
            true => vec![vocabulary.between()],
            false if prompt.is_empty() => of("\n")?,
            false => Vec::new(),
        };
        pieces.extend(of(prompt)?);
        Ok(pieces)
    }

    /// Goes on from pieces; of more than can be seen at once from the last.
    fn begin(&self, mut pieces: Vec<u32>, how: &Writing) -> Result<Drawing<'_>> {
        let more = pieces.len().saturating_sub(self.blueprint.context);
        let seen = pieces.split_off(more);
        Ok(Drawing {
            network: &self.network,
            memory: self.network.begin(self.blueprint.context),
            last: seen,
            sampling: Sampling { temperature: how.temperature, top_p: how.top_p },
            random: Stream::new(how.seed, "write", 0),
        })
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let mut files = Saving::default();
        let kind = match self.script.as_ref() {
            Script::Text(Vocabulary { sort: Sort::Characters(characters), .. }) => {
                Written::Text { characters: Some(characters.stored()), tokenizer: None }
            }
            Script::Text(Vocabulary { sort: Sort::Pieces(pieces), .. }) => {
                let name = files.tokenizer(&pieces.stored().map_err(Error::model)?)?;
                Written::Text { characters: None, tokenizer: Some(name.into()) }
            }
            Script::Melody(Notation { bar, low, high, longest }) => {
                let (bar, pitches, longest) = (*bar, [*low, *high], *longest);
                Written::Melody { bar, pitches, longest, tempo: self.tempo }
            }
        };
        let column = Column { name: self.column.clone(), kind };
        let file = File { targets: [column], ends: self.ends, network: self.blueprint.clone() };
        files.write(folder, GOAL, &file, &self.network)
    }

    /// Takes a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged or do not belong together.
    pub(crate) fn load(stored: &Stored) -> Result<Generation> {
        let File { targets: [Column { name: column, kind }], ends, network: blueprint } = stored.parse()?;
        let why = |why: String| stored.unreadable(format!("`{column}`: {why}"));
        let vocabulary = |sort| Vocabulary::new(sort).map(Script::Text).map_err(why);
        let (script, tempo) = match kind {
            Written::Text { characters: Some(known), tokenizer: None } => {
                (vocabulary(Sort::Characters(Characters::restore(&known)))?, 0.0)
            }
            Written::Text { characters: None, tokenizer: Some(name) } => {
                let pieces = Pieces::restore(&stored.tokenizer(&name)?).map_err(why)?;
                (vocabulary(Sort::Pieces(Box::new(pieces)))?, 0.0)
            }
            Written::Text { .. } => return Err(why("it has not one vocabulary".to_owned())),
            Written::Melody { bar, pitches: [low, high], longest, tempo }
                if bar > 0 && low <= high && high < 128 && longest > 0 =>
            {
                (Script::Melody(Notation { bar, low, high, longest }), tempo)
            }
            Written::Melody { .. } => return Err(why("no melody is written so".to_owned())),
        };
        let mut network = CausalTransformer::new(&Seed::none(), &blueprint, script.size())?;
        stored.fill(&mut network)?;
        Ok(Generation { column, script: Arc::new(script), network, blueprint, ends, tempo })
    }
}

/// Pieces that are drawn one after the other.
struct Drawing<'a> {
    network: &'a CausalTransformer,
    memory: Memory,
    /// Pieces that the network has not yet seen.
    last: Vec<u32>,
    sampling: Sampling,
    random: Stream,
}

impl Drawing<'_> {
    /// The next piece of those for which `may` holds; `None` if there are none.
    fn next(&mut self, may: impl Fn(u32) -> bool) -> Result<Option<u32>> {
        let logits = self.network.write(&mut self.memory, &self.last)?;
        let drawn = self.sampling.draw(logits.data::<f32>()?, may, &mut self.random);
        self.last = drawn.into_iter().collect();
        Ok(drawn)
    }
}

/// Takes the whole characters from the front, at most so many; bytes that make no character become `�`. The beginning of a character at
/// the end stays.
fn take_characters(bytes: &mut Vec<u8>, most: usize) -> String {
    let (mut text, mut rest) = (String::new(), Vec::new());
    let mut chunks = bytes.utf8_chunks().peekable();
    while let Some(chunk) = chunks.next() {
        text.push_str(chunk.valid());
        match chunk.invalid() {
            [] => {}
            begun if chunks.peek().is_none() && is_begun(begun) => rest = begun.to_vec(),
            _ => text.push(char::REPLACEMENT_CHARACTER),
        }
    }
    *bytes = rest;
    text.chars().take(most).collect()
}

/// Whether bytes are the beginning of a character.
fn is_begun(bytes: &[u8]) -> bool {
    matches!(std::str::from_utf8(bytes), Err(e) if e.valid_up_to() == 0 && e.error_len().is_none())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_are_given_when_they_are_whole() {
        let (mut pending, mut all) = (Vec::new(), Vec::new());
        for byte in "aé日🙂".bytes() {
            pending.push(byte);
            all.push(take_characters(&mut pending, 9));
        }
        assert_eq!(all, ["a", "", "é", "", "", "日", "", "", "", "🙂"]);
        pending.extend([b'x', 0xff, b'y', 0xe6]);
        assert_eq!(take_characters(&mut pending, 9), "x\u{fffd}y");
        assert_eq!(pending, [0xe6]);
        pending.extend(b"z");
        assert_eq!(take_characters(&mut pending, 9), "\u{fffd}z");
        pending.extend(b"many");
        assert_eq!(take_characters(&mut pending, 2), "ma");
    }
}
