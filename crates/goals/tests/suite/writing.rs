//! New texts: a made-up way of writing, learned, written, scored and refused.

use crate::resuming::{go_on, stopped};
use crate::{config, flats, folder, lines, model_bytes, put, refused, score, trained, writer};
use pellucid_goals::{
    Config, Ended, Error, Unwatched, Writing, drawn_glimpse, evaluate, generator, predict, translation,
};
use pellucid_tensor::Stream;
use std::path::Path;

const NUMBERS: [&str; 4] = ["two", "three", "four", "five"];

/// `three of b: bbb.`
fn line(random: &mut Stream) -> String {
    let (number, letter) = (random.below(NUMBERS.len()), (b'a' + random.below(8) as u8) as char);
    format!("{} of {letter}: {}.\n", NUMBERS[number], letter.to_string().repeat(number + 2))
}

fn text(lines: usize, seed: u64) -> String {
    let mut random = Stream::new(seed, "lines", 0);
    (0..lines).map(|_| line(&mut random)).collect()
}

/// Whether a line is as all are.
fn is_right(line: &str) -> bool {
    let Some((number, rest)) = line.split_once(" of ") else { return false };
    let (Some(n), Some(letter)) = (NUMBERS.iter().position(|&n| n == number), rest.chars().next()) else {
        return false;
    };
    rest == format!("{letter}: {}.", letter.to_string().repeat(n + 2))
}

fn small(data: &Path, steps: u64) -> Config {
    let mut config = config(data, &[], steps);
    config.data.generate = true;
    (config.network.width, config.network.depth, config.network.channels) = (Some(32), Some(2), None);
    (config.network.context, config.network.dropout) = (Some(48), Some(0.0));
    (config.training.batch, config.training.learning_rate) = (Some(16), Some(5e-3));
    config
}

#[test]
fn a_way_of_writing_is_learned_from_one_text() {
    let folder = folder();
    let data = put(folder.path(), "lines.txt", text(900, 1));
    let done = trained(small(&data, 400), folder.path(), "run");
    let (bits, by_counting) = score(&done.evaluation, "text", "bits_per_character");
    // Five bits are drawn for each line of some fifteen characters.
    assert!(bits < 0.45 && bits < 0.8 * by_counting, "{bits} {by_counting}");
    assert_eq!(done.evaluation.rows_are, "characters");
    assert!(done.unseen);

    let now = drawn_glimpse(&done.run).unwrap().unwrap();
    assert!(now.contains(" of ") && now.contains("class=\"written\""), "{now}");
    let model = writer(&done.run);
    let surely = |prompt: &str| Writing {
        prompt: prompt.to_owned(),
        temperature: 0.01,
        length: 9,
        ..Writing::default()
    };
    assert!(model.text(&surely("five of c:")).unwrap().starts_with(" ccccc.\n"));
    assert!(model.text(&surely("two of h:")).unwrap().starts_with(" hh.\n"));
    assert_eq!(model.unknown("five of Ω: Ω"), ['Ω']);
    // Far beyond its context, lines stay right; the first and the last may be cut.
    let long = Writing { length: 2000, ..Writing::default() };
    let written = model.text(&long).unwrap();
    assert_eq!(written.chars().count(), 2000);
    let all: Vec<&str> = written.lines().collect();
    let whole = &all[1..all.len() - 1];
    let right = whole.iter().filter(|line| is_right(line)).count();
    assert!(right * 10 >= whole.len() * 9, "{right} of {} lines are right: {written}", whole.len());
    assert_eq!(model.text(&long).unwrap(), written, "the same seed gives the same text");
    assert_ne!(model.text(&Writing { seed: 1, ..long.clone() }).unwrap(), written);
    let (mut parts, mut count) = (String::new(), 0);
    let go_on = |part: &str| {
        parts.push_str(part);
        count += 1;
        Ok::<_, Error>(count < 30)
    };
    model.write(&long, &mut { go_on }).unwrap();
    assert!(parts.len() == 30 && written.starts_with(&parts), "it is told when to stop");

    // Others' texts are scored, too, and worse if they are of another kind.
    let of = |name: &str, text: String| {
        let other = put(folder.path(), name, text);
        score_of(&evaluate(done.run.path(), Some(&[other]), &mut Unwatched).unwrap())
    };
    assert!((of("others.txt", text(300, 9)) - bits).abs() < 0.05);
    assert!(of("reverse.txt", text(300, 9).chars().rev().collect()) > 3.0);
    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    for says in ["Does it copy?", "What it writes", "counting", "bits"] {
        assert!(page.contains(says), "the report lacks: {says}");
    }
    let card = std::fs::read_to_string(done.run.path().join("README.md")).unwrap();
    assert!(card.contains("pipeline_tag: text-generation"));
    let why = predict(done.run.path(), &[data], &mut Unwatched).err().unwrap();
    assert!(why.to_string().contains("pellucid generate") && why.exit_code() == 2, "{why}");
    assert!(translation(done.run.path()).is_err());
}

