//! Parquet. Columns keep the storage that the file states; dates, times and decimals are understood, nested
//! fields become columns `a.b`, lists are kept as JSON text, and pictures stored as `{bytes, path}` as bytes.

use super::Format;
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::source::Source;
use crate::table::{Builder, Cell, Column, Declared, Storage};
use parquet::basic::{ConvertedType, LogicalType, TimeUnit, Type as Physical};
use parquet::column::reader::{ColumnReader, ColumnReaderImpl};
use parquet::data_type::{AsBytes, ByteArray, DataType, FixedLenByteArray, Int96};
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::schema::types::ColumnDescriptor;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// The format; see the module.
pub(super) struct Parquet;

/// Rows decoded at a time; embedded pictures make rows large.
const BATCH_ROWS: usize = 1024;
const MAGIC: &[u8] = b"PAR1";

impl Format for Parquet {
    fn name(&self) -> &'static str {
        "Parquet"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["parquet"]
    }

    fn recognise(&self, _source: &Source, head: &[u8]) -> bool {
        head.starts_with(MAGIC)
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        // The decoder under this checks its input thoroughly but not in every last place; what it trips over there
        // is damage of the file, not a fault of this program.
        let read = catch_unwind(AssertUnwindSafe(|| read_file(source, into)));
        read.unwrap_or_else(|_| Err(broken(source, "its contents contradict each other")))?;
        Ok(None)
    }
}

fn broken(source: &Source, why: impl ToString) -> DataError {
    DataError::unreadable("the Parquet file is damaged")
        .in_file(source.label())
        .because(why.to_string())
        .advise("get or write the file again")
}

/// A leaf column that is read, and the table's column it goes to.
struct Leaf {
    position: usize,
    column: usize,
    meaning: Meaning,
    list: bool,
}

fn read_file(source: &Source, into: &mut Builder) -> Result<()> {
    let damaged = |e: ParquetError| broken(source, e);
    let reader = SerializedFileReader::new(source.file()?).map_err(damaged)?;
    let schema = reader.metadata().file_metadata().schema_descr();
    into.note(format!("Parquet, {} row groups", reader.num_row_groups()));
    let mut leaves = Vec::new();
    for (position, leaf) in schema.columns().iter().enumerate() {
        let Some(name) = name_of(leaf, schema.columns(), into) else { continue };
        let list = leaf.max_rep_level() > 0;
        let meaning = Meaning::of(leaf);
        let storage = if list { Storage::Text } else { meaning.storage() };
        let column = into.column(&name, Declared::As(storage))?;
        leaves.push(Leaf { position, column, meaning, list });
    }
    if leaves.is_empty() {
        return Err(
            DataError::refused("the Parquet file has no columns that can be used").in_file(source.label())
        );
    }
    let mut number = 0;
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        let mut columns = Vec::with_capacity(leaves.len());
        for leaf in &leaves {
            columns.push(group.get_column_reader(leaf.position).map_err(damaged)?);
        }
        let mut left = usize::try_from(group.metadata().num_rows()).map_err(|e| broken(source, e))?;
        while left > 0 && !into.is_full() {
            let rows = left.min(BATCH_ROWS);
            let mut batch = Vec::with_capacity(leaves.len());
            for (leaf, reader) in leaves.iter().zip(&mut columns) {
                let descriptor = schema.column(leaf.position);
                let cells = decode(reader, leaf, &descriptor, rows).map_err(|why| {
                    broken(source, why).at_row(number + 1).in_column(descriptor.path().string())
                })?;
                batch.push(cells);
            }
            for row in 0..rows {
                for (leaf, cells) in leaves.iter().zip(&batch) {
                    into.set(leaf.column, cells.cell(row))?;
                }
                number += 1;
                into.end_row(number)?;
            }
            left -= rows;
        }
    }
    Ok(())
}

