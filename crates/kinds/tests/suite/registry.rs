//! Every kind is listed, and all keep the same promises.

use crate::{fit, folder, lines, open, put};
use pellucid_data::{Cell, Table};
use pellucid_kinds::{KINDS, Prepared, Record, Role, kind};
use std::collections::BTreeSet;
use std::path::Path;
use tempfile::TempDir;

#[test]
fn every_folder_of_the_source_is_a_listed_kind() {
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let entries = std::fs::read_dir(source).unwrap().map(|e| e.unwrap());
    let folders: BTreeSet<String> = entries
        .filter(|e| e.file_type().unwrap().is_dir())
        .map(|e| e.file_name().into_string().unwrap())
        .collect();
    let listed: BTreeSet<String> = KINDS.iter().map(|k| k.name().to_owned()).collect();
    assert_eq!(folders, listed);
    assert_eq!(listed.len(), KINDS.len(), "no name is used twice");
}

#[test]
fn kinds_are_found_by_name_and_near_misses_are_named() {
    for k in KINDS {
        assert_eq!(kind(k.name()).unwrap().name(), k.name());
        assert!(!k.about().is_empty() && !k.about().ends_with('.'), "{}", k.about());
    }
    let why = |name: &str| kind(name).err().unwrap().to_string();
    assert!(why("numbr").contains("`number`"), "{}", why("numbr"));
    assert!(why("xyzzyqwerty").contains("category, text, number"), "{}", why("xyzzyqwerty"));
}

/// A table with one column for every kind, named after it. Each column but the picture and the sound has missing cells.
fn everything() -> (TempDir, Table) {
    let folder = folder();
    let line = |i: usize| {
        let (red, side) = (((i * 37) % 256) as u8, 5 + i as u32 % 3);
        let picture =
            image::RgbImage::from_fn(side, 6, |x, y| image::Rgb([red, (x * 40) as u8, (y * 30) as u8]));
        put(&folder, &format!("{i}.png"), crate::pictures::png(&picture.into()));
        put(&folder, &format!("{i}.wav"), crate::sounds::tone(100.0 + 50.0 * i as f64, 0.1));
        let time = format!("2022-{:02}-{:02} {:02}:30", 1 + i % 12, 1 + i * 5 % 28, i % 24);
        let cells = [
            format!("{}", i * 17 % 23),
            format!("k{}", i % 4),
            ["true", "false", "false"][i % 3].to_owned(),
            time,
            ["red", "red blue", "blue", "green red"][i * 7 % 4].to_owned(),
            format!("the {} one is {}", ["first", "second", "third"][i % 3], ["near", "far"][i % 2]),
        ];
        let cell = |k: usize| if i % 10 == k { String::new() } else { cells[k].clone() };
        let cells: Vec<String> = (0..6).map(cell).collect();
        format!("{},{i}.png,{i}.wav,r{i}", cells.join(","))
    };
    let text = lines("number,category,flag,time,tags,text,image,audio,id", 40, line);
    let table = open(put(&folder, "table.csv", text));
    (folder, table)
}

/// All that a prepared column makes of a table's column.
fn made(p: &dyn Prepared, table: &Table, column: &str) -> (Vec<Record>, Vec<Vec<u64>>) {
    let column = table.column_index(column).unwrap();
    let (mut records, mut targets) = (Vec::new(), Vec::new());
    for chunk in table.chunks() {
        let chunk = chunk.unwrap();
        for row in 0..chunk.rows {
            let mut record = Record::default();
            p.encode(chunk.cell(row, column), table.files(), &mut record).unwrap();
            records.push(record);
            let mut target = Vec::new();
            p.encode_targets(chunk.cell(row, column), &mut target);
            targets.push(target.into_iter().map(f64::to_bits).collect());
        }
    }
    (records, targets)
}

#[test]
fn every_kind_survives_its_stored_state() {
    let (_folder, table) = everything();
    for k in KINDS.iter().filter(|k| k.is_input()) {
        let p = fit(&table, k.name(), k.name(), Role::Input, &|row| row % 4 != 0).unwrap();
        let text = serde_json::to_string(&p.state()).unwrap();
        let back = k.restore(&serde_json::from_str(&text).unwrap()).unwrap();
        assert_eq!(back.state(), p.state(), "{}", k.name());
        assert_eq!((back.features(), back.target()), (p.features(), p.target()), "{}", k.name());
        assert_eq!(back.describe(), p.describe());
        assert_eq!(made(back.as_ref(), &table, k.name()), made(p.as_ref(), &table, k.name()), "{}", k.name());
    }
}

