//! Single rows with what is true of them and what the network answers.

use super::shown::{ShownRow, shown_row};
use crate::dataset::Survey;
use crate::infer::tag_text;
use crate::outcome::Answers;
use pellucid_insight::report::data::Example;
use pellucid_kinds::{Examples, Target};

/// How many right and how many wrong answers are shown.
const SHOWN: usize = 12;

/// A number is answered well if it is off by less than this share of the spread of all.
const NEAR: f64 = 0.25;

/// Rows that are shown.
pub(super) struct Rows<'a> {
    pub(super) survey: &'a Survey,
    pub(super) examples: &'a Examples,
    /// The records among which they are.
    pub(super) records: &'a [usize],
}

impl Rows<'_> {
    /// A row as it stands in the data, without an answer.
    pub(super) fn unanswered(&self, position: usize) -> Example {
        let row = self.examples.rows()[self.records[position]];
        let ShownRow { picture, fields } = shown_row(self.survey, row).unwrap_or_default();
        Example { place: self.survey.row_name(row), picture, fields, ..Example::default() }
    }
}

/// The most confidently wrong and right answers; for numbers those farthest from and nearest to the truth. `positions` says which of the
/// records each known answer belongs to.
pub(super) fn examples(
    rows: &Rows<'_>,
    target: &Target,
    known: &Answers,
    positions: &[usize],
) -> Vec<Example> {
    let mut order: Vec<_> = (0..positions.len()).map(|i| (i, rated(target, known, i))).collect();
    // Errors and surprises, of which less is better, as opposed to probabilities.
    let errors = !matches!(target, Target::Classes { .. });
    order.sort_by(|a, b| b.1.1.total_cmp(&a.1.1).then(a.0.cmp(&b.0)));
    let wrong = order.iter().filter(|(_, (right, _))| !right).take(SHOWN);
    let right: Vec<_> = match errors {
        true => order.iter().rev().filter(|(_, (right, _))| *right).take(SHOWN).collect(),
        false => order.iter().filter(|(_, (right, _))| *right).take(SHOWN).collect(),
    };
    let shown = wrong.chain(right);
    shown.map(|&(i, _)| answered(rows.unanswered(positions[i]), target, known, i)).collect()
}

/// A row with the truth and the answer.
pub(crate) fn answered(row: Example, target: &Target, known: &Answers, i: usize) -> Example {
    let (truth, answer, probability) = match target {
        Target::Classes { names, .. } => {
            let (best, p) = known.best(i);
            let name = |k: usize| names.get(k).cloned().unwrap_or_default();
            (name(known.truth[i] as usize), name(best), Some(f64::from(p)))
        }
        Target::Tags { names, separator, .. } => {
            let text = |there: &[bool]| tag_text(names, there, separator);
            (text(&true_tags(known, i, names.len())), text(&known.tags(i)), None)
        }
        Target::Number { scale, .. } => {
            (known.truth[i].to_string(), to_a_thousandth(known.numbers[i], *scale), None)
        }
    };
    Example { truth, answer, probability, right: rated(target, known, i).0, ..row }
}

/// Whether an answer is right, and how sure it was: the probability of a class, the surprise at the true tags, the error of a number.
pub(crate) fn rated(target: &Target, known: &Answers, i: usize) -> (bool, f64) {
    match target {
        Target::Classes { .. } => {
            let (best, p) = known.best(i);
            (best as f64 == known.truth[i], f64::from(p))
        }
        Target::Tags { names, .. } => {
            let truth = true_tags(known, i, names.len());
            let of_truth =
                known.row(i).iter().zip(&truth).map(|(&p, &is)| f64::from(if is { p } else { 1.0 - p }));
            // The chance of the whole answer, and how far from certain it was.
            (known.tags(i) == truth, -of_truth.map(|p| p.max(1e-9).ln()).sum::<f64>())
        }
        Target::Number { scale, .. } => {
            let error = (known.numbers[i] - known.truth[i]).abs();
            (error < NEAR * scale, error)
        }
    }
}

/// For each tag of a row whether it is true.
fn true_tags(known: &Answers, i: usize, tags: usize) -> Vec<bool> {
    known.truth[i * tags..(i + 1) * tags].iter().map(|&t| t > 0.0).collect()
}

/// A number with as many decimals as show a thousandth of the spread of all of its kind.
fn to_a_thousandth(x: f64, spread: f64) -> String {
    let decimals = (3.0 - spread.log10().floor()).clamp(0.0, 15.0) as usize;
    format!("{x:.decimals$}")
}
