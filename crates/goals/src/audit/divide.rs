//! Rows divided into groups by what stands in a column.

use crate::Result;
use pellucid_data::{Cell, DataError, Table};
use pellucid_kinds::cell_text;
use std::collections::BTreeMap;

/// More different values make no groups.
const MOST: usize = 50;

/// Columns of numbers with more different values are cut at their quartiles.
const FEW: usize = 12;
const PARTS: usize = 4;

/// Rows where nothing stands in the column.
const MISSING: &str = "missing";

/// Rows divided into groups.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Division {
    /// The column, or columns.
    pub(crate) column: String,
    /// What each group is called.
    pub(crate) names: Vec<String>,
    /// The group of each row.
    pub(crate) groups: Vec<u32>,
    /// Whether numbers were cut at their quartiles, so that other rows would be divided otherwise.
    pub(crate) cut: bool,
}

/// A cell as far as it says which group a row is in.
#[derive(Clone, Debug, PartialEq)]
enum Value {
    Missing,
    Number(f64),
    Text(String),
}

impl Division {
    /// Divides some rows of a table: by value, or by quartile where a column holds many different numbers.
    ///
    /// # Errors
    /// A column that does not exist, or whose values make no groups.
    pub(super) fn by(table: &Table, column: &str, rows: &[usize]) -> Result<Division> {
        let division = Division::of_column(table, column, rows)?;
        if division.makes_groups() {
            return Ok(division);
        }
        let error = DataError::refused("a column with so many values makes no groups");
        let many = division.names.len();
        Err(error
            .in_file(table.origin())
            .in_column(column)
            .because(format!("{many} values among {} rows; at most {MOST} are groups", rows.len()))
            .into())
    }

    /// Divides by several columns at once: rows of a group are alike in all of them. None without a column.
    ///
    /// # Errors
    /// As [`by`](Self::by).
    pub(crate) fn crossed(table: &Table, columns: &[String], rows: &[usize]) -> Result<Option<Division>> {
        Division::at_once(columns, |column| Division::by(table, column, rows))
    }

    /// The divisions by several columns as one. None without a column.
    fn at_once(columns: &[String], by: impl Fn(&String) -> Result<Division>) -> Result<Option<Division>> {
        let single: Vec<Division> = columns.iter().map(by).collect::<Result<_>>()?;
        Ok(single.into_iter().reduce(|a, b| a.and(&b)))
    }

    /// Divides by each of several columns, and if there are several also by all at once.
    ///
    /// # Errors
    /// As [`by`](Self::by).
    pub(crate) fn each_and_crossed(
        table: &Table,
        columns: &[String],
        rows: &[usize],
    ) -> Result<Vec<Division>> {
        let mut all: Vec<Division> =
            columns.iter().map(|column| Division::by(table, column, rows)).collect::<Result<_>>()?;
        if columns.len() > 1 {
            all.extend(Division::crossed(table, columns, rows)?);
        }
        Ok(all)
    }

    /// The same, however many groups there are.
    ///
    /// # Errors
    /// A column that does not exist, and failures of reading.
    pub(crate) fn of_column(table: &Table, column: &str, rows: &[usize]) -> Result<Division> {
        let position = table.column_index(column)?;
        let mut places = vec![None; table.rows()];
        rows.iter().enumerate().for_each(|(place, &row)| places[row] = Some(place));
        let mut values = vec![Value::Missing; rows.len()];
        for chunk in table.chunks() {
            let chunk = chunk?;
            for i in 0..chunk.rows {
                let Some(place) = places.get(chunk.first_row + i).copied().flatten() else { continue };
                values[place] = match chunk.cell(i, position) {
                    Cell::Missing => Value::Missing,
                    Cell::Integer(i) => Value::Number(i as f64),
                    Cell::Number(x) => Value::Number(x),
                    cell => cell_text(cell).map_or(Value::Missing, |text| Value::Text(text.into_owned())),
                };
            }
        }
        Ok(Division::of_values(column.to_owned(), &values))
    }

    /// The same by several columns at once. None without a column.
    ///
    /// # Errors
    /// As [`of_column`](Self::of_column).
    pub(super) fn of_columns(table: &Table, columns: &[String], rows: &[usize]) -> Result<Option<Division>> {
        Division::at_once(columns, |column| Division::of_column(table, column, rows))
    }