#[test]
fn every_kind_contributes_what_its_features_say() {
    let (_folder, table) = everything();
    for k in KINDS.iter().filter(|k| k.is_input()) {
        let p = fit(&table, k.name(), k.name(), Role::Input, &|_| true).unwrap();
        let layout = pellucid_kinds::Layout::new(&p.features(), 0);
        for record in made(p.as_ref(), &table, k.name()).0 {
            assert!(layout.write(&record, &mut Vec::new()), "{}: {record:?}", k.name());
            assert!(record.numbers.iter().all(|x| x.is_finite()), "{}", k.name());
        }
        let target = p.target().is_some();
        let is_known = |t: &&Vec<u64>| t.iter().all(|&slot| !f64::from_bits(slot).is_nan());
        let targets = made(p.as_ref(), &table, k.name()).1;
        let slots = p.target().map_or(1, |t| t.slots());
        assert!(targets.iter().all(|t| t.len() == slots), "{}", k.name());
        let known = targets.iter().filter(is_known).count();
        assert_eq!(known, if target { 36 } else { 0 }, "{}: 4 of 40 cells are missing", k.name());
    }
}

#[test]
fn damaged_states_are_errors_that_say_so() {
    let (_folder, table) = everything();
    for k in KINDS.iter().filter(|k| k.is_input()) {
        let state = fit(&table, k.name(), k.name(), Role::Input, &|_| true).unwrap().state();
        let mut damaged = vec![serde_json::Value::Null, serde_json::json!([1, 2]), serde_json::json!("x")];
        for key in state.as_object().unwrap().keys() {
            let mut without = state.clone();
            without.as_object_mut().unwrap().remove(key);
            damaged.push(without);
            let mut wrong = state.clone();
            wrong[key] = serde_json::json!({"surprise": true});
            damaged.push(wrong);
        }
        let mut more = state.clone();
        more["surprise"] = serde_json::json!(1);
        damaged.push(more);
        for state in damaged {
            let why =
                k.restore(&state).err().unwrap_or_else(|| panic!("{} takes {state}", k.name())).to_string();
            assert!(why.contains("preparation") && why.contains("cannot be read"), "{why}");
        }
    }
    assert!(kind("id").unwrap().restore(&serde_json::json!({})).is_err());
}

#[test]
fn cells_of_another_storage_are_missing_or_an_error_but_never_a_panic() {
    let (_folder, table) = everything();
    let cells = [
        Cell::Missing,
        Cell::Text(""),
        Cell::Text("no such thing"),
        Cell::Integer(i64::MAX),
        Cell::Number(f64::NAN),
        Cell::Number(f64::NEG_INFINITY),
        Cell::Flag(true),
        Cell::Time(i64::MAX),
        Cell::Time(i64::MIN),
        Cell::Bytes(b"\x89PNG\r\n\x1a\n but then nothing"),
    ];
    for k in KINDS.iter().filter(|k| k.is_input()) {
        let p = fit(&table, k.name(), k.name(), Role::Input, &|_| true).unwrap();
        let layout = pellucid_kinds::Layout::new(&p.features(), 0);
        for cell in cells {
            let mut record = Record::default();
            match p.encode(cell, table.files(), &mut record) {
                Ok(()) => {
                    assert!(layout.write(&record, &mut Vec::new()), "{}: {cell:?}", k.name());
                    assert!(record.numbers.iter().all(|x| x.is_finite()), "{}: {cell:?}", k.name());
                }
                Err(why) => {
                    assert!(["image", "audio"].contains(&k.name()) && !why.is_empty(), "{}: {why}", k.name())
                }
            }
            let mut target = Vec::new();
            p.encode_targets(cell, &mut target);
            assert!(target.iter().all(|t| t.is_nan() || t.is_finite()), "{}: {cell:?}", k.name());
        }
    }
}
