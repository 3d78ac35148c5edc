//! Predictions beside the truth, checked once; and how often each row counts.

use std::fmt;
use std::sync::OnceLock;

use super::auc::RankedRows;

/// Why predictions cannot be scored.
#[derive(Clone, Debug, PartialEq)]
pub enum MetricError {
    /// The predictions and the true answers differ in number.
    Length {
        /// How many predictions there are.
        predictions: usize,
        /// How many true answers there are.
        answers: usize,
        /// How many predictions each answer needs.
        per_answer: usize,
    },
    /// A true answer is no class of the network.
    Label {
        /// The row, counted from 0.
        row: usize,
        /// The class number found there.
        label: u32,
        /// How many classes there are.
        classes: usize,
    },
    /// A prediction is not a probability, or not a finite number.
    Value {
        /// The row, counted from 0.
        row: usize,
        /// The value found there.
        value: f64,
    },
    /// More rows than can be scored at once.
    TooMany {
        /// How many there are.
        rows: usize,
    },
}

impl fmt::Display for MetricError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length { predictions, answers, per_answer } => write!(
                f,
                "{predictions} predictions do not fit {answers} true answers: each answer needs {per_answer}; \
                 predict and score the same rows"
            ),
            Self::Label { row, label, classes } => write!(
                f,
                "row {row}: the true answer is class number {label}, but the network knows only {classes} classes; \
                 score rows whose answers were present in training"
            ),
            Self::Value { row, value } => write!(
                f,
                "row {row}: the network answered {value}, which cannot be scored; \
                 it has diverged: train again with a lower learning rate"
            ),
            Self::TooMany { rows } => {
                write!(
                    f,
                    "{rows} rows are more than the {} that can be scored at once; score them in parts",
                    u32::MAX
                )
            }
        }
    }
}

impl std::error::Error for MetricError {}

/// How often each row counts: once each for a plain score, any number of times in a bootstrap resample.
#[derive(Clone, Debug)]
pub struct Counts {
    times: Vec<u32>,
    total: u64,
}

impl Counts {
    /// Every one of `rows` rows counts once.
    pub fn once(rows: usize) -> Self {
        Self { times: vec![1; rows], total: rows as u64 }
    }

    /// Row `i` counts `times[i]` times.
    pub fn new(times: Vec<u32>) -> Self {
        let total = times.iter().map(|&t| u64::from(t)).sum();
        Self { times, total }
    }

    /// Gives the vector back, to be filled again.
    pub fn into_times(self) -> Vec<u32> {
        self.times
    }

    /// How often each row counts, in the rows' order.
    pub fn times(&self) -> &[u32] {
        &self.times
    }

    /// The sum over all rows.
    pub fn total(&self) -> u64 {
        self.total
    }

    /// The mean of `value(row)` over the rows as often as they count; `None` without rows.
    pub(super) fn mean(&self, value: impl Fn(usize) -> f64) -> Option<f64> {
        if self.total == 0 {
            return None;
        }
        let sum: f64 = self.times.iter().enumerate().map(|(row, &t)| f64::from(t) * value(row)).sum();
        Some(sum / self.total as f64)
    }
}

/// Predicted probabilities beside the true classes, with what every metric needs of a row worked out once.
pub struct ClassRows<'a> {
    pub(super) p: &'a [f32],
    pub(super) labels: &'a [u32],
    pub(super) classes: usize,
    /// The most probable class of each row, the first one among equals.
    pub(super) predicted: Vec<u32>,
    /// Its probability.
    pub(super) confidence: Vec<f32>,
    ranked: OnceLock<Vec<RankedRows>>,
}

