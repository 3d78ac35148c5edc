//! What is written reads back the same, and a failure leaves nothing behind.

use crate::{column, columns, folder, open};
use pellucid_data::{ErrorKind, OutColumn, Storage, write_atomic, write_table};
use proptest::prelude::*;
use std::io;

fn sample() -> Vec<OutColumn> {
    vec![
        OutColumn::text("image", ["a,b.png", "say \"hi\"", "ünï\ncode"].map(String::from).to_vec()),
        OutColumn::number("p", vec![0.1 + 0.2, 1e-300, f64::NAN]),
        OutColumn::integer("n", vec![i64::MIN, 0, i64::MAX]),
    ]
}

#[test]
fn every_format_reads_back_the_same() {
    let folder = folder();
    for name in ["a.csv", "a.tsv", "a.json", "a.jsonl", "a.parquet"] {
        let path = folder.path().join(name);
        write_table(&path, &sample()).unwrap();
        let table = open(&path).unwrap();
        assert_eq!(
            columns(&table),
            [("image", Storage::Text), ("p", Storage::Number), ("n", Storage::Integer)],
            "{name}"
        );
        assert_eq!(column(&table, "image"), ["a,b.png", "say \"hi\"", "ünï\ncode"], "{name}");
        assert_eq!(column(&table, "p"), ["0.30000000000000004", "1e-300", "·"], "{name}");
        assert_eq!(column(&table, "n"), ["-9223372036854775808", "0", "9223372036854775807"], "{name}");
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 5, "no temporary files stay");
}

#[test]
fn infinities_survive_every_format() {
    let folder = folder();
    for name in ["a.csv", "a.jsonl", "a.parquet"] {
        let path = folder.path().join(name);
        write_table(&path, &[OutColumn::number("x", vec![f64::INFINITY, f64::NEG_INFINITY, 1.5])]).unwrap();
        assert_eq!(column(&open(&path).unwrap(), "x"), ["inf", "-inf", "1.5"], "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_texts_and_numbers_round_trip(rows in prop::collection::vec(("[a-z,;\"'|ä\\\\]{1,12}", -1e6..1e6_f64), 1..60)) {
        let texts: Vec<String> = rows.iter().map(|(text, _)| format!("_{text}")).collect();
        let numbers: Vec<f64> = rows.iter().map(|(_, number)| number + 0.5e-3).collect();
        let folder = folder();
        for name in ["a.csv", "a.json", "a.parquet"] {
            let path = folder.path().join(name);
            let out = [OutColumn::text("text of it", texts.clone()), OutColumn::number("number", numbers.clone())];
            write_table(&path, &out).unwrap();
            let table = open(&path).unwrap();
            prop_assert_eq!(&column(&table, "text of it"), &texts);
            let expected: Vec<String> = numbers.iter().map(|x| format!("{x:?}")).collect();
            prop_assert_eq!(&column(&table, "number"), &expected);
        }
    }
}

#[test]
fn a_failure_while_writing_leaves_the_old_file_and_nothing_else() {
    let folder = folder();
    let path = folder.path().join("a.csv");
    write_atomic(&path, |out| out.write_all(b"old")).unwrap();
    let full = write_atomic(&path, |out| {
        out.write_all(&[b'x'; 1 << 20])?;
        Err(io::ErrorKind::StorageFull.into())
    });
    let error = full.unwrap_err();
    assert_eq!(error.kind, ErrorKind::Io);
    assert!(error.to_string().contains("a.csv") && error.to_string().contains("free some space"), "{error}");
    assert_eq!(std::fs::read(&path).unwrap(), b"old");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn what_makes_no_sense_is_refused_before_anything_is_written() {
    let folder = folder();
    let path = folder.path().join("a.csv");
    let uneven = [OutColumn::integer("a", vec![1, 2]), OutColumn::integer("b", vec![1])];
    let twice = [OutColumn::integer("a", vec![1]), OutColumn::integer("a", vec![1])];
    for columns in [&uneven, &twice] {
        assert_eq!(write_table(&path, columns).unwrap_err().kind, ErrorKind::Usage);
    }
    assert_eq!(write_table(&folder.path().join("a.xls"), &sample()).unwrap_err().kind, ErrorKind::Usage);
    assert_eq!(
        write_table(&folder.path().join("no/a.csv"), &sample()).unwrap_err().kind,
        ErrorKind::NotFound
    );
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[cfg(unix)]
#[test]
fn written_files_have_ordinary_permissions() {
    use std::os::unix::fs::PermissionsExt;
    let folder = folder();
    let (ours, plain) = (folder.path().join("a.csv"), folder.path().join("b.csv"));
    write_table(&ours, &sample()).unwrap();
    std::fs::write(&plain, "x").unwrap();
    let mode = |path| std::fs::metadata(path).unwrap().permissions().mode();
    assert_eq!(mode(&ours), mode(&plain));
}
