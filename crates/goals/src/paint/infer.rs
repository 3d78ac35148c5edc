//! Scoring a network that paints on other pictures.

use super::gallery::MEMORY;
use super::model::Painting;
use super::pictures::{Columns, Pictures};
use super::report::{ROWS_ARE, scores};
use crate::dataset::tell_unusable;
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Result, Watcher};
use pellucid_data::{DataError, Table};
use std::collections::BTreeMap;

/// The seed of the noise and of the intervals of scores on other pictures.
const SEED: u64 = 0;

/// Scores a network on the pictures of a table.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Painting::load(stored)?;
    let has = |name: &&str| table.columns().iter().any(|column| column.name == **name);
    let columns = Columns { pictures: &model.column, label: model.label.as_deref().filter(has) };
    watcher.begin("Reading the data", table.rows());
    let mut progress = |done| watcher.advance(done);
    let pictures = Pictures::read(table, &columns, &model.canvas, 1, &model.labels, MEMORY, &mut progress)?;
    tell_unusable(table, pictures.examples.unreadable(), watcher);
    if pictures.examples.is_empty() {
        let error = DataError::refused("there is nothing to score").in_file(table.origin());
        return Err(error.in_column(&model.column).into());
    }
    let records: Vec<usize> = (0..pictures.examples.len()).collect();
    let scores = scores(&model, &pictures, &records, None, SEED, watcher)?;
    Ok(Evaluation {
        rows: records.len(),
        rows_are: ROWS_ARE.to_owned(),
        targets: BTreeMap::from([(model.column, scores)]),
    })
}
