//! The model's folder: the same answers after loading, and no damage that goes unnoticed.

use crate::{config, flats, folder, ignoring, put, trained};
use pellucid_data::{OutValues, write_table};
use pellucid_goals::{Model, Run, Unwatched, drawn_glimpse, drawn_network, predict};
use pellucid_train::{Line, read_log};
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::TempDir;

fn finished() -> (TempDir, Run) {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(120, 1));
    let mut config = config(&data, &["class", "rent"], 15);
    config.network.width = Some(8);
    let run = trained(config, folder.path(), "run").run;
    (folder, run)
}

fn copy(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).unwrap();
    for file in std::fs::read_dir(from).unwrap().map(|f| f.unwrap().path()) {
        std::fs::copy(&file, to.join(file.file_name().unwrap())).unwrap();
    }
}

/// Writes another configuration into a model's folder, with its checksum.
pub(crate) fn replace_config(model: &Path, config: &[u8]) {
    std::fs::write(model.join("config.json"), config).unwrap();
    let sum = |bytes: &[u8]| pellucid_base::hex(&Sha256::digest(bytes));
    let weights = sum(&std::fs::read(model.join("model.safetensors")).unwrap());
    let sums = format!("{}  config.json\n{weights}  model.safetensors\n", sum(config));
    std::fs::write(model.join("SHA256SUMS"), sums).unwrap();
}

#[test]
fn rows_are_watched_while_they_are_learned_from() {
    let (_folder, run) = finished();
    let now = drawn_glimpse(&run).unwrap().unwrap();
    assert!(now.contains("Of these 12 rows, which it does not learn from") && now.contains("truly"), "{now}");
    assert_eq!(now.matches("<article").count(), 12);
    assert!(now.contains("<dt>district</dt>"), "{now}");
}

#[test]
fn a_network_is_drawn_with_how_its_layers_changed() {
    let (_folder, run) = finished();
    let drawing = drawn_network(&run).unwrap().unwrap();
    for told in ["Layer by layer", "<svg", "How much a step changes it", "Dense layer"] {
        assert!(drawing.contains(told), "`{told}` is not told: {drawing}");
    }
    assert!(!drawing.contains("a step</text>"), "it does not learn any more");
    let report = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    let shown = |page: &str| {
        page.split("class=\"flowing\"").nth(1).unwrap().split("</svg>").next().unwrap().to_owned()
    };
    assert_eq!(shown(&report), shown(&drawing), "report and studio show the same");
    let validations = |line: &Line| matches!(line, Line::Validation(_));
    let lines = read_log(&run.path().join("metrics.jsonl")).unwrap();
    let changes: Vec<_> =
        lines.iter().filter_map(|l| if let Line::Layers(l) = l { Some(l) } else { None }).collect();
    assert_eq!(changes.len(), lines.iter().filter(|line| validations(line)).count());
    let all = || changes.iter().flat_map(|line| &line.changes).flatten();
    assert!(all().count() > 0 && all().all(|&change| change > 0.0 && change < 1.0));
    std::fs::remove_file(run.path().join("network.json")).unwrap();
    assert_eq!(drawn_network(&run).unwrap(), None, "runs of older versions kept none");
}

#[test]
fn a_model_gives_the_same_answers_from_its_run_its_folder_and_a_copy_saved_again() {
    let (folder, run) = finished();
    let new = put(folder.path(), "new.csv", flats(50, 2));
    let answers = |path: &Path| {
        let found =
            predict(path, std::slice::from_ref(&new), &mut Unwatched).unwrap_or_else(|e| panic!("{e}"));
        assert!(found.problems.is_empty());
        found.columns
    };
    let again = folder.path().join("again");
    Model::load(&run.model()).unwrap().save(&again).unwrap();
    let first = answers(run.path());
    assert_eq!(first, answers(&run.model()));
    assert_eq!(first, answers(&again));
    for file in ["config.json", "model.safetensors", "SHA256SUMS"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert!(read(&run.model()) == read(&again), "{file}");
    }
}

