//! Putting a network that writes to use: opening it, and scoring it on other works.

use super::model::Generation;
use super::report::scores;
use super::script::Script;
use crate::infer::stored_model;
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Error, Result, Watcher};
use pellucid_data::{Cell, DataError, Table};
use pellucid_kinds::cell_text;
use pellucid_kinds::melody::Melody;
use std::collections::BTreeMap;
use std::path::Path;

/// The seed of the intervals of scores on other works.
const SEED: u64 = 0;

/// Opens the model of a run (or a model folder) that writes.
///
/// # Errors
/// A damaged model, and one that does something else.
pub fn generation(path: &Path) -> Result<Generation> {
    let (stored, _) = stored_model(path)?;
    match stored.goal == super::GOAL {
        true => Generation::load(&stored),
        false => Err(Error::usage(format!(
            "this network does not write · {} · its goal is `{}`; one that does comes from: pellucid train DATA --generate",
            path.display(),
            stored.goal
        ))),
    }
}

/// Scores a network on the works of a table.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Generation::load(stored)?;
    let position = table.column_index(&model.column)?;
    let of = |cell: Cell<'_>| match model.script.as_ref() {
        Script::Text(vocabulary) => {
            let text = cell_text(cell).ok_or_else(|| "no text".to_owned())?;
            Ok(vec![vocabulary.of(text.trim_end())?])
        }
        Script::Melody(notation) => {
            let melodies = Melody::of_cell(cell, table.files())?;
            Ok::<_, String>(melodies.iter().map(|melody| notation.of_melody(melody)).collect())
        }
    };
    let between = model.script.between();
    let mut pieces = Vec::new();
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            match of(chunk.cell(i, position)) {
                Ok(works) => {
                    for work in works {
                        pieces.extend(model.ends.then_some(between));
                        pieces.extend(work);
                    }
                }
                Err(why) => {
                    watcher.warning(&format!("{}: {why}; it is left out", table.place(chunk.first_row + i)));
                }
            }
        }
    }
    pieces.extend(model.ends.then_some(between));
    let units: usize = pieces.iter().map(|&piece| model.script.units(piece) as usize).sum();
    if units < 2 {
        let error = DataError::refused("there is nothing to score").in_file(table.origin());
        return Err(error.in_column(&model.column).into());
    }
    let scores = scores(&model, &pieces, None, SEED, watcher)?;
    Ok(Evaluation {
        rows: units,
        rows_are: model.script.units_are().to_owned(),
        targets: BTreeMap::from([(model.column, scores)]),
    })
}
