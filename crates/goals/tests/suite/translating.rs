//! Texts from texts: a small made-up language, learned, used, scored and refused.

use crate::resuming::{go_on, stopped};
use crate::{config, flats, folder, lines, model_bytes, put, refused, score, trained};
use pellucid_data::OutValues;
use pellucid_goals::{
    Config, Ended, Inspection, Model, Place, Run, Unwatched, Watcher, Way, drawn_glimpse, evaluate, inspect,
    predict, train, translation,
};
use pellucid_tensor::Stream;
use pellucid_train::Observer;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

const SIZES: [(&str, &str); 4] = [("small", "kimari"), ("big", "osoto"), ("old", "velam"), ("red", "rubani")];
const THINGS: [(&str, &str); 6] = [
    ("dogs", "wufeni"),
    ("houses", "domati"),
    ("trees", "arbosi"),
    ("boats", "naviku"),
    ("children", "pueriza"),
    ("cats", "miaune"),
];
const DEEDS: [(&str, &str); 5] =
    [("sleep", "dormet"), ("wait", "atendat"), ("burn", "flamit"), ("turn", "volvat"), ("shine", "lucet")];
const PLACES: [(&str, &str); 4] = [
    ("in the garden", "hortul"),
    ("near the river", "flumul"),
    ("under the bridge", "pontul"),
    ("on the hill", "colinul"),
];

/// A sentence, and what it is in the other language: the deed comes last, the size after the thing, and numbers stay.
fn pair(random: &mut Stream, number: usize) -> (String, String) {
    let mut one = |list: &[(&'static str, &'static str)]| list[random.below(list.len())];
    let (size, thing, deed, place) = (one(&SIZES), one(&THINGS), one(&DEEDS), one(&PLACES));
    (
        format!("{number} {} {} {} {}.", size.0, thing.0, deed.0, place.0),
        format!("{number} {} {} {} {}.", thing.1, size.1, place.1, deed.1),
    )
}

fn pairs(rows: usize, seed: u64) -> String {
    let mut random = Stream::new(seed, "pairs", 0);
    lines("english,lunar", rows, |row| {
        let (english, lunar) = pair(&mut random, 100 + row * 7 % 900);
        format!("{english},{lunar}")
    })
}

fn small(data: &Path, steps: u64) -> Config {
    let mut config = config(data, &["lunar"], steps);
    (config.network.width, config.network.depth) = (Some(64), Some(2));
    config.training.batch = Some(32);
    config.training.learning_rate = Some(3e-3);
    (config.network.dropout, config.network.channels) = (Some(0.1), None);
    config
}

fn learned() -> (TempDir, Run) {
    let folder = folder();
    let data = put(folder.path(), "pairs.csv", pairs(900, 1));
    let done = trained(small(&data, 600), folder.path(), "run");
    let (bleu, of_the_text_itself) = score(&done.evaluation, "lunar", "bleu");
    assert!(bleu > 90.0 && of_the_text_itself < 20.0, "{bleu} {of_the_text_itself}");
    assert!(score(&done.evaluation, "lunar", "chrf").0 > 90.0);
    (folder, done.run)
}

