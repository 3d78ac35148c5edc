//! Every score with a 95 % interval and the score of a trivial answer beside it.
//!
//! The interval is the percentile bootstrap (Efron & Tibshirani, "An introduction to the bootstrap", 1993): the test
//! rows are drawn again with replacement, the score is taken of each such resample, and the middle 95 % of these
//! scores is the interval. Rows that belong together (one patient's pictures) are drawn together.

mod bootstrap;

use std::collections::BTreeMap;

use pellucid_train::metrics::{
    CLASS_METRICS, ClassRows, Counts, LikelihoodMetric, LikelihoodRows, Metric, MetricError, NUMBER_METRICS,
    NumberRows, RANK_METRICS, RankRows, TAG_METRICS, TEXT_METRICS, TagRows, TextRows,
};
use serde::{Deserialize, Serialize};

pub use bootstrap::RESAMPLES;
pub(crate) use bootstrap::{Plan, percentiles};

/// A score, how far it could be off by chance, and what a trivial answer scores on the same rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Scored {
    /// The score of the rows.
    pub value: f64,
    /// The lower end of the 95 % interval; absent when there are too few rows or groups to say.
    pub low: Option<f64>,
    /// The upper end of the 95 % interval; absent when there are too few rows or groups to say.
    pub high: Option<f64>,
    /// What the trivial answer scores; absent where that has no meaning.
    pub baseline: Option<f64>,
}

/// Scores by metric name in the order of the metrics' list; metrics without a meaning for the rows are left out.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Scores(pub Vec<(String, Scored)>);

impl Scores {
    /// The score of the metric with this name.
    pub fn get(&self, name: &str) -> Option<&Scored> {
        self.0.iter().find(|(n, _)| n == name).map(|(_, scored)| scored)
    }
}

impl Serialize for Scores {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|(name, scored)| (name, scored)))
    }
}

impl<'de> Deserialize<'de> for Scores {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let by_name = BTreeMap::<String, Scored>::deserialize(deserializer)?;
        let known =
            |name: &str| pellucid_train::metrics::all().position(|m| m.name == name).unwrap_or(usize::MAX);
        let mut scores: Vec<_> = by_name.into_iter().collect();
        scores.sort_by_key(|(name, _)| known(name));
        Ok(Self(scores))
    }
}

/// What a trivial answer for numbers needs to know of the training rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Centre {
    /// The mean of the training rows' true numbers: the best constant for squared errors.
    pub mean: f64,
    /// Their median: the best constant for absolute errors.
    pub median: f64,
}

/// Scores predicted classes: `p: [rows, classes]` row by row, `labels: [rows]`, `prior: [classes]` the classes' shares
/// among the training rows, `groups: [rows]` the group of each row where rows belong together.
///
/// The baseline answers every row with `prior`: its first choice is the most common class.
/// The same `seed` gives the same intervals, whatever the number of threads.
///
/// # Errors
/// [`MetricError`] when lengths do not fit, a label is no class, or a probability is outside 0 to 1.
pub fn evaluate_classes(
    p: &[f32],
    labels: &[u32],
    classes: usize,
    prior: &[f32],
    groups: Option<&[u32]>,
    seed: u64,
) -> Result<Scores, MetricError> {
    let rows = ClassRows::new(p, labels, classes)?;
    check_groups(groups, labels.len())?;
    let tiled = prior.repeat(labels.len());
    let trivial = ClassRows::new(&tiled, labels, classes)?;
    let plan = Plan::new(labels.len(), groups, seed);
    let scores: Vec<_> = CLASS_METRICS.iter().map(|m| m.score).collect();
    // Ranking costs a pass over all rows per class.
    let samples = plan.run(labels.len() * (classes + 8), |counts| {
        scores.iter().map(|score| score(&rows, counts)).collect()
    });
    let once = Counts::once(labels.len());
    Ok(assemble(
        CLASS_METRICS.iter().map(|m| (&m.metric, (m.score)(&rows, &once), (m.score)(&trivial, &once))),
        &samples,
        plan.units(),
    ))
}

