//! What a report is made of: plain facts that the caller collects, serialisable, without any layout.

mod dependence;
mod doubts;
mod explained;
mod forecast;
mod glimpse;
mod learned_from;
mod likeness;
mod looks;
mod made;
mod missed;
mod network;
mod weak;

use std::fmt;

use serde::{Deserialize, Serialize};

use super::encoding;
use crate::audit::Audit;
use crate::intervals::Scores;

pub use dependence::{Dependence, DependencePoint};
pub use doubts::{Doubt, Doubts};
pub use explained::{Audible, Change, Explanation, Heat, Instead, Quality, Worth};
pub use forecast::{Expected, Forecast};
pub use glimpse::Glimpse;
pub use learned_from::{LearnedFrom, LearnedList, LearnedRow};
pub use likeness::{Likeness, MovedColumn, UnlikeRow};
pub use looks::{Looks, LooksOfChannel, LooksOfLayer, Patch, Stands};
pub use made::*;
pub use missed::{ExplainedRecommendation, ExplainedTranslation, Reason};
pub use network::{End, Layer, Moment, Network, Standing};
pub use weak::{Weak, WeakSegment};

/// Everything a run's report and model card say.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReportData {
    /// The run's name, as of its folder.
    pub name: String,
    /// The day it was made, `2026-05-17`.
    pub created: String,
    /// What one row is, in the plural and in the person's words: `chest X-rays`, `rows`.
    pub rows_are: String,
    /// The data set.
    pub data: DataFacts,
    /// How it was trained.
    pub training: Training,
    /// The network.
    pub network: Network,
    /// What was predicted, and how well.
    pub targets: Vec<Target>,
    /// How like the test is to the training.
    pub likeness: Option<Likeness>,
    /// What the layers of its networks for pictures and sounds respond to.
    pub looks: Vec<Looks>,
    /// What the model is for.
    pub card: CardFacts,
    /// What it takes to make it again.
    pub reproduce: Reproduce,
}

/// The data set: what came in, what was made of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DataFacts {
    /// The file or folder as the person named it.
    pub source: String,
    /// Every column found.
    pub columns: Vec<Column>,
    /// The parts: training, validation, test.
    pub splits: Vec<Split>,
    /// How the parts were made: `the folders train, val and test were there already`.
    pub split_by: String,
    /// How many rows could not be used.
    pub skipped: u64,
    /// The first of them, with the reason.
    pub skipped_examples: Vec<Skipped>,
    /// What the checks found.
    pub notices: Vec<Notice>,
}

/// One column of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Column {
    /// Its name.
    pub name: String,
    /// Its kind: `number`, `category`, `image` …
    pub kind: String,
    /// What it is used for: `input`, `to predict`, `set aside`.
    pub role: String,
    /// Why it is taken for that: `2 distinct values in 569 rows`.
    pub reason: String,
    /// Rows without a value.
    pub missing: u64,
}

/// One part of the data.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Split {
    /// `training`, `validation`, `test`.
    pub name: String,
    /// Its rows.
    pub rows: u64,
}

/// A row that could not be used.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Skipped {
    /// File, row, column.
    pub place: String,
    /// What is wrong with it.
    pub reason: String,
}

/// How grave a notice is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Good to know.
    #[default]
    Note,
    /// The scores may mislead.
    Warning,
    /// The scores cannot be trusted: the answer was known beforehand.
    Leak,
}

/// Something the person should know of the data or the run.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Notice {
    /// How grave.
    pub severity: Severity,
    /// In a few words.
    pub title: String,
    /// What was found, and what to do.
    pub text: String,
}

/// A setting and why it has this value.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Choice {
    /// The value.
    pub value: String,
    /// How it was chosen: `given`, `the steepest fall of a trial run over 60 rates`.
    pub why: String,
}

/// How the network was trained.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Training {
    /// `quick`, `good` or `best`.
    pub preset: String,
    /// The seed of all random numbers.
    pub seed: u64,
    /// Wall time in seconds.
    pub seconds: f64,
    /// Passes over the training rows.
    pub epochs: f64,
    /// Optimiser steps.
    pub steps: u64,
    /// Rows per step.
    pub batch: Choice,
    /// The largest learning rate.
    pub learning_rate: Choice,
    /// Further settings by name: optimiser, schedule, loss, class weights.
    pub settings: Vec<(String, Choice)>,
    /// How the pictures or rows were varied; empty for not at all.
    pub augmentation: Vec<String>,
    /// Why it ended: `no better for 8 epochs`, `the 5 minutes were over`.
    pub stopped: String,
    /// The curves.
    pub curves: Curves,
    /// What the network made after so many steps, if it makes things.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<(u64, Glimpse)>,
}

