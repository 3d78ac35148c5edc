//! Tested rows, one by one: they are those of the test, with its answers, and asking about one gives the same answer again.

use crate::tags::songs;
use crate::{config, flats, folder, ignoring, lines, put, score, trained};
use pellucid_data::{Cell, OpenOptions, OutColumn, Table, write_table};
use pellucid_goals::{Order, Tested, Unwatched, Wanted, predict};
use pellucid_insight::report::data::Outcome;
use std::collections::HashMap;
use std::path::Path;

/// The cells of a column of a CSV file, by what reports call its rows.
fn by_row(path: &Path, column: &str) -> HashMap<String, String> {
    let table = Table::open(&[path.to_owned()], &OpenOptions::default()).unwrap();
    let position = table.column_index(column).unwrap();
    let text = |row: usize| match table.cells(row).unwrap().cell(position) {
        Cell::Text(text) => text.to_owned(),
        Cell::Flag(flag) => flag.to_string(),
        other => panic!("{other:?}"),
    };
    (0..table.rows()).map(|row| (format!("row {}", row + 1), text(row))).collect()
}

fn wrong() -> Wanted {
    Wanted { right: Some(false), ..Wanted::default() }
}

#[test]
fn rows_are_found_by_truth_and_answer_and_answer_the_same_when_asked_again() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(600, 1));
    let done = trained(ignoring(config(&data, &["class"], 60), &["rent"]), folder.path(), "run");
    let tested = Tested::open(done.run.path()).unwrap();
    let of = tested.target(None).unwrap();
    assert_eq!(
        (tested.len(), of.names()),
        (done.evaluation.rows, &["cheap".to_owned(), "dear".to_owned()][..])
    );
    let truth = by_row(&data, "class");
    let accuracy = score(&done.evaluation, "class", "accuracy").0;
    let found = |wanted: &Wanted| tested.find(of, wanted).unwrap();
    assert_eq!(found(&wrong()).len(), ((1.0 - accuracy) * tested.len() as f64).round() as usize);
    assert!(!found(&wrong()).is_empty(), "a network that is never wrong shows nothing here");
    // Each cell of the confusion matrix, as it is measured apart from the rows, has as many rows.
    let facts = tested.facts().unwrap();
    let Outcome::Classes(outcome) = &facts.targets[0].outcome else { panic!("classes") };
    for (cell, count) in outcome.confusion.iter().enumerate() {
        let (truth, answer) = (Some(of.names()[cell / 2].clone()), Some(of.names()[cell % 2].clone()));
        assert_eq!(found(&Wanted { truth, answer, ..Wanted::default() }).len() as u64, *count);
    }
    // The surest mistakes come first, and then the right answers of which it was least sure.
    let rows = |order| -> Vec<(bool, f64)> {
        let all = found(&Wanted { order, ..Wanted::default() });
        let row = |&position: &usize| tested.row(of, position).unwrap().example;
        all.iter().map(row).map(|e| (e.right, e.probability.unwrap())).collect()
    };
    let worst = rows(Order::Worst);
    let before = |a: (bool, f64), b: (bool, f64)| match (a.0, b.0) {
        (false, false) => a.1 >= b.1,
        (true, true) => a.1 <= b.1,
        (right, _) => !right,
    };
    assert!(worst.windows(2).all(|pair| before(pair[0], pair[1])), "{worst:?}");
    assert!(rows(Order::Unsure).windows(2).all(|pair| pair[0].1 <= pair[1].1));
    let best = rows(Order::Best);
    assert_eq!((best.first(), best.last()), (worst.last(), worst.first()));

    for position in found(&Wanted::default()).into_iter().take(8) {
        let row = tested.row(of, position).unwrap();
        let shown = &row.example;
        assert_eq!((&shown.truth, row.bare.as_ref()), (&truth[&shown.place], None));
        assert!(shown.fields.iter().any(|(name, _)| name == "district"), "{shown:?}");
        let place = folder.path().join(format!("asked-{position}"));
        let files = tested.files(&shown.place).unwrap().files;
        for (name, bytes) in &files {
            put(&place, name, bytes);
        }
        let again = predict(done.run.path(), &[place.join(&files[0].0)], &mut Unwatched).unwrap();
        let number = |name: &str| match &again.columns.iter().find(|c| c.name == name).unwrap().values {
            pellucid_data::OutValues::Number(numbers) => numbers[0],
            other => panic!("{other:?}"),
        };
        assert!((number("class_p") - shown.probability.unwrap()).abs() < 1e-5, "{shown:?}");
    }
    assert!(tested.files("row 9999").is_err() && tested.row(of, tested.len()).is_err());
    assert!(tested.target(Some("clas")).is_err());

    // Without the data, the answers stay.
    std::fs::rename(&data, folder.path().join("moved.csv")).unwrap();
    let tested = Tested::open(done.run.path()).unwrap();
    let row = tested.row(tested.target(None).unwrap(), 0).unwrap();
    assert!(row.bare.unwrap().contains("flats.csv") && truth[&row.example.place] == row.example.truth);
    // Other data are not taken for them.
    put(folder.path(), "flats.csv", flats(300, 2));
    let tested = Tested::open(done.run.path()).unwrap();
    let bare = (0..tested.len()).filter_map(|i| tested.row(tested.target(None).unwrap(), i).unwrap().bare);
    assert!(bare.last().unwrap().contains("have changed since"));
}

