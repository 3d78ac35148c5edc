//! All encoded rows of a data set, in memory or, when they are too many, in a temporary file.

use crate::{Feature, Layout, Prepared, Record, Target};
use pellucid_data::{Cell, Chunk, DataError, Place, Result, Table};
use std::fs::File;
use std::io::{Read, Seek, SeekFrom, Write};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;

/// Why a cell cannot be used if whoever reads it panics.
const BUG: &str = "reading it failed in an unexpected way; please report this";

/// The prepared columns of a data set: turns rows of a table into records.
pub struct Encoder {
    /// Input columns: name, kind, prepared.
    pub inputs: Vec<(String, &'static str, Box<dyn Prepared>)>,
    /// Target columns: name, kind, prepared.
    pub targets: Vec<(String, &'static str, Box<dyn Prepared>)>,
}

/// A cell that could not be used; its row was left out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreadable {
    /// The table's row.
    pub row: usize,
    /// The column's name.
    pub column: String,
    /// Why.
    pub why: String,
}

impl Unreadable {
    /// Where the cell stands in the files of its table.
    pub fn place(&self, table: &Table) -> Place {
        Place { column: Some(self.column.clone()), ..table.place(self.row) }
    }
}

/// Where each column of an encoder stands in a table.
struct Positions {
    inputs: Vec<usize>,
    targets: Vec<Option<usize>>,
}

/// What a range of rows became.
#[derive(Default)]
struct Encoded {
    bytes: Vec<u8>,
    rows: Vec<usize>,
    targets: Vec<f64>,
    longest: Vec<u32>,
    unreadable: Vec<Unreadable>,
    missing: Voided,
}

/// Cells in which something stands that counts as missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Voided {
    /// How many there are.
    pub count: usize,
    /// The first of them.
    pub first: Vec<Unreadable>,
}

impl Voided {
    /// As many are kept to be shown.
    const KEPT: usize = 100;

    fn extend(&mut self, more: Voided) {
        self.count += more.count;
        let room = Voided::KEPT.saturating_sub(self.first.len());
        self.first.extend(more.first.into_iter().take(room));
    }
}

impl Encoder {
    /// What the inputs contribute to a record, in order.
    pub fn features(&self) -> Vec<Feature> {
        self.inputs.iter().flat_map(|(_, _, p)| p.features()).collect()
    }

    /// What has to be answered, in order.
    pub fn answers(&self) -> Vec<Target> {
        self.targets.iter().filter_map(|(_, _, p)| p.target()).collect()
    }

    /// The layout of its records.
    pub fn layout(&self) -> Layout {
        let slots = |p: &dyn Prepared| p.target().map_or(1, |t| t.slots());
        Layout::new(&self.features(), self.targets.iter().map(|(_, _, p)| slots(p.as_ref())).sum())
    }

