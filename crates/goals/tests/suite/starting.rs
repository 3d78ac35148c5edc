//! Starting from a network that has learned already: one that others have trained, and that of an earlier run.

use crate::outcomes::picture;
use crate::texts::reviews;
use crate::{config, flats, folder, lines, put, refused, score, trained};
use pellucid_goals::{Config, Model, Run, Unwatched, explain_layers, inspect, predict};
use pellucid_nn::params;
use pellucid_tensor::{Stream, Tensor};
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
    assert!(why(&config).contains("pieces of words"), "{}", why(&config));
    std::fs::remove_file(inside("tokenizer.json")).unwrap();
    assert!(why(&config).contains("tokenizer.json"), "{}", why(&config));
    std::fs::write(inside("config.json"), "{\"model_type\": \"gpt2\"}").unwrap();
    assert!(why(&config).contains("gpt2"), "{}", why(&config));
    config.data.from = Some("elsewhere".into());
    assert!(why(&config).contains("elsewhere"), "{}", why(&config));
}

#[test]
fn a_vocabulary_of_ones_own_is_used_and_kept_in_the_model() {
    let folder = folder();
    let given = bert(folder.path()).join("tokenizer.json");
    let own = put(
        folder.path(),
        "own.json",
        std::fs::read_to_string(given).unwrap().replace("[PAD]", "zero").replace("[UNK]", "<unk>"),
    );
    let with = |tokenizer: &Path| {
        let mut config = config(&films(folder.path()), &["verdict"], 60);
        config.data.tokenizer = Some(tokenizer.to_owned());
        config.training.learning_rate = Some(0.01);
        config
    };
    let done = trained(with(&own), folder.path(), "own");
    let (accuracy, _) = score(&done.evaluation, "verdict", "accuracy");
    assert!(accuracy > 0.9, "{accuracy}");
    let kept = std::fs::read_to_string(done.run.model().join("tokenizer.json")).unwrap();
    assert!(kept.contains("WordLevel") && kept.contains("<unk>"), "{kept}");
    std::fs::remove_file(&own).unwrap();
    let again = predict(done.run.path(), &[films(folder.path())], &mut Unwatched).unwrap();
    assert!(again.problems.is_empty(), "{:?}", again.problems);

    let why = refused(with(&own), folder.path()).to_string();
    assert!(why.contains("the vocabulary cannot be read") && why.contains("own.json"), "{why}");
    let why = refused(with(&put(folder.path(), "no.json", "[1]")), folder.path()).to_string();
    assert!(why.contains("pieces of words") && why.contains("`said`"), "{why}");
    let mut both = with(&own);
    both.data.from = Some(bert(folder.path()));
    let why = refused(both, folder.path()).to_string();
    assert!(why.contains("leave `tokenizer` out"), "{why}");
}

/// The tensors of a run's network whose names begin so.
fn tensors(run: &Run, start: &str) -> Vec<Tensor> {
    let model = Model::load(&run.model()).unwrap();
    let all = params(&model.network).into_iter();
    all.filter(|(name, _)| name.starts_with(start)).map(|(_, p)| p.value.clone()).collect()
}

#[test]
fn a_frozen_network_stays_as_it_is_while_the_rest_learns() {
    let folder = folder();
    let frozen = |steps, seed, name: &str| {
        let mut config = of(folder.path(), steps);
        (config.training.freeze, config.training.seed) = (true, seed);
        config.training.learning_rate = Some(0.02);
        trained(config, folder.path(), name)
    };
    let (few, many) = (frozen(2, 0, "few"), frozen(200, 1, "many"));
    assert_eq!(tensors(&few.run, "texts"), tensors(&many.run, "texts"));
    assert_ne!(tensors(&few.run, "heads"), tensors(&many.run, "heads"));
    let (accuracy, _) = score(&many.evaluation, "verdict", "accuracy");
    assert!(accuracy > 0.9, "{accuracy}");
    let mut config = config(&films(folder.path()), &["verdict"], 1);
    config.training.freeze = true;
    let why = refused(config.clone(), folder.path()).to_string();
    assert!(why.contains("--from"), "{why}");
    config.data = of(folder.path(), 1).data;
    config.data.paths = vec![put(folder.path(), "flats.csv", flats(200, 1))];
    config.data.predict = vec!["class".to_owned()];
    let why = refused(config, folder.path()).to_string();
    assert!(why.contains("no text"), "{why}");
}