/// Training and validation over time.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Curves {
    /// What the horizontal positions count: `epoch` or `step`.
    pub unit: String,
    /// The loss that training minimised.
    pub loss: Pair,
    /// A metric that people read, where one was followed.
    pub metric: Option<MetricCurves>,
    /// Where the weights that were kept come from.
    pub best: Option<f64>,
}

/// One quantity on both sides, as `(position, value)`; positions ascend, values may be NaN.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Pair {
    /// On the training rows.
    #[serde(deserialize_with = "encoding::points")]
    pub training: Vec<(f64, f64)>,
    /// On the validation rows.
    #[serde(deserialize_with = "encoding::points")]
    pub validation: Vec<(f64, f64)>,
}

/// A followed metric.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MetricCurves {
    /// Its name in the list of metrics: `accuracy`.
    pub name: String,
    /// Its values.
    pub values: Pair,
}

/// A predicted column: what it is, how well it is predicted, and examples.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Target {
    /// The column.
    pub column: String,
    /// Rows that were scored.
    pub rows: u64,
    /// True when no training or tuning decision has seen these rows.
    pub unseen: bool,
    /// Scores with intervals and baselines.
    pub scores: Scores,
    /// What the answers are.
    pub outcome: Outcome,
    /// Rows worth looking at.
    pub examples: Vec<Example>,
    /// Answers with what moved them.
    #[serde(default)]
    pub explanations: Vec<Explanation>,
    /// How often sets or intervals held the truth.
    #[serde(default)]
    pub coverage: Option<Coverage>,
    /// Rows whose label is likely wrong.
    #[serde(default)]
    pub doubts: Option<Doubts>,
    /// How much each column matters, the most first.
    #[serde(default)]
    pub importance: Vec<Importance>,
    /// Groups of rows on which it is worse than elsewhere.
    #[serde(default)]
    pub weak: Option<Weak>,
    /// Whom it serves how well, where columns were named that say who is of which group.
    #[serde(default)]
    pub audits: Vec<Audit>,
}

impl Target {
    /// What is known of every target: the column, how many rows were scored (`unseen` where nothing was decided by them) and how, and what the
    /// answers are.
    pub fn new(
        column: impl Into<String>,
        rows: u64,
        unseen: bool,
        scores: Scores,
        outcome: Outcome,
    ) -> Target {
        Target {
            column: column.into(),
            rows,
            unseen,
            scores,
            outcome,
            examples: Vec::new(),
            explanations: Vec::new(),
            coverage: None,
            doubts: None,
            importance: Vec::new(),
            weak: None,
            audits: Vec::new(),
        }
    }
}

/// By how much answers are worse without what a column says.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Importance {
    /// The column.
    pub name: String,
    /// The share of right answers that is lost, or the growth of the mean error.
    pub value: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// How the answer depends on what stands in it, for the columns that matter most.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dependence: Option<Dependence>,
}

/// How often sets of classes, or intervals of numbers, held the truth.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Coverage {
    /// The share of cases that was asked for.
    pub asked: f64,
    /// Rows whose truth was held.
    pub held: u64,
    /// All rows.
    pub rows: u64,
    /// Classes in a set on average, or half of an interval's length.
    pub size: f64,
    /// What outputs were divided by to make probabilities mean what they say; 1 for numbers.
    pub temperature: f64,
    /// Whether each class then got a weight and a bias of its own.
    #[serde(default)]
    pub dirichlet: bool,
}

/// What kind of answer a target has, with the figures to draw.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Outcome {
    /// One of several classes.
    Classes(ClassOutcome),
    /// Any number of tags.
    Tags(TagOutcome),
    /// A number.
    Numbers(NumberOutcome),
    /// A text.
    Texts(TextOutcome),
    /// Texts that are written freely.
    Writing(WritingOutcome),
    /// Melodies that are written freely.
    Melodies(MelodyOutcome),
    /// Pictures that are painted freely.
    Pictures(PictureOutcome),
    /// Recommendations.
    Recommendations(RecommendOutcome),
}

/// The figures of written texts; [`TextOutcome::measure`](super::measure) makes it from answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TextOutcome {
    /// Short, middling and long texts to be translated.
    pub by_length: Vec<LengthFigures>,
    /// Some answers with what each of their words was made from.
    pub alignments: Vec<Alignment>,
}

/// The answers to texts of some lengths.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LengthFigures {
    /// The fewest and the most words of these texts.
    pub words: (u64, u64),
    /// How many there are.
    pub rows: u64,
    /// Agreement in words.
    pub bleu: f64,
    /// Agreement in letters.
    pub chrf: f64,
}