fn score_of(evaluation: &pellucid_goals::Evaluation) -> f64 {
    evaluation.targets["text"].get("bits_per_character").unwrap().value
}

#[test]
fn many_texts_begin_and_end() {
    let folder = folder();
    let mut random = Stream::new(3, "poems", 0);
    let table = lines("title,poem", 400, |i| {
        format!("{i},\"{}{}\"", line(&mut random), line(&mut random).trim_end())
    });
    let data = put(folder.path(), "poems.csv", table);
    let mut config = small(&data, 300);
    config.data.inputs = vec!["poem".to_owned()];
    let done = trained(config, folder.path(), "run");
    let model = writer(&done.run);
    assert_eq!(model.column, "poem");
    let ended = (0..20).filter(|&seed| {
        let poem = model.text(&Writing { seed, ..Writing::default() }).unwrap();
        poem.lines().count() == 2 && poem.lines().all(is_right)
    });
    assert!(ended.count() >= 16, "most texts have two lines, and end");
}

#[test]
fn pieces_of_words_write_whole_characters() {
    let folder = folder();
    let mut random = Stream::new(5, "words", 0);
    let words = ["über", "日本", "grün", "été", "🙂", "haus"];
    let text: String = (0..3000).map(|_| words[random.below(words.len())].to_owned() + " ").collect();
    let mut config = small(&put(folder.path(), "words.txt", text), 60);
    config.network.characters = Some(false);
    let done = trained(config, folder.path(), "run");
    assert!(done.run.model().join("tokenizer.json").is_file());
    let model = writer(&done.run);
    assert!(model.unknown("anything ẞ").is_empty(), "every byte is a piece");
    let written = model.text(&Writing { length: 300, top_p: 0.9, ..Writing::default() }).unwrap();
    assert!(written.chars().count() == 300 && !written.contains('\u{fffd}'), "{written}");
    let known = written.split_whitespace().filter(|word| words.contains(word)).count();
    assert!(known * 10 > written.split_whitespace().count() * 8, "{written}");
}

#[test]
fn an_interrupted_run_ends_with_the_same_bits() {
    let folder = folder();
    let mut config = small(&put(folder.path(), "lines.txt", text(300, 1)), 30);
    (config.training.validate_every, config.network.dropout) = (Some(9), Some(0.1));
    let whole = trained(config.clone(), folder.path(), "whole").run;
    let run = stopped(config, folder.path(), "parts", 13);
    let Ok(Ended::Finished(done)) = go_on(&run, u64::MAX) else { panic!("it did not end") };
    assert_eq!(model_bytes(&whole), model_bytes(&done.run));
}

#[test]
fn what_cannot_be_learned_from_is_refused() {
    let folder = folder();
    let out = folder.path().join("out");
    let said = |config: Config| {
        let error = refused(config, &out);
        (error.to_string(), error.exit_code())
    };
    let (short, code) = said(small(&put(folder.path(), "short.txt", "a short text"), 3));
    assert!(short.contains("too little to learn from") && code == 3, "{short}");
    let (empty, _) = said(small(&put(folder.path(), "empty.txt", " \n\n"), 3));
    assert!(empty.contains("no row can be used"), "{empty}");
    let numbers = put(folder.path(), "numbers.csv", lines("a,b", 50, |i| format!("{i},{}", i * i)));
    let (none, code) = said(small(&numbers, 3));
    assert!(
        none.contains("which column holds the texts, melodies or pictures")
            && none.contains("`a`, `b`")
            && code == 2,
        "{none}"
    );
    let data = put(folder.path(), "lines.txt", text(300, 1));
    let mut both = small(&data, 3);
    both.data.predict = vec!["text".to_owned()];
    assert!(said(both).0.contains("leave one of them out"));
    let mut members = small(&data, 3);
    members.network.members = Some(2);
    assert!(said(members).0.contains("`members` does nothing"));
    let mut all = small(&data, 3);
    (all.data.validation, all.data.test) = (Some(0.0), Some(0.1));
    let (no_validation, _) = said(all);
    assert!(no_validation.contains("there is nothing for validation"), "{no_validation}");
    // A network for something else does not write.
    let flats = put(folder.path(), "flats.csv", flats(200, 1));
    let other = trained(config(&flats, &["class"], 3), folder.path(), "flats").run;
    let why = generator(other.path()).err().unwrap();
    assert!(why.to_string().contains("--generate") && why.exit_code() == 2, "{why}");
}