#[test]
fn a_language_is_learned_and_used() {
    let (folder, run) = learned();
    let model = translation(run.path()).unwrap();
    let found = model
        .translate(
            &there(&["412 big cats wait near the river.", "  ", "735 old boats turn on the hill.", "🙂"]),
            3,
        )
        .unwrap();
    assert_eq!(found[0].texts[0].text, "412 miaune osoto flumul atendat.");
    assert_eq!(found[2].texts[0].text, "735 naviku velam colinul volvat.");
    assert!(found[1].texts.is_empty(), "nothing is said of nothing");
    for texts in found.iter().map(|f| &f.texts).filter(|t| !t.is_empty()) {
        assert_eq!(texts.len(), 3);
        assert!(texts.windows(2).all(|two| two[0].text != two[1].text));
        assert!(texts.iter().all(|t| t.probability > 0.0 && t.probability <= 1.0));
        assert!(texts.iter().map(|t| t.probability).sum::<f64>() <= 1.0 + 1e-6);
    }
    // Sentence by sentence, where there are more than it has learned to read at once.
    let long = model
        .translate(&there(&["412 big cats wait near the river. 735 old boats turn on the hill."]), 1)
        .unwrap();
    assert_eq!(long[0].texts[0].text, "412 miaune osoto flumul atendat. 735 naviku velam colinul volvat.");
    assert!(model.seems_translated("735 naviku velam colinul volvat.").unwrap());
    assert!(!model.seems_translated("735 old boats turn on the hill.").unwrap());
    let alone = model.translate(&there(&["735 old boats turn on the hill."]), 3).unwrap();
    let close = |a: f64, b: f64| (a - b).abs() < 1e-4 * b;
    assert!(
        alone[0]
            .texts
            .iter()
            .zip(&found[2].texts)
            .all(|(a, b)| a.text == b.text && close(a.probability, b.probability))
    );

    let alignment = model.alignment("412 big cats wait near the river.", &found[0].texts[0]).unwrap();
    assert_eq!(alignment.read, ["412", "big", "cats", "wait", "near", "the", "river."]);
    assert_eq!(alignment.written, ["412", "miaune", "osoto", "flumul", "atendat."]);
    for weights in alignment.weights.chunks(7) {
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{weights:?}");
    }

    // Each word is missed by what was made from it: a number by itself, a noun by its noun.
    let text = "412 big cats wait near the river.";
    let explained = model.explain(text, Way::There, 0).unwrap().unwrap();
    assert_eq!(
        (explained.translation.as_str(), explained.column.as_str()),
        (&*found[0].texts[0].text, "lunar")
    );
    let product: f64 = explained.probabilities.iter().product();
    // Beside its words, a translation has an end.
    assert!(
        product >= explained.probability && product < 1.1 * explained.probability + 1e-3,
        "{explained:?}"
    );
    let lost = explained.lost();
    let needed = |written: usize| {
        let row = &lost.weights[written * 7..][..7];
        (0..7).max_by(|&a, &b| row[a].total_cmp(&row[b])).map(|read| lost.read[read].as_str())
    };
    assert_eq!([0, 1].map(needed), [Some("412"), Some("cats")], "{lost:?}");
    let missed = explained.missed.unwrap();
    assert!(missed.everything > 0.9 && missed.without_named < 0.5 && missed.holds(), "{missed:?}");
    assert!(explained.trust().1.starts_with("To be trusted here"), "{:?}", explained.trust());
    let short = model.explain("cats", Way::There, 0).unwrap().unwrap();
    assert!(short.missed.is_none() && short.without.is_empty() && short.trust().1.contains("too few words"));
    assert_eq!(model.explain("  ", Way::There, 0).unwrap(), None);

    // A table: every row has its place; what is not there is told.
    let table = put(
        folder.path(),
        "new.csv",
        "english,note\n318 red trees burn in the garden.,a\n,b\n296 small dogs sleep on the hill.,c\n",
    );
    let found = predict(run.path(), &[table], &mut Unwatched).unwrap();
    let OutValues::Text(texts) = &found.columns[1].values else { panic!("no texts") };
    assert_eq!(
        found.columns.iter().map(|c| c.name.as_str()).collect::<Vec<_>>(),
        ["input", "lunar", "lunar_p"]
    );
    assert_eq!(texts[..], ["318 arbosi rubani hortul flamit.", "", "296 wufeni kimari colinul dormet."]);
    assert!(found.problems.iter().any(|p| p.contains("no text")), "{:?}", found.problems);

    // Other data, and the run's own scores.
    let others = put(folder.path(), "others.csv", pairs(60, 9));
    let scored = evaluate(run.path(), Some(&[others]), &mut Unwatched).unwrap();
    assert!(scored.rows == 60 && score(&scored, "lunar", "bleu").0 > 90.0);
    let lacking = put(folder.path(), "lacking.csv", "english\na\nb\n");
    let why = evaluate(run.path(), Some(&[lacking]), &mut Unwatched).unwrap_err().to_string();
    assert!(why.contains("lunar"), "{why}");
    assert!(evaluate(run.path(), None, &mut Unwatched).unwrap().targets.contains_key("lunar"));

    for (file, says) in [("report.html", "What it looked at"), ("README.md", "pipeline_tag: translation")] {
        let text = std::fs::read_to_string(run.path().join(file)).unwrap();
        assert!(text.contains(says), "{file} lacks {says}");
    }
    let why = Model::load(&run.model()).err().unwrap().to_string();
    assert!(why.contains("pellucid translate"), "{why}");
    let mut weights = std::fs::read(run.model().join("model.safetensors")).unwrap();
    let last = weights.len() - 1;
    weights[last] ^= 1;
    std::fs::write(run.model().join("model.safetensors"), weights).unwrap();
    assert!(translation(run.path()).err().unwrap().to_string().contains("damaged"));
}

