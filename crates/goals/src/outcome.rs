//! Answers beside the truth, and how good they are.

use crate::model::Trust;
use crate::predict::thresholds;
use crate::{Error, Result};
use pellucid_insight::intervals::{
    Centre, Scores, TagPrior, evaluate_classes, evaluate_numbers, evaluate_tags,
};
use pellucid_kinds::{Answer, Target};
use pellucid_tensor::Tensor;
use pellucid_train::metrics::{ClassRows, NumberRows, TagRows, score_classes, score_numbers, score_tags};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The answers to one target over many rows, and the truth where it is known.
#[derive(Clone, Debug, Default)]
pub struct Answers {
    /// How many probabilities a row has, one for each class or tag; 0 for a number.
    classes: usize,
    /// How many numbers of `truth` a row has.
    slots: usize,
    /// For tags, the probability from which on each is answered.
    thresholds: Vec<f32>,
    /// Whether at least one tag is answered.
    always: bool,
    /// Probabilities of the classes or tags, row by row.
    pub probabilities: Vec<f32>,
    /// Numbers in their own unit.
    pub numbers: Vec<f64>,
    /// How far off each of these is likely to be, if that is known.
    pub widths: Vec<f64>,
    /// Classes or numbers, or for each tag 0 or 1; NaN where not known.
    pub truth: Vec<f64>,
}

impl Answers {
    /// None yet.
    pub fn new(target: &Target) -> Answers {
        let (classes, tags, always) = match target {
            Target::Classes { names, .. } => (names.len(), 0, false),
            Target::Tags { names, always, .. } => (names.len(), names.len(), *always),
            Target::Number { .. } => (0, 0, false),
        };
        Answers { classes, slots: target.slots(), thresholds: vec![0.5; tags], always, ..Answers::default() }
    }

    /// The same with other thresholds of the tags.
    pub(crate) fn with_thresholds(self, thresholds: &[f32]) -> Answers {
        Answers { thresholds: thresholds.to_vec(), ..self }
    }

    /// Adds the network's outputs `[n, outputs]`; those of probabilities are made to mean what they say, as `trust` knows.
    ///
    /// # Errors
    /// Outputs that are not `f32`.
    pub fn add_outputs(
        &mut self,
        target: &Target,
        outputs: &Tensor,
        trust: &Trust,
    ) -> pellucid_tensor::Result<()> {
        let temperature = trust.temperature;
        let softer = !matches!(target, Target::Number { .. }) && temperature != 1.0;
        for row in outputs.data::<f32>()?.chunks(target.outputs().max(1)) {
            let soft: Vec<f32>;
            let row = match softer {
                true => {
                    soft = row.iter().map(|x| x / temperature as f32).collect();
                    &soft
                }
                false => row,
            };
            match target.answer(row) {
                Answer::Class(p) => self.probabilities.extend(match &trust.dirichlet {
                    Some(dirichlet) => dirichlet.apply(&p),
                    None => p,
                }),
                Answer::Tags(p) => self.probabilities.extend(p),
                Answer::Number(x) => self.numbers.push(x),
            }
        }
        Ok(())
    }

    /// Adds the truth of a row: as many numbers as the target has slots.
    pub fn add_truth(&mut self, truth: &[f64]) {
        self.truth.extend(truth);
    }

    /// Adds further rows.
    pub fn append(&mut self, more: Answers) {
        self.probabilities.extend(more.probabilities);
        self.numbers.extend(more.numbers);
        self.widths.extend(more.widths);
        self.truth.extend(more.truth);
    }

    /// How many rows were answered.
    pub fn rows(&self) -> usize {
        self.probabilities.len().checked_div(self.classes).unwrap_or(self.numbers.len())
    }

    /// The probabilities of a row's classes or tags.
    pub fn row(&self, i: usize) -> &[f32] {
        self.probabilities.get(i * self.classes..(i + 1) * self.classes).unwrap_or_default()
    }

    /// How far off the number of a row is likely to be; 1 where that is not known.
    pub fn width(&self, i: usize) -> f64 {
        self.widths.get(i).copied().unwrap_or(1.0)
    }