impl<'a> ClassRows<'a> {
    /// Checks and takes `p: [rows, classes]` (row by row, each row a probability distribution) and
    /// `labels: [rows]` (class numbers below `classes`).
    ///
    /// # Errors
    /// [`MetricError`] when the lengths do not fit, a label is no class, or a probability is outside 0 to 1.
    pub fn new(p: &'a [f32], labels: &'a [u32], classes: usize) -> Result<Self, MetricError> {
        if classes == 0 || p.len() != labels.len().saturating_mul(classes) {
            return Err(MetricError::Length {
                predictions: p.len(),
                answers: labels.len(),
                per_answer: classes.max(1),
            });
        }
        check_row_count(labels.len())?;
        let (mut predicted, mut confidence) =
            (Vec::with_capacity(labels.len()), Vec::with_capacity(labels.len()));
        for (row, (values, &label)) in p.chunks_exact(classes).zip(labels).enumerate() {
            if label as usize >= classes {
                return Err(MetricError::Label { row, label, classes });
            }
            let mut best = (0_u32, f32::NEG_INFINITY);
            for (class, &value) in (0_u32..).zip(values) {
                // A softmax may exceed 1 by rounding; more than that is no probability.
                if !(0.0..=1.0 + 1e-3).contains(&value) {
                    return Err(MetricError::Value { row, value: value.into() });
                }
                if value > best.1 {
                    best = (class, value);
                }
            }
            predicted.push(best.0);
            confidence.push(best.1.min(1.0));
        }
        Ok(Self { p, labels, classes, predicted, confidence, ranked: OnceLock::new() })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.labels.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// How many classes the network knows.
    pub fn classes(&self) -> usize {
        self.classes
    }

    /// The true class of each row.
    pub fn labels(&self) -> &'a [u32] {
        self.labels
    }

    /// The most probable class of each row.
    pub fn predicted(&self) -> &[u32] {
        &self.predicted
    }

    /// The probability of the most probable class of each row.
    pub fn confidence(&self) -> &[f32] {
        &self.confidence
    }

    /// The probability of one class in each row.
    pub fn column(&self, class: usize) -> impl Iterator<Item = f32> + '_ {
        self.p.iter().skip(class).step_by(self.classes).copied()
    }

    /// The probability that the network gave to the true class of a row.
    pub(super) fn of_truth(&self, row: usize) -> f32 {
        self.p[row * self.classes + self.labels[row] as usize]
    }

    /// The rows in the order of each scored class's probability, sorted at the first call.
    pub(super) fn ranked(&self) -> &[RankedRows] {
        self.ranked.get_or_init(|| {
            // With two classes the second one's order is the first one's reversed: one curve, the second class's.
            let first = if self.classes == 2 { 1 } else { 0 };
            (first..self.classes)
                .map(|class| {
                    RankedRows::new(self.column(class), self.labels.iter().map(|&l| l as usize == class))
                })
                .collect()
        })
    }
}

/// Predicted numbers beside the true ones.
pub struct NumberRows<'a> {
    pub(super) predicted: &'a [f64],
    pub(super) truth: &'a [f64],
    /// The mean of the true numbers: sums are taken around it to keep digits.
    pub(super) centre: f64,
}

impl<'a> NumberRows<'a> {
    /// Checks and takes `predicted: [rows]` and `truth: [rows]`.
    ///
    /// # Errors
    /// [`MetricError`] when the lengths differ or a number is not finite.
    pub fn new(predicted: &'a [f64], truth: &'a [f64]) -> Result<Self, MetricError> {
        if predicted.len() != truth.len() {
            return Err(MetricError::Length {
                predictions: predicted.len(),
                answers: truth.len(),
                per_answer: 1,
            });
        }
        check_row_count(truth.len())?;
        for (row, (&p, &t)) in predicted.iter().zip(truth).enumerate() {
            if let Some(&value) = [p, t].iter().find(|v| !v.is_finite()) {
                return Err(MetricError::Value { row, value });
            }
        }
        let sum: f64 = truth.iter().sum();
        Ok(Self { predicted, truth, centre: sum / truth.len().max(1) as f64 })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.truth.len()
    }

    /// True without rows.
    pub fn is_empty(&self) -> bool {
        self.truth.is_empty()
    }

    /// What the network answered.
    pub fn predicted(&self) -> &'a [f64] {
        self.predicted
    }

    /// What was true.
    pub fn truth(&self) -> &'a [f64] {
        self.truth
    }

    /// True when a variance around `centre + mean` is more than the rounding of such sums.
    pub(super) fn varies(&self, variance: f64, mean: f64) -> bool {
        variance > (1e-12 * (self.centre.abs() + mean.abs())).powi(2)
    }

    /// Predicted minus true.
    pub(super) fn error(&self, row: usize) -> f64 {
        self.predicted[row] - self.truth[row]
    }
}

pub(super) fn check_row_count(rows: usize) -> Result<(), MetricError> {
    if u32::try_from(rows).is_err() { Err(MetricError::TooMany { rows }) } else { Ok(()) }
}
