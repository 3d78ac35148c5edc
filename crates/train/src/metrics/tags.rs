//! Answered tags beside the true ones.

use std::sync::OnceLock;

use super::auc::RankedRows;
use super::rows::check_row_count;
use super::{Counts, MetricError};

/// Predicted probabilities of tags, the tags answered, and the true ones: any number in each row.
pub struct TagRows<'a> {
    pub(super) p: &'a [f32],
    pub(super) truth: &'a [bool],
    pub(super) answered: &'a [bool],
    pub(super) tags: usize,
    ranked: OnceLock<Vec<RankedRows>>,
}

impl<'a> TagRows<'a> {
    /// Checks and takes `p`, `truth` and `answered`, each `[rows, tags]` row by row.
    ///
    /// # Errors
    /// [`MetricError`] when the lengths do not fit or a probability is outside 0 to 1.
    pub fn new(
        p: &'a [f32],
        truth: &'a [bool],
        answered: &'a [bool],
        tags: usize,
    ) -> Result<Self, MetricError> {
        let rows = truth.len().checked_div(tags).unwrap_or_default();
        for given in [p.len(), answered.len(), truth.len()] {
            if given != rows * tags || tags == 0 {
                return Err(MetricError::Length {
                    predictions: given,
                    answers: rows,
                    per_answer: tags.max(1),
                });
            }
        }
        check_row_count(rows)?;
        if let Some(i) = p.iter().position(|p| !(0.0..=1.0).contains(p)) {
            return Err(MetricError::Value { row: i / tags, value: p[i].into() });
        }
        Ok(Self { p, truth, answered, tags, ranked: OnceLock::new() })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.truth.len() / self.tags
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.truth.is_empty()
    }

    /// How many tags there are.
    pub fn tags(&self) -> usize {
        self.tags
    }

    /// How often each tag was true, answered, and both.
    pub fn tallies(&self) -> Vec<Tally> {
        Tally::of(self, &Counts::once(self.len()))
    }

    /// Whether all tags of a row were answered, and no other.
    pub(super) fn all_right(&self, row: usize) -> bool {
        let range = row * self.tags..(row + 1) * self.tags;
        self.truth[range.clone()] == self.answered[range]
    }

    /// The rows in the order of each tag's probability, sorted at the first call.
    pub(super) fn ranked(&self) -> &[RankedRows] {
        self.ranked.get_or_init(|| {
            (0..self.tags)
                .map(|tag| {
                    let column = |i: usize| i * self.tags + tag;
                    RankedRows::new(
                        (0..self.len()).map(|row| self.p[column(row)]),
                        (0..self.len()).map(|row| self.truth[column(row)]),
                    )
                })
                .collect()
        })
    }
}

/// How often one class or tag was true, answered, and both.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Rows that truly have it.
    pub truth: u64,
    /// Rows for which it was answered.
    pub answered: u64,
    /// Rows for which both hold.
    pub right: u64,
}

impl Tally {
    /// One for each tag.
    pub(super) fn of(rows: &TagRows, counts: &Counts) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); rows.tags];
        let pairs = rows.truth.chunks_exact(rows.tags).zip(rows.answered.chunks_exact(rows.tags));
        for ((truth, answered), &times) in pairs.zip(counts.times()).filter(|(_, times)| **times > 0) {
            for ((tally, &truth), &answered) in tallies.iter_mut().zip(truth).zip(answered) {
                let times = u64::from(times);
                tally.truth += times * u64::from(truth);
                tally.answered += times * u64::from(answered);
                tally.right += times * u64::from(truth && answered);
            }
        }
        tallies
    }

    /// `2·right / (true + answered)`, the harmonic mean of precision and recall; `None` when it is neither true nor
    /// answered anywhere.
    pub fn f1(&self) -> Option<f64> {
        share(2 * self.right, self.truth + self.answered)
    }

    /// Of the rows for which it was answered, the share that has it; `None` when it was never answered.
    pub fn precision(&self) -> Option<f64> {
        share(self.right, self.answered)
    }

    /// Of the rows that have it, the share for which it was answered; `None` when no row has it.
    pub fn recall(&self) -> Option<f64> {
        share(self.right, self.truth)
    }
}

/// `part / whole`; `None` of nothing.
pub(super) fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}
