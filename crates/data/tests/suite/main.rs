//! The crate from outside: real small files of every format, damaged ones, attacks, and the splits' promises.
#![allow(clippy::unwrap_used, clippy::panic)]

mod archives;
mod collecting;
mod damaged;
mod delimited;
mod folders;
mod jsons;
mod parquets;
mod recboles;
mod refusals;
mod spilling;
mod splitting;
mod writing;

use pellucid_data::{Cell, DataError, OpenOptions, Result, Storage, Table};
use std::io::Write;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is removed at the end of the test.
pub fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file (and the folders above it) below `folder`.
pub fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// Opens one path with the default options.
pub fn open(path: impl AsRef<Path>) -> Result<Table> {
    Table::open(&[path.as_ref().to_owned()], &OpenOptions::default())
}

/// Opens a text as a file of this name.
pub fn open_text(name: &str, text: impl AsRef<[u8]>) -> Result<Table> {
    let folder = folder();
    open(put(&folder, name, text))
}

/// The error of opening, which must fail.
pub fn error(result: Result<Table>) -> DataError {
    match result {
        Ok(table) => panic!("opened as {:?}", table.columns()),
        Err(error) => error,
    }
}

/// Every column as `name: storage`.
pub fn columns(table: &Table) -> Vec<(&str, Storage)> {
    table.columns().iter().map(|column| (column.name.as_str(), column.storage)).collect()
}

/// All cells of a column, written out; missing cells are `·`.
pub fn column(table: &Table, name: &str) -> Vec<String> {
    let position = table.column_index(name).unwrap();
    let mut out = Vec::new();
    for chunk in table.chunks() {
        let chunk = chunk.unwrap();
        assert_eq!(chunk.first_row, out.len());
        out.extend((0..chunk.rows).map(|row| written(chunk.cell(row, position))));
    }
    assert_eq!(out.len(), table.rows());
    for (row, cell) in out.iter().enumerate().step_by(7) {
        assert_eq!(&written(table.cells(row).unwrap().cell(position)), cell, "row {row} read alone");
    }
    out
}

fn written(cell: Cell<'_>) -> String {
    match cell {
        Cell::Missing => "·".to_owned(),
        Cell::Text(text) => text.to_owned(),
        Cell::Integer(x) => x.to_string(),
        Cell::Number(x) => format!("{x:?}"),
        Cell::Flag(x) => x.to_string(),
        Cell::Time(ms) => format!("{ms} ms"),
        Cell::Bytes(bytes) => format!("{bytes:?}"),
    }
}

/// A zip archive of these files.
pub fn zip_of(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    for (name, bytes) in files {
        zip.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        zip.write_all(bytes).unwrap();
    }
    zip.finish().unwrap().into_inner()
}
