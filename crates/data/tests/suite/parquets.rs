//! Parquet with the types that other programs write.

use crate::{column, columns, folder, open};
use parquet::basic::{LogicalType, Repetition, TimeUnit, Type as Physical};
use parquet::column::writer::ColumnWriter;
use parquet::data_type::{ByteArray, FixedLenByteArray};
use parquet::file::writer::SerializedFileWriter;
use parquet::schema::parser::parse_message_type;
use parquet::schema::types::Type;
use pellucid_data::{ErrorKind, Storage, Table};
use std::sync::Arc;

/// Values and definition and repetition levels of a leaf.
enum Leaf {
    Bool(Vec<bool>, Vec<i16>),
    Int32(Vec<i32>, Vec<i16>),
    Int64(Vec<i64>, Vec<i16>),
    Bytes(Vec<&'static [u8]>, Vec<i16>, Vec<i16>),
    Fixed(Vec<Vec<u8>>, Vec<i16>),
}

fn write(schema: Type, leaves: &[Leaf]) -> tempfile::TempDir {
    let folder = folder();
    let file = std::fs::File::create(folder.path().join("a.parquet")).unwrap();
    let mut writer = SerializedFileWriter::new(file, Arc::new(schema), Arc::default()).unwrap();
    let mut group = writer.next_row_group().unwrap();
    for leaf in leaves {
        let mut open = group.next_column().unwrap().unwrap();
        match (open.untyped(), leaf) {
            (ColumnWriter::BoolColumnWriter(w), Leaf::Bool(v, d)) => w.write_batch(v, Some(d), None),
            (ColumnWriter::Int32ColumnWriter(w), Leaf::Int32(v, d)) => w.write_batch(v, Some(d), None),
            (ColumnWriter::Int64ColumnWriter(w), Leaf::Int64(v, d)) => w.write_batch(v, Some(d), None),
            (ColumnWriter::ByteArrayColumnWriter(w), Leaf::Bytes(v, d, r)) => {
                let values: Vec<ByteArray> = v.iter().map(|bytes| (*bytes).into()).collect();
                w.write_batch(&values, Some(d), Some(r))
            }
            (ColumnWriter::FixedLenByteArrayColumnWriter(w), Leaf::Fixed(v, d)) => {
                let values: Vec<FixedLenByteArray> = v.iter().map(|bytes| bytes.clone().into()).collect();
                w.write_batch(&values, Some(d), None)
            }
            _ => panic!("the test's leaves do not match its schema"),
        }
        .unwrap();
        open.close().unwrap();
    }
    group.close().unwrap();
    writer.close().unwrap();
    folder
}

fn table(folder: &tempfile::TempDir) -> Table {
    open(folder.path().join("a.parquet")).unwrap()
}

#[test]
fn dates_times_decimals_flags_and_unsigned_numbers() {
    let schema = parse_message_type(
        "message t {
            OPTIONAL BOOLEAN flag;
            OPTIONAL INT32 day (DATE);
            OPTIONAL INT64 at (TIMESTAMP_MICROS);
            OPTIONAL INT32 price (DECIMAL(9, 2));
            OPTIONAL INT32 big (UINT_32);
            OPTIONAL FIXED_LEN_BYTE_ARRAY (5) sum (DECIMAL(11, 3));
        }",
    )
    .unwrap();
    let levels = || vec![1, 0, 1];
    let folder = write(
        schema,
        &[
            Leaf::Bool(vec![true, false], levels()),
            Leaf::Int32(vec![19_753, -1], levels()),
            Leaf::Int64(vec![1_706_659_200_123_456, -1], levels()),
            Leaf::Int32(vec![1999, -5], levels()),
            Leaf::Int32(vec![-1, 7], levels()),
            Leaf::Fixed(vec![vec![0, 0, 0, 4, 210], vec![255, 255, 255, 255, 255]], levels()),
        ],
    );
    let table = table(&folder);
    let storages: Vec<Storage> = columns(&table).into_iter().map(|(_, storage)| storage).collect();
    use Storage::{Flag, Integer, Number, Time};
    assert_eq!(storages, [Flag, Time, Time, Number, Integer, Number]);
    assert_eq!(column(&table, "flag"), ["true", "·", "false"]);
    assert_eq!(column(&table, "day"), ["1706659200000 ms", "·", "-86400000 ms"]);
    assert_eq!(column(&table, "at"), ["1706659200123 ms", "·", "-1 ms"]);
    assert_eq!(column(&table, "price"), ["19.99", "·", "-0.05"]);
    assert_eq!(column(&table, "big"), ["4294967295", "·", "7"]);
    assert_eq!(column(&table, "sum"), ["1.234", "·", "-0.001"]);
}

