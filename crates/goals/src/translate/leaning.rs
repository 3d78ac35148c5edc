//! Which of the two languages a text is in, where both are written with the same letters.

use super::pairs::Pairs;
use super::ways::Way;
use pellucid_data::Part;
use serde::{Deserialize, Serialize};

/// Steps of a natural logarithm's unit.
const STEPS: f32 = 16.0;

/// A text is in the other language if its pieces are e¹ times as frequent there as here on average, and if it has this many of them.
const SURE: f32 = 1.0;
const LEAST: usize = 4;

/// For each piece of a vocabulary that both sides share, by which factor it is more frequent on the side that is read: its logarithm, in
/// sixteenths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Leaning(Vec<i8>);

impl Leaning {
    /// Counts the pieces of the training pairs; `None` if the sides have vocabularies of their own.
    pub(crate) fn count(pairs: &Pairs) -> Option<Leaning> {
        if !pairs.vocabularies.shared() {
            return None;
        }
        let size = pairs.vocabularies.read.vocabulary();
        let frequencies = |side: &super::pairs::Texts| {
            let mut counts = vec![1.0f32; size];
            let texts = pairs.of_way(Part::Train, Way::There).iter().map(|&pair| side.get(pair));
            let pieces = texts.flat_map(|text| pairs.vocabularies.unmarked(text).1);
            pieces.for_each(|&piece| counts.get_mut(piece as usize).into_iter().for_each(|n| *n += 1.0));
            let all: f32 = counts.iter().sum();
            counts.into_iter().map(move |n| (n / all).ln()).collect::<Vec<f32>>()
        };
        let (read, written) = (frequencies(&pairs.read), frequencies(&pairs.written));
        Some(Leaning(read.iter().zip(&written).map(|(r, w)| ((r - w) * STEPS) as i8).collect()))
    }

    /// Whether a text is rather in the language that is read (above 0) or in the one that is written (below), if that is sure.
    fn of(&self, pieces: &[u32]) -> Option<f32> {
        let sum: f32 =
            pieces.iter().filter_map(|&p| self.0.get(p as usize)).map(|&l| f32::from(l) / STEPS).sum();
        let mean = sum / pieces.len().max(1) as f32;
        (pieces.len() >= LEAST && mean.abs() > SURE).then_some(mean)
    }

    /// Whether a text to be translated is in the language that is written.
    pub(crate) fn is_written(&self, pieces: &[u32]) -> bool {
        self.of(pieces).is_some_and(|leaning| leaning < 0.0)
    }

    /// Pairs of which each side is in the other's language.
    pub(crate) fn exchanged(&self, pairs: &Pairs) -> Vec<usize> {
        let exchanged = |&pair: &usize| {
            self.is_written(pairs.vocabularies.unmarked(pairs.read.get(pair)).1)
                && self.of(pairs.written.get(pair)).is_some_and(|leaning| leaning > 0.0)
        };
        let parts = [Part::Train, Part::Validation, Part::Test];
        let there = parts.into_iter().flat_map(|part| pairs.of_way(part, Way::There)).copied();
        let mut found: Vec<usize> = there.filter(exchanged).collect();
        found.sort_unstable();
        found
    }
}
