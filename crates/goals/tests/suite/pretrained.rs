//! Starting from a network that others have trained.

use crate::{config, folder, lines, put, trained};
use pellucid_goals::{Config, Model, Unwatched, inspect, predict};
use std::path::{Path, PathBuf};

/// A small BERT of 40 pieces with a vocabulary of whole words, as the hub stores such.
fn bert(folder: &Path) -> PathBuf {
    let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/reference/bert");
    for file in ["config.json", "model.safetensors"] {
        put(folder, &format!("bert/{file}"), std::fs::read(stored.join(file)).unwrap());
    }
    let words = ["[PAD]", "[UNK]", "good", "bad", "film", "the", "was", "and", "is"];
    let vocabulary: Vec<String> =
        words.iter().enumerate().map(|(i, word)| format!("\"{word}\": {i}")).collect();
    let tokenizer = format!(
        "{{\"version\": \"1.0\", \"truncation\": null, \"padding\": null, \"added_tokens\": [], \
         \"normalizer\": {{\"type\": \"Lowercase\"}}, \"pre_tokenizer\": {{\"type\": \"Whitespace\"}}, \
         \"post_processor\": null, \"decoder\": null, \
         \"model\": {{\"type\": \"WordLevel\", \"vocab\": {{{}}}, \"unk_token\": \"[UNK]\"}}}}",
        vocabulary.join(", ")
    );
    put(folder, "bert/tokenizer.json", tokenizer);
    folder.join("bert")
}

fn films(folder: &Path) -> PathBuf {
    let line = |i: usize| {
        let word = ["good", "bad"][i % 2];
        format!("the film {} was {word} and the film is {word},{word}", i / 2)
    };
    put(folder, "films.csv", lines("said,verdict", 120, line))
}

fn of(folder: &Path, steps: u64) -> Config {
    let mut config = config(&films(folder), &["verdict"], steps);
    config.data.from = Some(bert(folder));
    config
}

#[test]
fn a_given_network_is_tuned_and_kept_whole_in_the_model() {
    let folder = folder();
    let done = trained(of(folder.path(), 4), folder.path(), "run");
    std::fs::remove_dir_all(folder.path().join("bert")).unwrap();
    let new = films(folder.path());
    let found = predict(done.run.path(), &[new], &mut Unwatched).unwrap();
    let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
    assert!(found.problems.is_empty(), "{:?}", found.problems);
    assert_eq!(names, ["input", "verdict", "verdict_p", "verdict_p_bad", "verdict_p_good"]);
    let bert = Model::load(&done.run.model()).unwrap().blueprint.text.bert.unwrap();
    assert_eq!((bert.hidden_size, bert.num_hidden_layers), (24, 2));
    let config = std::fs::read_to_string(done.run.path().join("config.toml")).unwrap();
    assert!(config.contains("from = "), "{config}");
}

#[test]
fn folders_that_hold_no_such_network_are_refused() {
    let folder = folder();
    let mut config = of(folder.path(), 1);
    let why = |config: &Config| inspect(config, &mut Unwatched).err().unwrap().to_string();
    let inside = |file: &str| folder.path().join("bert").join(file);
    std::fs::write(inside("tokenizer.json"), "{}").unwrap();
    assert!(why(&config).contains("no pieces of words"), "{}", why(&config));
    std::fs::remove_file(inside("tokenizer.json")).unwrap();
    assert!(why(&config).contains("tokenizer.json"), "{}", why(&config));
    std::fs::write(inside("config.json"), "{\"model_type\": \"gpt2\"}").unwrap();
    assert!(why(&config).contains("gpt2"), "{}", why(&config));
    config.data.from = Some("elsewhere".into());
    assert!(why(&config).contains("elsewhere"), "{}", why(&config));
}