/// The table's name for a leaf; nothing when it is left aside, which is noted.
fn name_of(
    leaf: &ColumnDescriptor,
    all: &[std::sync::Arc<ColumnDescriptor>],
    into: &mut Builder,
) -> Option<String> {
    const WRAPPERS: [&str; 6] = ["list", "element", "item", "bag", "array", "array_element"];
    let path = leaf.path().parts();
    let (root, inner) = path.split_first()?;
    let full = path.join(".");
    if leaf.max_rep_level() > 1 {
        into.note(format!("column `{full}` is a list of lists: left aside"));
        return None;
    }
    if leaf.max_rep_level() == 1 {
        if Meaning::of(leaf).storage() == Storage::Bytes {
            into.note(format!("column `{full}` is a list of raw bytes: left aside"));
            return None;
        }
        let inner: Vec<&str> =
            inner.iter().map(String::as_str).filter(|part| !WRAPPERS.contains(part)).collect();
        return Some([&[root.as_str()], inner.as_slice()].concat().join("."));
    }
    let siblings = all.iter().filter(|other| other.path().parts().first() == Some(root)).count();
    let has = |field: &str| all.iter().any(|other| other.path().parts() == [root.as_str(), field]);
    if siblings == 2 && has("bytes") && has("path") {
        if inner == ["path"] {
            into.note(format!("`{root}` holds whole files; the names inside (`{full}`) are left aside"));
            return None;
        }
        return Some(root.clone());
    }
    Some(full)
}

/// What the stored values mean.
#[derive(Clone, Copy)]
enum Meaning {
    Flag,
    Integer,
    Unsigned,
    Number,
    Half,
    Text,
    Uuid,
    Bytes,
    Days,
    /// Ticks in a second.
    Ticks(i64),
    /// Digits after the point.
    Decimal(i32),
}

impl Meaning {
    fn of(leaf: &ColumnDescriptor) -> Self {
        let per_second = |unit: &TimeUnit| match unit {
            TimeUnit::MILLIS => 1_000,
            TimeUnit::MICROS => 1_000_000,
            TimeUnit::NANOS => 1_000_000_000,
        };
        let physical = leaf.physical_type();
        match (physical, leaf.logical_type_ref(), leaf.converted_type()) {
            (Physical::BOOLEAN, ..) => Meaning::Flag,
            (Physical::INT96, ..) => Meaning::Ticks(1_000),
            (Physical::FLOAT | Physical::DOUBLE, ..) => Meaning::Number,
            (_, Some(LogicalType::Decimal(decimal)), _) => Meaning::Decimal(decimal.scale),
            (_, _, ConvertedType::DECIMAL) => Meaning::Decimal(leaf.type_scale()),
            (Physical::INT32, Some(LogicalType::Date), _) | (Physical::INT32, _, ConvertedType::DATE) => {
                Meaning::Days
            }
            (Physical::INT64, Some(LogicalType::Timestamp(time)), _) => {
                Meaning::Ticks(per_second(&time.unit))
            }
            (Physical::INT64, _, ConvertedType::TIMESTAMP_MILLIS) => Meaning::Ticks(1_000),
            (Physical::INT64, _, ConvertedType::TIMESTAMP_MICROS) => Meaning::Ticks(1_000_000),
            (Physical::INT32 | Physical::INT64, Some(LogicalType::Integer(integer)), _)
                if !integer.is_signed =>
            {
                Meaning::Unsigned
            }
            (Physical::INT32, _, ConvertedType::UINT_32) | (Physical::INT64, _, ConvertedType::UINT_64) => {
                Meaning::Unsigned
            }
            (Physical::INT32 | Physical::INT64, ..) => Meaning::Integer,
            (_, Some(LogicalType::String | LogicalType::Enum | LogicalType::Json), _)
            | (_, _, ConvertedType::UTF8 | ConvertedType::ENUM | ConvertedType::JSON) => Meaning::Text,
            (_, Some(LogicalType::Uuid), _) => Meaning::Uuid,
            (_, Some(LogicalType::Float16), _) => Meaning::Half,
            _ => Meaning::Bytes,
        }
    }

    fn storage(self) -> Storage {
        match self {
            Meaning::Flag => Storage::Flag,
            Meaning::Integer | Meaning::Unsigned => Storage::Integer,
            Meaning::Number | Meaning::Half | Meaning::Decimal(_) => Storage::Number,
            Meaning::Text | Meaning::Uuid => Storage::Text,
            Meaning::Bytes => Storage::Bytes,
            Meaning::Days | Meaning::Ticks(_) => Storage::Time,
        }
    }
}

