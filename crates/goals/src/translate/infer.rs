//! Putting a translation to use: opening it, translating tables, and scoring it on other data.

use super::model::{Translated, Translation};
use super::pairs::text_of;
use super::search::Search;
use crate::infer::{Predictions, positions, stored_model};
use crate::outcome::Evaluation;
use crate::stored::Stored;
use crate::{Error, Result, Watcher};
use pellucid_data::{DataError, OutColumn, OutValues, Table};
use pellucid_insight::intervals::evaluate_texts;
use std::collections::BTreeMap;
use std::path::Path;

/// The seed of the intervals of scores on other data.
const SEED: u64 = 0;

/// Rows that are translated before progress is told.
const TOLD: usize = 256;

/// Opens the model of a run (or a model folder) that translates.
///
/// # Errors
/// A damaged model, and one that does something else.
pub fn translation(path: &Path) -> Result<Translation> {
    let (stored, _) = stored_model(path)?;
    match stored.goal == super::GOAL {
        true => Translation::load(&stored),
        false => Err(Error::usage(format!(
            "this network does not translate · {} · its goal is `{}`; use it with: pellucid predict",
            path.display(),
            stored.goal
        ))),
    }
}

/// The texts of a column, by row; `None` where there is none.
fn texts(table: &Table, column: &str) -> Result<Vec<Option<String>>> {
    let position = table.column_index(column)?;
    let mut texts = Vec::with_capacity(table.rows());
    for chunk in table.chunks() {
        let chunk = chunk?;
        texts.extend((0..chunk.rows).map(|i| text_of(chunk.cell(i, position))));
    }
    Ok(texts)
}

fn translate_all(
    model: &Translation,
    texts: &[Option<String>],
    watcher: &mut dyn Watcher,
) -> Result<Vec<Translated>> {
    watcher.begin("Translating", texts.len());
    let mut all = Vec::with_capacity(texts.len());
    for some in texts.chunks(TOLD) {
        let some: Vec<&str> = some.iter().map(|text| text.as_deref().unwrap_or_default()).collect();
        all.extend(model.translate_with(&some, Search::default(), 1)?);
        watcher.advance(all.len());
    }
    Ok(all)
}

/// Translates every row of a table.
pub(crate) fn predict(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Predictions> {
    let model = Translation::load(stored)?;
    let sources = texts(table, &model.columns[0])?;
    let found = translate_all(&model, &sources, watcher)?;
    let mut problems: Vec<String> =
        table.skipped().iter().map(|s| format!("{}: {}", s.place, s.why)).collect();
    let positions = positions(table);
    let inputs = table.rows() + table.skipped().len();
    let (mut answers, mut probabilities) = (vec![String::new(); inputs], vec![f64::NAN; inputs]);
    for (row, (found, source)) in found.into_iter().zip(&sources).enumerate() {
        match found.texts.into_iter().next() {
            Some(best) => {
                (answers[positions[row]], probabilities[positions[row]]) = (best.text, best.probability)
            }
            None if source.is_none() => problems.push(format!("{}: no text to translate", table.place(row))),
            None => problems.push(format!("{}: no translation was found", table.place(row))),
        }
    }
    let target = &model.columns[1];
    let names = (1..=inputs).map(|number| number.to_string()).collect();
    let columns = vec![
        OutColumn { name: "input".to_owned(), values: OutValues::Text(names) },
        OutColumn { name: target.clone(), values: OutValues::Text(answers) },
        OutColumn { name: format!("{target}_p"), values: OutValues::Number(probabilities) },
    ];
    Ok(Predictions { columns, problems })
}

/// Scores translations of the rows of a table that have a text in both columns.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Translation::load(stored)?;
    let [read, written] = &model.columns;
    let both: Vec<(String, String)> = texts(table, read)?
        .into_iter()
        .zip(texts(table, written)?)
        .filter_map(|(source, truth)| source.zip(truth))
        .collect();
    if both.is_empty() {
        let error = DataError::refused("no row has a text in both columns").in_file(table.origin());
        return Err(error.because(format!("the columns are `{read}` and `{written}`")).into());
    }
    let (sources, truth): (Vec<String>, Vec<String>) = both.into_iter().unzip();
    let asked: Vec<Option<String>> = sources.iter().cloned().map(Some).collect();
    let found = translate_all(&model, &asked, watcher)?;
    let answers: Vec<String> = found.iter().map(|t| t.best().to_owned()).collect();
    let scores = evaluate_texts(&answers, &truth, &sources, None, SEED)
        .map_err(|e| Error::model(format!("the translations cannot be scored · {e}")))?;
    Ok(Evaluation {
        rows: truth.len(),
        rows_are: "texts".to_owned(),
        targets: BTreeMap::from([(written.clone(), scores)]),
    })
}
