//! From which words of a text each word of its translation was made.

use super::model::{Alternative, Translation};
use crate::{Error, Result};
use pellucid_insight::report::data::Alignment;
use pellucid_kinds::text::Pieces;

/// Pieces that belong to one word: its text, and how many they are.
pub(super) fn words(vocabulary: &Pieces, pieces: &[u32]) -> Result<Vec<(String, usize)>> {
    let mut words: Vec<(Vec<u32>, usize)> = Vec::new();
    for &piece in pieces {
        match words.last_mut() {
            Some((word, count)) if !vocabulary.begins_word(piece) => {
                word.push(piece);
                *count += 1;
            }
            _ => words.push((vec![piece], 1)),
        }
    }
    let text = |(pieces, count): (Vec<u32>, usize)| {
        Ok((vocabulary.text(&pieces).map_err(Error::model)?.trim().to_owned(), count))
    };
    words.into_iter().map(text).collect()
}

impl Translation {
    /// From which words of a text each word of one of its translations was made.
    ///
    /// # Errors
    /// No memory.
    pub fn alignment(&self, text: &str, translation: &Alternative) -> Result<Alignment> {
        let read = self.vocabularies.read(text.trim(), translation.way)?;
        let (_, of_text) = self.vocabularies.unmarked(&read);
        let mut fed = vec![self.ends().begin];
        fed.extend(&translation.pieces);
        let weights = self.network.alignment(&read, &fed)?;
        let weights = weights.data::<f32>()?;
        let (sources, targets) = (
            words(&self.vocabularies.read, of_text)?,
            words(&self.vocabularies.written, &translation.pieces)?,
        );
        // A piece is decided at the place before it, of which row 0 is the first.
        let (mut out, mut row) = (Vec::with_capacity(sources.len() * targets.len()), 0);
        for (_, of_target) in &targets {
            let (mut column, mut shares) = (read.len() - of_text.len(), Vec::with_capacity(sources.len()));
            for (_, of_source) in &sources {
                let cells = (row..row + of_target)
                    .flat_map(|row| weights[row * read.len() + column..][..*of_source].iter());
                shares.push(cells.sum::<f32>());
                column += of_source;
            }
            // What looked at the mark looked at no word.
            let whole = shares.iter().sum::<f32>().max(f32::MIN_POSITIVE);
            out.extend(shares.iter().map(|share| share / whole));
            row += of_target;
        }
        let names = |words: Vec<(String, usize)>| words.into_iter().map(|(word, _)| word).collect();
        Ok(Alignment { read: names(sources), written: names(targets), weights: out })
    }
}
