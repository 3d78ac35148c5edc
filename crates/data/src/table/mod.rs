//! The table: rows and typed columns in chunks, in memory or in a temporary file.

mod builder;
mod cell;
mod change;
mod collection;
mod column;
mod open;
mod rows;
mod store;
mod time;
mod typing;

pub(crate) use builder::{Builder, Declared};
pub use cell::{Cell, ColumnInfo, Storage};
pub use change::Change;
pub use collection::Collection;
pub(crate) use column::Column;
pub use rows::SkippedRow;
pub use typing::MISSING_TOKENS;
pub(crate) use typing::is_missing;

use crate::error::{DataError, Place, Result};
use crate::files::Files;
use crate::limits;
use crate::splits::Part;
use rows::Places;
use std::path::PathBuf;
use std::sync::Arc;
use store::{ChunkData, RowCells, Store};

/// How to open a table.
#[derive(Clone, Debug)]
pub struct OpenOptions {
    /// Bytes of cells kept in memory; what is beyond goes to a temporary file. Default: 1 GiB.
    pub memory: usize,
    /// Share of unreadable rows (0 to 1) that is skipped and reported; more is an error. Default: 0.01.
    pub skip_share: f64,
    /// What messages call a single input instead of its path, if a person never saw that path.
    pub called: Option<String>,
    /// Whether files of plain text (`.txt`, `.md`) are texts, each a row, and not tables. Default: no. Folders of nothing but such files
    /// always are.
    pub texts: bool,
}

impl Default for OpenOptions {
    fn default() -> Self {
        Self { memory: limits::TABLE_MEMORY, skip_share: limits::SKIP_SHARE, called: None, texts: false }
    }
}

/// A data set as a table. Cloning is cheap: clones share the cells.
#[derive(Clone, Debug)]
pub struct Table(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    name: String,
    origin: String,
    columns: Vec<ColumnInfo>,
    rows: usize,
    store: Store,
    /// First row of each chunk.
    starts: Vec<usize>,
    files: Option<Files>,
    parts: Option<Vec<Part>>,
    places: Places,
    skipped: Vec<SkippedRow>,
    notes: Vec<String>,
}

impl Table {
    /// Opens a data set: a folder, a zip archive, a table file (CSV, TSV, JSON lines, JSON, Parquet), or several
    /// files at once (`train.csv test.csv`, or pictures). `-` reads a table from standard input.
    ///
    /// Text cells of CSV and JSON are read as whole numbers, numbers, flags or times when all cells of the column
    /// are; [`MISSING_TOKENS`] are missing cells. Parquet keeps the storage it states.
    ///
    /// # Errors
    /// `NotFound` for a path that does not exist, `Unreadable` for broken bytes or an unknown format, `Refused` for
    /// data without rows, with too many unreadable rows, or an unsafe archive. All name the file and the row.
    pub fn open(paths: &[PathBuf], options: &OpenOptions) -> Result<Table> {
        open::open(paths, options)
    }

    /// The data set's name, from its path, fit for a file name: `photos.zip` → `photos`.
    pub fn name(&self) -> &str {
        &self.0.name
    }

    /// The path or paths that the person gave, for messages.
    pub fn origin(&self) -> &str {
        &self.0.origin
    }

    /// Number of rows.
    pub fn rows(&self) -> usize {
        self.0.rows
    }

    /// Names and storages, in the order of the file.
    pub fn columns(&self) -> &[ColumnInfo] {
        &self.0.columns
    }