/// Scores predicted numbers: `predicted: [rows]`, `truth: [rows]`, `groups: [rows]` as for [`evaluate_classes`].
///
/// The baseline always answers the training rows' median for the mean absolute error, and their mean otherwise.
///
/// # Errors
/// [`MetricError`] when lengths do not fit or a number is not finite.
pub fn evaluate_numbers(
    predicted: &[f64],
    truth: &[f64],
    centre: Centre,
    groups: Option<&[u32]>,
    seed: u64,
) -> Result<Scores, MetricError> {
    let rows = NumberRows::new(predicted, truth)?;
    check_groups(groups, truth.len())?;
    let constant = |value: f64| vec![value; truth.len()];
    let (means, medians) = (constant(centre.mean), constant(centre.median));
    let (mean, median) = (NumberRows::new(&means, truth)?, NumberRows::new(&medians, truth)?);
    let plan = Plan::new(truth.len(), groups, seed);
    let samples = plan
        .run(truth.len() * 16, |counts| NUMBER_METRICS.iter().map(|m| (m.score)(&rows, counts)).collect());
    let once = Counts::once(truth.len());
    Ok(assemble(
        NUMBER_METRICS.iter().map(|m| {
            let trivial = if m.metric.name == "mae" { &median } else { &mean };
            (&m.metric, (m.score)(&rows, &once), (m.score)(trivial, &once))
        }),
        &samples,
        plan.units(),
    ))
}

/// What trivial answers with tags need to know of the training rows.
#[derive(Clone, Debug, PartialEq)]
pub struct TagPrior {
    /// The share of the training rows that have each tag.
    pub shares: Vec<f32>,
    /// The tags of the most frequent combination, by position.
    pub commonest: Vec<usize>,
}

/// Scores answered tags: `p`, `truth` and `answered`, each `[rows, tags]` row by row; `groups: [rows]` as for
/// [`evaluate_classes`].
///
/// The baseline of the macro F1 answers every row with every tag, the best of all constant answers for it; that of the micro F1
/// and of the share with all tags right answers the most frequent combination; the others state the tags' shares.
///
/// # Errors
/// [`MetricError`] when lengths do not fit or a probability is outside 0 to 1.
pub fn evaluate_tags(
    p: &[f32],
    truth: &[bool],
    answered: &[bool],
    prior: &TagPrior,
    groups: Option<&[u32]>,
    seed: u64,
) -> Result<Scores, MetricError> {
    let tags = prior.shares.len();
    let rows = TagRows::new(p, truth, answered, tags)?;
    check_groups(groups, rows.len())?;
    let shares = prior.shares.repeat(rows.len());
    let commonest: Vec<bool> = (0..tags).map(|tag| prior.commonest.contains(&tag)).collect();
    let (every, commonest) = (vec![true; truth.len()], commonest.repeat(rows.len()));
    let (every, commonest) =
        (TagRows::new(&shares, truth, &every, tags)?, TagRows::new(&shares, truth, &commonest, tags)?);
    let plan = Plan::new(rows.len(), groups, seed);
    // Counting and ranking cost a pass over all rows per tag each, and so does the loss.
    let samples = plan.run(rows.len() * (4 * tags + 8), |counts| {
        TAG_METRICS.iter().map(|m| (m.score)(&rows, counts)).collect()
    });
    let once = Counts::once(rows.len());
    Ok(assemble(
        TAG_METRICS.iter().map(|m| {
            let trivial = if m.metric.name == "macro_f1" { &every } else { &commonest };
            (&m.metric, (m.score)(&rows, &once), (m.score)(trivial, &once))
        }),
        &samples,
        plan.units(),
    ))
}

/// Scores written texts: `answers: [rows]`, `truth: [rows]`, `trivial: [rows]` the trivial answers, `groups: [rows]` as for
/// [`evaluate_classes`]. Intervals of such scores, which are of a whole set of texts, are those of Koehn (2004).
///
/// # Errors
/// [`MetricError`] when lengths do not fit.
pub fn evaluate_texts<T: AsRef<str>>(
    answers: &[T],
    truth: &[T],
    trivial: &[T],
    groups: Option<&[u32]>,
    seed: u64,
) -> Result<Scores, MetricError> {
    let (rows, trivial) = (TextRows::new(answers, truth)?, TextRows::new(trivial, truth)?);
    check_groups(groups, truth.len())?;
    let plan = Plan::new(truth.len(), groups, seed);
    let samples =
        plan.run(truth.len() * 64, |counts| TEXT_METRICS.iter().map(|m| (m.score)(&rows, counts)).collect());
    let once = Counts::once(truth.len());
    Ok(assemble(
        TEXT_METRICS.iter().map(|m| (&m.metric, (m.score)(&rows, &once), (m.score)(&trivial, &once))),
        &samples,
        plan.units(),
    ))
}

