//! The crate from outside: what columns are taken for and why, what preparation learns and from which rows, pictures
//! and sounds of every format, and that every kind keeps the same promises.
#![allow(clippy::unwrap_used, clippy::panic)]

mod pictures;
mod preparation;
mod recognition;
mod registry;
mod rows;
mod sounds;

use pellucid_data::{OpenOptions, Table};
use pellucid_kinds::{Encoder, FitContext, Prepared, Record, Role, TrainingCells, kind};
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// A folder that is removed at the end of the test.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file (and the folders above it) below `folder`.
fn put(folder: &TempDir, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.path().join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

fn open(path: impl AsRef<Path>) -> Table {
    Table::open(&[path.as_ref().to_owned()], &OpenOptions::default()).unwrap()
}

/// A table from the text of a CSV file.
fn csv(text: &str) -> Table {
    let folder = folder();
    open(put(&folder, "table.csv", text))
}

/// A CSV file with a header and one line for each row.
fn lines(header: &str, rows: usize, line: impl Fn(usize) -> String) -> String {
    (0..rows).fold(format!("{header}\n"), |text, row| text + &line(row) + "\n")
}

/// Fits a column as a kind on the rows that are training rows.
fn fit(
    table: &Table,
    column: &str,
    kind_name: &str,
    role: Role,
    is_training: &dyn Fn(usize) -> bool,
) -> pellucid_data::Result<Box<dyn Prepared>> {
    let cells = TrainingCells::new(table, table.column_index(column).unwrap(), is_training);
    kind(kind_name).unwrap().fit(
        &cells,
        &FitContext {
            files: table.files(),
            role,
            max_side: 64,
            enlarge: false,
            max_seconds: 1.0,
            vocabulary: None,
        },
    )
}

/// Fits input columns on all rows.
fn encoder(table: &Table, inputs: &[(&str, &'static str)], targets: &[(&str, &'static str)]) -> Encoder {
    let all = |columns: &[(&str, &'static str)], role| {
        let one = |&(column, kind): &(&str, &'static str)| {
            (column.to_owned(), kind, fit(table, column, kind, role, &|_| true).unwrap())
        };
        columns.iter().map(one).collect()
    };
    Encoder { inputs: all(inputs, Role::Input), targets: all(targets, Role::Target) }
}

/// All records of a table, and the memory they may use before they go to a file.
fn records(encoder: &Encoder, table: &Table, memory: usize) -> (Vec<Record>, bool) {
    let examples = encoder.encode(table, &|_| true, memory, &mut |_| ()).unwrap();
    let read = |i| {
        let mut record = Record::default();
        examples.read(i, &mut record).unwrap();
        record
    };
    ((0..examples.len()).map(read).collect(), examples.spilled())
}
