//! Builds a table row by row while formats read; decides each column's storage once everything was seen.

use super::cell::{Cell, ColumnInfo, Storage};
use super::column::Column;
use super::rows::{Places, SkippedRow};
use super::store::{ChunkData, Store};
use super::typing::{Guess, Reading, is_missing};
use super::{Inner, OpenOptions, Table};
use crate::error::{DataError, Place, Result};
use crate::files::Files;
use crate::limits::{CHUNK_BYTES, CHUNK_ROWS, MAX_COLUMNS};
use crate::splits::Part;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Rows that were skipped before an early stop is considered.
const SKIPPED_BEFORE_STOP: usize = 1_000;

/// How a file declares a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Declared {
    /// Texts whose meaning is found over the whole column.
    Infer,
    /// The file states the storage, and it is kept.
    As(Storage),
}

struct Growing {
    name: String,
    /// What all files so far declared, joined; `None` before the first declaration.
    stated: Option<Storage>,
    guess: Guess,
    /// How the current file declares it.
    declared: Declared,
    /// Whether a file says that its cells are sets of words.
    words: bool,
    cells: Column,
}

/// Collects rows from one or several files.
pub(crate) struct Builder {
    columns: Vec<Growing>,
    by_name: HashMap<String, usize>,
    store: Store,
    rows_in_chunk: usize,
    rows: usize,
    /// Rows after which nothing more is wanted.
    enough: usize,
    bytes_in_chunk: usize,
    options: OpenOptions,
    commas: bool,
    part: Option<Part>,
    parts: Vec<Part>,
    rows_without_part: usize,
    any_part: bool,
    /// Each file with the columns that it has.
    files: Vec<(String, HashSet<usize>)>,
    places: Places,
    skipped: Vec<SkippedRow>,
    notes: Vec<String>,
}

impl Builder {
    pub(crate) fn new(options: &OpenOptions) -> Self {
        Self {
            columns: Vec::new(),
            by_name: HashMap::new(),
            store: Store::new(options.memory),
            rows_in_chunk: 0,
            rows: 0,
            enough: usize::MAX,
            bytes_in_chunk: 0,
            options: options.clone(),
            commas: false,
            part: None,
            parts: Vec::new(),
            rows_without_part: 0,
            any_part: false,
            files: Vec::new(),
            places: Places::default(),
            skipped: Vec::new(),
            notes: Vec::new(),
        }
    }

    /// One that wants so many rows and no more: formats stop reading when it [is full](Builder::is_full).
    pub(crate) fn of_first(rows: usize, options: &OpenOptions) -> Self {
        Self { enough: rows, ..Self::new(options) }
    }

    /// Begins a file; its rows belong to `part` when the file's name or folder says so.
    pub(crate) fn start_file(&mut self, label: &str, part: Option<Part>) -> Result<()> {
        self.flush()?;
        self.places.start_file(label);
        self.files.push((label.to_owned(), HashSet::new()));
        self.set_part(part);
        self.commas = false;
        Ok(())
    }

    /// The part of the given split that the next rows belong to.
    pub(crate) fn set_part(&mut self, part: Option<Part>) {
        self.part = part;
        self.any_part |= part.is_some();
    }

    /// Says that numbers of the current file may be written with decimal commas.
    pub(crate) fn allow_decimal_commas(&mut self) {
        self.commas = true;
    }

    /// Says that each row is one file, named by this column.
    pub(crate) fn rows_are_files(&mut self, column: usize) {
        self.places = Places::Named { column };
    }

    /// The position of a column, added when it is new.
    pub(crate) fn column(&mut self, name: &str, declared: Declared) -> Result<usize> {
        let position = match self.by_name.get(name) {
            Some(position) => *position,
            None => {
                if self.columns.len() >= MAX_COLUMNS {
                    return Err(DataError::refused(format!("the table has more than {MAX_COLUMNS} columns"))
                        .at(self.places.current(None))
                        .advise("check that rows and columns are not swapped, or give fewer columns"));
                }
                self.by_name.insert(name.to_owned(), self.columns.len());
                self.columns.push(Growing {
                    name: name.to_owned(),
                    stated: None,
                    guess: Guess::default(),
                    declared,
                    words: false,
                    cells: Column::new(Storage::Text),
                });
                self.columns.len() - 1
            }
        };
        if let Some((_, has)) = self.files.last_mut() {
            has.insert(position);
        }
        let column = &mut self.columns[position];
        column.declared = declared;
        if let Declared::As(storage) = declared {
            let joined = column.stated.map_or(Some(storage), |stated| stated.join(storage));
            column.stated = Some(joined.ok_or_else(|| clashing(name, self.places.current(None)))?);
        }
        if column.cells.len() == 0 {
            column.cells = Column::new(match declared {
                Declared::Infer => Storage::Text,
                Declared::As(storage) => storage,
            });
        }
        Ok(position)
    }

    /// Says that each cell of a column is a set of words with spaces between them.
    pub(crate) fn holds_words(&mut self, column: usize) {
        self.columns[column].words = true;
    }