/// Decodes the next `rows` rows of a leaf.
fn decode(
    reader: &mut ColumnReader,
    leaf: &Leaf,
    of: &ColumnDescriptor,
    rows: usize,
) -> std::result::Result<Column, String> {
    match reader {
        ColumnReader::BoolColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::Int32ColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::Int64ColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::Int96ColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::FloatColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::DoubleColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::ByteArrayColumnReader(r) => batch(r, leaf, of, rows),
        ColumnReader::FixedLenByteArrayColumnReader(r) => batch(r, leaf, of, rows),
    }
}

fn batch<T: DataType>(
    reader: &mut ColumnReaderImpl<T>,
    leaf: &Leaf,
    of: &ColumnDescriptor,
    rows: usize,
) -> std::result::Result<Column, String>
where
    T::T: Value,
{
    let (mut values, mut defined, mut repeated) = (Vec::new(), Vec::new(), Vec::new());
    let mut read = 0;
    while read < rows {
        let (records, _, _) = reader
            .read_records(rows - read, Some(&mut defined), Some(&mut repeated), &mut values)
            .map_err(|e| e.to_string())?;
        if records == 0 {
            return Err("the column ends before its row group".to_owned());
        }
        read += records;
    }
    let mut values = values.iter();
    let mut scratch = String::new();
    let mut out = Column::new(if leaf.list { Storage::Text } else { leaf.meaning.storage() });
    if leaf.list {
        lists(&mut values, &defined, &repeated, leaf.meaning, of, &mut out)?;
    } else {
        let full = of.max_def_level();
        for row in 0..rows {
            let present = full == 0 || defined.get(row).copied() == Some(full);
            let cell = match present {
                true => values.next().ok_or("values are missing")?.cell(leaf.meaning, &mut scratch)?,
                false => Cell::Missing,
            };
            out.push(cell)?;
        }
    }
    if out.len() == rows { Ok(out) } else { Err("the lists of the column do not match its rows".to_owned()) }
}

/// Assembles lists from their levels (Dremel, Melnik et al. 2010) and writes each as JSON.
fn lists<'a, V: Value + 'a>(
    values: &mut impl Iterator<Item = &'a V>,
    defined: &[i16],
    repeated: &[i16],
    meaning: Meaning,
    of: &ColumnDescriptor,
    out: &mut Column,
) -> std::result::Result<(), String> {
    let element_from = of.repeated_ancestor_def_level();
    let mut list: Option<Vec<serde_json::Value>> = None;
    let mut scratch = String::new();
    let close = |list: Option<Vec<serde_json::Value>>, out: &mut Column| match list {
        Some(list) => out.push(Cell::Text(&serde_json::Value::Array(list).to_string())),
        None => out.push(Cell::Missing),
    };
    for (i, (level, repeat)) in defined.iter().zip(repeated).enumerate() {
        if *repeat == 0 {
            if i > 0 {
                close(list.take(), out)?;
            }
            list = (*level + 1 >= element_from).then(Vec::new);
        }
        if *level < element_from {
            continue;
        }
        let element = if *level == of.max_def_level() {
            json(values.next().ok_or("values are missing")?.cell(meaning, &mut scratch)?)
        } else {
            serde_json::Value::Null
        };
        list.get_or_insert_default().push(element);
    }
    if defined.is_empty() { Ok(()) } else { close(list, out) }
}

fn json(cell: Cell<'_>) -> serde_json::Value {
    match cell {
        Cell::Missing | Cell::Bytes(_) => serde_json::Value::Null,
        Cell::Text(text) => text.into(),
        Cell::Integer(x) | Cell::Time(x) => x.into(),
        Cell::Number(x) => x.into(),
        Cell::Flag(x) => x.into(),
    }
}

/// A cell, or why it cannot be held.
type Held<'a> = std::result::Result<Cell<'a>, String>;

/// A stored value as a cell; says why it cannot be one.
trait Value {
    fn cell<'a>(&'a self, meaning: Meaning, scratch: &'a mut String) -> Held<'a>;
}

impl Value for bool {
    fn cell<'a>(&'a self, _: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(Cell::Flag(*self))
    }
}

impl Value for i32 {
    fn cell<'a>(&'a self, meaning: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(match meaning {
            Meaning::Unsigned => Cell::Integer(i64::from(self.cast_unsigned())),
            Meaning::Days => Cell::Time(i64::from(*self) * 86_400_000),
            Meaning::Decimal(scale) => Cell::Number(f64::from(*self) / 10_f64.powi(scale)),
            _ => Cell::Integer(i64::from(*self)),
        })
    }
}

