//! Audit: whom a network serves how well, and what in the data reveals who somebody is.

mod divide;
mod mitigate;
mod thresholds;

use crate::dataset::{Survey, reveals, split_rows};
use crate::infer::{check_inputs, stored_model};
use crate::model::{Model, place_of};
use crate::outcome::Answers as Given;
use crate::train::open;
use crate::{DataConfig, Error, Result, Watcher};
pub(crate) use divide::Division;
pub use mitigate::mitigations;
use pellucid_data::{DataError, Part};
use pellucid_insight::audit::{Answered, Answers, Audit, Trade, audit as judge, trades};
use pellucid_insight::check::Revealed;
use pellucid_kinds::Target;
use std::path::{Path, PathBuf};
pub use thresholds::GroupThresholds;

/// Rows in memory while they are answered.
const MEMORY: usize = 1 << 30;

/// The seed of the intervals.
const SEED: u64 = 0;

/// What is audited.
#[derive(Clone, Debug, Default)]
pub struct Auditing {
    /// The columns that divide rows into groups; two or more are also crossed.
    pub groups: Vec<String>,
    /// The column whose answers are judged; the first if it is not given.
    pub target: Option<String>,
    /// The class or tag whose being answered is judged. Of two classes it is the rarer one, of more all of them, unless it is given.
    pub class: Option<String>,
}

/// What was found.
pub struct Audited {
    /// The column whose answers are judged.
    pub target: String,
    /// Rows that were answered.
    pub rows: usize,
    /// Whether the rows are those that training has not seen.
    pub unseen: bool,
    /// One for each class and division into groups.
    pub audits: Vec<Audit>,
    /// For each column of groups, what other columns reveal of it, the most first.
    pub revealed: Vec<(String, Vec<Revealed>)>,
    /// For each audit of a class what thresholds by group would give.
    pub trades: Vec<Vec<Trade>>,
    /// Whether what is judged is one of two classes.
    pub two_classes: bool,
    /// Whether a column of groups was cut at its quartiles.
    pub cut: bool,
}

/// Judges a network's answers by group: those to its own test rows, or to those of `data`.
///
/// # Errors
/// A model that does not predict, data without the columns it needs, and columns that make no groups.
pub fn audit(
    path: &Path,
    data: Option<&[PathBuf]>,
    how: &Auditing,
    watcher: &mut dyn Watcher,
) -> Result<Audited> {
    if how.groups.is_empty() {
        return Err(Error::usage("no group was named · say which column divides the rows: --group COLUMN"));
    }
    let (stored, run) = stored_model(path)?;
    let model = Model::of(&stored)?;
    let (survey, wanted, _sample) = match (data, &run) {
        (Some(paths), _) => {
            let config = DataConfig { paths: paths.to_vec(), skip_share: Some(1.0), ..DataConfig::default() };
            (Survey::new(&config)?, None, None)
        }
        (None, Some(run)) => {
            let config = run.config()?;
            let (survey, sample) = open(&config)?;
            let parts = split_rows(&survey, &config.data, config.training.seed)?.parts;
            (survey, Some(parts), sample)
        }
        (None, None) => {
            return Err(Error::usage(
                "a model folder has no test rows of its own · name the DATA to audit it on",
            ));
        }
    };
    let table = &survey.table;
    check_inputs(&model.encoder, table)?;
    let names: Vec<&str> = model.target_names().collect();
    let place = model.target(how.target.as_deref())?;
    table.column_index(names[place])?;
    let part = match &wanted {
        Some(parts) if parts.contains(&Part::Test) => Part::Test,
        _ => Part::Validation,
    };
    let is_wanted = |row: usize| wanted.as_ref().is_none_or(|parts| parts.get(row) == Some(&part));
    watcher.begin("Reading", table.rows());
    let examples = model.encoder.encode(table, &is_wanted, MEMORY, &mut |done| watcher.advance(done))?;
    watcher.begin("Answering", examples.len());
    let all: Vec<usize> = (0..examples.len()).collect();
    let answers = model.answer_records(&examples, &all)?.swap_remove(place);
    let (known, positions) = answers.known();
    let rows: Vec<usize> = positions.iter().map(|&i| examples.rows()[i]).collect();
    if rows.is_empty() {
        let error = DataError::refused("there is nothing to audit: no row has a known answer");
        return Err(error.in_file(table.origin()).in_column(names[place]).into());
    }
    let mut audits = Vec::new();
    let (mut all_trades, mut cut) = (Vec::new(), false);
    let target = &model.batcher.targets()[place];
    for division in Division::each_and_crossed(table, &how.groups, &rows)? {
        cut |= division.cut;
        for (audit, trades) in of_division(target, names[place], &known, &division, how)? {
            audits.push(audit);
            all_trades.push(trades);
        }
    }
    let inputs: Vec<&str> = model.encoder.inputs.iter().map(|(name, ..)| name.as_str()).collect();
    let all_rows: Vec<usize> = (0..table.rows()).collect();
    let revealed = how.groups.iter().map(|column| {
        let groups = Division::by(table, column, &all_rows)?.groups;
        Ok((column.clone(), reveals(&survey, &inputs, column, &groups)?))
    });
    Ok(Audited {
        target: names[place].to_owned(),
        rows: rows.len(),
        unseen: wanted.is_some() && part == Part::Test,
        audits,
        revealed: revealed.collect::<Result<_>>()?,
        trades: all_trades,
        two_classes: matches!(target, Target::Classes { names, .. } if names.len() == 2),
        cut,
    })
}