    /// Sets the open row's cell to a text whose meaning is to be found; outer spaces are dropped.
    pub(crate) fn text(&mut self, column: usize, text: &str) -> Result<()> {
        let text = text.trim();
        if is_missing(text) {
            return self.set(column, Cell::Missing);
        }
        self.columns[column].guess.observe(text, self.commas);
        self.set(column, Cell::Text(text))
    }

    /// Sets the open row's cell; a cell that was set already in this row is kept.
    pub(crate) fn set(&mut self, column: usize, cell: Cell<'_>) -> Result<()> {
        let growing = &mut self.columns[column];
        growing.cells.fill_to(self.rows_in_chunk);
        if growing.cells.len() > self.rows_in_chunk {
            return Ok(());
        }
        self.bytes_in_chunk += match cell {
            Cell::Text(text) => text.len() + 5,
            Cell::Bytes(bytes) => bytes.len() + 5,
            _ => 9,
        };
        growing.cells.push(cell).map_err(|why| {
            DataError::refused("a cell cannot be held")
                .at(self.places.current(None))
                .in_column(growing.name.clone())
                .because(why)
        })
    }

    /// Ends the open row, which has this 1-based number in its file; cells that were not set are missing.
    pub(crate) fn end_row(&mut self, number: usize) -> Result<()> {
        self.places.add(self.rows, number);
        match self.part {
            Some(part) => self.parts.push(part),
            None => {
                self.parts.push(Part::Train);
                self.rows_without_part += 1;
            }
        }
        self.rows += 1;
        self.rows_in_chunk += 1;
        if self.rows_in_chunk >= CHUNK_ROWS || self.bytes_in_chunk >= CHUNK_BYTES {
            self.flush()
        } else {
            Ok(())
        }
    }

    /// Leaves a row out and remembers where and why; stops when most rows of a large file are unreadable.
    pub(crate) fn skip(&mut self, number: usize, why: impl Into<String>) -> Result<()> {
        let place = self.places.current(Some(number));
        self.skipped.push(SkippedRow { place, why: why.into(), before: self.rows });
        if self.skipped.len() > SKIPPED_BEFORE_STOP && self.skipped.len() > self.rows {
            return self.check_skipped();
        }
        Ok(())
    }

    /// Remembers something that was detected.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Rows so far, over all files.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// True when no more rows are wanted.
    pub(crate) fn is_full(&self) -> bool {
        self.rows >= self.enough
    }

    /// The names of the columns so far.
    pub(crate) fn column_names(&self) -> Vec<String> {
        self.columns.iter().map(|column| column.name.clone()).collect()
    }

    /// Unreadable rows so far, over all files.
    pub(crate) fn skipped_rows(&self) -> usize {
        self.skipped.len()
    }

    /// An empty builder with the same options.
    pub(crate) fn same_settings(&self) -> Self {
        Self::new(&self.options)
    }

    /// Takes over everything from another builder; notes are kept.
    pub(crate) fn replace_with(&mut self, other: Self) {
        let notes = std::mem::replace(self, other).notes;
        self.notes.splice(0..0, notes);
    }

    /// Up to `rows` texts from the top of each text column.
    pub(crate) fn first_texts(&mut self, rows: usize) -> Result<Vec<Vec<String>>> {
        self.flush()?;
        if self.store.len() == 0 {
            return Ok(Vec::new());
        }
        let chunk = self.store.get(0)?;
        let texts = |column: &Column| {
            let cells = (0..chunk.rows).filter_map(|row| match column.cell(row) {
                Cell::Text(text) => Some(text.to_owned()),
                _ => None,
            });
            cells.take(rows).collect()
        };
        Ok(chunk.columns.iter().map(texts).collect())
    }