/// From which words of a text each word of its translation was made.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Alignment {
    /// The words of the text.
    pub read: Vec<String>,
    /// The words of the translation.
    pub written: Vec<String>,
    /// `[written, read]`, row by row: shares that add up to 1 in each row.
    pub weights: Vec<f32>,
}

/// The figures of answered tags; [`TagOutcome::measure`](super::measure) makes it from predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TagOutcome {
    /// Each tag.
    pub tags: Vec<TagFigures>,
    /// Whether a row without a tag above its threshold is given the likeliest: every training row had one.
    pub always: bool,
    /// Rare tags that were not learned.
    pub left_out: u64,
}

/// One tag.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct TagFigures {
    /// Its name.
    pub name: String,
    /// The share of the training rows that have it.
    pub share: f64,
    /// It is answered from this probability on.
    pub threshold: f64,
    /// Scored rows that have it.
    pub rows: u64,
    /// Scored rows for which it was answered.
    pub answered: u64,
    /// Scored rows for which both hold.
    pub right: u64,
}

/// The figures of predicted classes; [`ClassOutcome::measure`](super::measure) makes it from predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ClassOutcome {
    /// The classes' names.
    pub classes: Vec<String>,
    /// Their shares among the training rows.
    pub prior: Vec<f32>,
    /// `[true class, predicted class]`, row by row.
    pub confusion: Vec<u64>,
    /// For two classes: the ROC curve of the second, `(false alarms, finds)` as shares.
    pub roc: Vec<(f64, f64)>,
    /// Where the usual threshold of one half lies on it.
    pub roc_at_half: Option<(f64, f64)>,
    /// Equal bins of the first choice's probability.
    pub reliability: Vec<ReliabilityBin>,
}

/// One bar of the reliability diagram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ReliabilityBin {
    /// Rows in the bin.
    pub rows: u64,
    /// Their mean stated probability.
    pub confidence: f64,
    /// The share that was right.
    pub right: f64,
}

/// The figures of predicted numbers; [`NumberOutcome::measure`](super::measure) makes it from predictions.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct NumberOutcome {
    /// The unit, where known: `minutes`.
    pub unit: Option<String>,
    /// What the trivial answer says.
    pub trivial: f64,
    /// `(true, predicted)`, at most [`super::measure::SHOWN_POINTS`] of them, evenly chosen.
    #[serde(deserialize_with = "encoding::points")]
    pub points: Vec<(f64, f64)>,
    /// All errors (predicted minus true), counted in equal bins.
    pub errors: Histogram,
}

/// Counts in equal bins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Histogram {
    /// Where the first bin begins.
    pub low: f64,
    /// Where the last bin ends.
    pub high: f64,
    /// The counts.
    pub counts: Vec<u64>,
}

/// One row worth looking at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Example {
    /// Where it is: a file's name or `row 17`.
    pub place: String,
    /// The picture as PNG bytes, where there is one.
    #[serde(with = "encoding::base64_bytes", skip_serializing_if = "Option::is_none")]
    pub picture: Option<Vec<u8>>,
    /// Its other columns, the telling ones first.
    pub fields: Vec<(String, String)>,
    /// The true answer.
    pub truth: String,
    /// The network's answer.
    pub answer: String,
    /// The probability that the network gave to its answer, for classes.
    pub probability: Option<f64>,
    /// True for a right (or good) answer.
    pub right: bool,
}

/// What the model is for, and what it is not for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CardFacts {
    /// What it may be used for.
    pub intended_use: String,
    /// Where it must not be trusted, beyond what the figures themselves show.
    pub limits: Vec<String>,
    /// What to do with it: a phrase and the command.
    pub commands: Vec<(String, String)>,
    /// The model's licence as SPDX, where the person stated one.
    pub licence: Option<String>,
}

/// What it takes to make the run again.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Reproduce {
    /// The command as it was given.
    pub command: String,
    /// Program, processor, system … by name.
    pub versions: Vec<(String, String)>,
    /// Fingerprints by name: of the data, of the model.
    pub fingerprints: Vec<(String, String)>,
    /// The resolved configuration.
    pub config: String,
}

impl ReportData {
    /// What one row is, `rows` when nobody said.
    pub(crate) fn rows_are(&self) -> &str {
        if self.rows_are.is_empty() { "rows" } else { &self.rows_are }
    }

    /// All parameters of the network.
    pub fn parameters(&self) -> u64 {
        self.network.layers.iter().map(|layer| layer.parameters).sum()
    }

    /// Multiply-adds of the whole network for one row.
    pub fn multiply_adds(&self) -> u64 {
        self.network.layers.iter().map(|layer| layer.multiply_adds).sum()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Note => "Note",
            Self::Warning => "Warning",
            Self::Leak => "Leak",
        })
    }
}
