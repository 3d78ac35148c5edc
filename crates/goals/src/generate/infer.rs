//! Putting a network that writes to use: opening it, and scoring it on other texts.

use super::model::Generation;
use super::report::scores;
use crate::infer::stored_model;
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Error, Result, Watcher};
use pellucid_data::{DataError, Table};
use pellucid_kinds::cell_text;
use std::collections::BTreeMap;
use std::path::Path;

/// The seed of the intervals of scores on other texts.
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
            "this network does not write · {} · its goal is `{}`; one that does comes from: pellucid train TEXTS --generate",
            path.display(),
            stored.goal
        ))),
    }
}

/// Scores a network on the texts of a table.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Generation::load(stored)?;
    let position = table.column_index(&model.column)?;
    let (mut pieces, mut characters) = (Vec::new(), 0);
    for chunk in table.chunks() {
        let chunk = chunk?;
        for text in (0..chunk.rows).filter_map(|i| cell_text(chunk.cell(i, position))) {
            if model.ends {
                pieces.push(model.vocabulary.between());
            }
            pieces.extend(model.vocabulary.of(text.trim_end()).map_err(Error::model)?);
            characters += text.trim_end().chars().count();
        }
    }
    if model.ends {
        pieces.push(model.vocabulary.between());
    }
    if characters < 2 {
        let error = DataError::refused("there is no text to score").in_file(table.origin());
        return Err(error.in_column(&model.column).into());
    }
    let scores = scores(&model, &pieces, None, SEED, watcher)?;
    Ok(Evaluation {
        rows: characters,
        rows_are: "characters".to_owned(),
        targets: BTreeMap::from([(model.column, scores)]),
    })
}
