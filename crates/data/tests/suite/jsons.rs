//! JSON lines and JSON documents.

use crate::{column, columns, error, open_text};
use pellucid_data::{ErrorKind, Storage};

const LINES: &str = r#"{"id": 1, "name": "Ann", "where": {"city": "Ghent", "zip": "09000"}, "tags": ["a", "b"]}

{"id": 2.5, "name": null, "where": {"city": "Bonn"}, "late": true}
"#;

#[test]
fn lines_with_nested_and_absent_fields() {
    let table = open_text("a.jsonl", LINES).unwrap();
    assert_eq!(
        columns(&table),
        [
            ("id", Storage::Number),
            ("name", Storage::Text),
            ("where.city", Storage::Text),
            ("where.zip", Storage::Text),
            ("tags", Storage::Text),
            ("late", Storage::Flag),
        ]
    );
    assert_eq!(column(&table, "id"), ["1.0", "2.5"]);
    assert_eq!(column(&table, "where.zip"), ["09000", "·"]);
    assert_eq!(column(&table, "tags"), [r#"["a","b"]"#, "·"]);
    assert_eq!(column(&table, "late"), ["·", "true"]);
    assert_eq!(table.place(1).row, Some(3), "the line in the file");
}

#[test]
fn arrays_and_documents_that_hold_an_array() {
    let rows = r#"[{"x": 1, "y": "a"}, {"x": 2, "y": "b"}]"#;
    let wrapped = format!("{{\n  \"version\": 1,\n  \"data\": {rows}\n}}");
    for (name, text) in
        [("a.json", rows.to_owned()), ("b.json", wrapped), ("c.json", format!("\u{feff}{rows}"))]
    {
        let table = open_text(name, text).unwrap();
        assert_eq!(column(&table, "x"), ["1", "2"], "{name}");
        assert_eq!(column(&table, "y"), ["a", "b"], "{name}");
    }
}

#[test]
fn large_whole_numbers_survive_and_larger_ones_stay_text() {
    let table = open_text("a.jsonl", "{\"a\": 9007199254740993, \"b\": 123456789012345678901234}\n").unwrap();
    assert_eq!(column(&table, "a"), ["9007199254740993"]);
    assert_eq!(columns(&table)[0].1, Storage::Integer);
}

#[test]
fn a_broken_line_is_skipped_with_its_number() {
    let text = format!("{}{{\"x\" 2}}\n", "{\"x\": 1}\n".repeat(200));
    let table = open_text("a.jsonl", &text).unwrap();
    assert_eq!(table.rows(), 200);
    assert_eq!(table.skipped()[0].place.row, Some(201));
    assert!(table.skipped()[0].why.contains("line 201, column 6"), "{}", table.skipped()[0].why);

    let error = error(open_text("a.jsonl", "{\"x\": 1}\n[1]\n{\"x\": 2}\n{\"x\"\n"));
    assert_eq!((error.kind, error.place.row), (ErrorKind::Refused, Some(2)));
    assert!(error.to_string().contains("2 of 4 rows"), "{error}");
}

#[test]
fn broken_documents_name_line_and_column() {
    let broken = error(open_text("a.json", "[{\"x\": 1},\n {\"x\": }]"));
    assert_eq!(broken.kind, ErrorKind::Unreadable);
    assert!(broken.to_string().contains("line 2 column 8"), "{broken}");
    let cut = error(open_text("a.json", "[{\"x\": 1},\n {\"x\": 2}"));
    assert!(cut.to_string().contains("EOF"), "{cut}");
    let single = error(open_text("a.json", "{\n\"x\": 1\n}\n"));
    assert!(single.to_string().contains("holds no table"), "{single}");
    let deep = error(open_text("a.json", "[".repeat(100_000)));
    assert!(deep.to_string().contains("recursion limit"), "{deep}");
    let scalar = error(open_text("a.json", "42"));
    assert!(scalar.to_string().contains("neither an object nor an array"), "{scalar}");
}
