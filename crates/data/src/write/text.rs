//! CSV, TSV and JSON.

use super::{OutColumn, OutValues};
use serde::Serializer;
use serde::ser::SerializeMap;
use serde_json::ser::{CompactFormatter, Serializer as JsonSerializer};
use std::io::{self, Write};

/// A header and one line per row, quoted where needed.
pub(super) fn delimited(
    out: &mut dyn Write,
    columns: &[OutColumn],
    rows: usize,
    delimiter: u8,
) -> io::Result<()> {
    let mut writer = csv::WriterBuilder::new().delimiter(delimiter).from_writer(out);
    writer.write_record(columns.iter().map(|column| &column.name))?;
    let mut cell = String::new();
    for row in 0..rows {
        for column in columns {
            cell.clear();
            match &column.values {
                OutValues::Text(v) => cell.push_str(&v[row]),
                OutValues::Number(v) if v[row].is_nan() => {}
                OutValues::Number(v) => cell = v[row].to_string(),
                OutValues::Integer(v) => cell = v[row].to_string(),
            }
            writer.write_field(&cell)?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// One object per row, as an array or a line each. JSON knows no infinities: they are written as texts.
pub(super) fn json(
    mut out: &mut dyn Write,
    columns: &[OutColumn],
    rows: usize,
    array: bool,
) -> io::Result<()> {
    let (open, between, close) = if array { ("[\n", ",\n", "\n]\n") } else { ("", "\n", "\n") };
    out.write_all(open.as_bytes())?;
    for row in 0..rows {
        if row > 0 {
            out.write_all(between.as_bytes())?;
        }
        object(&mut out, columns, row)?;
    }
    if array || rows > 0 { out.write_all(close.as_bytes()) } else { Ok(()) }
}

fn object(out: &mut impl Write, columns: &[OutColumn], row: usize) -> io::Result<()> {
    let mut serializer = JsonSerializer::with_formatter(out, CompactFormatter);
    let mut map = serializer.serialize_map(Some(columns.len()))?;
    for column in columns {
        match &column.values {
            OutValues::Text(v) => map.serialize_entry(&column.name, &v[row])?,
            OutValues::Integer(v) => map.serialize_entry(&column.name, &v[row])?,
            OutValues::Number(v) if v[row].is_infinite() => {
                map.serialize_entry(&column.name, &v[row].to_string())?
            }
            OutValues::Number(v) => map.serialize_entry(&column.name, &v[row])?,
        }
    }
    map.end().map_err(io::Error::from)
}
