//! Figures of one group.

use pellucid_train::metrics::Counts;

use super::{Answered, Answers};

/// What is counted of a group; a row counts as often as it was drawn.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Tally {
    pub(super) rows: f64,
    true_positives: f64,
    false_positives: f64,
    true_negatives: f64,
    false_negatives: f64,
    probabilities: f64,
    errors: f64,
    absolute_errors: f64,
}

impl Tally {
    /// Of every group.
    pub(super) fn of(rows: &Answered<'_>, counts: &Counts) -> Vec<Tally> {
        let mut all = vec![Tally::default(); rows.names.len()];
        for (row, (&group, &times)) in rows.groups.iter().zip(counts.times()).enumerate() {
            let (tally, times) = (&mut all[group as usize], f64::from(times));
            tally.rows += times;
            match rows.answers {
                Answers::Class { truth, answered, probability } => {
                    let place = match (truth[row], answered[row]) {
                        (true, true) => &mut tally.true_positives,
                        (true, false) => &mut tally.false_negatives,
                        (false, true) => &mut tally.false_positives,
                        (false, false) => &mut tally.true_negatives,
                    };
                    *place += times;
                    tally.probabilities += times * f64::from(probability[row]);
                }
                Answers::Number { truth, answered } => {
                    let error = answered[row] - truth[row];
                    tally.errors += times * error;
                    tally.absolute_errors += times * error.abs();
                }
            }
        }
        all
    }

    fn positives(&self) -> f64 {
        self.true_positives + self.false_negatives
    }

    fn negatives(&self) -> f64 {
        self.true_negatives + self.false_positives
    }
}

/// A figure: what it is called, what it says, how it comes from what was counted, and of how many rows.
pub struct FigureAbout {
    /// As in JSON.
    pub name: &'static str,
    /// For people.
    pub title: &'static str,
    /// In a sentence.
    pub about: &'static str,
    /// Whether it is a share.
    pub share: bool,
    pub(crate) value: fn(&Tally) -> Option<f64>,
    pub(crate) rows: fn(&Tally) -> f64,
}

fn of(part: f64, whole: f64) -> Option<f64> {
    (whole > 0.0).then(|| part / whole)
}

/// Figures of answers to whether something is so.
pub static CLASS_FIGURES: &[FigureAbout] = &[
    FigureAbout {
        name: "accuracy",
        title: "right",
        about: "the share of right answers",
        share: true,
        value: |t| of(t.true_positives + t.true_negatives, t.rows),
        rows: |t| t.rows,
    },
    FigureAbout {
        name: "selection_rate",
        title: "answered so",
        about: "the share to which the class was answered",
        share: true,
        value: |t| of(t.true_positives + t.false_positives, t.rows),
        rows: |t| t.rows,
    },
    FigureAbout {
        name: "base_rate",
        title: "truly so",
        about: "the share that is of the class",
        share: true,
        value: |t| of(t.positives(), t.rows),
        rows: |t| t.rows,
    },
    FigureAbout {
        name: "true_positive_rate",
        title: "found",
        about: "of those that are of the class, the share that was found",
        share: true,
        value: |t| of(t.true_positives, t.positives()),
        rows: Tally::positives,
    },
    FigureAbout {
        name: "false_positive_rate",
        title: "false alarms",
        about: "of those that are not of the class, the share to which it was answered",
        share: true,
        value: |t| of(t.false_positives, t.negatives()),
        rows: Tally::negatives,
    },
    FigureAbout {
        name: "precision",
        title: "right if answered",
        about: "of those to which the class was answered, the share that is of it",
        share: true,
        value: |t| of(t.true_positives, t.true_positives + t.false_positives),
        rows: |t| t.true_positives + t.false_positives,
    },
    FigureAbout {
        name: "overestimation",
        title: "too sure by",
        about: "by how much the mean probability exceeds the share that is of the class",
        share: true,
        value: |t| of(t.probabilities - t.positives(), t.rows),
        rows: |t| t.rows,
    },
];

/// Figures of answered numbers.
pub static NUMBER_FIGURES: &[FigureAbout] = &[
    FigureAbout {
        name: "mae",
        title: "mean error",
        about: "by how much answers miss the truth on average",
        share: false,
        value: |t| of(t.absolute_errors, t.rows),
        rows: |t| t.rows,
    },
    FigureAbout {
        name: "bias",
        title: "too high by",
        about: "by how much answers are too high on average",
        share: false,
        value: |t| of(t.errors, t.rows),
        rows: |t| t.rows,
    },
];
