//! What people are told of rows that are unlike those that were learned from.

use super::Measured;
use crate::Watcher;
use crate::model::Model;
use pellucid_data::{OutColumn, OutValues};
use pellucid_insight::report::data::MovedColumn;
use pellucid_insight::report::words::count;
use pellucid_insight::trust::UNLIKE;

/// The column that says of each row how unlike what was learned from it is: the share of validation rows that are less so, from 0 to 1. From 0.99
/// on, a row counts as unlike. Models that cannot say (older ones, and those with few validation rows) have no such column.
const UNLIKE_TRAINING: &str = "unlike_training";

/// Of fewer rows it is not said how they are spread.
const MANY: usize = 30;

/// Columns that moved which are named one by one.
const MOVED: usize = 3;

/// Says how many rows are unlike what was learned from, and which columns are spread otherwise.
pub(crate) fn tell(model: &Model, measured: &Measured<'_>, rates: &[f64], watcher: &mut dyn Watcher) {
    let Some(likeness) = &model.likeness else { return };
    let unlike = rates.iter().filter(|rate| **rate >= UNLIKE).count();
    if unlike > 0 {
        let said = format!(
            "{} of {} {} {} unlike those that this network has learned from",
            count(unlike as u64),
            count(rates.len() as u64),
            model.rows_are(),
            if unlike == 1 { "is" } else { "are" }
        );
        match unlike as f64 > likeness.most_by_chance(rates.len()) {
            true => watcher.warning(&format!(
                "{said} · 1 in 100 would be usual · do not rely on answers to them; `{UNLIKE_TRAINING}` of `pellucid predict` says which: 0.99 or more"
            )),
            false => watcher.note(&format!("{said}, which is as usual")),
        }
    }
    let many = measured.columns().first().is_some_and(|column| column.len() >= MANY);
    let moved = if many { measured.moved(&likeness.spreads, None) } else { Vec::new() };
    if !moved.is_empty() {
        let named: Vec<String> = moved.iter().take(MOVED).map(MovedColumn::in_words).collect();
        let more = match moved.len() - named.len() {
            0 => String::new(),
            n => format!(" and {n} more"),
        };
        watcher.warning(&format!(
            "these {} are not spread as those of the training · what moved most: {}{more} · answers may be worse than the report says",
            model.rows_are(),
            named.join(", ")
        ));
    }
}

/// The column that says how unlike what was learned from each row is; rows without an answer stay empty.
pub(crate) fn unlike_column(rates: &[f64], answered: &[usize], rows: usize) -> Option<OutColumn> {
    if rates.is_empty() {
        return None;
    }
    let mut values = vec![f64::NAN; rows];
    answered.iter().zip(rates).for_each(|(&row, &rate)| values[row] = rate);
    Some(OutColumn { name: UNLIKE_TRAINING.to_owned(), values: OutValues::Number(values) })
}
