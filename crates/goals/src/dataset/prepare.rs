//! Fitted on the training rows, applied to all.

use super::{ColumnPlan, Survey, Use};
use crate::config::DataConfig;
use crate::predict::Fair;
use crate::start::Start;
use crate::{Error, Result, Watcher};
use pellucid_data::{DataError, Part, Splits, Table};
use pellucid_kinds::{
    Batcher, Encoder, Examples, FitContext, Record, Role, TrainingCells, Unreadable, Vocabulary,
};
use sha2::{Digest, Sha256};
use std::sync::Arc;

/// Prepared rows kept in memory by default; more go to a temporary file.
const MEMORY: usize = 2 << 30;

/// The longest sound, in seconds, where the configuration does not say.
pub(crate) const MAX_SECONDS: f64 = 4.0;

/// Everything training needs of the data.
pub(crate) struct Prepared {
    /// The fitted columns.
    pub encoder: Encoder,
    /// All rows with at least one known answer.
    pub examples: Arc<Examples>,
    /// The records of the training, validation and test rows, in the table's order.
    pub records: [Vec<usize>; 3],
    /// Makes batches of records.
    pub batcher: Arc<Batcher>,
    /// What the network starts from, if anything is given.
    pub start: Option<Start>,
    /// What equal treatment of groups asks of learning, if anything.
    pub fair: Option<Arc<Fair>>,
    /// Rows that no target had an answer for.
    pub unanswered: usize,
}

impl Prepared {
    /// The records of a part.
    pub(crate) fn part(&self, part: Part) -> &[usize] {
        match part {
            Part::Train => &self.records[0],
            Part::Validation => &self.records[1],
            Part::Test => &self.records[2],
        }
    }
}

/// Fits every column on the training rows, or takes its preparation from what the network starts from, and encodes all rows.
///
/// # Errors
/// Columns that cannot be fitted, and more unreadable rows than tolerated.
pub(crate) fn prepare(
    survey: &Survey,
    splits: &Splits,
    config: &DataConfig,
    start: Option<Start>,
    progress: &mut dyn FnMut(usize),
) -> Result<Prepared> {
    let is_training = |row: usize| splits.parts.get(row) == Some(&Part::Train);
    let tokenizer = config.tokenizer.as_ref().map(|path| {
        std::fs::read(path).map_err(|e| DataError::io("the vocabulary cannot be read", path, &e))
    });
    let tokenizer = tokenizer.transpose()?;
    let own = tokenizer.as_ref().map(|t| Vocabulary { tokenizer: t, as_numbered: false, longest: None });
    let fit = |role: Use| -> Result<Vec<_>> {
        let context = FitContext {
            files: survey.table.files(),
            role: if role == Use::Target { Role::Target } else { Role::Input },
            max_side: config.max_side.unwrap_or(usize::MAX),
            enlarge: start.as_ref().and_then(Start::side).is_some(),
            vocabulary: start.as_ref().and_then(Start::vocabulary).or(own),
            max_seconds: config.max_seconds.unwrap_or(MAX_SECONDS),
        };
        let mut fitted = Vec::new();
        for column in survey.used_as(role) {
            let Some(kind) = column.kind else { continue };
            let cells = TrainingCells::new(&survey.table, column.position, &is_training);
            let like = |c: &&ColumnPlan| c.kind.is_some_and(|k| k.name() == kind.name());
            let only = survey.used_as(role).filter(like).count() == 1;
            let given = match &start {
                Some(start) if role == Use::Input => start.column(&column.name, kind.name(), only)?,
                _ => None,
            };
            let column_prepared = given.map_or_else(|| kind.fit(&cells, &context), Ok)?;
            fitted.push((column.name.clone(), kind.name(), column_prepared));
        }
        Ok(fitted)
    };
    let encoder = Encoder { inputs: fit(Use::Input)?, targets: fit(Use::Target)? };
    for (name, kind, target) in &encoder.targets {
        if target.target().is_none() {
            return Err(Error::usage(format!(
                "a column of kind {kind} cannot be predicted yet · column `{name}`"
            )));
        }
    }
    let examples = encoder.encode(&survey.table, &|_| true, config.memory.unwrap_or(MEMORY), progress)?;
    tolerate(survey, examples.unreadable(), config)?;
    let known = |i: usize| examples.targets(i).iter().any(|t| !t.is_nan());
    let mut records = [Vec::new(), Vec::new(), Vec::new()];
    let mut unanswered = 0;
    for (i, &row) in examples.rows().iter().enumerate() {
        match splits.parts.get(row) {
            Some(part) if known(i) => records[*part as usize].push(i),
            _ => unanswered += 1,
        }
    }
    let batcher = Arc::new(Batcher::new(encoder.features(), encoder.answers()));
    let prepared =
        Prepared { encoder, examples: Arc::new(examples), records, batcher, start, fair: None, unanswered };
    for (part, name) in [(Part::Train, "training"), (Part::Validation, "validation")] {
        if splits.counts()[part as usize] == 0 {
            let why = format!("the {name} share is 0, and the data gives none");
            let error =
                DataError::refused(format!("there are no {name} rows")).in_file(survey.table.origin());
            return Err(error
                .because(why)
                .advise(format!("add some, or set `{name}` in [data] to a share"))
                .into());
        }
        if prepared.part(part).is_empty() {
            let why = format!(
                "each of the {} lacks a readable input, or an answer that occurs among the training rows",
                splits.counts()[part as usize]
            );
            let error =
                DataError::refused(format!("no {name} row can be used")).in_file(survey.table.origin());
            return Err(error.because(why).advise("give more rows with an answer").into());
        }
    }
    Ok(prepared)
}

