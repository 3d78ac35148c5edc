//! Which rows are for training, validation and test: given, by group, by time, in proportion.

use crate::{config, folder, lines, put};
use pellucid_data::Part;
use pellucid_goals::{Config, Inspection, Unwatched, Use, inspect};
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

const ROWS: usize = 120;

/// Visits of 15 patients, one a day.
fn visits() -> String {
    lines("patient,day,pressure,part,y", ROWS, |i| {
        let part = ["train", "train", "val", "train", "test"][i % 5];
        let (month, day) = (1 + i / 28, 1 + i % 28);
        format!(
            "p{},2023-{month:02}-{day:02},{},{part},{}",
            i % 15,
            i * 37 % 91,
            if i % 4 == 0 { "ill" } else { "well" }
        )
    })
}

fn looked(change: impl FnOnce(&mut Config)) -> Inspection {
    let folder = folder();
    let data = put(folder.path(), "visits.csv", visits());
    let mut config = config(&data, &["y"], 1);
    change(&mut config);
    inspect(&config, &mut Unwatched).unwrap_or_else(|e| panic!("{e}"))
}

fn use_of(found: &Inspection, column: &str) -> Use {
    found.survey.columns.iter().find(|c| c.name == column).unwrap().role
}

#[test]
fn without_a_word_every_class_is_spread_in_proportion() {
    let found = looked(|_| ());
    let mut ill = [0; 3];
    let mut all = [0; 3];
    for (i, part) in found.splits.parts.iter().enumerate() {
        all[*part as usize] += 1;
        ill[*part as usize] += usize::from(i % 4 == 0);
    }
    assert_eq!(all, [84, 12, 24]);
    assert_eq!(ill, [21, 3, 6]);
}

#[test]
fn shares_and_the_seed_are_taken_from_the_configuration() {
    let with = |seed| {
        looked(|c| {
            (c.data.validation, c.data.test) = (Some(0.25), Some(0.25));
            c.training.seed = seed;
        })
    };
    assert_eq!(with(1).splits.counts(), [60, 30, 30]);
    assert_eq!(with(1).splits.parts, with(1).splits.parts);
    assert_ne!(with(1).splits.parts, with(2).splits.parts);
}

#[test]
fn a_group_stays_on_one_side_and_is_not_shown_to_the_network() {
    let found = looked(|c| c.data.group = Some("patient".to_owned()));
    let mut sides: BTreeMap<usize, BTreeSet<Part>> = BTreeMap::new();
    for (i, part) in found.splits.parts.iter().enumerate() {
        sides.entry(i % 15).or_default().insert(*part);
    }
    assert!(sides.values().all(|parts| parts.len() == 1), "{sides:?}");
    assert!(found.splits.counts().iter().all(|n| *n > 0));
    assert_eq!(use_of(&found, "patient"), Use::Group);
}

#[test]
fn in_time_order_the_oldest_train_and_the_newest_test() {
    let found = looked(|c| c.data.time = Some("day".to_owned()));
    assert!(found.splits.parts.is_sorted(), "the rows stand in order of their days");
    assert_eq!(found.splits.counts(), [84, 12, 24]);
    assert_eq!(use_of(&found, "day"), Use::Time);
}

#[test]
fn a_column_names_the_part_of_each_row() {
    let found = looked(|c| c.data.split = Some("part".to_owned()));
    let expected = [Part::Train, Part::Train, Part::Validation, Part::Train, Part::Test];
    assert!(found.splits.parts.iter().enumerate().all(|(i, part)| *part == expected[i % 5]));
    assert_eq!(use_of(&found, "part"), Use::Split);
}

#[test]
fn files_named_train_and_test_give_the_split_and_validation_is_cut_from_training() {
    let folder = folder();
    let row = |i: usize| format!("{},{}", i * 37 % 91, if i.is_multiple_of(4) { "ill" } else { "well" });
    let train = put(folder.path(), "train.csv", lines("x,y", 90, row));
    let test = put(folder.path(), "test.csv", lines("x,y", 30, |i| row(i + 90)));
    let mut config = config(&train, &["y"], 1);
    for paths in [vec![train, test], vec![folder.path().to_owned()]] as [Vec<PathBuf>; 2] {
        config.data.paths = paths;
        let found = inspect(&config, &mut Unwatched).unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(found.splits.counts(), [81, 9, 30]);
        assert!(found.splits.parts[90..].iter().all(|part| *part == Part::Test));
    }
}

#[test]
fn splits_that_make_no_sense_are_refused_with_row_and_column() {
    let folder = folder();
    let why = |text: &str, change: &dyn Fn(&mut Config)| {
        let data = put(folder.path(), "odd.csv", text);
        let mut config = config(&data, &["y"], 1);
        change(&mut config);
        let Err(error) = inspect(&config, &mut Unwatched) else { panic!("taken: {text}") };
        error.to_string()
    };
    let parts = lines("x,part,y", 30, |i| {
        format!("{},{},{}", i * 7 % 30, if i == 17 { "tset" } else { "train" }, ["a", "b"][i % 2])
    });
    let found = why(&parts, &|c| c.data.split = Some("part".to_owned()));
    assert!(found.contains("`tset`") && found.contains("row 18") && found.contains("`part`"), "{found}");
    let times = lines("x,day,y", 30, |i| {
        format!(
            "{},{},{}",
            i * 7 % 30,
            if i == 4 { String::new() } else { format!("2020-01-{:02}", i + 1) },
            ["a", "b"][i % 2]
        )
    });
    let found = why(&times, &|c| c.data.time = Some("day".to_owned()));
    assert!(found.contains("time") && found.contains("row 5") && found.contains("`day`"), "{found}");
    let found = why(&parts, &|c| (c.data.validation, c.data.test) = (Some(0.6), Some(0.6)));
    assert!(found.contains("0.6") && found.contains("less than 1"), "{found}");
    let found = why(&parts, &|c| c.data.group = Some("patient".to_owned()));
    assert!(found.contains("`patient`"), "{found}");
}
