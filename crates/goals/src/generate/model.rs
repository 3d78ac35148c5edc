//! A model that writes: its vocabulary and its network, in use and as a folder.

use super::network::{Blueprint, Writer};
use super::sampling::Sampling;
use super::vocabulary::{Sort, Vocabulary};
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_kinds::text::{Characters, Pieces};
use pellucid_nn::Seed;
use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;
use std::sync::Arc;

/// What it is for, as its folder says.
pub(crate) const GOAL: &str = "generate";

/// A network that has learned to write, with its vocabulary.
pub struct Generation {
    /// The column of the texts that it learned from.
    pub column: String,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) network: Writer,
    pub(crate) blueprint: Blueprint,
    /// Whether its texts begin and end, or were cut somewhere.
    pub(crate) ends: bool,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    targets: [Column; 1],
    /// Whether texts begin and end.
    ends: bool,
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
    /// All characters, if those are its pieces.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    characters: Option<String>,
    /// The file of its vocabulary, if its pieces are pieces of words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    tokenizer: Option<Value>,
}

/// How a text is to be written.
#[derive(Clone, Debug, PartialEq)]
pub struct Writing {
    /// What it goes on from; it may be empty.
    pub prompt: String,
    /// The most characters.
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
        Writing { prompt: String::new(), length: 500, temperature: 0.8, top_p: 0.95, seed: 0 }
    }
}

impl Generation {
    /// The characters of a text that stand in nothing it learned from.
    pub fn unknown(&self, text: &str) -> Vec<char> {
        self.vocabulary.unknown(text)
    }

    /// Writes a text. `each` is given every part of it as soon as it is written, without the prompt, and says whether to go on.
    ///
    /// # Errors
    /// A prompt that cannot be cut into pieces, no memory, and those of `each`.
    pub fn write<E: From<Error>>(
        &self,
        how: &Writing,
        each: &mut dyn FnMut(&str) -> std::result::Result<bool, E>,
    ) -> std::result::Result<(), E> {
        let sampling = Sampling { temperature: how.temperature, top_p: how.top_p };
        let mut random = Stream::new(how.seed, "write", 0);
        let between = self.vocabulary.between();
        let may = |piece: u32| !self.vocabulary.bytes(piece).is_empty() || (self.ends && piece == between);
        let mut memory = self.network.begin(self.blueprint.context);
        let written = |e: pellucid_tensor::Error| E::from(Error::from(e));
        let mut logits = self.network.write(&mut memory, &self.start(&how.prompt)?).map_err(written)?;
        // Bytes of a character whose rest is not yet written.
        let mut pending: Vec<u8> = Vec::new();
        let mut left = how.length;
        while left > 0 {
            let drawn = sampling.draw(logits.data::<f32>().map_err(written)?, may, &mut random);
            let Some(piece) = drawn.filter(|&piece| piece != between) else { break };
            pending.extend(self.vocabulary.bytes(piece));
            let text = take_characters(&mut pending, left);
            left -= text.chars().count();
            if !text.is_empty() && !each(&text)? {
                break;
            }
            if left > 0 {
                logits = self.network.write(&mut memory, &[piece]).map_err(written)?;
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

    /// The pieces that a text goes on from: the beginning of a text and the prompt, or of a text that was cut somewhere a new line; of
    /// more than can be seen at once the last.
    fn start(&self, prompt: &str) -> Result<Vec<u32>> {
        let of = |text: &str| self.vocabulary.of(text).map_err(Error::model);
        let mut pieces = match self.ends {
            true => vec![self.vocabulary.between()],
            false if prompt.is_empty() => of("\n")?,
            false => Vec::new(),
        };
        pieces.extend(of(prompt)?);
        let more = pieces.len().saturating_sub(self.blueprint.context);
        Ok(pieces.split_off(more))
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let mut files = Saving::default();
        let (characters, tokenizer) = match &self.vocabulary.sort {
            Sort::Characters(characters) => (Some(characters.stored()), None),
            Sort::Pieces(pieces) => {
                (None, Some(files.tokenizer(&pieces.stored().map_err(Error::model)?)?.into()))
            }
        };
        let column = Column { name: self.column.clone(), kind: "text".to_owned(), characters, tokenizer };
        let file = File { targets: [column], ends: self.ends, network: self.blueprint.clone() };
        files.write(folder, GOAL, &file, &self.network)
    }

    /// Takes a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged or do not belong together.
    pub(crate) fn load(stored: &Stored) -> Result<Generation> {
        let File { targets: [column], ends, network: blueprint } = stored.parse()?;
        let why = |why: String| stored.unreadable(format!("`{}`: {why}", column.name));
        let sort = match (&column.characters, &column.tokenizer) {
            (Some(characters), None) => Sort::Characters(Characters::restore(characters)),
            (None, Some(name)) => {
                Sort::Pieces(Box::new(Pieces::restore(&stored.tokenizer(name)?).map_err(why)?))
            }
            _ => return Err(why("it has not one vocabulary".to_owned())),
        };
        let vocabulary = Vocabulary::new(sort).map_err(why)?;
        let mut network = Writer::new(&Seed::none(), &blueprint, vocabulary.size())?;
        stored.fill(&mut network)?;
        Ok(Generation { column: column.name, vocabulary: Arc::new(vocabulary), network, blueprint, ends })
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