#[test]
fn a_run_goes_on_from_where_another_ended() {
    let folder = folder();
    let data = put(folder.path(), "reviews.csv", reviews(600, 1));
    let first = trained(config(&data, &["verdict"], 500), folder.path(), "first");
    let again = |data: &Path, predict: &str, freeze| {
        let mut config = config(data, &[predict], 1);
        config.data.from = Some(first.run.path().to_owned());
        (config.network.width, config.training.freeze) = (None, freeze);
        config.training.learning_rate = Some(1e-9);
        config
    };
    let other = put(folder.path(), "others.csv", reviews(300, 2));
    let same = trained(again(&other, "verdict", false), folder.path(), "same");
    let (accuracy, _) = score(&same.evaluation, "verdict", "accuracy");
    assert!(accuracy > 0.9, "what the first run knows is not lost: {accuracy}");
    // Another column to predict, and another name of the text: what reads texts is the same.
    let renamed = reviews(300, 3).replace("review,price,verdict", "said,price,verdict");
    let renamed = put(folder.path(), "renamed.csv", renamed);
    for freeze in [false, true] {
        let run = trained(again(&renamed, "price", freeze), folder.path(), &format!("renamed-{freeze}")).run;
        for (ours, theirs) in tensors(&run, "texts").iter().zip(tensors(&first.run, "texts")) {
            let apart =
                ours.to_vec().iter().zip(theirs.to_vec()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            assert!(apart < 1e-6, "{apart}");
        }
        let read = |run: &Run| std::fs::read(run.model().join("tokenizer.json")).unwrap();
        assert_eq!(read(&run), read(&first.run));
    }
    let flats = put(folder.path(), "flats.csv", flats(200, 1));
    let why = refused(again(&flats, "class", false), folder.path()).to_string();
    assert!(why.contains("nothing of the run") && why.contains("the text `review`"), "{why}");
}

#[test]
fn a_given_network_for_pictures_is_tuned_or_kept_and_shown_them_in_its_size() {
    let folder = folder();
    // What even a network that was only drawn can tell.
    let mut random = Stream::new(1, "pictures", 0);
    for i in 0..200 {
        let (label, light) = [("dim", 40.0), ("bright", 190.0)][i % 2];
        put(folder.path(), &format!("discs/{label}/{i}.png"), picture(&mut random, true, light));
    }
    let data = folder.path().join("discs");
    for (name, freeze) in [("resnet-basic", false), ("resnet-basic", true), ("efficientnet", true)] {
        let stored = Path::new(env!("CARGO_MANIFEST_DIR")).join("../pretrained/tests/reference").join(name);
        for file in ["config.json", "model.safetensors"] {
            put(folder.path(), &format!("{name}/{file}"), std::fs::read(stored.join(file)).unwrap());
        }
        put(
            folder.path(),
            &format!("{name}/preprocessor_config.json"),
            "{\"size\": {\"height\": 40, \"width\": 40}}",
        );
        let mut config = config(&data, &["label"], if freeze { 150 } else { 6 });
        config.data.from = Some(folder.path().join(name));
        (config.training.freeze, config.data.allow_leaks) = (freeze, true);
        let done = trained(config, folder.path(), &format!("{name}-{freeze}"));
        let config = done.run.config().unwrap();
        assert_eq!(config.data.max_side, Some(40));
        let model = Model::load(&done.run.model()).unwrap();
        assert_eq!(model.batcher.picture_sizes()[0][..2], [40, 40], "small pictures are enlarged");
        let found = predict(done.run.path(), std::slice::from_ref(&data), &mut Unwatched).unwrap();
        assert!(found.problems.is_empty(), "{:?}", found.problems);
        // Its layers can be looked at as far as they see a part; squeeze and excitation sees all of a picture at once.
        let [looks] = explain_layers(done.run.path(), None, &mut Unwatched).unwrap().try_into().unwrap();
        assert_eq!(looks.whole, name == "efficientnet", "{looks:?}");
        assert!(looks.layers.iter().all(|layer| layer.sees[0] > 1 && !layer.shown.is_empty()), "{looks:?}");
        if freeze {
            let (accuracy, baseline) = score(&done.evaluation, "label", "accuracy");
            assert!(accuracy > baseline + 0.2, "{name}: {accuracy}, {baseline}");
        }
    }
    let films = films(folder.path());
    let mut config = config(&films, &["verdict"], 1);
    config.data.from = Some(folder.path().join("resnet-basic"));
    let why = refused(config, folder.path()).to_string();
    assert!(why.contains("no picture"), "{why}");
}