/// Scores what a network foresees: the stretches `rows` as it holds them likely, and as a trivial way of foreseeing does, if there is one.
///
/// # Errors
/// [`MetricError`] when there are not as many of these as of those.
pub fn evaluate_likelihood(
    rows: &LikelihoodRows,
    trivial: Option<&LikelihoodRows>,
    metrics: &[LikelihoodMetric],
    seed: u64,
) -> Result<Scores, MetricError> {
    if let Some(trivial) = trivial.filter(|trivial| trivial.len() != rows.len()) {
        return Err(MetricError::Length { predictions: trivial.len(), answers: rows.len(), per_answer: 1 });
    }
    let plan = Plan::new(rows.len(), None, seed);
    let samples =
        plan.run(rows.len() * 4, |counts| metrics.iter().map(|m| (m.score)(rows, counts)).collect());
    let once = Counts::once(rows.len());
    let baseline = |m: &LikelihoodMetric| trivial.and_then(|trivial| (m.score)(trivial, &once));
    Ok(assemble(
        metrics.iter().map(|m| (&m.metric, (m.score)(rows, &once), baseline(m))),
        &samples,
        plan.units(),
    ))
}

/// Scores lists of recommendations, one for each user, beside those of a trivial answer for the same users.
///
/// # Errors
/// [`MetricError`] when there are not as many trivial lists.
pub fn evaluate_ranking(rows: &RankRows, trivial: &RankRows, seed: u64) -> Result<Scores, MetricError> {
    if trivial.len() != rows.len() {
        return Err(MetricError::Length { predictions: trivial.len(), answers: rows.len(), per_answer: 1 });
    }
    let plan = Plan::new(rows.len(), None, seed);
    let samples =
        plan.run(rows.len() * 4, |counts| RANK_METRICS.iter().map(|m| (m.score)(rows, counts)).collect());
    let once = Counts::once(rows.len());
    let scored = |m: &'static pellucid_train::metrics::RankMetric| {
        (&m.metric, (m.score)(rows, &once), (m.score)(trivial, &once))
    };
    Ok(assemble(RANK_METRICS.iter().map(scored), &samples, plan.units()))
}

fn check_groups(groups: Option<&[u32]>, rows: usize) -> Result<(), MetricError> {
    match groups {
        Some(groups) if groups.len() != rows => {
            Err(MetricError::Length { predictions: groups.len(), answers: rows, per_answer: 1 })
        }
        _ => Ok(()),
    }
}

/// Joins values, intervals and baselines; `samples[resample][metric]`.
fn assemble<'a>(
    metrics: impl Iterator<Item = (&'a Metric, Option<f64>, Option<f64>)>,
    samples: &[Vec<Option<f64>>],
    units: usize,
) -> Scores {
    let scored = metrics.enumerate().filter_map(|(index, (metric, value, baseline))| {
        let value = value?;
        let drawn = samples.iter().filter_map(|scores| scores.get(index).copied().flatten()).collect();
        let interval = match metric.name {
            "accuracy" | "subset_accuracy" if units > 0 && value == 1.0 => Some((without_a_miss(units), 1.0)),
            "accuracy" | "subset_accuracy" if units > 0 && value == 0.0 => {
                Some((0.0, 1.0 - without_a_miss(units)))
            }
            _ => percentiles(drawn, samples.len()).filter(|_| units > 1),
        };
        let (low, high) = interval.unzip();
        Some((metric.name.to_owned(), Scored { value, low, high, baseline }))
    });
    Scores(scored.collect())
}

/// The exact lower 95 % bound of a share when all of `n` were right (Clopper & Pearson, 1934): resampling rows that
/// are all right would claim certainty from any number of them.
fn without_a_miss(n: usize) -> f64 {
    0.025_f64.powf(1.0 / n as f64)
}

#[cfg(test)]
mod tests;