    /// The position of a column.
    ///
    /// # Errors
    /// `NotFound`, with the nearest name.
    pub fn column_index(&self, name: &str) -> Result<usize> {
        if let Some(position) = self.0.columns.iter().position(|column| column.name == name) {
            return Ok(position);
        }
        let names = || self.0.columns.iter().map(|column| column.name.as_str());
        let error = DataError::not_found(format!("there is no column `{name}`")).in_file(self.origin());
        Err(match pellucid_base::nearest(name, names()) {
            Some(near) => error.advise(format!("did you mean `{near}`?")),
            None => {
                let listed: Vec<&str> = names().take(20).collect();
                let more = if self.0.columns.len() > 20 { ", …" } else { "" };
                let header = if listed.first() == Some(&"column_1") { "it has no header; " } else { "" };
                error.advise(format!("{header}the columns are: {}{more}", listed.join(", ")))
            }
        })
    }

    /// All rows in order, chunk by chunk. A chunk that was spilled is read back when it is its turn.
    pub fn chunks(&self) -> Chunks<'_> {
        Chunks { table: self, next: 0 }
    }

    /// One row; of a spilled chunk only this row is read.
    ///
    /// # Errors
    /// `Usage` when there is no such row, `Io` when the temporary file cannot be read.
    pub fn cells(&self, row: usize) -> Result<Row> {
        if row >= self.0.rows {
            let what = format!("there is no row {}: the table has {} rows", row + 1, self.0.rows);
            return Err(DataError::usage(what).in_file(self.origin()));
        }
        let chunk = self.0.starts.partition_point(|start| *start <= row) - 1;
        Ok(Row(self.0.store.row(chunk, row - self.0.starts[chunk])?))
    }

    /// What relative paths in cells refer to: the folder, the archive, or the table file's own folder.
    pub fn files(&self) -> Option<&Files> {
        self.0.files.as_ref()
    }

    /// The part of each row when folders or files (`train`, `val`, `test` …) gave the split.
    pub fn given_parts(&self) -> Option<&[Part]> {
        self.0.parts.as_deref()
    }

    /// File and row number of a row, for messages.
    pub fn place(&self, row: usize) -> Place {
        if let Some(place) = self.0.places.numbered(row) {
            return place;
        }
        let Places::Named { column } = self.0.places else { return Place::file(self.origin()) };
        match (self.cells(row), &self.0.files) {
            (Ok(cells), Some(files)) => match cells.cell(column) {
                Cell::Text(name) => Place::file(files.describe(name)),
                _ => Place::file(self.origin()),
            },
            _ => Place::file(self.origin()),
        }
    }

    /// Rows that were left out, each with its place and the reason.
    pub fn skipped(&self) -> &[SkippedRow] {
        &self.0.skipped
    }

    /// What was detected or decided while reading, in plain words.
    pub fn notes(&self) -> &[String] {
        &self.0.notes
    }
}

/// Consecutive rows of a table.
#[derive(Clone, Debug)]
pub struct Chunk {
    /// The table's row that the chunk's first row is.
    pub first_row: usize,
    /// Number of rows.
    pub rows: usize,
    data: Arc<ChunkData>,
}

impl Chunk {
    /// A cell by the row within the chunk and the column's position.
    ///
    /// # Panics
    /// As a slice does, when there is no such row or column.
    pub fn cell(&self, row: usize, column: usize) -> Cell<'_> {
        self.data.columns[column].cell(row)
    }
}

/// The iterator of [`Table::chunks`].
#[derive(Debug)]
pub struct Chunks<'a> {
    table: &'a Table,
    next: usize,
}

impl Iterator for Chunks<'_> {
    type Item = Result<Chunk>;

    fn next(&mut self) -> Option<Self::Item> {
        let first_row = *self.table.0.starts.get(self.next)?;
        let data = self.table.0.store.get(self.next);
        self.next += 1;
        Some(data.map(|data| Chunk { first_row, rows: data.rows, data }))
    }
}

/// One row's cells, owned.
#[derive(Clone, Debug)]
pub struct Row(RowCells);

impl Row {
    /// The cell of a column by its position.
    ///
    /// # Panics
    /// As a slice does, when there is no such column.
    pub fn cell(&self, column: usize) -> Cell<'_> {
        self.0.cell(column)
    }
}