#[test]
fn nanoseconds_by_logical_type() {
    let time = Type::primitive_type_builder("at", Physical::INT64)
        .with_logical_type(Some(LogicalType::timestamp(true, TimeUnit::NANOS)))
        .with_repetition(Repetition::OPTIONAL)
        .build()
        .unwrap();
    let schema = Type::group_type_builder("t").with_fields(vec![Arc::new(time)]).build().unwrap();
    let folder = write(schema, &[Leaf::Int64(vec![1_500_000_000_999_999_999], vec![1])]);
    assert_eq!(column(&table(&folder), "at"), ["1500000000999 ms"]);
}

#[test]
fn pictures_as_bytes_with_a_path_and_nested_fields() {
    let schema = parse_message_type(
        "message t {
            OPTIONAL GROUP image { OPTIONAL BINARY bytes; OPTIONAL BINARY path (UTF8); }
            OPTIONAL GROUP who { OPTIONAL BINARY name (UTF8); OPTIONAL INT32 age; }
        }",
    )
    .unwrap();
    let folder = write(
        schema,
        &[
            Leaf::Bytes(vec![b"\x89PNG", b""], vec![2, 2, 0], vec![0; 3]),
            Leaf::Bytes(vec![b"1.png"], vec![2, 1, 0], vec![0; 3]),
            Leaf::Bytes(vec![b"Ann", b"007"], vec![2, 1, 2], vec![0; 3]),
            Leaf::Int32(vec![40], vec![2, 1, 0]),
        ],
    );
    let table = table(&folder);
    assert_eq!(
        columns(&table),
        [("image", Storage::Bytes), ("who.name", Storage::Text), ("who.age", Storage::Integer)]
    );
    assert_eq!(column(&table, "image"), ["[137, 80, 78, 71]", "[]", "·"]);
    assert_eq!(column(&table, "who.name"), ["Ann", "·", "007"]);
    assert!(table.notes().iter().any(|note| note.contains("`image.path`")));
}

#[test]
fn lists_become_json_text() {
    let schema = parse_message_type(
        "message t { OPTIONAL GROUP tags (LIST) { REPEATED GROUP list { OPTIONAL BINARY element (UTF8); } } }",
    )
    .unwrap();
    // ["a", "b"], null, [], ["c", null]
    let levels = vec![3, 3, 0, 1, 3, 2];
    let folder = write(schema, &[Leaf::Bytes(vec![b"a", b"b", b"c"], levels, vec![0, 1, 0, 0, 0, 1])]);
    let table = table(&folder);
    assert_eq!(column(&table, "tags"), [r#"["a","b"]"#, "·", "[]", r#"["c",null]"#]);
}

#[test]
fn texts_that_are_no_utf8_name_row_and_column() {
    let schema = parse_message_type("message t { OPTIONAL BINARY word (UTF8); }").unwrap();
    let folder = write(schema, &[Leaf::Bytes(vec![b"ok", b"\xff\xfe"], vec![1, 1], vec![0; 2])]);
    let error = open(folder.path().join("a.parquet")).unwrap_err();
    assert_eq!(error.kind, ErrorKind::Unreadable);
    assert!(error.to_string().contains("column `word`") && error.to_string().contains("UTF-8"), "{error}");
}

#[test]
fn parquet_and_csv_of_the_same_columns_join() {
    let schema = parse_message_type("message t { OPTIONAL INT32 x; OPTIONAL BINARY y (UTF8); }").unwrap();
    let folder = write(
        schema,
        &[Leaf::Int32(vec![1, 2], vec![1, 1]), Leaf::Bytes(vec![b"5", b"b"], vec![1, 1], vec![0; 2])],
    );
    std::fs::rename(folder.path().join("a.parquet"), folder.path().join("train.parquet")).unwrap();
    std::fs::write(folder.path().join("test.csv"), "x,y\n2.5,6\n3,7\n").unwrap();
    let table = open(folder.path()).unwrap();
    assert_eq!(columns(&table), [("x", Storage::Number), ("y", Storage::Text)]);
    assert_eq!(column(&table, "x"), ["1.0", "2.0", "2.5", "3.0"]);
    assert_eq!(column(&table, "y"), ["5", "b", "6", "7"]);
}