/// The audits of one division: of a number, or of each class that is judged.
pub(crate) fn of_division(
    target: &Target,
    column: &str,
    known: &Given,
    division: &Division,
    how: &Auditing,
) -> Result<Vec<(Audit, Vec<Trade>)>> {
    let failed = |e| Error::model(format!("the answers cannot be judged · {e}"));
    let of = |subject: &str, answers: Answers<'_>| {
        let rows = Answered { answers, groups: &division.groups, names: &division.names };
        let audit = judge(&division.column, subject, rows, None, SEED).map_err(failed)?;
        Ok::<_, Error>((audit, trades(rows)))
    };
    let names = match target {
        Target::Number { .. } => {
            return Ok(vec![of(column, Answers::Number { truth: &known.truth, answered: &known.numbers })?]);
        }
        Target::Classes { names, .. } | Target::Tags { names, .. } => names,
    };
    let mut all = Vec::new();
    for class in judged(target, names, how)? {
        all.push(of(&names[class], of_class(target, names, known, class).view())?);
    }
    Ok(all)
}

/// Answers to whether rows are of a class.
pub(crate) struct OfClass {
    truth: Vec<bool>,
    answered: Vec<bool>,
    probability: Vec<f32>,
}

impl OfClass {
    pub(crate) fn view(&self) -> Answers<'_> {
        Answers::Class { truth: &self.truth, answered: &self.answered, probability: &self.probability }
    }
}

/// Known answers, asked whether they are of a class (or tag).
pub(crate) fn of_class(target: &Target, names: &[String], known: &Given, class: usize) -> OfClass {
    let rows = 0..known.rows();
    let (truth, answered) = match target {
        Target::Tags { .. } => {
            rows.clone().map(|i| (known.truth[i * names.len() + class] > 0.0, known.tags(i)[class])).unzip()
        }
        _ => rows.clone().map(|i| (known.truth[i] as usize == class, known.best(i).0 == class)).unzip(),
    };
    OfClass { truth, answered, probability: rows.map(|i| known.row(i)[class]).collect() }
}

/// The classes that are judged.
fn judged(target: &Target, names: &[String], how: &Auditing) -> Result<Vec<usize>> {
    if let Some(class) = &how.class {
        return Ok(vec![place_of(class, names)?]);
    }
    Ok(match target {
        Target::Classes { counts, .. } if names.len() == 2 => {
            vec![usize::from(counts.first() > counts.get(1))]
        }
        _ => (0..names.len()).collect(),
    })
}
