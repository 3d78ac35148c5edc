//! All rows of a table as records: in memory, in a temporary file, and what became of those that cannot be used.

use crate::{encoder, folder, lines, open, put, records};
use pellucid_data::Table;
use pellucid_kinds::{Batcher, Record};
use tempfile::TempDir;

/// More rows than are encoded at once.
const ROWS: usize = 3000;

/// A table with small pictures.
fn mixed(rows: usize) -> (TempDir, Table) {
    let folder = folder();
    for i in 0..5u8 {
        let picture = image::GrayImage::from_fn(4, 3, |x, y| image::Luma([i * 40 + (x + 4 * y) as u8]));
        put(&folder, &format!("p/{i}.png"), crate::pictures::png(&picture.into()));
    }
    let line =
        |i: usize| format!("{}.25,k{},p/{}.png,{}", i * 7919 % 1009, i % 7, i % 5, ["yes", "no", ""][i % 3]);
    let table = open(put(&folder, "table.csv", lines("x,c,p,y", rows, line)));
    (folder, table)
}

#[test]
fn records_in_a_file_equal_those_in_memory() {
    let (_folder, table) = mixed(ROWS);
    let encoder = encoder(&table, &[("x", "number"), ("c", "category"), ("p", "image")], &[("y", "flag")]);
    let (in_memory, spilled) = records(&encoder, &table, usize::MAX);
    assert!(!spilled && in_memory.len() == ROWS);
    for memory in [0, 1, 40_000] {
        let (in_file, spilled) = records(&encoder, &table, memory);
        assert!(spilled, "{memory} bytes are too few");
        // A target that is not known is NaN, which equals nothing: compare how records are written.
        assert_eq!(format!("{in_file:?}"), format!("{in_memory:?}"));
    }
}

#[test]
fn records_hold_what_the_cells_say_in_the_order_of_the_table() {
    let (_folder, table) = mixed(ROWS);
    let encoder = encoder(&table, &[("x", "number"), ("c", "category"), ("p", "image")], &[("y", "flag")]);
    let (records, _) = records(&encoder, &table, usize::MAX);
    for (i, record) in records.iter().enumerate() {
        assert_eq!(record.numbers, [(i * 7919 % 1009) as f64 + 0.25]);
        assert_eq!(record.codes, [i as u32 % 7 + 1]);
        assert_eq!(record.pictures, (0..12).map(|k| (i % 5) as u8 * 40 + k).collect::<Vec<_>>());
        match i % 3 {
            0 => assert_eq!(record.targets, [1.0]),
            1 => assert_eq!(record.targets, [0.0]),
            _ => assert!(record.targets[0].is_nan()),
        }
    }
}

#[test]
fn batches_are_the_same_from_memory_and_from_a_file() {
    let (_folder, table) = mixed(ROWS);
    let encoder = encoder(&table, &[("x", "number"), ("c", "category"), ("p", "image")], &[("y", "flag")]);
    let batcher = Batcher::new(encoder.features(), encoder.answers());
    let [memory, file] =
        [usize::MAX, 1000].map(|m| encoder.encode(&table, &|row| row % 2 == 0, m, &mut |_| ()).unwrap());
    assert!(file.spilled() && !memory.spilled());
    assert_eq!(memory.rows(), (0..ROWS).step_by(2).collect::<Vec<_>>());
    let wanted = [1400, 3, 3, 0, 977];
    let [a, b] = [&memory, &file].map(|examples| batcher.batch(examples, &wanted, None).unwrap());
    assert_eq!(a.rows, 5);
    assert_eq!(a.numbers.as_ref().unwrap().shape()[..], [5, batcher.numbers_width()]);
    assert_eq!(a.pictures[0].shape()[..], [5, 3, 4, 2]);
    assert_eq!((a.numbers, a.codes, a.pictures), (b.numbers, b.codes, b.pictures));
    assert_eq!(a.truths[0].values, b.truths[0].values);
    assert_eq!(a.truths[0].weights, b.truths[0].weights);
    let rows = |i: usize| memory.rows()[wanted[i]];
    let weights: Vec<f64> = (0..5).map(|i| if rows(i) % 3 == 2 { 0.0 } else { 1.0 }).collect();
    assert_eq!(a.truths[0].weights.to_vec(), weights);
}