    fn of_values(column: String, values: &[Value]) -> Division {
        let (labels, cut) = labels(values);
        Division { cut, ..Division::of(column, &labels) }
    }

    /// Whether there are not too many groups to look at each.
    pub(crate) fn makes_groups(&self) -> bool {
        self.names.len() <= MOST
    }

    /// Divides rows by a number that was measured of each, to a thousandth.
    pub(crate) fn by_number(column: String, numbers: &[f64]) -> Division {
        let values: Vec<Value> = numbers.iter().map(|x| Value::Number((1e3 * x).round() / 1e3)).collect();
        Division::of_values(column, &values)
    }

    /// Divides rows by what each is labelled with.
    pub(crate) fn of(column: String, labels: &[String]) -> Division {
        let mut numbers: BTreeMap<&String, u32> = labels.iter().map(|label| (label, 0)).collect();
        (0u32..).zip(numbers.values_mut()).for_each(|(number, place)| *place = number);
        let groups = labels.iter().filter_map(|label| numbers.get(label).copied()).collect();
        let names = numbers.into_keys().cloned().collect();
        Division { column, names, groups, cut: false }
    }

    /// Only the rows at these positions.
    pub(crate) fn only(&self, positions: &[usize]) -> Division {
        let groups = positions.iter().map(|&i| self.groups[i]).collect();
        Division { groups, ..self.clone() }
    }

    /// Rows that are alike in both.
    pub(super) fn and(&self, other: &Division) -> Division {
        let label =
            |(&a, &b): (&u32, &u32)| format!("{}, {}", self.names[a as usize], other.names[b as usize]);
        let labels: Vec<String> = self.groups.iter().zip(&other.groups).map(label).collect();
        Division {
            cut: self.cut || other.cut,
            ..Division::of(format!("{} × {}", self.column, other.column), &labels)
        }
    }
}

/// What the group of each value is called, the value, or the quartile where there are many different numbers; and whether it is the quartile.
fn labels(values: &[Value]) -> (Vec<String>, bool) {
    let mut numbers: Vec<f64> = values.iter().filter_map(number).collect();
    numbers.sort_by(f64::total_cmp);
    let mut different = numbers.clone();
    different.dedup();
    let texts = values.iter().any(|value| matches!(value, Value::Text(_)));
    match !texts && different.len() > FEW {
        true => (quartiles(values, &numbers), true),
        false => (values.iter().map(name).collect(), false),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(x) if x.is_finite() => Some(*x),
        _ => None,
    }
}

fn name(value: &Value) -> String {
    match value {
        Value::Text(text) => text.clone(),
        Value::Number(x) if x.is_finite() => x.to_string(),
        Value::Number(_) | Value::Missing => MISSING.to_owned(),
    }
}

/// The quartile of each number, as `25 to 37`.
fn quartiles(values: &[Value], sorted: &[f64]) -> Vec<String> {
    let at = |part: usize| sorted[(part * sorted.len() / PARTS).min(sorted.len() - 1)];
    let label = |x: f64| {
        let part = (1..PARTS).filter(|&part| x >= at(part)).count();
        let end = if part + 1 == PARTS { "or more".to_owned() } else { format!("to below {}", at(part + 1)) };
        format!("{} {end}", at(part))
    };
    values.iter().map(|value| number(value).map_or_else(|| MISSING.to_owned(), label)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_cut_into_quartiles_and_what_is_missing_is_a_group() {
        let numbers: Vec<Value> =
            (0..40).map(|i| Value::Number(f64::from(i))).chain([Value::Missing]).collect();
        let sorted: Vec<f64> = (0..40).map(f64::from).collect();
        let labels = quartiles(&numbers, &sorted);
        assert_eq!(
            [&labels[0], &labels[10], &labels[39], &labels[40]],
            ["0 to below 10", "10 to below 20", "30 or more", MISSING]
        );
    }

    #[test]
    fn groups_are_crossed() {
        let division =
            |column: &str, labels: [&str; 4]| Division::of(column.to_owned(), &labels.map(str::to_owned));
        let both =
            division("sex", ["f", "m", "f", "m"]).and(&division("age", ["old", "old", "old", "young"]));
        assert_eq!(
            (both.column.as_str(), both.names),
            ("sex × age", vec!["f, old".to_owned(), "m, old".into(), "m, young".into()])
        );
        assert_eq!(both.groups, [0, 1, 0, 2]);
    }
}
