//! Scoring a network that writes on other works.

use super::model::Generation;
use super::report::scores;
use super::script::Script;
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Result, Watcher};
use pellucid_data::{Cell, DataError, Table};
use pellucid_kinds::cell_text;
use pellucid_kinds::melody::Melody;
use std::collections::BTreeMap;

/// The seed of the intervals of scores on other works.
const SEED: u64 = 0;

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
