//! Parquet, in row groups of bounded size, compressed with zstd.

use super::{OutColumn, OutValues};
use parquet::basic::{Compression, LogicalType, Repetition, Type as Physical, ZstdLevel};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::ByteArray;
use parquet::errors::ParquetError;
use parquet::file::properties::WriterProperties;
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::types::Type;
use std::io::{self, Write};
use std::sync::Arc;

/// Rows in one row group.
const GROUP_ROWS: usize = 1 << 18;

pub(super) fn write(out: &mut (dyn Write + Send), columns: &[OutColumn], rows: usize) -> io::Result<()> {
    write_groups(out, columns, rows).map_err(io::Error::other)
}

fn write_groups(
    out: &mut (dyn Write + Send),
    columns: &[OutColumn],
    rows: usize,
) -> Result<(), ParquetError> {
    let mut fields = Vec::with_capacity(columns.len());
    for column in columns {
        fields.push(Arc::new(field(column)?));
    }
    let schema = Arc::new(Type::group_type_builder("table").with_fields(fields).build()?);
    let properties =
        WriterProperties::builder().set_compression(Compression::ZSTD(ZstdLevel::default())).build();
    let mut writer = SerializedFileWriter::new(out, schema, Arc::new(properties))?;
    for start in (0..rows).step_by(GROUP_ROWS) {
        let end = rows.min(start + GROUP_ROWS);
        let mut group = writer.next_row_group()?;
        for column in columns {
            let Some(mut open) = group.next_column()? else { break };
            match (open.untyped(), &column.values) {
                (ColumnWriter::ByteArrayColumnWriter(w), OutValues::Text(v)) => {
                    let texts: Vec<ByteArray> =
                        v[start..end].iter().map(|text| text.as_str().into()).collect();
                    w.write_batch(&texts, None, None)?;
                }
                (ColumnWriter::Int64ColumnWriter(w), OutValues::Integer(v)) => {
                    w.write_batch(&v[start..end], None, None)?;
                }
                (ColumnWriter::DoubleColumnWriter(w), OutValues::Number(v)) => {
                    let levels: Vec<i16> = v[start..end].iter().map(|x| i16::from(!x.is_nan())).collect();
                    let present: Vec<f64> = v[start..end].iter().copied().filter(|x| !x.is_nan()).collect();
                    w.write_batch(&present, Some(&levels), None)?;
                }
                _ => return Err(ParquetError::General(format!("column {} changed its type", column.name))),
            }
            open.close()?;
        }
        group.close()?;
    }
    writer.close()?;
    Ok(())
}

fn field(column: &OutColumn) -> Result<Type, ParquetError> {
    let (physical, logical, repetition) = match column.values {
        OutValues::Text(_) => (Physical::BYTE_ARRAY, Some(LogicalType::String), Repetition::REQUIRED),
        OutValues::Number(_) => (Physical::DOUBLE, None, Repetition::OPTIONAL),
        OutValues::Integer(_) => (Physical::INT64, None, Repetition::REQUIRED),
    };
    Type::primitive_type_builder(&column.name, physical)
        .with_logical_type(logical)
        .with_repetition(repetition)
        .build()
}
