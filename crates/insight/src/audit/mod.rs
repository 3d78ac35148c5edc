//! Whom a network serves how well: figures by group, the gaps between groups, and whether they keep within bounds that somebody requires.
//!
//! Definitions are those of Fairlearn (Weerts et al., arXiv 2303.16626), and so are the values. A group of which there are fewer than
//! [`ENOUGH`] rows that a figure is taken of says nothing about that figure: it is named, and no bound counts as kept while one is lacking.

mod figures;
mod measures;
mod mitigation;
mod required;
mod trades;

use pellucid_train::metrics::{Counts, MetricError};
use serde::{Deserialize, Serialize};

use crate::intervals::{Plan, percentiles};

pub use figures::{CLASS_FIGURES, FigureAbout, NUMBER_FIGURES};
pub use measures::{CLASS_MEASURES, Measure, NUMBER_MEASURES};
pub use mitigation::Mitigation;
pub use required::{Requirement, Verdict};
pub use trades::{Trade, trades};

use figures::Tally;

/// Rows that a figure must be taken of.
pub const ENOUGH: f64 = 30.0;

/// Answers beside the truth, for one class (or tag) or for a number, and the group of each row.
#[derive(Clone, Copy, Debug)]
pub struct Answered<'a> {
    /// What is judged.
    pub answers: Answers<'a>,
    /// The group of each row.
    pub groups: &'a [u32],
    /// What each group is called.
    pub names: &'a [String],
}

/// The answers of [`Answered`].
#[derive(Clone, Copy, Debug)]
pub enum Answers<'a> {
    /// Whether each row is of the class, whether that was answered, and with which probability.
    Class {
        /// Whether it is so.
        truth: &'a [bool],
        /// Whether that was answered.
        answered: &'a [bool],
        /// Its probability.
        probability: &'a [f32],
    },
    /// Numbers.
    Number {
        /// The true ones.
        truth: &'a [f64],
        /// The answered ones.
        answered: &'a [f64],
    },
}

/// A figure of one group.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Figure {
    /// Its value; none where no row counts for it.
    pub value: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The rows that it is taken of.
    pub rows: u64,
}

/// One group.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// Its rows.
    pub rows: u64,
    /// Its share of all rows.
    pub share: f64,
    /// Its figures by name, in their list's order.
    pub figures: Vec<(String, Figure)>,
}

/// The gap between groups in one respect.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Gap {
    /// The measure's name, as in `--require`.
    pub name: String,
    /// The difference; none where fewer than two groups have enough rows.
    pub value: Option<f64>,
    /// The lower end of its 95 % interval.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The smallest group's figure as a share of the largest, where that has a meaning.
    pub ratio: Option<f64>,
    /// Groups with too few rows to say.
    pub lacking: Vec<String>,
}

/// All that is found of one division into groups.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Audit {
    /// The column, or columns, that divide the rows.
    pub column: String,
    /// What is judged: a class, or the column of a number.
    pub subject: String,
    /// Whether it is a class.
    pub class: bool,
    /// The groups, the largest first.
    pub groups: Vec<Group>,
    /// The gaps between them.
    pub gaps: Vec<Gap>,
}

impl Answers<'_> {
    /// How many rows there are.
    fn rows(&self) -> usize {
        match self {
            Answers::Class { truth, .. } => truth.len(),
            Answers::Number { truth, .. } => truth.len(),
        }
    }

    fn check(&self, groups: &[u32], names: usize) -> Result<(), MetricError> {
        let (truth, answers) = match self {
            Answers::Class { truth, answered, probability } => {
                (truth.len(), [answered.len(), probability.len(), groups.len()])
            }
            Answers::Number { truth, answered } => {
                (truth.len(), [answered.len(), answered.len(), groups.len()])
            }
        };
        if let Some(&predictions) = answers.iter().find(|&&length| length != truth) {
            return Err(MetricError::Length { predictions, answers: truth, per_answer: 1 });
        }
        match groups.iter().position(|&group| group as usize >= names) {
            Some(row) => Err(MetricError::Label { row, label: groups[row], classes: names }),
            None => Ok(()),
        }
    }

    /// The figures that are taken.
    fn figures(&self) -> &'static [FigureAbout] {
        match self {
            Answers::Class { .. } => CLASS_FIGURES,
            Answers::Number { .. } => NUMBER_FIGURES,
        }
    }

    /// The measures of gaps.
    fn measures(&self) -> &'static [Measure] {
        match self {
            Answers::Class { .. } => CLASS_MEASURES,
            Answers::Number { .. } => NUMBER_MEASURES,
        }
    }
}