/// Refuses data with more unusable rows than tolerated.
///
/// # Errors
/// The first of these rows.
pub(crate) fn tolerate(survey: &Survey, bad: &[Unreadable], config: &DataConfig) -> Result<()> {
    let share = config.skip_share.unwrap_or(0.01);
    let Some((what, first)) = unusable(&survey.table, bad) else { return Ok(()) };
    if bad.len() as f64 <= share * survey.table.rows() as f64 {
        return Ok(());
    }
    Err(DataError::refused(what)
        .in_file(survey.table.origin())
        .because(format!("the first of them:{first}"))
        .advise(format!("mend or remove them, or tolerate them with --skip-share (now {share})"))
        .into())
}

/// How many rows cannot be used, and the first ones with their reasons, one a line; `None` if all can.
fn unusable(table: &Table, bad: &[Unreadable]) -> Option<(String, String)> {
    const LISTED: usize = 5;
    if bad.is_empty() {
        return None;
    }
    let line = |row: &Unreadable| format!("\n  {}: {}", row.place(table), row.why);
    let first: String = bad.iter().take(LISTED).map(line).collect();
    let more = if bad.len() > LISTED { "\n  …" } else { "" };
    Some((format!("{} of {} rows cannot be used", bad.len(), table.rows()), first + more))
}

/// Says which rows cannot be used.
pub(crate) fn tell_unusable(table: &Table, bad: &[Unreadable], watcher: &mut dyn Watcher) {
    if let Some((what, first)) = unusable(table, bad) {
        watcher.warning(&format!("{what} and are left out:{first}"));
    }
}

/// Cells told one by one; the rest is counted.
const TOLD: usize = 10;

/// Says which cells count as missing though something stands in them.
pub(crate) fn tell_voided(table: &Table, examples: &Examples, watcher: &mut dyn Watcher) {
    let voided = examples.voided();
    for cell in voided.first.iter().take(TOLD) {
        watcher.warning(&format!("{}: {}, so it counts as missing", cell.place(table), cell.why));
    }
    if voided.count > TOLD {
        watcher.warning(&format!("{} more cells count as missing", voided.count - TOLD));
    }
}

/// A text that differs when the prepared data does: a hash of all answers and of rows spread over all.
///
/// # Errors
/// Failures of reading.
pub(crate) fn fingerprint(prepared: &Prepared) -> Result<String> {
    let mut hash = Sha256::new();
    let (examples, layout) = (&prepared.examples, prepared.examples.layout());
    for records in &prepared.records {
        hash.update(records.len().to_le_bytes());
        for &i in records {
            examples.targets(i).iter().for_each(|t| hash.update(t.to_le_bytes()));
        }
        let (mut record, mut bytes) = (Record::default(), Vec::new());
        for &i in records.iter().step_by(records.len().div_ceil(256).max(1)) {
            examples.read(i, &mut record)?;
            bytes.clear();
            layout.write(&record, &mut bytes);
            hash.update(&bytes);
        }
    }
    Ok(pellucid_base::hex(&hash.finalize()))
}
