//! What people are told of rows that are unlike those that were learned from.

use super::Measured;
use crate::Watcher;
use crate::model::Model;
use pellucid_data::{OutColumn, OutValues};
use pellucid_insight::report::data::MovedColumn;
use pellucid_insight::report::words::count;
use pellucid_insight::trust::UNLIKE;
use serde::Serialize;

/// The column that says of each row how unlike what was learned from it is: the share of validation rows that are less so, from 0 to 1. From 0.99
/// on, a row counts as unlike. Models that cannot say (older ones, and those with few validation rows) have no such column.
const UNLIKE_TRAINING: &str = "unlike_training";

/// Of fewer rows it is not said how they are spread.
const MANY: usize = 30;

/// Columns that moved which are named one by one.
const MOVED: usize = 3;

/// How rows differ from those that a network has learned from.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Drift {
    /// Rows that were compared.
    pub rows: u64,
    /// How many of them count as unlike all that was learned from; nothing where the network cannot say.
    pub unlike: Option<u64>,
    /// More than so many would not be chance, at three deviations.
    pub unlike_by_chance: Option<f64>,
    /// What was compared: columns, and of pictures, sounds and texts what is measured of them. 0 where there are too few rows.
    pub columns: u64,
    /// What is spread otherwise than in training, the farthest moved first.
    pub moved: Vec<MovedColumn>,
}

impl Drift {
    /// Of rows whose columns were `measured`, and which are as unlike as `rates` say. None if the model keeps nothing of its training rows.
    pub(crate) fn of(model: &Model, measured: &Measured<'_>, rates: &[f64], rows: usize) -> Option<Drift> {
        let likeness = model.likeness.as_ref()?;
        let known = !rates.is_empty();
        let many = measured.columns().first().is_some_and(|column| column.len() >= MANY);
        Some(Drift {
            rows: rows as u64,
            unlike: known.then(|| rates.iter().filter(|rate| **rate >= UNLIKE).count() as u64),
            unlike_by_chance: known.then(|| likeness.most_by_chance(rates.len())),
            columns: if many { measured.columns().len() as u64 } else { 0 },
            moved: if many { measured.moved(&likeness.spreads, None) } else { Vec::new() },
        })
    }

    /// Says how many rows are unlike what was learned from, and which columns are spread otherwise.
    pub(crate) fn tell(&self, rows_are: &str, watcher: &mut dyn Watcher) {
        let unlike = self.unlike.unwrap_or_default();
        if unlike > 0 {
            let said = format!(
                "{} of {} {rows_are} {} unlike those that this network has learned from",
                count(unlike),
                count(self.rows),
                if unlike == 1 { "is" } else { "are" }
            );
            match self.unlike_by_chance.is_some_and(|most| unlike as f64 > most) {
                true => watcher.warning(&format!(
                    "{said} · 1 in 100 would be usual · do not rely on answers to them; `{UNLIKE_TRAINING}` of `pellucid predict` says which: 0.99 or more"
                )),
                false => watcher.note(&format!("{said}, which is as usual")),
            }
        }
        if !self.moved.is_empty() {
            let named: Vec<String> = self.moved.iter().take(MOVED).map(MovedColumn::in_words).collect();
            let more = match self.moved.len() - named.len() {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            watcher.warning(&format!(
                "these {rows_are} are not spread as those of the training · what moved most: {}{more} · answers may be worse than the report says",
                named.join(", ")
            ));
        }
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
