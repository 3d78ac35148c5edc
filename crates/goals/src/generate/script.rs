//! What a row of pieces stands for: a text or a melody.

use super::notation::Notation;
use super::vocabulary::Vocabulary;
use pellucid_tensor::Stream;
use pellucid_train::metrics::{LikelihoodMetric, MELODY_METRICS, WRITING_METRICS};

/// How works are written as pieces.
pub(crate) enum Script {
    /// Texts.
    Text(Vocabulary),
    /// Melodies.
    Melody(Notation),
}

impl Script {
    /// One more than the largest piece.
    pub(crate) fn size(&self) -> usize {
        match self {
            Script::Text(vocabulary) => vocabulary.size(),
            Script::Melody(notation) => notation.size(),
        }
    }

    /// The piece that stands between works.
    pub(crate) fn between(&self) -> u32 {
        match self {
            Script::Text(vocabulary) => vocabulary.between(),
            Script::Melody(notation) => notation.between(),
        }
    }

    /// How many units (characters of a text, steps of a melody) a piece counts.
    pub(crate) fn units(&self, piece: u32) -> u32 {
        match self {
            Script::Text(vocabulary) => vocabulary.characters(piece),
            Script::Melody(notation) => u32::from(notation.is_step(piece)),
        }
    }

    /// What its units are.
    pub(crate) fn units_are(&self) -> &'static str {
        match self {
            Script::Text(_) => "characters",
            Script::Melody(_) => "sixteenths",
        }
    }

    /// What its pieces are.
    pub(crate) fn pieces_are(&self) -> &'static str {
        match self {
            Script::Text(vocabulary) if vocabulary.is_of_characters() => "characters",
            Script::Text(_) => "pieces of words",
            Script::Melody(_) => "beginnings and ends of notes",
        }
    }

    /// How far back counting looks, in pieces.
    pub(crate) fn counted(&self) -> usize {
        match self {
            Script::Text(vocabulary) if vocabulary.is_of_characters() => 5,
            Script::Text(_) => 2,
            Script::Melody(_) => 6,
        }
    }

    /// How what is foreseen is scored.
    pub(crate) fn metrics(&self) -> &'static [LikelihoodMetric] {
        match self {
            Script::Text(_) => &WRITING_METRICS,
            Script::Melody(_) => &MELODY_METRICS,
        }
    }

    /// Changes pieces as training may: melodies into another key.
    pub(crate) fn vary(&self, pieces: &mut [u32], random: &mut Stream) {
        match self {
            Script::Text(_) => {}
            Script::Melody(notation) => notation.vary(pieces, random),
        }
    }
}
