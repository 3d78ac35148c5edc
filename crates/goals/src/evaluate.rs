//! How good a run's model is: on its own test rows, or on other data.

use crate::infer::{AnsweredTable, answer_table, stored_model};
use crate::model::Model;
use crate::outcome::{Evaluation, score};
use crate::{Result, Run, Watcher, generate, paint, recommend, translate};
use pellucid_data::{OpenOptions, Table};
use pellucid_kinds::cell_text;
use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};

/// The scores of a run: those of its own test rows (measured once, at the end of training), or of `data`.
///
/// # Errors
/// A run without a model, and data without the model's columns or without answers.
pub fn evaluate(path: &Path, data: Option<&[PathBuf]>, watcher: &mut dyn Watcher) -> Result<Evaluation> {
    let Some(data) = data else {
        return Run::open(path)?.evaluation();
    };
    let (stored, run) = stored_model(path)?;
    let paints = paint::Painting::is(&stored);
    let texts = stored.goal == generate::GOAL && !paints;
    if stored.goal == recommend::GOAL {
        return recommend::evaluate(&stored, data, watcher);
    }
    let table = Table::open(data, &OpenOptions { texts, ..OpenOptions::default() })?;
    if texts {
        return generate::evaluate(&stored, &table, watcher);
    }
    if stored.goal == translate::GOAL {
        return translate::evaluate(&stored, &table, watcher);
    }
    if paints {
        return paint::evaluate(&stored, &table, watcher);
    }
    let model = Model::of(&stored)?;
    for (name, _, _) in &model.encoder.targets {
        table.column_index(name)?;
    }
    let AnsweredTable { answers, examples, .. } = answer_table(&model, &table, watcher)?;
    let config = run.map(|r| r.config()).transpose()?.unwrap_or_default();
    let groups = match &config.data.group {
        Some(name) if table.columns().iter().any(|c| &c.name == name) => {
            Some(groups(&table, name, examples.rows())?)
        }
        _ => None,
    };
    let known = |i: &usize| examples.targets(*i).iter().any(|t| !t.is_nan());
    let scored = (0..examples.len()).filter(known).count();
    let rows_are = model.rows_are().to_owned();
    let mut evaluation = Evaluation { rows: scored, rows_are, targets: BTreeMap::new() };
    for (((name, _, _), target), answers) in
        model.encoder.targets.iter().zip(model.batcher.targets()).zip(&answers)
    {
        evaluation
            .targets
            .insert(name.clone(), score(answers, target, groups.as_deref(), config.training.seed)?);
    }
    Ok(evaluation)
}

/// A number for each group of the given rows.
fn groups(table: &Table, name: &str, rows: &[usize]) -> Result<Vec<u32>> {
    let column = table.column_index(name)?;
    let mut seen = HashMap::new();
    rows.iter()
        .map(|&row| {
            let text = cell_text(table.cells(row)?.cell(column)).map(|t| t.into_owned());
            let next = seen.len() as u32;
            Ok(*seen.entry(text).or_insert(next))
        })
        .collect()
}
