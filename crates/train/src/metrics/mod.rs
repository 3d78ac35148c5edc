//! How good predictions are: one file per metric or close family, one visible list for each kind of answer.
//!
//! Every metric reads validated rows ([`ClassRows`], [`NumberRows`], [`TagRows`], [`TextRows`], [`LikelihoodRows`]) and says how often each row counts, so the
//! same code gives the score of a test set (every row once) and of a bootstrap resample (rows drawn again).
//! A metric without a meaning for the rows at hand (AUC with one class only) is `None`, never NaN.
//!
//! ```
//! use pellucid_train::metrics::{ClassRows, score_classes};
//! let p = [0.9, 0.1, 0.4, 0.6, 0.2, 0.8]; // [rows = 3, classes = 2]
//! let rows = ClassRows::new(&p, &[0, 1, 0], 2)?;
//! let scores = score_classes(&rows);
//! assert_eq!(scores[0].0.name, "accuracy");
//! assert!((scores[0].1.unwrap() - 2.0 / 3.0).abs() < 1e-12);
//! # Ok::<(), pellucid_train::metrics::MetricError>(())
//! ```

mod accuracy;
mod auc;
mod bleu;
mod chrf;
mod confusion;
mod correlation;
mod ece;
mod errors;
mod frechet;
mod likelihood;
mod log_loss;
mod r2;
mod ranking;
mod rows;
mod subset_accuracy;
mod tag_f1;
mod tags;
mod texts;

pub use auc::{RocCurve, roc_curve};
pub use confusion::Confusion;
pub use ece::{BINS, Bin, reliability};
pub use likelihood::{LikelihoodRows, Stretch};
pub use ranking::{LISTED, RankRows, RankedList};
pub use rows::{ClassRows, Counts, MetricError, NumberRows};
pub use tags::{TagRows, Tally};
pub use texts::TextRows;

/// How a metric's value is written for a person.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// A share between 0 and 1, written as per cent.
    Percent,
    /// A number from 0 to 100, where 100 is perfect.
    Points,
    /// A plain number.
    Number,
    /// A number in the unit of the predicted column.
    TargetUnit,
}

impl Format {
    /// The value as a person reads it: `94.2 %`, `0.981`, `12.4`.
    pub fn show(self, value: f64) -> String {
        match self {
            Format::Percent => format!("{:.1} %", value * 100.0),
            Format::Points => format!("{:.1}", (value * 10.0).round() / 10.0 + 0.0),
            Format::Number if value.abs() < 10.0 => format!("{:.3}", (value * 1000.0).round() / 1000.0 + 0.0),
            Format::Number | Format::TargetUnit => significant(value),
        }
    }
}

/// Three significant digits, all before the point, no exponent from a thousandth to a million.
fn significant(value: f64) -> String {
    let size = value.abs();
    if size >= 1e6 || (size > 0.0 && size < 1e-3) {
        return format!("{value:.2e}");
    }
    let decimals = match size {
        s if s < 1.0 => 3,
        s if s < 10.0 => 2,
        s if s < 100.0 => 1,
        _ => 0,
    };
    format!("{value:.decimals$}")
}

/// What a metric is, for programs (name, direction) and for people (label, meaning).
#[derive(Debug, PartialEq, Eq)]
pub struct Metric {
    /// The stable name used in files, flags and JSON.
    pub name: &'static str,
    /// The name for a person who has never met it.
    pub label: &'static str,
    /// One sentence that says what the number means.
    pub meaning: &'static str,
    /// True when larger is better, false for errors and losses.
    pub higher_is_better: bool,
    /// How the value is written.
    pub format: Format,
}

impl Metric {
    /// True when `new` is a better score than `old`.
    pub fn better(&self, new: f64, old: f64) -> bool {
        if self.higher_is_better { new > old } else { new < old }
    }
}

/// A metric of predicted classes and its formula.
pub struct ClassMetric {
    /// The description.
    pub metric: Metric,
    /// The score of rows that count as often as the counts say.
    pub score: fn(&ClassRows, &Counts) -> Option<f64>,
}

/// A metric of predicted numbers and its formula.
pub struct NumberMetric {
    /// The description.
    pub metric: Metric,
    /// The score of rows that count as often as the counts say.
    pub score: fn(&NumberRows, &Counts) -> Option<f64>,
}

/// A metric of answered tags and its formula.
pub struct TagMetric {
    /// The description: that of the classes' metric where the name is the same.
    pub metric: Metric,
    /// The score of rows that count as often as the counts say.
    pub score: fn(&TagRows, &Counts) -> Option<f64>,
}

/// A metric of written texts and its formula.
pub struct TextMetric {
    /// The description.
    pub metric: Metric,
    /// The score of rows that count as often as the counts say.
    pub score: fn(&TextRows, &Counts) -> Option<f64>,
}

/// A metric of what a network foresees, and its formula.
pub struct LikelihoodMetric {
    /// The description.
    pub metric: Metric,
    /// The score of stretches that count as often as the counts say.
    pub score: fn(&LikelihoodRows, &Counts) -> Option<f64>,
}

