//! The cells of one column in one chunk, side by side in memory.

use super::cell::{Cell, Storage};
use super::time::write_time;
use super::typing::Reading;
use crate::limits::MAX_CELL;
use std::fmt::Write as _;

/// The cells of one column in one chunk. A missing cell keeps a placeholder so that positions agree.
#[derive(Clone, Debug)]
pub(crate) struct Column {
    pub(crate) missing: Vec<bool>,
    pub(crate) values: Values,
}

/// Values of one storage. Texts and bytes lie in one block; `ends[i]` is where cell `i` ends.
#[derive(Clone, Debug)]
pub(crate) enum Values {
    Text { ends: Vec<u32>, block: String },
    Bytes { ends: Vec<u32>, block: Vec<u8> },
    Integer(Vec<i64>),
    Number(Vec<f64>),
    Flag(Vec<bool>),
    Time(Vec<i64>),
}

impl Column {
    /// An empty column.
    pub(crate) fn new(storage: Storage) -> Self {
        let values = match storage {
            Storage::Text => Values::Text { ends: Vec::new(), block: String::new() },
            Storage::Bytes => Values::Bytes { ends: Vec::new(), block: Vec::new() },
            Storage::Integer => Values::Integer(Vec::new()),
            Storage::Number => Values::Number(Vec::new()),
            Storage::Flag => Values::Flag(Vec::new()),
            Storage::Time => Values::Time(Vec::new()),
        };
        Self { missing: Vec::new(), values }
    }

    /// How the cells are stored.
    pub(crate) fn storage(&self) -> Storage {
        match self.values {
            Values::Text { .. } => Storage::Text,
            Values::Bytes { .. } => Storage::Bytes,
            Values::Integer(_) => Storage::Integer,
            Values::Number(_) => Storage::Number,
            Values::Flag(_) => Storage::Flag,
            Values::Time(_) => Storage::Time,
        }
    }

    /// Number of cells.
    pub(crate) fn len(&self) -> usize {
        self.missing.len()
    }

    /// Bytes that the cells take.
    pub(crate) fn bytes(&self) -> usize {
        let values = match &self.values {
            Values::Text { ends, block } => ends.len() * 4 + block.len(),
            Values::Bytes { ends, block } => ends.len() * 4 + block.len(),
            Values::Integer(v) | Values::Time(v) => v.len() * 8,
            Values::Number(v) => v.len() * 8,
            Values::Flag(v) => v.len(),
        };
        values + self.missing.len()
    }

    /// The cell of a row.
    ///
    /// # Panics
    /// As a slice does, when there is no such row.
    pub(crate) fn cell(&self, row: usize) -> Cell<'_> {
        if self.missing[row] {
            return Cell::Missing;
        }
        match &self.values {
            Values::Text { ends, block } => Cell::Text(&block[span(ends, row)]),
            Values::Bytes { ends, block } => Cell::Bytes(&block[span(ends, row)]),
            Values::Integer(v) => Cell::Integer(v[row]),
            Values::Number(v) => Cell::Number(v[row]),
            Values::Flag(v) => Cell::Flag(v[row]),
            Values::Time(v) => Cell::Time(v[row]),
        }
    }

    /// Adds a cell; a number that is no number counts as missing. Says why a cell cannot be held.
    pub(crate) fn push(&mut self, cell: Cell<'_>) -> Result<(), String> {
        if cell.is_missing() || matches!(cell, Cell::Number(x) if x.is_nan()) {
            self.push_missing();
            return Ok(());
        }
        match (&mut self.values, cell) {
            (Values::Text { ends, block }, Cell::Text(text)) => {
                check_size(text.len())?;
                block.push_str(text);
                ends.push(end_of(block.len())?);
            }
            (Values::Bytes { ends, block }, Cell::Bytes(bytes)) => {
                check_size(bytes.len())?;
                block.extend_from_slice(bytes);
                ends.push(end_of(block.len())?);
            }
            (Values::Integer(v), Cell::Integer(x)) => v.push(x),
            (Values::Number(v), Cell::Number(x)) => v.push(x),
            (Values::Number(v), Cell::Integer(x)) => v.push(x as f64),
            (Values::Flag(v), Cell::Flag(x)) => v.push(x),
            (Values::Time(v), Cell::Time(x)) => v.push(x),
            (Values::Text { ends, block }, other) => {
                write_cell(block, other);
                ends.push(end_of(block.len())?);
            }
            (_, other) => return Err(format!("a {:?} column cannot hold {other:?}", self.storage())),
        }
        self.missing.push(false);
        Ok(())
    }

    fn push_missing(&mut self) {
        match &mut self.values {
            Values::Text { ends, .. } | Values::Bytes { ends, .. } => {
                ends.push(ends.last().copied().unwrap_or(0));
            }
            Values::Integer(v) | Values::Time(v) => v.push(0),
            Values::Number(v) => v.push(0.0),
            Values::Flag(v) => v.push(false),
        }
        self.missing.push(true);
    }

    /// Adds missing cells until there are `rows`.
    pub(crate) fn fill_to(&mut self, rows: usize) {
        while self.len() < rows {
            self.push_missing();
        }
    }

    /// The same cells in another storage; text is read by `reading` when the column's texts were understood.
    pub(crate) fn convert(self, storage: Storage, reading: Option<Reading>) -> Result<Column, String> {
        if self.storage() == storage {
            return Ok(self);
        }
        let mut out = Column::new(storage);
        for row in 0..self.len() {
            let cell = match (self.cell(row), reading) {
                (Cell::Text(text), Some(reading)) => reading.read(text),
                (cell, _) => cell,
            };
            out.push(cell)?;
        }
        Ok(out)
    }
}

/// Where the bytes of cell `row` lie in the block.
pub(crate) fn span(ends: &[u32], row: usize) -> std::ops::Range<usize> {
    let start = if row == 0 { 0 } else { ends[row - 1] as usize };
    start..ends[row] as usize
}

fn check_size(bytes: usize) -> Result<(), String> {
    if bytes > MAX_CELL {
        return Err(format!(
            "a cell holds {} MiB, more than the {} MiB allowed",
            bytes >> 20,
            MAX_CELL >> 20
        ));
    }
    Ok(())
}

fn end_of(length: usize) -> Result<u32, String> {
    u32::try_from(length).map_err(|_| "the cells of one chunk take more than 4 GiB".to_owned())
}

/// A cell as text, for columns whose files disagree about the storage.
fn write_cell(out: &mut String, cell: Cell<'_>) {
    let written = match cell {
        Cell::Missing | Cell::Bytes(_) => Ok(()),
        Cell::Text(text) => {
            out.push_str(text);
            Ok(())
        }
        Cell::Integer(x) => write!(out, "{x}"),
        Cell::Number(x) => write!(out, "{x}"),
        Cell::Flag(x) => write!(out, "{x}"),
        Cell::Time(ms) => {
            write_time(out, ms);
            Ok(())
        }
    };
    debug_assert!(written.is_ok(), "writing to a string cannot fail");
}
