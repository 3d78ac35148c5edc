//! New melodies: scales up and down, learned, written, gone on with and scored.

use crate::{config, folder, put, refused, score, trained, writer};
use pellucid_goals::{Config, Error, Melody, Unwatched, Writing, drawn_glimpse, evaluate};
use pellucid_kinds::melody::{Note, Statistics};
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};
use tempfile::TempDir;

/// The tones of C major around the middle C.
const SCALE: [u8; 15] = [48, 50, 52, 53, 55, 57, 59, 60, 62, 64, 65, 67, 69, 71, 72];

/// A tune of quarter notes that goes up or down the scale for four notes at a time, with its first note held below.
fn tune(random: &mut Stream) -> Melody {
    let mut notes = Vec::new();
    for bar in 0..8 {
        let (up, first) = (random.below(2) == 1, 4 + random.below(7));
        for i in 0..4 {
            let tone = if up { first + i } else { first - i };
            notes.push(Note { start: 16 * bar + 4 * i, length: 4, pitch: SCALE[tone] });
        }
        notes.push(Note { start: 16 * bar, length: 16, pitch: SCALE[first] - 12 });
    }
    Melody::new(notes, 96.0, 16)
}

fn tunes(folder: &Path, count: usize) -> PathBuf {
    let mut random = Stream::new(2, "tunes", 0);
    for i in 0..count {
        put(folder, &format!("tunes/{i:02}.mid"), tune(&mut random).to_midi().unwrap());
    }
    folder.join("tunes")
}

fn small(data: &Path, steps: u64) -> Config {
    let mut config = config(data, &[], steps);
    config.data.generate = true;
    (config.network.width, config.network.depth, config.network.channels) = (Some(32), Some(2), None);
    (config.network.context, config.network.dropout) = (Some(64), Some(0.0));
    (config.training.batch, config.training.learning_rate) = (Some(16), Some(5e-3));
    config
}

fn learned() -> (TempDir, pellucid_goals::Finished) {
    let folder = folder();
    let data = tunes(folder.path(), 60);
    let done = trained(small(&data, 600), folder.path(), "run");
    (folder, done)
}

#[test]
fn tunes_are_learned_and_new_ones_are_like_them() {
    let (folder, done) = learned();
    let (nats, by_counting) = score(&done.evaluation, "melody", "nats_per_frame");
    // Of sixteen sixteenths, one is drawn from fourteen ways: 0.165 nats each. Counting knows the one key that there is, and does well.
    assert!(nats < 0.4 && by_counting < 0.4, "{nats} {by_counting}");
    assert!(done.unseen && done.evaluation.rows_are == "sixteenths");

    assert!(drawn_glimpse(&done.run).unwrap().unwrap().contains("class=\"roll\""));
    let model = writer(&done.run);
    assert!(model.writes_melodies());
    let how = Writing { length: 128, ..Writing::default() };
    let melodies: Vec<Melody> =
        (0..6).map(|seed| model.melody(&Writing { seed, ..how.clone() }).unwrap()).collect();
    assert_eq!(model.melody(&how).unwrap(), melodies[0], "the same seed gives the same melody");
    let found = Statistics::of(&melodies);
    // One of two random tones is a step away in four of 24 cases, and seven of twelve are in a scale.
    assert!(found.in_key > 0.7 && found.stepwise > 0.75, "{found:?}");
    assert!((1.7..2.3).contains(&found.voices), "{found:?}");
    assert!(melodies.iter().all(|m| m.steps() <= 128 && (m.tempo - 96.0).abs() < 0.1 && m.bar == 16));

    // What it goes on from stays as it is.
    let start = tune(&mut Stream::new(9, "tunes", 0)).first(32);
    let longer = model.melody(&Writing { start: Some(start.clone()), length: 64, ..how.clone() }).unwrap();
    assert_eq!(longer.first(32), start);
    assert!(longer.steps() > 32 && longer.steps() <= 96);

    assert!(model.text(&how).unwrap_err().to_string().contains("writes melodies"));
    assert!(model.write(&how, &mut |_| Ok::<_, Error>(true)).is_err());
    for name in ["samples/1.mid", "samples/8.wav"] {
        assert!(done.run.path().join(name).is_file(), "{name}");
    }
    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    for says in ["samples/1.wav", "Piano roll", "Beside melodies by people", "sixteenths it never saw"] {
        assert!(page.contains(says), "the report lacks: {says}");
    }
    let table =
        pellucid_data::Table::open(&[done.run.path().join("predictions.parquet")], &Default::default());
    assert_eq!(table.unwrap().rows(), 8);

    // Others' melodies are scored, and files that are none are left out.
    let others = folder.path().join("others");
    put(&others, "a.mid", tune(&mut Stream::new(5, "tunes", 0)).to_midi().unwrap());
    put(&others, "b.mid", "no melody");
    let scored = evaluate(done.run.path(), Some(&[others]), &mut Unwatched).unwrap();
    assert_eq!(scored.rows, 128);
    assert!((score_of(&scored) - nats).abs() < 0.25);
}