#[test]
fn answers_keep_the_order_of_the_input_and_probabilities_add_up() {
    let (folder, run) = finished();
    let new = put(folder.path(), "new.csv", flats(50, 2).replace(",dear", ",").replace(",cheap", ","));
    let found = predict(run.path(), &[new], &mut Unwatched).unwrap().columns;
    let names: Vec<&str> = found.iter().map(|c| c.name.as_str()).collect();
    assert_eq!(names, ["input", "rent", "class", "class_p", "class_p_cheap", "class_p_dear"]);
    let numbers = |i: usize| match &found[i].values {
        OutValues::Number(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    let texts = |i: usize| match &found[i].values {
        OutValues::Text(values) => values.clone(),
        other => panic!("{other:?}"),
    };
    assert_eq!(texts(0), (1..=50).map(|i| i.to_string()).collect::<Vec<_>>());
    let (p, cheap, dear) = (numbers(3), numbers(4), numbers(5));
    for (i, class) in texts(2).iter().enumerate() {
        assert!((cheap[i] + dear[i] - 1.0).abs() < 1e-5);
        assert_eq!(p[i], cheap[i].max(dear[i]));
        assert_eq!(class == "dear", dear[i] > cheap[i]);
    }
    for format in ["csv", "json", "parquet"] {
        write_table(&folder.path().join(format!("out.{format}")), &found).unwrap();
    }
}

#[test]
fn a_flipped_byte_anywhere_is_noticed() {
    let (folder, run) = finished();
    for file in ["SHA256SUMS", "config.json", "model.safetensors"] {
        let damaged = folder.path().join("damaged");
        copy(&run.model(), &damaged);
        let whole = std::fs::read(damaged.join(file)).unwrap();
        for at in (0..whole.len()).step_by(whole.len().div_ceil(160)).chain([whole.len() - 1]) {
            let mut bytes = whole.clone();
            bytes[at] ^= 1 << (at % 8);
            std::fs::write(damaged.join(file), &bytes).unwrap();
            let Err(error) = Model::load(&damaged) else { panic!("byte {at} of {file} goes unnoticed") };
            assert!(error.to_string().contains("damaged") && error.exit_code() == 1, "{error}");
        }
        for length in [0, whole.len() / 2, whole.len() - 2] {
            std::fs::write(damaged.join(file), &whole[..length]).unwrap();
            assert!(Model::load(&damaged).is_err(), "{length} bytes of {file}");
        }
        std::fs::remove_file(damaged.join(file)).unwrap();
        let Err(error) = Model::load(&damaged) else { panic!("{file} is missing") };
        assert!(error.to_string().contains(file), "{error}");
    }
}

#[test]
fn a_model_of_a_newer_version_or_another_program_is_refused_with_the_reason() {
    let (folder, run) = finished();
    let changed = |from: &str, to: &str| {
        let model = folder.path().join("changed");
        copy(&run.model(), &model);
        let text = std::fs::read_to_string(model.join("config.json")).unwrap();
        assert!(text.contains(from), "{text}");
        let text = text.replacen(from, to, 1);
        replace_config(&model, text.as_bytes());
        match Model::load(&model) {
            Ok(_) => panic!("{to} is taken"),
            Err(error) => error.to_string(),
        }
    };
    let why = changed("\"version\": 1", "\"version\": 99");
    assert!(why.contains("version 99") && why.contains("update"), "{why}");
    assert!(changed("\"version\": 1", "\"vrsion\": 1").contains("no version"));
    assert!(changed("\"number\"", "\"pickle\"").contains("`pickle`"));
    assert!(changed("\"goal\"", "\"gaol\"").contains("no goal"));
    assert!(changed("\"targets\"", "\"tragets\"").contains("tragets"));
    let why = changed("\"width\": 8", "\"width\": 9");
    assert!(!why.is_empty(), "weights of another width");
}

#[test]
fn folders_without_a_model_say_what_to_give() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(30, 1));
    let why =
        |path: &Path| predict(path, std::slice::from_ref(&data), &mut Unwatched).err().unwrap().to_string();
    assert!(why(folder.path()).contains("no trained model"), "{}", why(folder.path()));
    assert!(why(&folder.path().join("none")).contains("no such run"));
}

#[test]
fn inputs_without_a_needed_column_are_refused_and_odd_cells_are_not() {
    let (folder, run) = finished();
    let run_on = |text: &str| {
        let path = put(folder.path(), "odd.csv", text);
        predict(run.path(), &[path], &mut Unwatched)
    };
    let why = run_on("size,age,district\n50,3,east\n60,4,west\n").err().unwrap();
    assert!(why.to_string().contains("`balcony`"), "{why}");
    let odd = run_on("balcony,size,district,age\ntrue,inf,atlantis,\n,,,1\nfalse,1e300,east,-5\n").unwrap();
    match &odd.columns[1].values {
        OutValues::Number(rents) => {
            assert!(rents.len() == 3 && rents.iter().all(|r| r.is_finite()), "{rents:?}")
        }
        other => panic!("{other:?}"),
    }
    let ignored =
        ignoring(config(&put(folder.path(), "f.csv", flats(60, 3)), &["rent"], 3), &["class", "balcony"]);
    let without = trained(ignored, folder.path(), "without").run;
    assert!(predict(without.path(), &[folder.path().join("odd.csv")], &mut Unwatched).is_ok());
}