impl Value for i64 {
    fn cell<'a>(&'a self, meaning: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(match meaning {
            Meaning::Unsigned if *self < 0 => {
                return Err(format!("{} does not fit a signed 64-bit number", self.cast_unsigned()));
            }
            Meaning::Ticks(per_second) => Cell::Time(self.div_euclid(per_second / 1_000)),
            Meaning::Decimal(scale) => Cell::Number(*self as f64 / 10_f64.powi(scale)),
            _ => Cell::Integer(*self),
        })
    }
}

impl Value for Int96 {
    fn cell<'a>(&'a self, _: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(Cell::Time(self.to_millis()))
    }
}

impl Value for f32 {
    fn cell<'a>(&'a self, _: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(Cell::Number(f64::from(*self)))
    }
}

impl Value for f64 {
    fn cell<'a>(&'a self, _: Meaning, _: &'a mut String) -> Held<'a> {
        Ok(Cell::Number(*self))
    }
}

impl Value for ByteArray {
    fn cell<'a>(&'a self, meaning: Meaning, scratch: &'a mut String) -> Held<'a> {
        bytes_cell(self.as_bytes(), meaning, scratch)
    }
}

impl Value for FixedLenByteArray {
    fn cell<'a>(&'a self, meaning: Meaning, scratch: &'a mut String) -> Held<'a> {
        bytes_cell(self.as_bytes(), meaning, scratch)
    }
}

fn bytes_cell<'a>(bytes: &'a [u8], meaning: Meaning, scratch: &'a mut String) -> Held<'a> {
    Ok(match meaning {
        Meaning::Text => Cell::Text(std::str::from_utf8(bytes).map_err(|_| "a text is not valid UTF-8")?),
        Meaning::Uuid => {
            *scratch = pellucid_base::hex(bytes);
            Cell::Text(scratch)
        }
        Meaning::Half => {
            Cell::Number(half(bytes.try_into().map_err(|_| "a 16-bit number has another length")?))
        }
        Meaning::Decimal(scale) => {
            if bytes.len() > 16 {
                return Err("a decimal has more than 38 digits".to_owned());
            }
            let sign = if bytes.first().is_some_and(|byte| byte & 0x80 != 0) { -1 } else { 0 };
            let unscaled = bytes.iter().fold(sign, |number: i128, byte| (number << 8) | i128::from(*byte));
            Cell::Number(unscaled as f64 / 10_f64.powi(scale))
        }
        _ => Cell::Bytes(bytes),
    })
}

/// An IEEE 754 half-precision number, little-endian.
fn half(bytes: [u8; 2]) -> f64 {
    let bits = u16::from_le_bytes(bytes);
    let sign = if bits >> 15 == 1 { -1.0 } else { 1.0 };
    let (exponent, fraction) = (i32::from(bits >> 10 & 0x1f), f64::from(bits & 0x3ff) / 1024.0);
    sign * match exponent {
        0 => fraction * 2_f64.powi(-14),
        31 if fraction == 0.0 => f64::INFINITY,
        31 => f64::NAN,
        _ => (1.0 + fraction) * 2_f64.powi(exponent - 15),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_reference_values() {
        for (bits, value) in [
            (0x3c00_u16, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 2_f64.powi(-24)),
            (0x3555, 0.333_251_953_125),
            (0x7c00, f64::INFINITY),
        ] {
            assert_eq!(half(bits.to_le_bytes()), value, "{bits:#x}");
        }
        assert!(half(0x7e00_u16.to_le_bytes()).is_nan());
    }

    #[test]
    fn decimals_are_big_endian_twos_complement() {
        let number =
            |bytes: &[u8], scale| match bytes_cell(bytes, Meaning::Decimal(scale), &mut String::new()) {
                Ok(Cell::Number(x)) => x,
                other => f64::from_bits(other.is_err() as u64),
            };
        assert_eq!(number(&[0x30, 0x39], 2), 123.45);
        assert_eq!(number(&[0xff, 0xff], 0), -1.0);
        assert_eq!(number(&[0xcf, 0xc7], 2), -123.45);
    }
}
