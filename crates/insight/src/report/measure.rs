//! From predictions to the figures that the report draws.

use pellucid_train::metrics::{
    ClassRows, Confusion, MetricError, NumberRows, TagRows, TextRows, reliability, roc_curve, score_texts,
};

use super::data::{
    ClassOutcome, Histogram, LengthFigures, NumberOutcome, ReliabilityBin, TagFigures, TagOutcome,
    TextOutcome,
};
use crate::intervals::{Centre, TagPrior};

/// The most points of predicted against true numbers that are kept for drawing.
pub const SHOWN_POINTS: usize = 2000;

/// Groups of texts by their length.
const LENGTHS: usize = 3;

/// How many bins the histogram of errors has.
const ERROR_BINS: usize = 31;

/// How many points of a ROC curve are kept.
const ROC_POINTS: usize = 400;

impl ClassOutcome {
    /// The figures of `p: [rows, classes]` row by row against `labels: [rows]`; `prior: [classes]` are the classes'
    /// shares among the training rows.
    ///
    /// # Errors
    /// [`MetricError`] when lengths do not fit, a label is no class, or a probability is outside 0 to 1.
    pub fn measure(
        classes: &[String],
        p: &[f32],
        labels: &[u32],
        prior: &[f32],
    ) -> Result<Self, MetricError> {
        let rows = ClassRows::new(p, labels, classes.len())?;
        let curve = if classes.len() == 2 { roc_curve(&rows, 1) } else { None };
        Ok(Self {
            classes: classes.to_vec(),
            prior: prior.to_vec(),
            confusion: Confusion::new(&rows).counts().to_vec(),
            roc_at_half: curve.as_ref().map(|curve| curve.at_half),
            roc: curve.map_or_else(Vec::new, |curve| thin(&curve.points, ROC_POINTS)),
            reliability: reliability(&rows)
                .into_iter()
                .map(|bin| ReliabilityBin { rows: bin.rows, confidence: bin.confidence, right: bin.right })
                .collect(),
        })
    }
}

impl TagOutcome {
    /// The figures of tags with these names and thresholds: `p`, `truth` and `answered`, each `[rows, tags]` row by row. What
    /// concerns all of them at once is left as it is by default.
    ///
    /// # Errors
    /// [`MetricError`] when lengths do not fit or a probability is outside 0 to 1.
    pub fn measure(
        names: &[String],
        thresholds: &[f32],
        p: &[f32],
        truth: &[bool],
        answered: &[bool],
        prior: &TagPrior,
    ) -> Result<Self, MetricError> {
        let tallies = TagRows::new(p, truth, answered, names.len())?.tallies();
        let tags = names.iter().zip(tallies).zip(thresholds.iter().zip(&prior.shares));
        let figures = tags.map(|((name, tally), (&threshold, &share))| TagFigures {
            name: name.clone(),
            share: share.into(),
            threshold: threshold.into(),
            rows: tally.truth,
            answered: tally.answered,
            right: tally.right,
        });
        Ok(Self { tags: figures.collect(), ..Self::default() })
    }
}

impl NumberOutcome {
    /// The figures of `predicted: [rows]` against `truth: [rows]`.
    ///
    /// # Errors
    /// [`MetricError`] when lengths do not fit or a number is not finite.
    pub fn measure(
        unit: Option<String>,
        predicted: &[f64],
        truth: &[f64],
        centre: Centre,
    ) -> Result<Self, MetricError> {
        let rows = NumberRows::new(predicted, truth)?;
        let pairs = || rows.truth().iter().zip(rows.predicted()).map(|(&t, &p)| (t, p));
        let errors: Vec<f64> = pairs().map(|(truth, predicted)| predicted - truth).collect();
        Ok(Self {
            unit,
            trivial: centre.median,
            points: thin(&pairs().collect::<Vec<_>>(), SHOWN_POINTS),
            errors: histogram(&errors),
        })
    }
}

impl TextOutcome {
    /// The figures of `answers: [rows]` to the texts `read: [rows]` against `truth: [rows]`, by the length of the texts in words: a third
    /// of all rows each, as nearly as lengths allow.
    ///
    /// # Errors
    /// [`MetricError`] when lengths do not fit.
    pub fn measure(read: &[String], answers: &[String], truth: &[String]) -> Result<Self, MetricError> {
        let mut lengths: Vec<(usize, usize)> =
            read.iter().enumerate().map(|(row, text)| (text.split_whitespace().count(), row)).collect();
        lengths.sort_unstable();
        let mut by_length = Vec::new();
        let (mut start, third) = (0, lengths.len().div_ceil(LENGTHS).max(1));
        while let Some(&(shortest, _)) = lengths.get(start) {
            let last = lengths[(start + third).min(lengths.len()) - 1].0;
            let end = lengths.partition_point(|(length, _)| *length <= last);
            let some = &lengths[start..end];
            let of = |texts: &[String]| -> Vec<String> {
                some.iter().filter_map(|&(_, row)| texts.get(row).cloned()).collect()
            };
            let scores = score_texts(&TextRows::new(&of(answers), &of(truth))?);
            let value = |name: &str| {
                scores.iter().find(|(m, _)| m.name == name).and_then(|(_, v)| *v).unwrap_or_default()
            };
            by_length.push(LengthFigures {
                words: (shortest as u64, last as u64),
                rows: some.len() as u64,
                bleu: value("bleu"),
                chrf: value("chrf"),
            });
            start = end;
        }
        Ok(Self { by_length, alignments: Vec::new() })
    }
}

/// At most `most` of the points, evenly chosen, the first and the last kept.
fn thin(points: &[(f64, f64)], most: usize) -> Vec<(f64, f64)> {
    if points.len() <= most {
        return points.to_vec();
    }
    (0..most).map(|i| points[i * (points.len() - 1) / (most - 1)]).collect()
}

/// Equal bins around zero, as wide on both sides, that hold 99 % of the errors; the rest is counted in the outer ones.
fn histogram(errors: &[f64]) -> Histogram {
    let mut sizes: Vec<f64> = errors.iter().map(|e| e.abs()).collect();
    sizes.sort_unstable_by(f64::total_cmp);
    let reach =
        sizes.get((sizes.len() * 99 / 100).min(sizes.len().saturating_sub(1))).copied().unwrap_or(0.0);
    if reach == 0.0 {
        return Histogram { low: 0.0, high: 0.0, counts: Vec::new() };
    }
    let mut counts = vec![0; ERROR_BINS];
    for error in errors {
        let position = (error + reach) / (2.0 * reach) * ERROR_BINS as f64;
        counts[(position.max(0.0) as usize).min(ERROR_BINS - 1)] += 1;
    }
    Histogram { low: -reach, high: reach, counts }
}
