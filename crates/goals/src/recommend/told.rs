//! The rows that tell of items and of users: their first rows among all that was taken, and those of tables beside.

use super::history::History;
use crate::dataset::{Beside, ColumnPlan, Owner, Survey, Use, each_cell};
use crate::{Result, Watcher};
use pellucid_data::{Cell, DataError, Part, Table};
use pellucid_insight::check::hash_bytes;
use pellucid_kinds::cell_text;
use std::collections::{HashMap, HashSet};

/// Names that a message gives as examples.
const NAMED: usize = 3;

/// A table that tells of items, or of users.
pub(crate) struct Told<'a> {
    pub(crate) table: &'a Table,
    pub(crate) columns: Vec<&'a ColumnPlan>,
    /// For each item, or each user, the row that tells of it, if there is one.
    pub(crate) rows: Vec<Option<usize>>,
    /// The rows from which it is learned how to prepare columns.
    pub(crate) training: HashSet<usize>,
}

impl Told<'_> {
    /// What a column says of each; `None` where there is no row.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn values<V>(
        &self,
        column: &ColumnPlan,
        value: impl Fn(Cell<'_>) -> V,
    ) -> Result<Vec<Option<V>>> {
        let whose: HashMap<usize, usize> =
            self.rows.iter().enumerate().filter_map(|(who, row)| Some(((*row)?, who))).collect();
        let mut values: Vec<Option<V>> = self.rows.iter().map(|_| None).collect();
        each_cell(self.table, column, |row, cell| {
            if let Some(&who) = whose.get(&row) {
                values[who] = Some(value(cell));
            }
            Ok(())
        })?;
        Ok(values)
    }
}

/// The tables that tell of items, and those that tell of users; of the one that says who took what, the columns that have one value for each.
///
/// # Errors
/// Failures of reading.
pub(crate) fn told<'a>(survey: &'a Survey, history: &History) -> Result<[Vec<Told<'a>>; 2]> {
    let telling: Vec<&ColumnPlan> = survey.used_as(Use::Input).chain(survey.used_as(Use::Aside)).collect();
    let owners = owners(survey, history, &telling)?;
    Ok([Owner::Item, Owner::User].map(|of| {
        let own = telling.iter().zip(&owners).filter(|(_, owner)| **owner == Some(of));
        let taken = Told {
            table: &survey.table,
            columns: own.map(|(column, _)| *column).collect(),
            rows: history.first_rows(of),
            training: history.part(Part::Train).map(|taken| taken.row).collect(),
        };
        let learned = history.learned(of);
        let beside = survey.beside.iter().filter(|beside| beside.of == of).map(|beside| {
            let mut rows = vec![None; learned.len()];
            for (name, row) in &beside.keys {
                if let Some(who) = history.ids(of).find(name) {
                    rows[who as usize] = Some(*row);
                }
            }
            let training = rows.iter().zip(&learned).filter(|(_, learned)| **learned);
            let training = training.filter_map(|(row, _)| *row).collect();
            Told { table: &beside.table, columns: beside.columns.iter().collect(), rows, training }
        });
        std::iter::once(taken).chain(beside).collect()
    }))
}

/// To whom each of some columns belongs: the items if it has one value for each of them, else the users in the same way, else nobody.
fn owners(survey: &Survey, history: &History, columns: &[&ColumnPlan]) -> Result<Vec<Option<Owner>>> {
    let rows: HashMap<usize, (u32, u32)> =
        history.all().map(|taken| (taken.row, (taken.user, taken.item))).collect();
    let mut owners = Vec::with_capacity(columns.len());
    for column in columns {
        let (mut seen, mut same): ([HashMap<u32, u128>; 2], _) = (Default::default(), [true; 2]);
        each_cell(&survey.table, column, |row, cell| {
            let Some(&(user, item)) = rows.get(&row) else { return Ok(()) };
            let text = cell_text(cell).unwrap_or_default();
            let print = hash_bytes(text.as_bytes(), 0);
            for (who, number) in [user, item].into_iter().enumerate() {
                same[who] &= *seen[who].entry(number).or_insert(print) == print;
            }
            Ok(())
        })?;
        owners.push(match same {
            [_, true] => Some(Owner::Item),
            [true, false] => Some(Owner::User),
            [false, false] => None,
        });
    }
    Ok(owners)
}

/// Says how tables beside and what was taken fit together.
///
/// # Errors
/// A table that names nobody who took something, or nothing that was taken.
pub(crate) fn compare(survey: &Survey, history: &History, watcher: &mut dyn Watcher) -> Result<()> {
    for beside in &survey.beside {
        let (ids, took) = (history.ids(beside.of), took(history, beside.of));
        let named: HashSet<u32> = beside.keys.iter().filter_map(|(name, _)| ids.find(name)).collect();
        let (origin, plural) = (beside.table.origin(), beside.of.plural());
        let without: Vec<&str> =
            (0..took as u32).filter(|who| !named.contains(who)).map(|who| ids.name(who)).collect();
        if without.len() == took {
            return Err(strangers(survey, history, beside).into());
        }
        watcher.note(&format!(
            "{origin} tells of {} of the {took} {plural} (by `{}`)",
            took - without.len(),
            beside.key
        ));
        if !without.is_empty() {
            let rows = history.all().filter(|taken| !named.contains(&(taken.of(beside.of) as u32))).count();
            watcher.warning(&format!(
                "{origin} says nothing of {} {plural}, which stand in {rows} rows: {}",
                without.len(),
                examples(without.into_iter())
            ));
        }
    }
    Ok(())
}

/// How many items were taken, or how many users took something.
fn took(history: &History, of: Owner) -> usize {
    match of {
        Owner::Item => history.took[1],
        Owner::User => history.took[0],
    }
}

/// Some of these names.
fn examples<'a>(names: impl Iterator<Item = &'a str>) -> String {
    let mut names = names.map(|name| format!("`{name}`"));
    let first: Vec<String> = names.by_ref().take(NAMED).collect();
    first.join(", ") + if names.next().is_some() { ", …" } else { "" }
}

/// The error for a table beside that names none of those who took something, or of what was taken.
fn strangers(survey: &Survey, history: &History, beside: &Beside) -> DataError {
    let names = history.ids(beside.of).names().iter().take(took(history, beside.of));
    let why = format!(
        "none of its {} {} stands in {}: there they are {}, here {}",
        beside.keys.len(),
        beside.of.plural(),
        survey.table.origin(),
        examples(names.map(String::as_str)),
        examples(beside.keys.iter().map(|(name, _)| name.as_str())),
    );
    DataError::refused("this table tells of nobody and nothing that is known")
        .in_file(beside.table.origin())
        .in_column(&beside.key)
        .because(why)
        .advise("write the same names in both tables, or leave this one out")
}