fn score_of(evaluation: &pellucid_goals::Evaluation) -> f64 {
    evaluation.targets["melody"].get("nats_per_frame").unwrap().value
}

#[test]
fn what_is_no_melody_is_told_or_refused() {
    let folder = folder();
    let data = tunes(folder.path(), 30);
    put(&data, "30.mid", "MThd and no more");
    put(&data, "31.mid", Melody::new(Vec::new(), 120.0, 16).to_midi().unwrap());
    let run = trained(small(&data, 2), folder.path(), "run").run;
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("30.mid") && page.contains("there are no notes in it"));
    let none = folder.path().join("none");
    put(&none, "a.mid", "x");
    put(&none, "b.mid", "y");
    let error = refused(small(&none, 2), &folder.path().join("out"));
    assert!(error.to_string().contains("no row can be used") && error.exit_code() == 3, "{error}");
    // A column of melodies in a table, beside others.
    let lines: String = (0..30).map(|i| format!("{},tunes/{i:02}.mid\n", i % 3)).collect();
    let table = put(folder.path(), "tunes.csv", format!("kind,file\n{lines}"));
    let run = trained(small(&table, 2), folder.path(), "table").run;
    assert_eq!(writer(&run).column, "file");
    let mut wrong = small(&table, 2);
    (wrong.data.inputs, wrong.data.kinds) =
        (vec!["file".to_owned()], [("file".to_owned(), "number".to_owned())].into());
    assert!(
        refused(wrong, &folder.path().join("out"))
            .to_string()
            .contains("no new ones of kind number can be made")
    );
}

#[test]
fn every_tune_of_an_abc_file_is_learned_from() {
    let folder = folder();
    let mut random = Stream::new(8, "abc", 0);
    let tune = |i: usize, random: &mut Stream| {
        let bars: String = (0..8).map(|_| ["CDEF|", "GFED|", "EGEC|"][random.below(3)]).collect();
        format!("X:{i}\nM:4/4\nL:1/4\nQ:1/4=90\nK:C\n{bars}]\n\n")
    };
    for file in 0..6 {
        let text: String = (0..10).map(|i| tune(i + 1, &mut random)).collect();
        put(folder.path(), &format!("tunes/{file}.abc"), text);
    }
    let done = trained(small(&folder.path().join("tunes"), 5), folder.path(), "run");
    let config = done.run.config().unwrap();
    // Of six files, none less than one is for the test: ten tunes of 128 sixteenths.
    assert!(
        done.evaluation.rows.is_multiple_of(1280) && done.evaluation.rows > 0,
        "{}",
        done.evaluation.rows
    );
    assert!(config.data.generate && config.data.inputs == ["melody"]);
    let melody = writer(&done.run).melody(&Writing { length: 32, ..Writing::default() }).unwrap();
    assert_eq!((melody.tempo, melody.bar), (90.0, 16));
}