    /// Notes which file lacks which column. Without a given split the files must share at least half of all columns.
    pub(crate) fn compare_columns(&mut self, split: bool) -> Result<()> {
        let all = self.columns.len();
        for (label, has) in std::mem::take(&mut self.files) {
            if !split && has.len() * 2 < all {
                return Err(DataError::refused("these tables do not belong together")
                    .in_file(label)
                    .because(format!(
                        "it has {} of the {all} columns that all tables have together",
                        has.len()
                    ))
                    .advise(
                        "give the one table to use; what other tables tell of users or items is joined with --recommend",
                    ));
            }
            let lacking: Vec<&str> = (0..all)
                .filter(|i| !has.contains(i))
                .take(10)
                .map(|i| self.columns[i].name.as_str())
                .collect();
            if !lacking.is_empty() {
                let note = format!("{label} has no column `{}`: missing in its rows", lacking.join("`, `"));
                self.note(note);
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> Result<()> {
        if self.rows_in_chunk == 0 {
            return Ok(());
        }
        let rows = std::mem::take(&mut self.rows_in_chunk);
        self.bytes_in_chunk = 0;
        let mut columns = Vec::with_capacity(self.columns.len());
        for growing in &mut self.columns {
            growing.cells.fill_to(rows);
            let next = Column::new(match growing.declared {
                Declared::Infer => Storage::Text,
                Declared::As(storage) => storage,
            });
            columns.push(std::mem::replace(&mut growing.cells, next));
        }
        self.store.push(ChunkData { columns, rows }, 0)
    }

    fn check_skipped(&self) -> Result<()> {
        let Some(first) = self.skipped.first() else { return Ok(()) };
        let total = self.rows + self.skipped.len();
        let share = self.skipped.len() as f64 / total as f64;
        if self.rows > 0 && share <= self.options.skip_share {
            return Ok(());
        }
        Err(DataError::refused(format!("{} of {total} rows cannot be read", self.skipped.len()))
            .at(first.place.clone())
            .because(format!("the first of them: {}", first.why))
            .advise(format!(
                "mend these rows, or allow a larger share of unreadable rows with --skip-share (now {})",
                self.options.skip_share
            )))
    }

    /// Decides the storage of every column and gives the table; `origin` is what the person gave, for messages.
    pub(crate) fn finish(mut self, name: String, origin: String, files: Option<Files>) -> Result<Table> {
        self.flush()?;
        self.check_skipped()?;
        let whole = |what: &str| DataError::refused(what).at(self.places.current(None));
        if self.columns.is_empty() {
            return Err(whole("the table has no columns"));
        }
        if self.rows == 0 {
            return Err(whole("the table has a header but no rows").advise("add rows below the header"));
        }
        let plan = self.decide()?;
        let store = self.typed(&plan)?;
        if store.spilled() {
            self.note(format!(
                "larger than its memory budget of {} MiB: kept in a temporary file",
                self.options.memory >> 20
            ));
        }
        if self.any_part && self.rows_without_part > 0 {
            self.note(format!(
                "{} rows are in no part of the given split: counted as training",
                self.rows_without_part
            ));
        }
        if let Some(first) = self.skipped.first() {
            self.note(match self.skipped.len() {
                1 => format!("an unreadable row was skipped: {}: {}", first.place, first.why),
                n => format!("{n} unreadable rows were skipped; the first: {}: {}", first.place, first.why),
            });
        }
        let mut starts = Vec::with_capacity(store.len());
        let mut start = 0;
        for position in 0..store.len() {
            starts.push(start);
            start += store.rows(position);
        }
        Ok(Table(Arc::new(Inner {
            name,
            origin,
            columns: plan.into_iter().map(|(info, _)| info).collect(),
            rows: self.rows,
            store,
            starts,
            files,
            parts: self.any_part.then_some(self.parts),
            places: self.places,
            skipped: self.skipped,
            notes: self.notes,
        })))
    }

    fn decide(&mut self) -> Result<Vec<(ColumnInfo, Option<Reading>)>> {
        let mut plan = Vec::with_capacity(self.columns.len());
        for i in 0..self.columns.len() {
            let column = &self.columns[i];
            let (reading, ambiguous) = column.guess.decide();
            let name = column.name.clone();
            let found = match (column.guess.has_seen(), reading) {
                (false, _) => None,
                (true, reading) => Some(reading.map_or(Storage::Text, Reading::storage)),
            };
            let storage = match (column.stated, found) {
                (Some(a), Some(b)) => a.join(b).ok_or_else(|| clashing(&name, Place::default()))?,
                (Some(storage), None) | (None, Some(storage)) => storage,
                (None, None) => Storage::Text,
            };
            if ambiguous {
                self.note(format!(
                    "`{name}` may be day/month/year or month/day/year: kept as text (write dates as 2024-01-31)"
                ));
            }
            plan.push((ColumnInfo { name, storage, words: self.columns[i].words }, reading));
        }
        Ok(plan)
    }

    /// Moves every chunk into its final storage; the memory of the raw cells is freed on the way.
    fn typed(&mut self, plan: &[(ColumnInfo, Option<Reading>)]) -> Result<Store> {
        let mut store = Store::new(self.options.memory);
        for position in 0..self.store.len() {
            let chunk = self.store.take(position)?;
            let mut raw = chunk.columns.into_iter();
            let mut columns = Vec::with_capacity(plan.len());
            for (info, reading) in plan {
                // Chunks from before a column first appeared do not have it.
                let mut column = raw.next().unwrap_or_else(|| Column::new(info.storage));
                column.fill_to(chunk.rows);
                let reading = (info.storage != Storage::Text).then_some(*reading).flatten();
                columns.push(column.convert(info.storage, reading).map_err(|why| {
                    DataError::unreadable("a column cannot be converted")
                        .in_column(info.name.clone())
                        .because(why)
                })?);
            }
            store.push(ChunkData { columns, rows: chunk.rows }, self.store.used())?;
        }
        Ok(store)
    }
}

fn clashing(name: &str, place: Place) -> DataError {
    DataError::refused("files disagree about a column: raw bytes in one, something else in the other")
        .at(place)
        .in_column(name)
        .advise("open these files as separate data sets")
}
