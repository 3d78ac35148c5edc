//! Putting a translation to use: opening it, translating tables, and scoring it on other data.

use super::model::{Translated, Translation};
use super::pairs::text_of;
use super::search::Search;
use super::ways::Way;
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
    way: Way,
    watcher: &mut dyn Watcher,
) -> Result<Vec<Translated>> {
    watcher.begin("Translating", texts.len());
    let mut all = Vec::with_capacity(texts.len());
    for some in texts.chunks(TOLD) {
        let some: Vec<(&str, Way)> =
            some.iter().map(|text| (text.as_deref().unwrap_or_default(), way)).collect();
        all.extend(model.translate_with(&some, Search::default(), 1)?);
        watcher.advance(all.len());
    }
    Ok(all)
}

/// Translates every row of a table: there, or back if only the column that was predicted is in it.
pub(crate) fn predict(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Predictions> {
    let model = Translation::load(stored)?;
    let has = |way: &&Way| table.column_index(way.of(&model.columns).0).is_ok();
    let way = model.ways().iter().find(has).copied().unwrap_or(Way::There);
    let (read, written) = way.of(&model.columns);
    let sources = texts(table, read)?;
    let found = translate_all(&model, &sources, way, watcher)?;
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
    let names = (1..=inputs).map(|number| number.to_string()).collect();
    let mut columns = vec![OutColumn { name: "input".to_owned(), values: OutValues::Text(names) }];
    columns.extend(out_columns(written, answers, probabilities));
    Ok(Predictions { columns, problems, drift: None })
}

/// The translations of a column, and their probabilities.
pub(super) fn out_columns(column: &str, answers: Vec<String>, probabilities: Vec<f64>) -> [OutColumn; 2] {
    [
        OutColumn { name: column.to_owned(), values: OutValues::Text(answers) },
        OutColumn { name: format!("{column}_p"), values: OutValues::Number(probabilities) },
    ]
}

/// Scores translations of the rows of a table that have a text in both columns, in every way that the model knows.
pub(crate) fn evaluate(stored: &Stored, table: &Table, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let model = Translation::load(stored)?;
    let [first, second] = &model.columns;
    let both: Vec<[String; 2]> = texts(table, first)?
        .into_iter()
        .zip(texts(table, second)?)
        .filter_map(|(first, second)| Some([first?, second?]))
        .collect();
    if both.is_empty() {
        let error = DataError::refused("no row has a text in both columns").in_file(table.origin());
        return Err(error.because(format!("the columns are `{first}` and `{second}`")).into());
    }
    let mut targets = BTreeMap::new();
    for &way in model.ways() {
        let (sources, truth): (Vec<String>, Vec<String>) = both
            .iter()
            .map(|texts| way.of(texts))
            .map(|(source, truth)| (source.clone(), truth.clone()))
            .unzip();
        let asked: Vec<Option<String>> = sources.iter().cloned().map(Some).collect();
        let found = translate_all(&model, &asked, way, watcher)?;
        let answers: Vec<String> = found.iter().map(|t| t.best().to_owned()).collect();
        let scores = evaluate_texts(&answers, &truth, &sources, None, SEED)
            .map_err(|e| Error::model(format!("the translations cannot be scored · {e}")))?;
        targets.insert(way.of(&model.columns).1.clone(), scores);
    }
    Ok(Evaluation { rows: both.len(), rows_are: "texts".to_owned(), targets })
}
