//! Data and wishes that cannot be: a message that says what to do, the right exit code, and no folder left behind.

use crate::{config, flats, folder, lines, put, refused};
use pellucid_goals::Config;

/// The error for a table and the column `y`, after a change to the configuration.
fn why(text: &str, change: impl FnOnce(&mut Config)) -> pellucid_goals::Error {
    let folder = folder();
    let data = put(folder.path(), "table.csv", text);
    let mut config = config(&data, &["y"], 5);
    change(&mut config);
    refused(config, folder.path())
}

fn says(error: &pellucid_goals::Error, code: u8, parts: &[&str]) {
    let text = error.to_string();
    assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    assert_eq!(error.exit_code(), code, "{text}");
}

#[test]
fn a_target_must_have_different_answers_that_repeat() {
    let table = |y: &dyn Fn(usize) -> String| lines("x,y", 60, |i| format!("{}.5,{}", i * 37 % 60, y(i)));
    says(&why(&table(&|_| "same".to_owned()), |_| ()), 3, &["only one answer", "`same`", "`y`", "table"]);
    says(&why(&table(&|_| String::new()), |_| ()), 3, &["no row has an answer", "`y`"]);
    says(&why(&table(&|i| format!("name {i}")), |_| ()), 3, &["`y`", "60 rows have 60 different answers"]);
    says(&why(&table(&|i| format!("2020-01-{:02}", 1 + i % 28)), |_| ()), 3, &["`y`"]);
}

#[test]
fn columns_that_do_not_exist_are_answered_with_the_nearest() {
    let named = |column: &'static str| why(&flats(40, 1), move |c| c.data.predict = vec![column.to_owned()]);
    says(&named("clas"), 2, &["`clas`", "`class`"]);
    says(&named("xyzzy"), 2, &["`xyzzy`", "size, age, district"]);
}

#[test]
fn without_a_target_the_columns_are_listed() {
    let text = lines("a,b", 40, |i| format!("{},{}", i * 7 % 40, i * 3 % 11));
    says(
        &why(&text, |c| c.data.predict.clear()),
        2,
        &["which column is to be predicted", "`a`, `b`", "--predict"],
    );
}

#[test]
fn there_must_be_an_input() {
    let text = lines("row,constant,y", 60, |i| format!("{i},7,{}", ["a", "b"][i % 2]));
    says(&why(&text, |_| ()), 3, &["no column can be an input", "--kind"]);
}

#[test]
fn kinds_that_do_not_exist_or_do_not_fit_are_named() {
    let kind = |column: &'static str, kind: &'static str| {
        why(&flats(60, 1).replace("class", "y"), move |c| {
            c.data.kinds.insert(column.to_owned(), kind.to_owned());
        })
    };
    says(&kind("size", "nummber"), 2, &["`nummber`", "`number`"]);
    says(&kind("district", "number"), 3, &["`district`", "no training row has a finite number"]);
    says(&kind("y", "image"), 3, &["`y`"]);
}

#[test]
fn a_column_that_gives_the_answer_away_stops_the_run_until_the_person_says_otherwise() {
    let text = lines("x,copy,y", 300, |i| {
        let y = i * 7919 % 13 % 2;
        format!("{}.5,{},{}", i * 37 % 101, ["no", "yes"][y], ["well", "ill"][y])
    });
    let error = why(&text, |_| ());
    says(&error, 3, &["`copy`", "--allow-leaks"]);
    let folder = folder();
    let data = put(folder.path(), "table.csv", &text);
    let mut allowed = config(&data, &["y"], 5);
    allowed.data.allow_leaks = true;
    assert!(crate::trained(allowed, folder.path(), "run").run.model().is_dir());
}

#[test]
fn settings_out_of_range_are_named() {
    let y = || flats(60, 1).replace("class", "y").replace("rent", "z");
    says(&why(&y(), |c| c.training.learning_rate = Some(f64::NAN)), 2, &["`learning_rate`", "[training]"]);
    says(&why(&y(), |c| c.training.seconds = Some(-1.0)), 2, &["`seconds` is -1", "more than 0"]);
    says(&why(&y(), |c| c.training.ema = Some(1.5)), 2, &["`ema` is 1.5"]);
    says(&why(&y(), |c| c.training.label_smoothing = Some(1.5)), 2, &["`label_smoothing` is 1.5"]);
    says(&why(&y(), |c| c.network.dropout = Some(1.0)), 2, &["`dropout` is 1", "below 1"]);
    says(&why(&y(), |c| c.network.width = Some(0)), 2, &["`width` is 0", "[network]"]);
}

#[test]
fn own_layers_that_do_not_fit_are_refused_before_the_start() {
    let y = || flats(60, 1).replace("class", "y");
    let layers = |list: &'static [&'static str]| {
        why(&y(), move |c| c.network.layers = Some(list.iter().map(|l| (*l).to_owned()).collect()))
    };
    says(&layers(&["dense 16", "rellu"]), 2, &["layer 2", "rellu", "relu"]);
    says(&layers(&["conv 3x3 8"]), 2, &["layer 1", "conv 3x3 8"]);
}
