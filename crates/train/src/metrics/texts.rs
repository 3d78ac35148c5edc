//! Written texts beside those that people wrote.

use super::rows::check_row_count;
use super::{Counts, MetricError, bleu, chrf};

/// Answered texts beside the true ones, of which the metrics' counts are taken once.
pub struct TextRows {
    pub(super) words: Vec<bleu::Tally>,
    pub(super) characters: Vec<chrf::Tally>,
}

impl TextRows {
    /// Counts what `answers` and `truth` have in common, row by row.
    ///
    /// # Errors
    /// [`MetricError`] when there are not as many of these as of those.
    pub fn new<A: AsRef<str>, T: AsRef<str>>(answers: &[A], truth: &[T]) -> Result<Self, MetricError> {
        if answers.len() != truth.len() {
            return Err(MetricError::Length {
                predictions: answers.len(),
                answers: truth.len(),
                per_answer: 1,
            });
        }
        check_row_count(truth.len())?;
        let pairs = || answers.iter().map(AsRef::as_ref).zip(truth.iter().map(AsRef::as_ref));
        Ok(Self {
            words: pairs().map(|(answer, truth)| bleu::Tally::of(answer, truth)).collect(),
            characters: pairs().map(|(answer, truth)| chrf::Tally::of(answer, truth)).collect(),
        })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.words.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.words.is_empty()
    }
}

/// The rows' counts, each as often as its row counts, added up.
pub(super) fn total<const N: usize>(tallies: impl Iterator<Item = [u32; N]>, counts: &Counts) -> [u64; N] {
    let mut sum = [0; N];
    for (tally, &times) in tallies.zip(counts.times()) {
        sum.iter_mut().zip(tally).for_each(|(sum, n)| *sum += u64::from(n) * u64::from(times));
    }
    sum
}
