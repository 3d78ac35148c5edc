//! Writing tables of predictions: CSV, JSON and Parquet, each file whole or not at all; and files as a zip.

mod parquet;
mod text;
mod zip;

pub use zip::write_zip;

use crate::error::{DataError, Result};
use std::io::{self, Write};
use std::path::Path;

/// A named column to write.
#[derive(Clone, Debug, PartialEq)]
pub struct OutColumn {
    /// The column's name.
    pub name: String,
    /// One value per row.
    pub values: OutValues,
}

/// The values of a column to write. A NaN is written as a missing cell.
#[derive(Clone, Debug, PartialEq)]
pub enum OutValues {
    /// Texts.
    Text(Vec<String>),
    /// Floating point numbers.
    Number(Vec<f64>),
    /// Whole numbers.
    Integer(Vec<i64>),
}

impl OutColumn {
    /// A column of texts.
    pub fn text(name: impl Into<String>, values: Vec<String>) -> Self {
        Self { name: name.into(), values: OutValues::Text(values) }
    }

    /// A column of numbers.
    pub fn number(name: impl Into<String>, values: Vec<f64>) -> Self {
        Self { name: name.into(), values: OutValues::Number(values) }
    }

    /// A column of whole numbers.
    pub fn integer(name: impl Into<String>, values: Vec<i64>) -> Self {
        Self { name: name.into(), values: OutValues::Integer(values) }
    }

    fn len(&self) -> usize {
        match &self.values {
            OutValues::Text(v) => v.len(),
            OutValues::Number(v) => v.len(),
            OutValues::Integer(v) => v.len(),
        }
    }
}

/// Writes a file that appears whole or not at all ([`pellucid_base::write_atomic`]); the error names it.
///
/// # Errors
/// `NotFound` when the folder does not exist, `Io` when writing fails (disk full, no permission).
pub fn write_atomic(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Result<()> {
    pellucid_base::write_atomic(path, fill).map_err(|e| DataError::io("could not write", path, &e))
}

/// Checks, before any work, that [`write_table`] knows the format of a path and finds its folder.
///
/// # Errors
/// `Usage` for another extension, `NotFound` for a folder that does not exist.
pub fn check_output(path: &Path) -> Result<()> {
    if !EXTENSIONS.contains(&extension(path).as_str()) {
        return Err(unknown_format(path));
    }
    let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) else { return Ok(()) };
    let what = match (folder.exists(), folder.is_dir()) {
        (_, true) => return Ok(()),
        (true, false) => format!("`{}` is a file, not a folder", folder.display()),
        (false, _) => format!("the folder `{}` does not exist", folder.display()),
    };
    let error = DataError::not_found(what).in_file(path.display().to_string());
    Err(error.advise("make the folder first, or write to another one"))
}

/// The extensions of the formats that are written.
const EXTENSIONS: [&str; 6] = ["csv", "tsv", "json", "jsonl", "ndjson", "parquet"];

fn extension(path: &Path) -> String {
    path.extension().map(|e| e.to_string_lossy().to_lowercase()).unwrap_or_default()
}

fn unknown_format(path: &Path) -> DataError {
    DataError::usage("the output's format is not known")
        .in_file(path.display().to_string())
        .advise("end the name in .csv, .tsv, .json, .jsonl or .parquet")
}

/// Writes a table in the format of the path's extension: `.csv`, `.tsv`, `.json` (an array of objects), `.jsonl`
/// (one object a line) or `.parquet`. The file appears whole or not at all ([`write_atomic`]).
///
/// # Errors
/// `Usage` for another extension, columns of different lengths or with the same name; `Io` when writing fails.
pub fn write_table(path: &Path, columns: &[OutColumn]) -> Result<()> {
    let rows = checked_rows(columns)?;
    match extension(path).as_str() {
        "csv" => write_atomic(path, |out| text::delimited(out, columns, rows, b',')),
        "tsv" => write_atomic(path, |out| text::delimited(out, columns, rows, b'\t')),
        "json" => write_atomic(path, |out| text::json(out, columns, rows, true)),
        "jsonl" | "ndjson" => write_atomic(path, |out| text::json(out, columns, rows, false)),
        "parquet" => write_atomic(path, |out| parquet::write(out, columns, rows)),
        _ => Err(unknown_format(path)),
    }
}

/// Writes a table as CSV into a stream, such as standard output.
///
/// # Errors
/// `InvalidInput` for columns of different lengths or with the same name; what writing reports.
pub fn write_csv(out: &mut dyn Write, columns: &[OutColumn]) -> io::Result<()> {
    let rows = checked_rows(columns).map_err(|e| io::Error::new(io::ErrorKind::InvalidInput, e))?;
    text::delimited(out, columns, rows, b',')
}

/// The number of rows of all columns, if they fit each other.
fn checked_rows(columns: &[OutColumn]) -> Result<usize> {
    let rows = columns.first().map_or(0, OutColumn::len);
    for (i, column) in columns.iter().enumerate() {
        let usage = |what: &str| DataError::usage(what).in_column(column.name.clone());
        if column.len() != rows {
            let why = format!("it has {} rows, the first column {rows}", column.len());
            return Err(usage("the columns to write differ in length").because(why));
        }
        if columns[..i].iter().any(|earlier| earlier.name == column.name) {
            return Err(usage("two columns to write have the same name"));
        }
    }
    Ok(rows)
}