/// Judges answers by group. `clusters` are rows that belong together (one person's), `seed` draws the intervals.
///
/// # Errors
/// Lists of different lengths, and groups without a name.
pub fn audit(
    column: &str,
    subject: &str,
    rows: Answered<'_>,
    clusters: Option<&[u32]>,
    seed: u64,
) -> Result<Audit, MetricError> {
    rows.answers.check(rows.groups, rows.names.len())?;
    let (about, measures) = (rows.answers.figures(), rows.answers.measures());
    let count = rows.answers.rows();
    let once = Tally::of(&rows, &Counts::once(count));
    // Which figures of which groups can be told.
    let enough: Vec<Vec<bool>> = once
        .iter()
        .map(|tally| about.iter().map(|figure| (figure.rows)(tally) >= ENOUGH).collect())
        .collect();
    let values = |tallies: &[Tally]| -> Vec<Vec<Option<f64>>> {
        tallies.iter().map(|tally| about.iter().map(|figure| (figure.value)(tally)).collect()).collect()
    };
    let told = |all: &[Vec<Option<f64>>]| -> Vec<Vec<Option<f64>>> {
        let of_group = |(values, enough): (&Vec<Option<f64>>, &Vec<bool>)| {
            values.iter().zip(enough).map(|(value, enough)| value.filter(|_| *enough)).collect()
        };
        all.iter().zip(&enough).map(of_group).collect()
    };
    let plan = Plan::new(count, clusters, seed);
    let samples = plan.run(count * about.len(), |counts| {
        let all = values(&Tally::of(&rows, counts));
        let told = told(&all);
        let gaps = measures.iter().map(|measure| (measure.gap)(&told));
        all.iter().flatten().copied().chain(gaps).collect()
    });
    let interval = |place: usize| {
        let drawn: Vec<f64> = samples.iter().filter_map(|sample| sample[place]).collect();
        percentiles(drawn, samples.len()).unzip()
    };
    let now = values(&once);
    let told_now = told(&now);
    let mut groups: Vec<Group> = rows
        .names
        .iter()
        .enumerate()
        .map(|(g, name)| {
            let figure = |(f, figure): (usize, &FigureAbout)| {
                let (low, high) = interval(g * about.len() + f);
                let rows = (figure.rows)(&once[g]) as u64;
                (figure.name.to_owned(), Figure { value: now[g][f], low, high, rows })
            };
            Group {
                name: name.clone(),
                rows: once[g].rows as u64,
                share: once[g].rows / count.max(1) as f64,
                figures: about.iter().enumerate().map(figure).collect(),
            }
        })
        .collect();
    let gaps = measures.iter().enumerate().map(|(m, measure)| {
        let (low, high) = interval(rows.names.len() * about.len() + m);
        let lacks = |g: &usize| {
            let needed = |f: &usize| measure.of.contains(&about[*f].name);
            once[*g].rows > 0.0 && (0..about.len()).filter(needed).any(|f| !enough[*g][f])
        };
        Gap {
            name: measure.name.to_owned(),
            value: (measure.gap)(&told_now),
            low,
            high,
            ratio: measure.ratio.and_then(|ratio| ratio(&told_now)),
            lacking: (0..rows.names.len()).filter(lacks).map(|g| rows.names[g].clone()).collect(),
        }
    });
    let gaps = gaps.collect();
    groups.retain(|group| group.rows > 0);
    groups.sort_by(|a, b| b.rows.cmp(&a.rows).then(a.name.cmp(&b.name)));
    let class = matches!(rows.answers, Answers::Class { .. });
    Ok(Audit { column: column.to_owned(), subject: subject.to_owned(), class, groups, gaps })
}

impl Audit {
    /// What its figures are.
    pub fn about(&self) -> &'static [FigureAbout] {
        if self.class { CLASS_FIGURES } else { NUMBER_FIGURES }
    }

    /// What its gaps are.
    pub fn measures(&self) -> &'static [Measure] {
        if self.class { CLASS_MEASURES } else { NUMBER_MEASURES }
    }

    /// The gap of a measure.
    pub fn gap(&self, name: &str) -> Option<&Gap> {
        self.gaps.iter().find(|gap| gap.name == name)
    }
}