fn there<'a>(texts: &[&'a str]) -> Vec<(&'a str, Way)> {
    texts.iter().map(|&text| (text, Way::There)).collect()
}

#[test]
fn one_network_learns_both_ways() {
    let folder = folder();
    let data = put(folder.path(), "pairs.csv", pairs(900, 1));
    let mut config = small(&data, 900);
    config.data.both_ways = true;
    let done = trained(config.clone(), folder.path(), "run");
    for column in ["lunar", "english"] {
        assert!(score(&done.evaluation, column, "bleu").0 > 90.0, "{column}");
    }
    let now = drawn_glimpse(&done.run).unwrap().unwrap();
    for says in ["<dt>lunar</dt>", "<dt>english</dt>", "a person wrote"] {
        assert!(now.contains(says), "the glimpse lacks {says}: {now}");
    }
    let model = translation(done.run.path()).unwrap();
    let both = ["735 old boats turn on the hill.", "735 naviku velam colinul volvat."];
    let asked: Vec<(&str, Way)> = both.iter().map(|&text| (text, model.way_for(text).unwrap())).collect();
    assert_eq!([asked[0].1, asked[1].1], [Way::There, Way::Back], "the language is seen");
    let found = model.translate(&asked, 1).unwrap();
    assert_eq!([&found[0].texts[0].text, &found[1].texts[0].text], [both[1], both[0]]);
    assert!(!model.seems_translated(both[1]).unwrap(), "it can be translated");
    let alignment = model.alignment(both[1], &found[1].texts[0]).unwrap();
    assert_eq!(alignment.read, ["735", "naviku", "velam", "colinul", "volvat."]);
    for weights in alignment.weights.chunks(5) {
        assert!((weights.iter().sum::<f32>() - 1.0).abs() < 1e-4, "{weights:?}");
    }
    // A table with one of both columns is translated into the other.
    let table = put(folder.path(), "back.csv", "lunar\n318 arbosi rubani hortul flamit.\n");
    let found = predict(done.run.path(), &[table], &mut Unwatched).unwrap();
    let OutValues::Text(texts) = &found.columns[1].values else { panic!("no texts") };
    assert_eq!(
        (found.columns[1].name.as_str(), texts[0].as_str()),
        ("english", "318 red trees burn in the garden.")
    );
    let others = put(folder.path(), "others.csv", pairs(40, 9));
    let scored = evaluate(done.run.path(), Some(&[others]), &mut Unwatched).unwrap();
    assert!(scored.rows == 40 && scored.targets.len() == 2);

    config.network.shared_vocabulary = Some(false);
    let error = refused(config, folder.path().join("x").as_path());
    assert!(error.to_string().contains("one vocabulary") && error.exit_code() == 2, "{error}");
    let flats = put(folder.path(), "flats.csv", flats(200, 1));
    let mut other = crate::config(&flats, &["class"], 3);
    other.data.both_ways = true;
    let error = refused(other, folder.path().join("y").as_path());
    assert!(error.to_string().contains("`both_ways` does nothing"), "{error}");
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits() {
    let folder = folder();
    let data = put(folder.path(), "pairs.csv", pairs(300, 1));
    let mut config = small(&data, 30);
    (config.training.validate_every, config.network.width) = (Some(9), Some(16));
    let whole = trained(config.clone(), folder.path(), "whole").run;
    let run = stopped(config, folder.path(), "parts", 13);
    let Ok(Ended::Finished(done)) = go_on(&run, u64::MAX) else { panic!("it did not end") };
    assert_eq!(model_bytes(&whole), model_bytes(&done.run));
}

#[test]
fn other_letters_get_a_vocabulary_of_their_own() {
    let folder = folder();
    let mut random = Stream::new(4, "pairs", 0);
    let cyrillic = |text: &str| -> String {
        let other = |c: char| match c {
            'a'..='z' => char::from_u32('а' as u32 + (c as u32 - 'a' as u32)).unwrap(),
            c => c,
        };
        text.chars().map(other).collect()
    };
    let text = lines("english,lunar", 200, |row| {
        let (english, lunar) = pair(&mut random, 100 + row * 7 % 900);
        format!("{english},{}", cyrillic(&lunar))
    });
    let data = put(folder.path(), "pairs.csv", text);
    let run = trained(small(&data, 3), folder.path(), "run").run;
    assert!(run.model().join("tokenizer-2.json").is_file());
    let config = std::fs::read_to_string(run.path().join("config.toml")).unwrap();
    assert!(config.contains("shared_vocabulary = false"), "{config}");
    let model = translation(run.path()).unwrap();
    assert!(!model.translate(&there(&["2 red cats wait on the hill."]), 1).unwrap().is_empty());
}

#[test]
fn only_the_columns_named_are_read() {
    let folder = folder();
    let data = pairs(200, 1);
    let third = data.lines().enumerate().map(|(i, line)| match i {
        0 => format!("{line},german"),
        i => format!("{line},\"das ist der deutsche Satz Nummer {i}\""),
    });
    let data = put(folder.path(), "three.csv", third.collect::<Vec<_>>().join("\n"));
    let error = refused(small(&data, 3), folder.path());
    let said = error.to_string();
    assert!(said.contains("`english`, `german`") && said.contains("--from-column"), "{said}");
    assert_eq!(error.exit_code(), 3);
    let mut config = small(&data, 3);
    config.data.inputs = vec!["english".to_owned()];
    let Inspection { report, .. } = inspect(&config, &mut Unwatched).unwrap();
    let classes: Vec<_> = report.findings.iter().map(|f| f.code.as_str()).collect();
    assert!(!classes.contains(&"rare_class") && !classes.contains(&"conflicting_labels"), "{classes:?}");
    trained(config, folder.path(), "run");
}

/// Keeps what a person is told.
#[derive(Default)]
struct Told(Vec<String>);

impl Observer for Told {
    fn warning(&mut self, text: &str) {
        self.0.push(text.to_owned());
    }
}

impl Watcher for Told {
    fn note(&mut self, _: &str) {}
}

#[test]
fn rows_with_their_languages_exchanged_are_told() {
    let folder = folder();
    let text = pairs(300, 1);
    let exchange = |(i, line): (usize, &str)| match (i, line.split_once(',')) {
        (20 | 150, Some((english, lunar))) => format!("{lunar},{english}"),
        _ => line.to_owned(),
    };
    let text = text.lines().enumerate().map(exchange).collect::<Vec<_>>().join("\n");
    let config = small(&put(folder.path(), "pairs.csv", text), 2);
    let place = Place { out: Some(folder.path()), name: Some("run"), command: String::new() };
    let mut told = Told::default();
    assert!(train(config, &place, &mut told, &AtomicBool::new(false)).is_ok());
    let said = told.0.iter().find(|said| said.contains("the other way round"));
    assert!(said.is_some_and(|said| said.starts_with("2 rows") && said.contains("row 20")), "{:?}", told.0);
}

#[test]
fn pairs_that_cannot_be_used_are_left_out_and_told() {
    let folder = folder();
    let mut text = pairs(200, 1);
    text += "only english here,\n,only lunar\n";
    text += &format!("\"{}\",kurz\n", "a very long text ".repeat(200));
    text += &format!("{},kurz\n", "one two three four ".repeat(12));
    let data = put(folder.path(), "pairs.csv", &text);
    let run = trained(small(&data, 3), folder.path(), "run").run;
    let report = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    for says in ["no text", "it can have 1 to 256", "hardly translations of each other"] {
        assert!(report.contains(says), "the report lacks: {says}");
    }
    let none =
        put(folder.path(), "none.csv", lines("english,lunar", 40, |i| format!("sentence number {i},")));
    let said = refused(small(&none, 3), folder.path().join("x").as_path()).to_string();
    assert!(said.contains("no row has an answer"), "{said}");
    let mut several = small(&data, 3);
    several.network.members = Some(2);
    let error = refused(several, folder.path().join("y").as_path());
    assert!(error.to_string().contains("`members` does nothing") && error.exit_code() == 2, "{error}");
    // A network for something else does not translate.
    let flats = put(folder.path(), "flats.csv", flats(200, 1));
    let other = trained(config(&flats, &["class"], 3), folder.path(), "flats").run;
    let why = translation(other.path()).err().unwrap();
    assert!(why.to_string().contains("pellucid predict") && why.exit_code() == 2, "{why}");
}
