//! Rows whose label is likely wrong.

use super::report::Predicting;
use super::shown::{ShownRow, shown_row};
use crate::model::Model;
use crate::trained::Trained;
use crate::{Result, Run, Watcher};
use pellucid_data::{OutColumn, OutValues, write_table};
use pellucid_insight::report::data::{Doubt, Doubts};
use pellucid_insight::trust::doubtful_labels;
use pellucid_kinds::Target;
use std::time::Instant;

/// Rows that are shown.
const SHOWN: usize = 24;

/// The share of the training's time that looking at all rows may take, and the seconds that are granted in any case.
const SHARE: f64 = 0.08;
const SECONDS: f64 = 2.0;

/// Rows by which it is measured how long one takes.
const TIMED: usize = 1_024;

/// The list of all, in the run's folder.
pub(crate) const LIST: &str = "doubtful_labels.csv";

/// All rows whose label is doubted, as the list in the run's folder has them.
#[derive(Default)]
pub(crate) struct DoubtList {
    /// The row, the column, the label, and the likely one.
    columns: [Vec<String>; 4],
    /// How likely the likely one is.
    probabilities: Vec<f64>,
    margins: Vec<f64>,
}

impl DoubtList {
    pub(crate) fn add(&mut self, cells: [String; 4], probability: f64, margin: f64) {
        self.columns.iter_mut().zip(cells).for_each(|(column, cell)| column.push(cell));
        self.probabilities.push(probability);
        self.margins.push(margin);
    }

    /// Writes the list in the place of an earlier one; nothing if no label is doubted.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub(crate) fn write(self, run: &Run) -> Result<()> {
        if self.margins.is_empty() {
            return Ok(());
        }
        let titles = ["row", "column", "label", "likely"].map(str::to_owned);
        let texts = titles.into_iter().zip(self.columns);
        let mut table: Vec<OutColumn> =
            texts.map(|(name, texts)| OutColumn { name, values: OutValues::Text(texts) }).collect();
        table.push(OutColumn::number("probability", self.probabilities));
        table.push(OutColumn::number("margin", self.margins));
        Ok(write_table(&run.path().join(LIST), &table)?)
    }
}

/// For each target the rows whose label is likely wrong, of all parts of the data, as many as time allows; none for targets that are not
/// classes, and where nothing is doubted. All of them are written into the run's folder.
///
/// # Errors
/// Failures of reading and writing.
pub(super) fn doubts(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    run: &Run,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Option<Doubts>>> {
    let Model { batcher, .. } = of.model;
    let mut all = vec![None; batcher.targets().len()];
    if !batcher.targets().iter().any(|target| matches!(target, Target::Classes { .. })) {
        return Ok(all);
    }
    let mut records: Vec<usize> = of.records.iter().flatten().copied().collect();
    records.sort_unstable();
    let timed = TIMED.min(records.len());
    let ask = || of.model.answer_records(of.examples, &records[..timed]);
    // The first time, memory is made ready.
    ask()?;
    let start = Instant::now();
    ask()?;
    let each = start.elapsed().as_secs_f64() / timed.max(1) as f64;
    let seconds = (SHARE * trained.outcome.seconds).max(SECONDS);
    let most = ((seconds / each.max(1e-9)) as usize).max(timed);
    let most = most.min(records.len());
    let looked_at: Vec<usize> = (0..most).map(|i| records[i * records.len() / most]).collect();
    watcher.begin("Looking for wrong labels", looked_at.len());
    let answers = of.model.answer_records(of.examples, &looked_at)?;
    watcher.advance(looked_at.len());
    let mut list = DoubtList::default();
    for (k, (target, answers)) in batcher.targets().iter().zip(&answers).enumerate() {
        let Target::Classes { names, .. } = target else { continue };
        let (known, positions) = answers.known();
        let found = doubtful_labels(&known.probabilities, &known.labels(), names.len());
        let column = of.model.target_names().nth(k).unwrap_or_default();
        let mut shown = Vec::new();
        for (place, doubtful) in found.iter().enumerate() {
            let row = of.examples.rows()[looked_at[positions[doubtful.row]]];
            let label = names[known.truth[doubtful.row] as usize].clone();
            let (name, likely) = (trained.survey.row_name(row), names[doubtful.likely].clone());
            let probability = f64::from(known.row(doubtful.row)[doubtful.likely]);
            if place < SHOWN {
                let ShownRow { picture, fields } = shown_row(trained.survey, row)?;
                let (place, label, likely) = (name.clone(), label.clone(), likely.clone());
                shown.push(Doubt { place, label, likely, probability, picture, fields });
            }
            list.add([name, column.to_owned(), label, likely], probability, doubtful.margin);
        }
        if !found.is_empty() {
            all[k] = Some(Doubts {
                looked_at: positions.len() as u64,
                rows: records.len() as u64,
                found: found.len() as u64,
                list: LIST.to_owned(),
                shown,
            });
        }
    }
    list.write(run)?;
    Ok(all)
}