#[test]
fn pictures_of_a_batch_have_mean_0_and_deviation_1_over_the_training_rows() {
    let (_folder, table) = mixed(250);
    let encoder = encoder(&table, &[("p", "image")], &[]);
    let batcher = Batcher::new(encoder.features(), vec![]);
    let examples = encoder.encode(&table, &|_| true, usize::MAX, &mut |_| ()).unwrap();
    let batch = batcher.batch(&examples, &(0..250).collect::<Vec<_>>(), None).unwrap();
    let values = batch.pictures[0].to_vec();
    let mean = values.iter().sum::<f64>() / values.len() as f64;
    let variance = values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / values.len() as f64;
    assert!(mean.abs() < 1e-4 && (variance - 1.0).abs() < 1e-4, "{mean} {variance}");
}

#[test]
fn rows_that_cannot_be_used_are_listed_with_column_and_reason() {
    let folder = folder();
    let whole = crate::pictures::png(&image::DynamicImage::new_rgb8(8, 8));
    for i in 0..20 {
        let bytes: &[u8] = match i {
            4 => b"this is a letter, not a picture",
            9 => &whole[..whole.len() / 2],
            _ => &whole,
        };
        put(&folder, &format!("{i:02}.png"), bytes);
    }
    let line = |i: usize| {
        if i == 13 { ",1".to_owned() } else { format!("{:02}.png,1", if i == 17 { 99 } else { i }) }
    };
    let table = open(put(&folder, "table.csv", lines("p,y", 20, line)));
    let encoder = encoder(&table, &[("p", "image")], &[]);
    for memory in [0, usize::MAX] {
        let examples = encoder.encode(&table, &|_| true, memory, &mut |_| ()).unwrap();
        let bad = examples.unreadable();
        assert_eq!(bad.iter().map(|u| u.row).collect::<Vec<_>>(), [4, 9, 13, 17]);
        assert!(bad.iter().all(|u| u.column == "p"));
        for (u, part) in
            bad.iter().zip(["it is not a picture", "cannot be decoded", "no picture is given", "99.png"])
        {
            assert!(u.why.contains(part), "{}", u.why);
        }
        assert_eq!(examples.len(), 16);
        assert!(!examples.rows().contains(&9));
        let mut record = Record::default();
        assert!(examples.read(15, &mut record).is_ok() && examples.read(16, &mut record).is_err());
    }
}

#[test]
fn a_table_without_a_needed_column_is_refused_and_one_without_the_target_is_not() {
    let (_folder, table) = mixed(ROWS);
    let encoder = encoder(&table, &[("x", "number")], &[("y", "flag")]);
    let new = crate::csv("x\n1.5\n2.5\n");
    let (records, _) = records(&encoder, &new, usize::MAX);
    assert!(records.len() == 2 && records.iter().all(|r| r.targets[0].is_nan()));
    let why = encoder.encode(&crate::csv("z,y\n1,yes\n2,no\n"), &|_| true, 0, &mut |_| ()).err().unwrap();
    assert!(why.to_string().contains("`x`"), "{why}");
}

/// A column whose reader panics, as decoders of pictures have been known to.
struct Panics;

impl pellucid_kinds::Prepared for Panics {
    fn state(&self) -> serde_json::Value {
        serde_json::Value::Null
    }
    fn features(&self) -> Vec<pellucid_kinds::Feature> {
        vec![pellucid_kinds::Feature::Code { name: "c".to_owned(), size: 3 }]
    }
    fn encode(
        &self,
        cell: pellucid_data::Cell<'_>,
        _: Option<&pellucid_data::Files>,
        record: &mut Record,
    ) -> Result<(), String> {
        assert_ne!(cell, pellucid_data::Cell::Text("bad"), "a panic on purpose");
        record.codes.push(1);
        Ok(())
    }
    fn describe(&self) -> String {
        String::new()
    }
}

#[test]
fn a_reader_that_panics_costs_its_row_and_no_other() {
    let table = crate::csv(&lines("c,x", 2000, |i| format!("{},1", if i == 700 { "bad" } else { "good" })));
    let inputs = vec![("c".to_owned(), "category", Box::new(Panics) as Box<dyn pellucid_kinds::Prepared>)];
    let encoder = pellucid_kinds::Encoder { inputs, targets: vec![] };
    let examples = encoder.encode(&table, &|_| true, usize::MAX, &mut |_| ()).unwrap();
    assert_eq!(examples.len(), 1999);
    let [bad] = examples.unreadable() else { panic!("{:?}", examples.unreadable()) };
    assert_eq!((bad.row, bad.column.as_str()), (700, "c"));
    assert!(bad.why.contains("unexpected"), "{}", bad.why);
}
