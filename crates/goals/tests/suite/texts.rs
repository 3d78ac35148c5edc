//! Texts: recognised, learned from alone and beside other columns, and the vocabulary that is kept with the model.

use crate::{config, folder, lines, put, score, trained};
use pellucid_data::OutValues;
use pellucid_goals::{Model, Predictions, Run, Unwatched, Use, inspect, predict};
use pellucid_tensor::Stream;
use sha2::{Digest, Sha256};
use std::path::Path;
use tempfile::TempDir;

const PRAISE: [&str; 6] = ["wonderful", "moving", "a joy", "brilliant", "full of heart", "très beau"];
const BLAME: [&str; 6] = ["dull", "a mess", "tiresome", "clumsy", "far too long", "つまらない"];
const FILLING: [&str; 6] =
    ["the story is", "its cast is", "I found it", "the ending was", "and", "in the end"];

/// Reviews of films: what is said in some places decides, the price of the ticket does, too.
pub(crate) fn reviews(rows: usize, seed: u64) -> String {
    let mut random = Stream::new(seed, "reviews", 0);
    lines("review,price,verdict", rows, |_| {
        let good = random.below(2) == 1;
        let words = if good { PRAISE } else { BLAME };
        let mut parts = Vec::new();
        for _ in 0..1 + random.below(4) {
            parts.push(FILLING[random.below(6)]);
            parts.push(words[random.below(6)]);
        }
        let price = random.between(5.0, 25.0);
        let verdict = if good && price < 20.0 { "go" } else { "stay" };
        format!("\"{} number {}\",{price:.2},{verdict}", parts.join(" "), random.below(100))
    })
}

fn finished(steps: u64) -> (TempDir, Run, f64) {
    let folder = folder();
    let data = put(folder.path(), "reviews.csv", reviews(600, 1));
    let done = trained(config(&data, &["verdict"], steps), folder.path(), "run");
    let accuracy = score(&done.evaluation, "verdict", "accuracy").0;
    (folder, done.run, accuracy)
}

fn verdicts(found: &Predictions) -> Vec<String> {
    match &found.columns.iter().find(|c| c.name == "verdict").unwrap().values {
        OutValues::Text(texts) => texts.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn texts_and_numbers_are_learned_from_together() {
    let (folder, run, accuracy) = finished(500);
    assert!(accuracy > 0.9, "{accuracy}");
    let odd = format!(
        "review,price,verdict\n\"a joy, wonderful\",9,\n\"dull, a mess\",9,\n\"WONDERFUL A JOY\",9,\n\"a joy, wonderful\",24,\n,9,\n\
         \"   \",9,\n\"{} a joy, wonderful\",9,\n🙂🙂🙂,9,\n",
        "brilliant ".repeat(1 << 20)
    );
    let found = predict(run.path(), &[put(folder.path(), "odd.csv", odd)], &mut Unwatched).unwrap();
    let verdicts = verdicts(&found);
    assert_eq!(verdicts[..4], ["go", "stay", "go", "stay"]);
    assert_eq!((verdicts.len(), found.problems.len()), (8, 0), "{:?}", found.problems);
    assert_eq!(verdicts[6], "go", "of ten megabytes, the end is read");
}

#[test]
fn a_survey_says_what_a_text_is_and_finds_no_fault_with_texts_that_all_differ() {
    let folder = folder();
    let data = put(folder.path(), "reviews.csv", reviews(600, 1));
    let found = inspect(&config(&data, &["verdict"], 1), &mut Unwatched).unwrap();
    let column = &found.survey.columns[0];
    assert!(column.role == Use::Input && column.reason.contains("looks like text"), "{}", column.reason);
    assert!(found.report.findings.iter().all(|f| f.code != "identifier"), "{:?}", found.report.findings);
}

#[test]
fn the_vocabulary_is_a_file_of_the_model_and_survives() {
    let (folder, run, _) = finished(5);
    let model = run.model();
    let tokenizer = std::fs::read_to_string(model.join("tokenizer.json")).unwrap();
    assert!(tokenizer.contains("[PAD]") && tokenizer.contains("merges"));
    let again = folder.path().join("again");
    Model::load(&model).unwrap().save(&again).unwrap();
    for file in ["config.json", "model.safetensors", "tokenizer.json", "SHA256SUMS"] {
        let read = |folder: &Path| std::fs::read(folder.join(file)).unwrap();
        assert!(read(&model) == read(&again), "{file}");
    }
    std::fs::remove_file(again.join("tokenizer.json")).unwrap();
    let why = Model::load(&again).err().unwrap().to_string();
    assert!(why.contains("tokenizer.json"), "{why}");
}

/// Writes another vocabulary into a model's folder, with its checksum.
fn replace(model: &Path, tokenizer: &[u8]) {
    std::fs::write(model.join("tokenizer.json"), tokenizer).unwrap();
    let sums = std::fs::read_to_string(model.join("SHA256SUMS")).unwrap();
    let sum = pellucid_base::hex(&Sha256::digest(tokenizer));
    let line = |line: &str| match line.split_once("  ") {
        Some((_, "tokenizer.json")) => format!("{sum}  tokenizer.json\n"),
        _ => format!("{line}\n"),
    };
    std::fs::write(model.join("SHA256SUMS"), sums.lines().map(line).collect::<String>()).unwrap();
}

#[test]
fn another_vocabulary_is_refused_with_the_reason() {
    let (_folder, run, _) = finished(5);
    let model = run.model();
    let whole = std::fs::read_to_string(model.join("tokenizer.json")).unwrap();
    for (other, said) in [
        ("{}".to_owned(), "tokenizer"),
        ("no JSON".to_owned(), "tokenizer.json is no JSON"),
        (whole.replace("\"[UNK]\"", "\"[OTHER]\""), "pieces, the model was trained with"),
    ] {
        replace(&model, other.as_bytes());
        let why = Model::load(&model).err().unwrap().to_string();
        assert!(why.contains(said), "{why}");
    }
    replace(&model, whole.as_bytes());
    assert!(Model::load(&model).is_ok());
}

#[test]
fn damaged_vocabularies_are_errors_or_answers_but_never_panics() {
    let (folder, run, _) = finished(5);
    let new = put(folder.path(), "new.csv", reviews(3, 2));
    let model = run.model();
    let whole = std::fs::read(model.join("tokenizer.json")).unwrap();
    let mut random = Stream::new(7, "mutants", 0);
    for _ in 0..60 {
        let mut mutant = whole.clone();
        for _ in 0..1 + random.below(3) {
            let at = random.below(mutant.len());
            match random.below(3) {
                0 => mutant[at] = random.below(256) as u8,
                1 => drop(mutant.drain(at..(at + 1 + random.below(40)).min(whole.len() / 2).max(at))),
                _ => mutant.truncate(at.max(1)),
            }
        }
        replace(&model, &mutant);
        let _ = predict(&model, std::slice::from_ref(&new), &mut Unwatched);
    }
}