    /// The class with the highest probability in a row, and its probability.
    pub fn best(&self, i: usize) -> (usize, f32) {
        self.row(i)
            .iter()
            .copied()
            .enumerate()
            .fold((0, f32::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a })
    }

    /// Only the rows whose truth is known, with the rows' positions.
    pub fn known(&self) -> (Answers, Vec<usize>) {
        let (probabilities, numbers, widths, truth) = Default::default();
        let thresholds = self.thresholds.clone();
        let mut known = Answers { probabilities, numbers, widths, truth, thresholds, ..*self };
        let is_known = |i: usize| self.truth.get(i * self.slots).is_some_and(|t| !t.is_nan());
        let rows: Vec<_> = (0..self.rows()).filter(|&i| is_known(i)).collect();
        for &i in &rows {
            known.probabilities.extend(self.row(i));
            known.numbers.extend(self.numbers.get(i));
            known.widths.extend(self.widths.get(i));
            known.truth.extend(&self.truth[i * self.slots..(i + 1) * self.slots]);
        }
        (known, rows)
    }

    /// The known classes.
    pub fn labels(&self) -> Vec<u32> {
        self.truth.iter().map(|&t| t as u32).collect()
    }

    /// For each tag the probability from which on it is answered.
    pub fn thresholds(&self) -> &[f32] {
        &self.thresholds
    }

    /// For each tag of a row whether it is answered: those whose probability reaches their threshold, and where there must
    /// be one, the likeliest.
    pub fn tags(&self, i: usize) -> Vec<bool> {
        let mut tags: Vec<bool> =
            self.row(i).iter().zip(&self.thresholds).map(|(p, least)| p >= least).collect();
        if self.always && !tags.contains(&true) {
            tags[self.best(i).0] = true;
        }
        tags
    }

    /// For each tag of all rows whether it is answered, `[rows, tags]` row by row.
    pub fn answered_tags(&self) -> Vec<bool> {
        (0..self.rows()).flat_map(|i| self.tags(i)).collect()
    }

    /// By how much the answer to each row misses the truth: 1 for a wrong class, the share of wrong tags, the error of a number; NaN where the
    /// truth is not known.
    pub(crate) fn misses(&self, target: &Target) -> Vec<f64> {
        let miss = |row: usize| match target {
            Target::Classes { .. } => match self.truth[row] {
                truth if truth.is_nan() => f64::NAN,
                truth => f64::from(u8::from(self.best(row).0 as f64 != truth)),
            },
            Target::Number { .. } => (self.numbers[row] - self.truth[row]).abs(),
            Target::Tags { names, .. } => {
                let truth = &self.truth[row * names.len()..(row + 1) * names.len()];
                let wrong =
                    self.tags(row).iter().zip(truth).filter(|(tag, truth)| **tag != (**truth > 0.0)).count();
                if truth.iter().any(|t| t.is_nan()) { f64::NAN } else { wrong as f64 / names.len() as f64 }
            }
        };
        (0..self.rows()).map(miss).collect()
    }

    /// For each tag of all rows whether it is true, `[rows, tags]` row by row.
    pub fn true_tags(&self) -> Vec<bool> {
        self.truth.iter().map(|&t| t > 0.0).collect()
    }
}

/// A validation's figures for one target.
pub(crate) struct Quick {
    pub(crate) metrics: Vec<(String, f64)>,
    pub(crate) score: f64,
    pub(crate) name: String,
}

