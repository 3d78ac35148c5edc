//! Which rows are for training, for validation and for the test.

use super::{ColumnPlan, Survey, Use};
use crate::Result;
use crate::config::DataConfig;
use pellucid_data::{Cell, DataError, Part, SplitOptions, SplitPlan, Splits, Table, split};
use pellucid_kinds::{cell_text, rarest_tags};
use std::collections::HashMap;

/// Numbers are spread over the parts by this many quantiles.
const STRATA: usize = 10;

/// Splits the rows of a survey: as given by folders, files or a column; by time; by group; or spread evenly over
/// the classes.
///
/// # Errors
/// A split column with unknown words, and splits that leave a part empty.
pub(crate) fn split_rows(survey: &Survey, config: &DataConfig, seed: u64) -> Result<Splits> {
    let defaults = SplitOptions::default();
    let options = SplitOptions {
        validation: config.validation.unwrap_or(defaults.validation),
        test: config.test.unwrap_or(defaults.test),
        seed,
    };
    let rows = survey.table.rows();
    let is = |column: &ColumnPlan, kinds: &[&str]| column.kind.is_some_and(|k| kinds.contains(&k.name()));
    let strata = match survey.used_as(Use::Target).next() {
        // No two works are of one class, but pictures may have labels.
        Some(target) if is(target, &["image"]) => {
            survey.used_as(Use::Input).next().map(|label| strata(survey, label)).transpose()?
        }
        Some(target) if !is(target, &["text", "melody"]) => Some(strata(survey, target)?),
        _ => None,
    };
    let groups = match survey.used_as(Use::Group).next() {
        Some(column) => Some(codes(survey, column)?.into_iter().map(u64::from).collect::<Vec<_>>()),
        None => None,
    };
    let times = match survey.used_as(Use::Time).next() {
        Some(column) => Some(times(survey, column)?),
        None => None,
    };
    let plan = || match (&times, &groups, &strata) {
        (Some(times), _, _) => SplitPlan::Time(times),
        (None, Some(groups), _) => SplitPlan::Group { groups, strata: strata.as_deref() },
        (None, None, Some(strata)) => SplitPlan::Stratified(strata),
        _ => SplitPlan::Random,
    };
    let named = match survey.used_as(Use::Split).next() {
        Some(column) => Some(parts(survey, column)?),
        None => None,
    };
    let given = named.as_deref().or(survey.table.given_parts());
    let rest = plan();
    let plan = match given {
        Some(given) => SplitPlan::GivenThen { parts: given, rest: &rest },
        None => rest,
    };
    let of_this_data = |e: DataError| if e.place.is_empty() { e.in_file(survey.table.origin()) } else { e };
    let mut splits = split(rows, plan, &options).map_err(of_this_data)?;
    let lacks = |parts: &[Part]| [Part::Validation, Part::Test].iter().any(|part| !parts.contains(part));
    let has_tags = survey.used_as(Use::Target).next().is_some_and(has_tags);
    if has_tags && times.is_none() && given.is_none_or(lacks) {
        splits.reason.push_str("; a row counts for the rarest of its tags");
    }
    Ok(splits)
}

/// Calls `f` with every row's cell of a column.
pub(crate) fn each_cell(
    table: &Table,
    column: &ColumnPlan,
    mut f: impl FnMut(usize, Cell<'_>) -> Result<()>,
) -> Result<()> {
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            f(chunk.first_row + i, chunk.cell(i, column.position))?;
        }
    }
    Ok(())
}

/// A number for each distinct value of a column, in order of appearance; missing values share one.
pub(crate) fn codes(survey: &Survey, column: &ColumnPlan) -> Result<Vec<u32>> {
    let (mut seen, mut codes) = (HashMap::new(), Vec::with_capacity(survey.table.rows()));
    each_cell(&survey.table, column, |_, cell| {
        let text = cell_text(cell).map(|t| t.into_owned());
        let next = seen.len() as u32;
        codes.push(*seen.entry(text).or_insert(next));
        Ok(())
    })?;
    Ok(codes)
}

/// Whether a column holds tags.
fn has_tags(column: &ColumnPlan) -> bool {
    column.kind.is_some_and(|k| k.name() == "tags")
}

/// What is spread evenly over the parts: classes, the quantiles of numbers, each row's rarest tag.
fn strata(survey: &Survey, target: &ColumnPlan) -> Result<Vec<u32>> {
    if has_tags(target) {
        return Ok(rarest_tags(&survey.table, target.position)?);
    }
    if target.kind.is_none_or(|k| k.name() != "number") {
        return codes(survey, target);
    }
    let mut values = Vec::with_capacity(survey.table.rows());
    each_cell(&survey.table, target, |_, cell| {
        values.push(match cell {
            Cell::Integer(i) => i as f64,
            Cell::Number(x) => x,
            _ => f64::NAN,
        });
        Ok(())
    })?;
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
    let mut strata = vec![0; values.len()];
    for (rank, &row) in order.iter().enumerate() {
        strata[row] = (rank * STRATA / values.len().max(1)) as u32;
    }
    Ok(strata)
}

fn times(survey: &Survey, column: &ColumnPlan) -> Result<Vec<i64>> {
    let mut times = Vec::with_capacity(survey.table.rows());
    each_cell(&survey.table, column, |row, cell| {
        times.push(match cell {
            Cell::Time(ms) => ms,
            Cell::Integer(i) => i,
            Cell::Number(x) if x.is_finite() => (x * 1000.0) as i64,
            _ => {
                let mut place = survey.table.place(row);
                place.column = Some(column.name.clone());
                let error = DataError::refused("the time of a row is missing or is no time").at(place);
                return Err(error.advise("fill it in, or split without --time-column").into());
            }
        });
        Ok(())
    })?;
    Ok(times)
}

fn parts(survey: &Survey, column: &ColumnPlan) -> Result<Vec<Part>> {
    let mut parts = Vec::with_capacity(survey.table.rows());
    each_cell(&survey.table, column, |row, cell| {
        let text = cell_text(cell).unwrap_or_default();
        parts.push(match text.to_lowercase().as_str() {
            "train" | "training" => Part::Train,
            "val" | "valid" | "validation" | "dev" => Part::Validation,
            "test" | "testing" => Part::Test,
            _ => {
                let mut place = survey.table.place(row);
                place.column = Some(column.name.clone());
                let error = DataError::refused(format!("`{text}` is not a part of a split")).at(place);
                return Err(error.advise("write train, validation or test").into());
            }
        });
        Ok(())
    })?;
    Ok(parts)
}