#[test]
fn numbers_come_by_their_error_and_tags_by_tag() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(400, 1));
    let done = trained(ignoring(config(&data, &["rent"], 40), &["class"]), folder.path(), "rents");
    let tested = Tested::open(done.run.path()).unwrap();
    let of = tested.target(Some("rent")).unwrap();
    let rents = Wanted::default();
    let error = |&position: &usize| {
        let e = tested.row(of, position).unwrap().example;
        (e.truth.parse::<f64>().unwrap() - e.answer.parse::<f64>().unwrap()).abs()
    };
    let errors: Vec<f64> = tested.find(of, &rents).unwrap().iter().map(error).collect();
    assert!(
        errors.len() == tested.len() && errors.windows(2).all(|pair| pair[0] >= pair[1] - 1.0),
        "{errors:?}"
    );
    let mae = score(&done.evaluation, "rent", "mae").0;
    assert!((errors.iter().sum::<f64>() / errors.len() as f64 - mae).abs() < 0.1 * mae);
    assert!(tested.find(of, &Wanted { order: Order::Unsure, ..rents }).is_err());
    assert!(of.at_least().is_err() && of.cuts("x").is_err());

    let data = put(folder.path(), "songs.csv", songs(500, 1, " ", false));
    let done = trained(config(&data, &["mood"], 120), folder.path(), "moods");
    let tested = Tested::open(done.run.path()).unwrap();
    let of = tested.target(None).unwrap();
    let facts = tested.facts().unwrap();
    let Outcome::Tags(outcome) = &facts.targets[0].outcome else { panic!("tags") };
    for tag in &outcome.tags {
        let count = |wanted: Wanted| tested.find(of, &wanted).unwrap().len() as u64;
        let name = Some(tag.name.clone());
        assert_eq!(count(Wanted { truth: name.clone(), ..Wanted::default() }), tag.rows);
        assert_eq!(count(Wanted { answer: name.clone(), ..Wanted::default() }), tag.answered);
        let differ = tag.rows + tag.answered - 2 * tag.right;
        assert_eq!(count(Wanted { differ: name, ..Wanted::default() }), differ, "{}", tag.name);
        assert_eq!(of.usual(&tag.name), Some(tag.threshold));
        assert_eq!(of.cuts(&tag.name).unwrap().of_it, tag.rows);
    }
}

/// A table whose columns are called as those of the file of answers.
fn awkward(i: usize) -> String {
    let (a, b) = (i % 7, i % 5);
    format!("{a},{b},{},{},{}", ["no", "yes"][usize::from(a > 3)], ["off", "on"][usize::from(b > 2)], a + b)
}

#[test]
fn columns_of_any_name_keep_their_truth_and_earlier_runs_say_that_they_have_none() {
    let folder = folder();
    let data = put(folder.path(), "rows.csv", lines("a,b,level,level_true,table_row", 300, awkward));
    let targets = ["level", "level_true", "table_row"];
    let mut config = config(&data, &targets, 30);
    config.data.allow_leaks = true;
    let done = trained(config, folder.path(), "run");
    let tested = Tested::open(done.run.path()).unwrap();
    for name in &targets[..2] {
        let of = tested.target(Some(name)).unwrap();
        let truth = by_row(&data, name);
        let accuracy = score(&done.evaluation, name, "accuracy").0;
        let right = tested.find(of, &Wanted { right: Some(true), ..Wanted::default() }).unwrap().len();
        assert!((right as f64 / tested.len() as f64 - accuracy).abs() < 1e-9, "{name}");
        for position in 0..tested.len() {
            let shown = tested.row(of, position).unwrap().example;
            assert_eq!(shown.truth, truth[&shown.place], "{name}: {shown:?}");
        }
    }
    // As it was before runs kept the truth.
    let path = done.run.path().join("predictions.parquet");
    let places = (0..tested.len()).map(|i| tested.row(&tested.targets()[0], i).unwrap().example.place);
    write_table(&path, &[OutColumn::text("input", places.collect())]).unwrap();
    let said = Tested::open(done.run.path()).err().unwrap().to_string();
    assert!(said.contains("earlier version") && said.contains("train it again"), "{said}");
}