/// The metrics without intervals, and the one number that training follows: for classes the mean of accuracy and
/// balanced accuracy less a tenth of the log loss (accuracy alone is coarse on few rows); for tags the macro F1 with the thresholds
/// that are best on these rows, since such are chosen in the end, less a tenth of the log loss; for numbers R².
pub(crate) fn quick_scores(answers: &Answers, target: &Target) -> Quick {
    let (known, _) = answers.known();
    let scored = match target {
        Target::Classes { names, .. } => ClassRows::new(&known.probabilities, &known.labels(), names.len())
            .map(|rows| score_classes(&rows)),
        Target::Tags { names, .. } => {
            let (p, truth) = (&known.probabilities, known.true_tags());
            let answered = known.clone().with_thresholds(&thresholds(p, &truth, names.len())).answered_tags();
            TagRows::new(p, &truth, &answered, names.len()).map(|rows| score_tags(&rows))
        }
        Target::Number { .. } => {
            NumberRows::new(&known.numbers, &known.truth).map(|rows| score_numbers(&rows))
        }
    };
    // Answers that cannot be scored have no score: training must not take them for its best.
    let without = if scored.is_err() && known.rows() > 0 { f64::NAN } else { 0.0 };
    let metrics: Vec<(String, f64)> =
        scored.unwrap_or_default().into_iter().filter_map(|(m, v)| Some((m.name.to_owned(), v?))).collect();
    let get = |name: &str| metrics.iter().find(|m| m.0 == name).map_or(without, |m| m.1);
    let (score, name) = match target {
        Target::Classes { .. } => {
            let accuracy = get("accuracy");
            let balanced = metrics.iter().find(|m| m.0 == "balanced_accuracy").map_or(accuracy, |m| m.1);
            (0.5 * (accuracy + balanced) - 0.1 * get("log_loss"), "accuracy")
        }
        Target::Tags { .. } => (get("macro_f1") - 0.1 * get("log_loss"), "macro_f1"),
        Target::Number { .. } => (get("r2"), "r2"),
    };
    Quick { metrics, score, name: name.to_owned() }
}

fn plainly_rows() -> String {
    "rows".to_owned()
}

/// How good answers are: what `evaluate --json` prints.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Rows that were scored.
    pub rows: usize,
    /// What a row is, in the plural: `rows`, `pictures`, `characters`.
    #[serde(default = "plainly_rows")]
    pub rows_are: String,
    /// Scores with intervals and baselines by target.
    pub targets: BTreeMap<String, Scores>,
}

/// Scores of the rows whose truth is known, each with a 95 % bootstrap interval (over whole groups, if given)
/// and the score of a trivial answer.
///
/// # Errors
/// No row with a known answer.
pub(crate) fn score(answers: &Answers, target: &Target, groups: Option<&[u32]>, seed: u64) -> Result<Scores> {
    let (known, rows) = answers.known();
    if rows.is_empty() {
        return Err(Error::usage("these rows hold no answer to compare with, so nothing can be evaluated"));
    }
    let groups: Option<Vec<u32>> =
        groups.map(|g| rows.iter().map(|&i| g.get(i).copied().unwrap_or_default()).collect());
    let scores = match target {
        Target::Classes { names, .. } => evaluate_classes(
            &known.probabilities,
            &known.labels(),
            names.len(),
            &prior(target),
            groups.as_deref(),
            seed,
        ),
        Target::Tags { .. } => {
            let (truth, answered) = (known.true_tags(), known.answered_tags());
            evaluate_tags(
                &known.probabilities,
                &truth,
                &answered,
                &tag_prior(target),
                groups.as_deref(),
                seed,
            )
        }
        Target::Number { .. } => {
            evaluate_numbers(&known.numbers, &known.truth, centre(target), groups.as_deref(), seed)
        }
    };
    scores.map_err(|e| Error::model(format!("the answers cannot be scored · {e}")))
}

/// The share of each class among the training rows.
pub(crate) fn prior(target: &Target) -> Vec<f32> {
    let Target::Classes { counts, .. } = target else { return Vec::new() };
    let total = counts.iter().sum::<usize>().max(1) as f32;
    counts.iter().map(|&n| n as f32 / total).collect()
}

/// How often each tag occurs among the training rows, and their most frequent combination.
pub(crate) fn tag_prior(target: &Target) -> TagPrior {
    let Target::Tags { counts, rows, commonest, .. } = target else {
        return TagPrior { shares: Vec::new(), commonest: Vec::new() };
    };
    let share = |&n: &usize| n as f32 / (*rows).max(1) as f32;
    TagPrior { shares: counts.iter().map(share).collect(), commonest: commonest.clone() }
}

/// The trivial answers for a number.
pub(crate) fn centre(target: &Target) -> Centre {
    match target {
        Target::Number { mean, median, .. } => Centre { mean: *mean, median: *median },
        Target::Classes { .. } | Target::Tags { .. } => Centre { mean: 0.0, median: 0.0 },
    }
}
