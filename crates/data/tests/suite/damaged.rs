//! Damaged files of every format: reading ends with a table or an error, never with a panic.

use crate::{folder, put, zip_of};
use pellucid_data::{OpenOptions, OutColumn, Table, write_table};
use std::path::Path;

/// Opens and, when that works, reads everything.
fn try_all(path: &Path) {
    let options = OpenOptions { skip_share: 0.5, ..OpenOptions::default() };
    let Ok(table) = Table::open(&[path.to_owned()], &options) else { return };
    for chunk in table.chunks() {
        assert!(chunk.unwrap().rows > 0);
    }
    if let Some(files) = table.files() {
        for name in files.list() {
            assert!(files.read(name).is_ok_and(|bytes| bytes.len() < 1 << 20) || files.read(name).is_err());
        }
    }
}

/// Truncates at every 64th byte and flips single bits all over the file.
fn damage(name: &str, bytes: &[u8]) {
    let folder = folder();
    for end in (0..bytes.len()).step_by(64) {
        try_all(&put(&folder, name, &bytes[..end]));
    }
    let step = (bytes.len() / 200).max(1);
    for (i, at) in (0..bytes.len()).step_by(step).enumerate() {
        let mut flipped = bytes.to_vec();
        flipped[at] ^= 1 << (i % 8);
        try_all(&put(&folder, name, &flipped));
    }
}

fn rows() -> Vec<OutColumn> {
    vec![
        OutColumn::text("word", (0..300).map(|i| format!("wörd {}", i % 17)).collect()),
        OutColumn::number(
            "x",
            (0..300).map(|i| if i % 5 == 0 { f64::NAN } else { f64::from(i) / 3.0 }).collect(),
        ),
        OutColumn::integer("n", (0..300).map(|i| i * i).collect()),
    ]
}

fn written(name: &str) -> Vec<u8> {
    let folder = folder();
    let path = folder.path().join(name);
    write_table(&path, &rows()).unwrap();
    std::fs::read(path).unwrap()
}

#[test]
fn csv() {
    damage("a.csv", &written("a.csv"));
}

#[test]
fn recbole() {
    let rows = (0..300).map(|i| format!("wörd {}\t{}\t{} {}\n", i % 17, f64::from(i) / 3.0, i % 5, i % 7));
    let text =
        ["word:token\tx:float\twords:token_seq\n".to_owned()].into_iter().chain(rows).collect::<String>();
    damage("a.inter", text.as_bytes());
}

#[test]
fn utf16() {
    let text = String::from_utf8(written("a.csv")).unwrap();
    let bytes: Vec<u8> = [0xfeff].into_iter().chain(text.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    damage("a.csv", &bytes);
}

#[test]
fn json_lines() {
    damage("a.jsonl", &written("a.jsonl"));
}

#[test]
fn json_array() {
    damage("a.json", &written("a.json"));
}

/// The decoder under the Parquet format panics on some of these; that must arrive as an error.
#[test]
fn parquet() {
    let bytes = written("a.parquet");
    damage("a.parquet", &bytes);
    let folder = folder();
    for at in (0..32).chain(bytes.len() - 32..bytes.len()) {
        for bit in 0..8 {
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << bit;
            try_all(&put(&folder, "a.parquet", &flipped));
        }
    }
}

#[test]
fn zip_archive() {
    let csv = written("a.csv");
    damage("a.zip", &zip_of(&[("train.csv", &csv), ("test.csv", &csv)]));
    let names: Vec<String> = (0..12).map(|i| format!("class{}/{i}.png", i % 3)).collect();
    let files: Vec<(&str, &[u8])> = names.iter().map(|name| (name.as_str(), &csv[..200])).collect();
    damage("b.zip", &zip_of(&files));
}
