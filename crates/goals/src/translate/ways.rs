//! The ways in which a model translates: from the one column to the other, or also back.

use super::pairs::Vocabularies;
use crate::{Error, Result};
use pellucid_kinds::text::Pieces;

/// A way to translate, by the columns of the table: what is read and what is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// From the column that is read into the one that is predicted.
    There,
    /// From the one that is predicted into the other.
    Back,
}

impl Way {
    /// Of what is said of the two columns, what is said of the one that is read and of the one that is written.
    pub fn of<T>(self, columns: &[T; 2]) -> (&T, &T) {
        let [first, second] = columns;
        match self {
            Way::There => (first, second),
            Way::Back => (second, first),
        }
    }
}

/// For each way, the piece before a text that says what it is to become (Johnson et al., arXiv 1611.04558): one network knows both by it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Marks {
    there: u32,
    back: u32,
}

impl Marks {
    /// What the marks of two columns are called in a vocabulary, that of the way there first.
    pub(super) fn names(columns: &[String; 2]) -> [String; 2] {
        let [first, second] = columns;
        [second, first].map(|written| format!("[>{written}]"))
    }

    /// The marks of these columns, if a vocabulary has them.
    pub(super) fn of(columns: &[String; 2], vocabulary: &Pieces) -> Option<Marks> {
        let [there, back] = Marks::names(columns).map(|name| vocabulary.mark(&name));
        Some(Marks { there: there?, back: back? })
    }

    /// The last of them in the vocabulary.
    pub(super) fn last(self) -> u32 {
        self.there.max(self.back)
    }

    fn mark(self, way: Way) -> u32 {
        match way {
            Way::There => self.there,
            Way::Back => self.back,
        }
    }
}

impl Vocabularies {
    /// The ways that are known.
    pub(crate) fn ways(&self) -> &'static [Way] {
        if self.marks.is_some() { &[Way::There, Way::Back] } else { &[Way::There] }
    }

    /// The pieces of a text that is to be read.
    ///
    /// # Errors
    /// A text that cannot be cut into pieces.
    pub(super) fn read(&self, text: &str, way: Way) -> Result<Vec<u32>> {
        let pieces = self.read.of(text).map_err(Error::model)?;
        Ok(match pieces.is_empty() {
            true => pieces,
            false => self.marked(&pieces, way),
        })
    }

    /// Pieces of a text with what says which way they are to be translated.
    pub(super) fn marked(&self, pieces: &[u32], way: Way) -> Vec<u32> {
        self.marks.map(|marks| marks.mark(way)).into_iter().chain(pieces.iter().copied()).collect()
    }

    /// The way that pieces with a mark are to be translated, and the pieces of the text itself.
    pub(super) fn unmarked<'a>(&self, pieces: &'a [u32]) -> (Way, &'a [u32]) {
        match (self.marks, pieces) {
            (Some(marks), [mark, text @ ..]) if *mark == marks.back => (Way::Back, text),
            (Some(_), [_, text @ ..]) => (Way::There, text),
            _ => (Way::There, pieces),
        }
    }
}
