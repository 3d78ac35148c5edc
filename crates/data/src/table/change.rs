//! Cells that are changed after a table was read.

use super::cell::{Cell, Storage};
use super::column::Column;
use super::store::ChunkData;
use super::typing::Reading;
use super::{Inner, Table};
use crate::error::{DataError, Result};
use std::collections::HashMap;
use std::sync::Arc;

/// A cell that is to hold something else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The table's row, from 0.
    pub row: usize,
    /// The column's position.
    pub column: usize,
    /// What is to stand there, as a person writes it.
    pub text: String,
}

impl Table {
    /// The same table with other cells in some places. Columns keep their storage; of two changes of a cell the later counts.
    ///
    /// # Errors
    /// `Usage` for a place that the table does not have, a text that its column cannot hold (a word among numbers), and a table of which
    /// there are clones; `Io` when the temporary file of a large table cannot be written.
    pub fn with_cells(self, changes: &[Change]) -> Result<Table> {
        let mut by_chunk: HashMap<usize, Vec<&Change>> = HashMap::new();
        for change in changes {
            let usage = |what: String| DataError::usage(what).in_file(self.origin());
            let Some(column) = self.columns().get(change.column) else {
                return Err(usage(format!("there is no column {} to change", change.column)));
            };
            if change.row >= self.rows() {
                return Err(usage(format!("there is no row {} to change", change.row + 1)));
            }
            if read(column.storage, &change.text).is_none() {
                let held = held(column.storage);
                let what = format!("`{}` cannot stand in this column, which holds {held}", change.text);
                return Err(usage(what).at(self.place(change.row)).in_column(column.name.clone()));
            }
            let chunk = self.0.starts.partition_point(|start| *start <= change.row) - 1;
            by_chunk.entry(chunk).or_default().push(change);
        }
        let mut inner: Inner = Arc::try_unwrap(self.0)
            .map_err(|_| DataError::usage("a table that is in use elsewhere cannot be changed"))?;
        for (chunk, changes) in by_chunk {
            let first = inner.starts[chunk];
            inner.store.update(chunk, |data| changed(data, first, &changes))?;
        }
        Ok(Table(Arc::new(inner)))
    }
}

/// A chunk, whose first row is `first`, with other cells.
fn changed(mut data: ChunkData, first: usize, changes: &[&Change]) -> Result<ChunkData> {
    for (position, column) in data.columns.iter_mut().enumerate() {
        let texts: HashMap<usize, &str> = changes
            .iter()
            .filter(|change| change.column == position)
            .map(|change| (change.row - first, change.text.as_str()))
            .collect();
        if texts.is_empty() {
            continue;
        }
        let storage = column.storage();
        let mut new = Column::new(storage);
        for row in 0..column.len() {
            let cell =
                texts.get(&row).and_then(|text| read(storage, text)).unwrap_or_else(|| column.cell(row));
            new.push(cell).map_err(|why| DataError::refused("a cell cannot be held").because(why))?;
        }
        *column = new;
    }
    Ok(data)
}

/// A text as a column of this storage holds it; `None` if it cannot.
fn read(storage: Storage, text: &str) -> Option<Cell<'_>> {
    let readings: &[Reading] = match storage {
        Storage::Text => return (!text.is_empty()).then_some(Cell::Text(text)),
        Storage::Bytes => return None,
        Storage::Integer => &[Reading::Integer],
        Storage::Number => &[Reading::Number, Reading::CommaNumber],
        Storage::Flag => &[Reading::TrueFalse, Reading::YesNo],
        Storage::Time => &[Reading::Time(super::time::TimeForm::Iso)],
    };
    readings.iter().find_map(|reading| reading.try_read(text))
}

/// What a column holds, in words.
fn held(storage: Storage) -> &'static str {
    match storage {
        Storage::Text => "words",
        Storage::Bytes => "files",
        Storage::Integer => "whole numbers",
        Storage::Number => "numbers",
        Storage::Flag => "yes or no",
        Storage::Time => "dates, written as 2024-01-31",
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::table::OpenOptions;

    fn table(memory: usize) -> Table {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        let line =
            |i: usize| format!("{i},{}.5,{},w{},2024-01-0{}\n", i, ["yes", "no"][i % 2], i % 7, 1 + i % 9);
        let text: String = (0..20_000).map(line).collect();
        std::fs::write(&path, "i,x,f,t,d\n".to_owned() + &text).unwrap();
        Table::open(&[path], &OpenOptions { memory, ..OpenOptions::default() }).unwrap()
    }

    fn change(row: usize, column: usize, text: &str) -> Change {
        Change { row, column, text: text.to_owned() }
    }

    #[test]
    fn cells_are_changed_in_memory_and_on_disk_and_no_other_cell_is() {
        for memory in [1 << 30, 0] {
            let changes = [
                change(3, 0, "-7"),
                change(19_999, 1, "1,5"),
                change(12_345, 2, "No"),
                change(12_345, 3, "first"),
                change(12_345, 3, "other"),
                change(0, 4, "1999-12-31"),
            ];
            let before = table(memory);
            let after = table(memory).with_cells(&changes).unwrap();
            let at = |row: usize, column: usize| format!("{:?}", after.cells(row).unwrap().cell(column));
            assert_eq!(at(3, 0), "Integer(-7)");
            assert_eq!(at(19_999, 1), "Number(1.5)");
            assert_eq!((at(12_345, 2).as_str(), at(12_345, 3).as_str()), ("Flag(false)", "Text(\"other\")"));
            assert_eq!(at(0, 4), "Time(946598400000)");
            let mut differ = 0;
            for (old, new) in before.chunks().zip(after.chunks()) {
                let (old, new) = (old.unwrap(), new.unwrap());
                assert_eq!(old.rows, new.rows);
                for row in 0..old.rows {
                    differ += (0..5).filter(|&c| old.cell(row, c) != new.cell(row, c)).count();
                }
            }
            assert_eq!(differ, 4 + usize::from(before.cells(12_345).unwrap().cell(2) != Cell::Flag(false)));
        }
    }

    #[test]
    fn what_a_column_cannot_hold_is_refused() {
        for (changes, says) in [
            (change(5, 0, "many"), "`many` cannot stand in this column, which holds whole numbers"),
            (change(5, 1, "many"), "row 6, column `x`"),
            (change(5, 2, "maybe"), "yes or no"),
            (change(5, 3, ""), "column `t`"),
            (change(5, 4, "31.12.1999"), "2024-01-31"),
            (change(20_000, 0, "1"), "there is no row 20001"),
            (change(0, 5, "1"), "there is no column"),
        ] {
            let said = table(1 << 30).with_cells(&[changes]).unwrap_err().to_string();
            assert!(said.contains(says), "{said}");
        }
        let shared = table(1 << 30);
        let clone = shared.clone();
        assert!(shared.with_cells(&[change(0, 0, "1")]).is_err());
        assert_eq!(clone.rows(), 20_000);
    }
}