/// A metric of recommendations, and its formula.
pub struct RankMetric {
    /// The description.
    pub metric: Metric,
    /// The score of lists that count as often as the counts say.
    pub score: fn(&RankRows, &Counts) -> Option<f64>,
}

/// Every metric of predicted classes; the first is the headline.
pub static CLASS_METRICS: [ClassMetric; 6] = [
    accuracy::ACCURACY,
    accuracy::BALANCED_ACCURACY,
    accuracy::MACRO_F1,
    auc::AUC,
    log_loss::LOG_LOSS,
    ece::ECE,
];

/// Every metric of predicted numbers; the first is the headline.
pub static NUMBER_METRICS: [NumberMetric; 4] = [errors::MAE, errors::RMSE, r2::R2, correlation::CORRELATION];

/// Every metric of answered tags; the first is the headline.
pub static TAG_METRICS: [TagMetric; 5] = [
    tag_f1::TAG_MACRO_F1,
    auc::TAG_AUC,
    log_loss::TAG_LOG_LOSS,
    tag_f1::MICRO_F1,
    subset_accuracy::SUBSET_ACCURACY,
];

/// Every metric of written texts; the first is the headline.
pub static TEXT_METRICS: [TextMetric; 2] = [bleu::BLEU, chrf::CHRF];

/// Every metric of texts that are written freely; the first is the headline.
pub static WRITING_METRICS: [LikelihoodMetric; 3] =
    [likelihood::BITS_PER_CHARACTER, likelihood::NATS_PER_CHARACTER, likelihood::PERPLEXITY];

/// Every metric of melodies that are written freely; the first is the headline.
pub static MELODY_METRICS: [LikelihoodMetric; 2] = [likelihood::NATS_PER_FRAME, likelihood::PERPLEXITY];

/// Every metric of pictures that are painted freely; the first is the headline.
pub static PICTURE_METRICS: [LikelihoodMetric; 1] = [likelihood::FLOW_ERROR];

/// Every metric of recommendations; the first is the headline.
pub static RANK_METRICS: [RankMetric; 3] = [ranking::NDCG, ranking::RECALL, ranking::MRR];

/// What is said of pictures that a classifier has looked at, beside its answers.
pub static JUDGED_METRICS: [Metric; 2] = [frechet::DISTANCE, frechet::DISTANCE_OF_TRAINING];

/// Every metric's description once, those of classes first.
pub fn all() -> impl Iterator<Item = &'static Metric> {
    let of_classes = || CLASS_METRICS.iter().map(|m| &m.metric);
    let of_tags_only = TAG_METRICS.iter().map(|m| &m.metric).filter(move |m| of_classes().all(|c| c != *m));
    let of_texts = TEXT_METRICS.iter().map(|m| &m.metric);
    let of_works = MELODY_METRICS.iter().take(1).chain(&WRITING_METRICS).chain(&PICTURE_METRICS);
    let of_works = of_works.map(|m| &m.metric);
    let of_numbers = NUMBER_METRICS.iter().map(|m| &m.metric);
    let of_lists = RANK_METRICS.iter().map(|m| &m.metric);
    let of_works = of_works.chain(of_lists);
    of_classes().chain(of_numbers).chain(of_tags_only).chain(of_texts).chain(of_works).chain(&JUDGED_METRICS)
}

/// The description of the metric with this name.
pub fn by_name(name: &str) -> Option<&'static Metric> {
    all().find(|metric| metric.name == name)
}

/// All scores of predicted classes, in the list's order.
pub fn score_classes(rows: &ClassRows) -> Vec<(&'static Metric, Option<f64>)> {
    let once = Counts::once(rows.len());
    CLASS_METRICS.iter().map(|m| (&m.metric, (m.score)(rows, &once))).collect()
}

/// All scores of predicted numbers, in the list's order.
pub fn score_numbers(rows: &NumberRows) -> Vec<(&'static Metric, Option<f64>)> {
    let once = Counts::once(rows.len());
    NUMBER_METRICS.iter().map(|m| (&m.metric, (m.score)(rows, &once))).collect()
}

/// All scores of answered tags, in the list's order.
pub fn score_tags(rows: &TagRows) -> Vec<(&'static Metric, Option<f64>)> {
    let once = Counts::once(rows.len());
    TAG_METRICS.iter().map(|m| (&m.metric, (m.score)(rows, &once))).collect()
}

/// All scores of written texts, in the list's order.
pub fn score_texts(rows: &TextRows) -> Vec<(&'static Metric, Option<f64>)> {
    let once = Counts::once(rows.len());
    TEXT_METRICS.iter().map(|m| (&m.metric, (m.score)(rows, &once))).collect()
}

/// All scores of what a network foresees, in the order of `metrics`.
pub fn score_likelihood(
    rows: &LikelihoodRows,
    metrics: &'static [LikelihoodMetric],
) -> Vec<(&'static Metric, Option<f64>)> {
    let once = Counts::once(rows.len());
    metrics.iter().map(|m| (&m.metric, (m.score)(rows, &once))).collect()
}