    /// Encodes the rows of `table` for which `wanted` holds. Rows with an unusable cell are left out and listed;
    /// a target that the table does not have, or that is missing, is not known (NaN).
    ///
    /// Records beyond `memory` bytes go to a temporary file. `progress` is called with the rows done.
    ///
    /// # Errors
    /// An input column that the table lacks, and failures of reading or of the temporary file.
    pub fn encode(
        &self,
        table: &Table,
        wanted: &(dyn Fn(usize) -> bool + Sync),
        memory: usize,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Examples> {
        let inputs = self.inputs.iter().map(|(name, ..)| table.column_index(name)).collect::<Result<_>>()?;
        let position = |name: &String| table.columns().iter().position(|c| &c.name == name);
        let positions =
            Positions { inputs, targets: self.targets.iter().map(|(n, ..)| position(n)).collect() };
        let workers = std::thread::available_parallelism().map_or(1, |n| n.get());
        let mut out = ExamplesWriter::new(self.layout(), memory);
        for chunk in table.chunks() {
            let chunk = chunk?;
            // Small pieces, so that decoded pictures do not pile up in memory.
            for start in (0..chunk.rows).step_by(1024) {
                let end = (start + 1024).min(chunk.rows);
                let part = (end - start).div_ceil(workers);
                let (chunk, positions) = (&chunk, &positions);
                let encode = |range| self.encode_range(table, chunk, positions, range, wanted);
                let pieces = std::thread::scope(|s| {
                    let ranges = (start..end).step_by(part).map(|a| a..(a + part).min(end));
                    let handles: Vec<_> = ranges.map(|r| s.spawn(move || encode(r))).collect();
                    handles.into_iter().map(|h| h.join()).collect::<Vec<_>>()
                });
                for piece in pieces {
                    out.append(
                        piece.map_err(|_| DataError::unreadable("rows cannot be prepared").because(BUG))?,
                    )?;
                }
                progress(chunk.first_row + end);
            }
        }
        out.finish()
    }

    fn encode_range(
        &self,
        table: &Table,
        chunk: &Chunk,
        positions: &Positions,
        range: std::ops::Range<usize>,
        wanted: &(dyn Fn(usize) -> bool + Sync),
    ) -> Encoded {
        let (layout, mut out, mut record) = (self.layout(), Encoded::default(), Record::default());
        for i in range.filter(|i| wanted(chunk.first_row + i)) {
            let row = chunk.first_row + i;
            let inputs: Vec<_> = positions.inputs.iter().map(|&c| chunk.cell(i, c)).collect();
            let targets: Vec<_> =
                positions.targets.iter().map(|c| c.map_or(Cell::Missing, |c| chunk.cell(i, c))).collect();
            match self.encode_row(&inputs, &targets, table.files(), &mut record) {
                Ok(()) if layout.write(&record, &mut out.bytes) => {
                    out.missing.extend(self.voided(row, &inputs));
                    out.rows.push(row);
                    out.targets.extend(&record.targets);
                    out.longest.extend(layout.pieces(&record).map(|text| text.len() as u32).max());
                }
                Ok(()) => out.unreadable.push(Unreadable {
                    row,
                    column: String::new(),
                    why: "its features do not have the expected sizes".to_owned(),
                }),
                Err((column, why)) => out.unreadable.push(Unreadable { row, column, why }),
            }
        }
        out
    }

    /// The cells of a row in which something stands that counts as missing.
    fn voided(&self, row: usize, inputs: &[Cell<'_>]) -> Voided {
        let why = |((name, _, prepared), &cell): (&(String, _, Box<dyn Prepared>), &Cell<'_>)| {
            let why = prepared.counts_as_missing(cell)?;
            Some(Unreadable { row, column: name.clone(), why })
        };
        let first: Vec<_> = self.inputs.iter().zip(inputs).filter_map(why).collect();
        Voided { count: first.len(), first }
    }

    /// Encodes one row given its cells in the order of the columns; the error names the column.
    ///
    /// # Errors
    /// The column whose cell cannot be used, and why.
    pub fn encode_row(
        &self,
        inputs: &[Cell<'_>],
        targets: &[Cell<'_>],
        files: Option<&pellucid_data::Files>,
        record: &mut Record,
    ) -> std::result::Result<(), (String, String)> {
        record.clear();
        for ((name, _, prepared), &cell) in self.inputs.iter().zip(inputs) {
            // A decoder that panics on a broken picture costs this row, not all.
            let encoded = catch_unwind(AssertUnwindSafe(|| prepared.encode(cell, files, record)));
            encoded.unwrap_or_else(|_| Err(BUG.to_owned())).map_err(|why| (name.clone(), why))?;
        }
        for ((_, _, prepared), &cell) in self.targets.iter().zip(targets) {
            prepared.encode_targets(cell, &mut record.targets);
        }
        Ok(())
    }
}

/// Encoded rows, each a fixed number of bytes.
pub struct Examples {
    layout: Layout,
    store: Store,
    rows: Vec<usize>,
    targets: Vec<f64>,
    /// For each record the pieces of its longest text, if there are texts.
    longest: Vec<u32>,
    unreadable: Vec<Unreadable>,
    missing: Voided,
}

enum Store {
    Memory(Vec<u8>),
    Spilled(Mutex<File>),
}

/// Collects records.
struct ExamplesWriter {
    examples: Examples,
    memory: usize,
}

fn spill_error(error: &std::io::Error) -> DataError {
    DataError::io("prepared rows cannot be kept in a temporary file", std::env::temp_dir(), error)
}

impl ExamplesWriter {
    /// An empty collection that keeps up to `memory` bytes in memory.
    fn new(layout: Layout, memory: usize) -> Self {
        let store = Store::Memory(Vec::new());
        let examples = Examples {
            layout,
            store,
            rows: Vec::new(),
            targets: Vec::new(),
            longest: Vec::new(),
            unreadable: Vec::new(),
            missing: Voided::default(),
        };
        ExamplesWriter { examples, memory }
    }

    fn append(&mut self, more: Encoded) -> Result<()> {
        let e = &mut self.examples;
        e.rows.extend(more.rows);
        e.targets.extend(more.targets);
        e.longest.extend(more.longest);
        e.unreadable.extend(more.unreadable);
        e.missing.extend(more.missing);
        if let Store::Memory(bytes) = &mut e.store {
            if bytes.len() + more.bytes.len() <= self.memory {
                bytes.extend(more.bytes);
                return Ok(());
            }
            let mut file = tempfile::tempfile().map_err(|err| spill_error(&err))?;
            file.write_all(bytes).map_err(|err| spill_error(&err))?;
            e.store = Store::Spilled(Mutex::new(file));
        }
        match &mut e.store {
            Store::Spilled(file) => match file.get_mut() {
                Ok(file) => file.write_all(&more.bytes).map_err(|err| spill_error(&err)),
                Err(_) => {
                    Err(DataError::unreadable("the temporary file of prepared rows is in an unknown state"))
                }
            },
            Store::Memory(_) => Ok(()),
        }
    }

    fn finish(self) -> Result<Examples> {
        Ok(self.examples)
    }
}

impl Examples {
    /// How many records there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The layout of the records.
    pub fn layout(&self) -> &Layout {
        &self.layout
    }

    /// The table's row of each record.
    pub fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Rows that were left out because a cell could not be used.
    pub fn unreadable(&self) -> &[Unreadable] {
        &self.unreadable
    }

    /// Cells of the records in which something stands that counts as missing, such as an infinite number.
    pub fn voided(&self) -> &Voided {
        &self.missing
    }

    /// The numbers of all targets of record `i`, NaN where not known; [`slots`](crate::slots) says whose is which.
    pub fn targets(&self, i: usize) -> &[f64] {
        let width = self.layout.targets;
        self.targets.get(i * width..(i + 1) * width).unwrap_or_default()
    }

    /// The pieces of the longest text of record `i`; 0 where there are no texts.
    pub fn longest_text(&self, i: usize) -> usize {
        self.longest.get(i).map_or(0, |&n| n as usize)
    }

    /// Reads record `i`.
    ///
    /// # Errors
    /// A record that does not exist, or a failure of the temporary file.
    pub fn read(&self, i: usize, record: &mut Record) -> Result<()> {
        let size = self.layout.bytes();
        let missing = || DataError::usage(format!("there is no prepared row {i}"));
        if i >= self.len() {
            return Err(missing());
        }
        match &self.store {
            Store::Memory(bytes) => {
                self.layout.read(bytes.get(i * size..(i + 1) * size).ok_or_else(missing)?, record);
            }
            Store::Spilled(file) => {
                let mut bytes = vec![0; size];
                let mut file = file.lock().map_err(|_| missing())?;
                file.seek(SeekFrom::Start((i * size) as u64)).map_err(|e| spill_error(&e))?;
                file.read_exact(&mut bytes).map_err(|e| spill_error(&e))?;
                self.layout.read(&bytes, record);
            }
        }
        Ok(())
    }

    /// Whether the records are in a temporary file.
    pub fn spilled(&self) -> bool {
        matches!(self.store, Store::Spilled(_))
    }
}
