//! Chunks in memory up to a budget, then in an unnamed temporary file; the same answers either way.
//!
//! Layout of a spilled column: one byte per cell (1 = missing), then the values: 8 bytes little-endian for
//! numbers and times, 1 byte for flags, and for texts and bytes a 4-byte end per cell followed by the block.
//! The offsets stay in memory, so that a single row is read without its chunk.

use super::cell::{Cell, Storage};
use super::column::{Column, Values};
use crate::error::{DataError, Result};
use std::fs::File;
use std::io::{self, Write};
use std::sync::Arc;

/// All columns of one chunk.
#[derive(Debug)]
pub(crate) struct ChunkData {
    pub(crate) columns: Vec<Column>,
    pub(crate) rows: usize,
}

impl ChunkData {
    fn bytes(&self) -> usize {
        self.columns.iter().map(Column::bytes).sum()
    }
}

/// Where a spilled column begins in the file, and how its cells are stored.
#[derive(Clone, Copy, Debug)]
struct Spot {
    offset: u64,
    storage: Storage,
}

#[derive(Debug)]
enum Slot {
    Memory(Arc<ChunkData>),
    Disk { columns: Vec<Spot>, rows: usize },
    Taken,
}

/// The chunks of a table, by position.
#[derive(Debug)]
pub(crate) struct Store {
    slots: Vec<Slot>,
    budget: usize,
    used: usize,
    spill: Option<(File, u64)>,
}

/// One row's cells, owned (from the file) or shared (from memory).
#[derive(Debug, Clone)]
pub(crate) enum RowCells {
    Shared(Arc<ChunkData>, usize),
    Owned(Vec<Column>),
}

impl RowCells {
    pub(crate) fn cell(&self, column: usize) -> Cell<'_> {
        match self {
            RowCells::Shared(chunk, row) => chunk.columns[column].cell(*row),
            RowCells::Owned(columns) => columns[column].cell(0),
        }
    }
}

impl Store {
    /// An empty store that keeps at most `budget` bytes of cells in memory.
    pub(crate) fn new(budget: usize) -> Self {
        Self { slots: Vec::new(), budget, used: 0, spill: None }
    }

    /// Number of chunks.
    pub(crate) fn len(&self) -> usize {
        self.slots.len()
    }

    /// Rows of the chunk at a position.
    pub(crate) fn rows(&self, position: usize) -> usize {
        match &self.slots[position] {
            Slot::Memory(chunk) => chunk.rows,
            Slot::Disk { rows, .. } => *rows,
            Slot::Taken => 0,
        }
    }

    /// Bytes of cells held in memory.
    pub(crate) fn used(&self) -> usize {
        self.used
    }

    /// True when chunks had to go to the temporary file.
    pub(crate) fn spilled(&self) -> bool {
        self.spill.is_some()
    }

    /// Adds a chunk; `elsewhere` bytes of the budget are taken by another store.
    pub(crate) fn push(&mut self, chunk: ChunkData, elsewhere: usize) -> Result<()> {
        let bytes = chunk.bytes();
        if self.used + elsewhere + bytes <= self.budget {
            self.used += bytes;
            self.slots.push(Slot::Memory(Arc::new(chunk)));
            return Ok(());
        }
        let slot = self.on_disk(&chunk)?;
        self.slots.push(slot);
        Ok(())
    }

    /// Writes a chunk to the end of the temporary file.
    fn on_disk(&mut self, chunk: &ChunkData) -> Result<Slot> {
        let mut columns = Vec::with_capacity(chunk.columns.len());
        for column in &chunk.columns {
            columns.push(self.spill(column).map_err(|e| spill_error("could not write", &e))?);
        }
        Ok(Slot::Disk { columns, rows: chunk.rows })
    }

    /// Changes a chunk, which stays where it is: in memory or in the temporary file.
    pub(crate) fn update(
        &mut self,
        position: usize,
        change: impl FnOnce(ChunkData) -> Result<ChunkData>,
    ) -> Result<()> {
        let spilled = matches!(self.slots[position], Slot::Disk { .. });
        let chunk = change(self.take(position)?)?;
        self.slots[position] = match spilled {
            true => self.on_disk(&chunk)?,
            false => {
                self.used += chunk.bytes();
                Slot::Memory(Arc::new(chunk))
            }
        };
        Ok(())
    }

    fn spill(&mut self, column: &Column) -> io::Result<Spot> {
        if self.spill.is_none() {
            self.spill = Some((tempfile::tempfile()?, 0));
        }
        let Some((file, end)) = &mut self.spill else { return Err(io::ErrorKind::NotFound.into()) };
        let encoded = encode(column);
        file.write_all(&encoded)?;
        let spot = Spot { offset: *end, storage: column.storage() };
        *end += encoded.len() as u64;
        Ok(spot)
    }

    /// The chunk at a position, read back when it was spilled.
    pub(crate) fn get(&self, position: usize) -> Result<Arc<ChunkData>> {
        match &self.slots[position] {
            Slot::Memory(chunk) => Ok(Arc::clone(chunk)),
            Slot::Disk { columns, rows } => self.load(columns, *rows).map(Arc::new),
            Slot::Taken => Err(DataError::unreadable("a chunk of the table was already taken")),
        }
    }

    /// The chunk at a position, given away: its memory is free afterwards.
    pub(crate) fn take(&mut self, position: usize) -> Result<ChunkData> {
        match std::mem::replace(&mut self.slots[position], Slot::Taken) {
            Slot::Memory(chunk) => {
                self.used -= chunk.bytes();
                Arc::try_unwrap(chunk)
                    .map_err(|_| DataError::unreadable("a chunk of the table is still in use"))
            }
            Slot::Disk { columns, rows } => self.load(&columns, rows),
            Slot::Taken => Err(DataError::unreadable("a chunk of the table was already taken")),
        }
    }

