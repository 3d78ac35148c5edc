//! What a model knows of the rows that it has learned from: rows that are unlike them, columns that moved, groups that are answered worse.

use crate::{config, flats, folder, ignoring, lines, put, trained};
use pellucid_data::OutValues;
use pellucid_goals::{Model, Predictions, Run, Watcher, predict};
use pellucid_tensor::Stream;
use pellucid_train::Observer;
use std::path::Path;

/// Keeps what is said.
#[derive(Default)]
struct Listening {
    warnings: Vec<String>,
    notes: Vec<String>,
}

impl Observer for Listening {
    fn warning(&mut self, text: &str) {
        self.warnings.push(text.to_owned());
    }
}

impl Watcher for Listening {
    fn note(&mut self, text: &str) {
        self.notes.push(text.to_owned());
    }
}

/// Answers to a table, and what was said meanwhile.
fn told(run: &Path, folder: &Path, table: String) -> (Predictions, Listening) {
    let mut listening = Listening::default();
    let new = put(folder, "new.csv", table);
    (predict(run, &[new], &mut listening).unwrap(), listening)
}

fn unlike(predictions: &Predictions) -> Vec<f64> {
    match predictions.columns.last().map(|column| (column.name.as_str(), &column.values)) {
        Some(("unlike_training", OutValues::Number(rates))) => rates.clone(),
        _ => panic!("no rate of likeness stands last"),
    }
}

fn flats_run(folder: &Path) -> Run {
    let data = put(folder, "flats.csv", flats(1500, 1));
    let mut config = ignoring(config(&data, &["rent"], 300), &["class"]);
    config.data.allow_leaks = true;
    trained(config, folder, "run").run
}

#[test]
fn rows_that_are_unlike_all_that_was_learned_from_are_counted() {
    let folder = folder();
    let run = flats_run(folder.path());
    let (like, said) = told(run.path(), folder.path(), flats(600, 2));
    let rates = unlike(&like);
    assert!(rates.iter().all(|rate| (0.0..=1.0).contains(rate)));
    let flagged = rates.iter().filter(|rate| **rate >= 0.99).count();
    assert!(flagged < 25, "{flagged} of 600 like rows");
    assert!(said.warnings.is_empty(), "{:?}", said.warnings);

    // Palaces: larger than any flat.
    let palaces = lines("size,age,district,balcony", 40, |i| format!("{},{},north,true", 400 + i, i));
    let (found, said) = told(run.path(), folder.path(), palaces);
    let flagged = unlike(&found).iter().filter(|rate| **rate >= 0.99).count();
    assert!(flagged > 35, "{flagged} of 40 palaces");
    let says = |what: &str| said.warnings.iter().any(|warning| warning.contains(what));
    assert!(says("of 40 rows are unlike") && says("`size` (half are at most 4"), "{:?}", said.warnings);
    assert!(found.columns[0].name == "input" && found.columns[1].name == "rent");
    // The same for programs.
    let (usual, drift) = (like.drift.unwrap(), found.drift.unwrap());
    assert_eq!((usual.rows, drift.rows, drift.unlike), (600, 40, Some(flagged as u64)));
    assert!(usual.moved.is_empty() && drift.moved[0].name == "size", "{usual:?} {drift:?}");
    assert!(usual.unlike < Some(25) && drift.unlike_by_chance.unwrap() < 5.0);

    // The folder has it, as data; without it, answers are the same.
    let again = folder.path().join("again");
    Model::load(&run.model()).unwrap().save(&again).unwrap();
    assert!(
        told(&again, folder.path(), flats(60, 3)).0.columns
            == told(run.path(), folder.path(), flats(60, 3)).0.columns
    );
}

#[test]
fn models_of_before_still_answer_and_damaged_likeness_is_noticed() {
    let folder = folder();
    let run = flats_run(folder.path());
    let file = run.model().join("config.json");
    let mut content: serde_json::Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    content["likeness"]["spreads"].as_array_mut().unwrap().pop();
    crate::models::replace_config(&run.model(), &serde_json::to_vec(&content).unwrap());
    let why = Model::load(&run.model()).err().unwrap().to_string();
    assert!(why.contains("what it keeps of its training rows"), "{why}");
    content.as_object_mut().unwrap().remove("likeness");
    crate::models::replace_config(&run.model(), &serde_json::to_vec(&content).unwrap());
    let (found, said) = told(run.path(), folder.path(), flats(60, 2));
    assert_eq!(found.columns.len(), 2);
    assert!(said.warnings.is_empty() && said.notes.is_empty());
}

#[test]
fn columns_that_moved_are_named_and_samples_of_the_same_data_name_none() {
    let folder = folder();
    let run = flats_run(folder.path());
    for seed in 2..8 {
        let (_, said) = told(run.path(), folder.path(), flats(300, seed));
        assert!(said.warnings.is_empty(), "{:?}", said.warnings);
    }
    let west = flats(300, 2).replace(",north,", ",west,");
    let (_, said) = told(run.path(), folder.path(), west);
    let warning = said.warnings.iter().find(|warning| warning.contains("moved most")).unwrap();
    assert!(warning.contains("`district` (") && warning.contains("`west`"), "{warning}");
    assert!(!warning.contains("`size`") && !warning.contains("`age`"), "{warning}");
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("look like those of the training"), "the split is by chance");
}

/// Rows of which `x` tells the class, but not those in the north with a lift.
fn houses(rows: usize, hard: bool) -> String {
    let mut random = Stream::new(3, "houses", 0);
    lines("x,region,lift,noise,sort,class", rows, |_| {
        let (region, lift) = (["north", "east", "south", "west"][random.below(4)], random.below(2) == 1);
        let x = f64::from(random.normal());
        let astray =
            if hard && region == "north" && lift { random.below(2) == 1 } else { random.below(10) == 0 };
        let class = if (x > 0.0) != astray { "old" } else { "new" };
        format!("{x:.2},{region},{lift},{:.2},{},{class}", random.normal(), random.below(3))
    })
}

#[test]
fn planted_weak_groups_are_named_with_their_interval_and_clean_data_names_none() {
    let folder = folder();
    for hard in [true, false] {
        let name = if hard { "hard" } else { "even" };
        let data = put(folder.path(), &format!("{name}.csv"), houses(6000, hard));
        // `x` is cut at its quartiles, and near 0 answers are truly harder; all else is even.
        let mut config = config(&data, &["class"], 200);
        config.data.allow_leaks = true;
        let run = trained(config, folder.path(), name).run;
        let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
        let card = std::fs::read_to_string(run.path().join("README.md")).unwrap();
        let planted = "<code>region</code> is north and <code>lift</code> is true";
        assert_eq!(page.contains(planted), hard, "{name}");
        assert_eq!(card.contains("region is north and lift is true"), hard, "{card}");
        assert!(page.contains("groups were looked at"));
        if !hard {
            assert!(page.contains("No group of rows was found"), "{card}");
        }
    }
}
