//! Which class was taken for which.

use super::ClassRows;
use super::tags::share;

/// A confusion matrix: how often each true class was given each answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    counts: Vec<u64>,
}

impl Confusion {
    /// Counts the rows' first choices.
    pub fn new(rows: &ClassRows) -> Self {
        let mut counts = vec![0; rows.classes * rows.classes];
        for (&truth, &predicted) in rows.labels.iter().zip(&rows.predicted) {
            counts[truth as usize * rows.classes + predicted as usize] += 1;
        }
        Self { classes: rows.classes, counts }
    }

    /// Takes `counts: [true class, predicted class]`, row by row; `None` when it is not square.
    pub fn from_counts(classes: usize, counts: Vec<u64>) -> Option<Self> {
        (counts.len() == classes.checked_mul(classes)?).then_some(Self { classes, counts })
    }

    /// How many classes there are.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// All counts: `[true class, predicted class]`, row by row.
    pub fn counts(&self) -> &[u64] {
        &self.counts
    }

    /// How often rows of class `truth` were taken for class `predicted`; 0 for a class that does not exist.
    pub fn count(&self, truth: usize, predicted: usize) -> u64 {
        if predicted >= self.classes {
            return 0;
        }
        self.counts.get(truth * self.classes + predicted).copied().unwrap_or(0)
    }

    /// Rows that truly are of the class.
    pub fn support(&self, class: usize) -> u64 {
        (0..self.classes).map(|other| self.count(class, other)).sum()
    }

    /// Rows that were taken for the class.
    pub fn answered(&self, class: usize) -> u64 {
        (0..self.classes).map(|other| self.count(other, class)).sum()
    }

    /// Of the rows taken for the class, the share that is; `None` when none was taken for it.
    pub fn precision(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.answered(class))
    }

    /// Of the rows of the class, the share that was found; `None` when it has no rows.
    pub fn recall(&self, class: usize) -> Option<f64> {
        share(self.count(class, class), self.support(class))
    }
}