    /// One row of a chunk, without reading the rest of a spilled chunk.
    pub(crate) fn row(&self, position: usize, row: usize) -> Result<RowCells> {
        match &self.slots[position] {
            Slot::Disk { columns, rows } => {
                let file = self.file()?;
                let cells: io::Result<Vec<Column>> =
                    columns.iter().map(|spot| decode_cell(file, *spot, *rows, row)).collect();
                Ok(RowCells::Owned(cells.map_err(|e| spill_error("could not read", &e))?))
            }
            _ => Ok(RowCells::Shared(self.get(position)?, row)),
        }
    }

    fn load(&self, columns: &[Spot], rows: usize) -> Result<ChunkData> {
        let file = self.file()?;
        let columns: io::Result<Vec<Column>> = columns.iter().map(|spot| decode(file, *spot, rows)).collect();
        Ok(ChunkData { columns: columns.map_err(|e| spill_error("could not read", &e))?, rows })
    }

    fn file(&self) -> Result<&File> {
        let spill = self.spill.as_ref().map(|(file, _)| file);
        spill.ok_or_else(|| DataError::unreadable("the table's temporary file is missing"))
    }
}

fn spill_error(what: &str, error: &io::Error) -> DataError {
    DataError::io(format!("{what} the temporary file of a large table"), std::env::temp_dir(), error)
        .advise("free space in the folder for temporary files (TMPDIR), or allow more memory")
}

fn encode(column: &Column) -> Vec<u8> {
    let mut out = Vec::with_capacity(column.bytes());
    out.extend(column.missing.iter().map(|missing| u8::from(*missing)));
    let ends_then = |out: &mut Vec<u8>, ends: &[u32], block: &[u8]| {
        ends.iter().for_each(|end| out.extend_from_slice(&end.to_le_bytes()));
        out.extend_from_slice(block);
    };
    match &column.values {
        Values::Text { ends, block } => ends_then(&mut out, ends, block.as_bytes()),
        Values::Bytes { ends, block } => ends_then(&mut out, ends, block),
        Values::Integer(v) | Values::Time(v) => {
            v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes()))
        }
        Values::Number(v) => v.iter().for_each(|x| out.extend_from_slice(&x.to_le_bytes())),
        Values::Flag(v) => out.extend(v.iter().map(|x| u8::from(*x))),
    }
    out
}

fn decode(file: &File, spot: Spot, rows: usize) -> io::Result<Column> {
    let missing = read_at(file, spot.offset, rows)?.into_iter().map(|b| b != 0).collect();
    let at = spot.offset + rows as u64;
    let values = match spot.storage {
        Storage::Text | Storage::Bytes => {
            let ends: Vec<u32> = words(&read_at(file, at, rows * 4)?).map(u32::from_le_bytes).collect();
            let block = read_at(file, at + rows as u64 * 4, ends.last().copied().unwrap_or(0) as usize)?;
            blob(spot.storage, ends, block)?
        }
        Storage::Flag => Values::Flag(read_at(file, at, rows)?.into_iter().map(|b| b != 0).collect()),
        storage => wide(storage, &read_at(file, at, rows * 8)?),
    };
    Ok(Column { missing, values })
}

/// The cell of one row as a column of length 1.
fn decode_cell(file: &File, spot: Spot, rows: usize, row: usize) -> io::Result<Column> {
    let missing = vec![read_at(file, spot.offset + row as u64, 1)?[0] != 0];
    let at = spot.offset + rows as u64;
    let values = match spot.storage {
        Storage::Text | Storage::Bytes => {
            let from = row.saturating_sub(1);
            let ends: Vec<u32> = words(&read_at(file, at + from as u64 * 4, (row - from + 1) * 4)?)
                .map(u32::from_le_bytes)
                .collect();
            let end = ends.last().copied().unwrap_or(0);
            let start = if row == 0 { 0 } else { ends[0] };
            let length = end.checked_sub(start).ok_or(io::ErrorKind::InvalidData)?;
            let block = read_at(file, at + rows as u64 * 4 + u64::from(start), length as usize)?;
            blob(spot.storage, vec![length], block)?
        }
        Storage::Flag => Values::Flag(vec![read_at(file, at + row as u64, 1)?[0] != 0]),
        storage => wide(storage, &read_at(file, at + row as u64 * 8, 8)?),
    };
    Ok(Column { missing, values })
}

fn blob(storage: Storage, ends: Vec<u32>, block: Vec<u8>) -> io::Result<Values> {
    Ok(if storage == Storage::Text {
        let block = String::from_utf8(block).map_err(|e| io::Error::new(io::ErrorKind::InvalidData, e))?;
        Values::Text { ends, block }
    } else {
        Values::Bytes { ends, block }
    })
}

fn wide(storage: Storage, bytes: &[u8]) -> Values {
    match storage {
        Storage::Number => Values::Number(words(bytes).map(f64::from_le_bytes).collect()),
        Storage::Time => Values::Time(words(bytes).map(i64::from_le_bytes).collect()),
        _ => Values::Integer(words(bytes).map(i64::from_le_bytes).collect()),
    }
}

fn words<const N: usize>(bytes: &[u8]) -> impl Iterator<Item = [u8; N]> {
    bytes.as_chunks::<N>().0.iter().copied()
}

/// Reads `length` bytes at an offset, leaving no shared file position behind.
fn read_at(file: &File, offset: u64, length: usize) -> io::Result<Vec<u8>> {
    let mut out = vec![0; length];
    crate::source::read_exact_at(file, &mut out, offset)?;
    Ok(out)
}
