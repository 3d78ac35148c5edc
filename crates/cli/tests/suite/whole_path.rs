//! From data to answers.

use crate::data::{patients, stripes, write_patients, write_pictures};
use crate::support::{files, pellucid, run, run_with, weights};
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::{Field, Row};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::process::Stdio;

const QUICK: [&str; 6] = ["--steps", "150", "--batch", "32", "--seed", "1"];

fn train(folder: &Path, words: &[&str]) -> PathBuf {
    folder.join(run(folder, &[&["train"], words, &QUICK].concat()).ok().run())
}

/// The cells of a CSV without quotes.
fn cells(csv: &str) -> Vec<Vec<String>> {
    csv.lines().map(|line| line.split(',').map(str::to_owned).collect()).collect()
}

/// A row of a Parquet file as a JSON object.
fn object(row: &Row) -> Value {
    let value = |field: &Field| match field {
        Field::Str(text) => Value::from(text.as_str()),
        Field::Double(number) => Value::from(*number),
        Field::Null => Value::Null,
        other => panic!("an unexpected type: {other:?}"),
    };
    row.get_column_iter().map(|(name, field)| (name.clone(), value(field))).collect()
}

#[test]
fn a_table_becomes_scores_and_answers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 400);
    let path =
        train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose", "--name", "first"]);
    assert_eq!(path, folder.join("runs/first"));
    for file in [
        "config.toml",
        "data_report.json",
        "metrics.jsonl",
        "report.html",
        "README.md",
        "predictions.parquet",
        "model/config.json",
        "model/model.safetensors",
    ] {
        assert!(path.join(file).is_file(), "{file} is missing: {:?}", files(&path));
    }

    let evaluation = run(folder, &["evaluate", "runs/first", "--json"]).ok().json();
    let score = |metric: &str, key: &str| evaluation["targets"]["outcome"][metric][key].as_f64().unwrap();
    assert_eq!(evaluation["rows"], 80);
    for metric in ["accuracy", "balanced_accuracy", "macro_f1", "auc", "log_loss", "ece"] {
        let (low, value, high) = (score(metric, "low"), score(metric, "value"), score(metric, "high"));
        assert!(low <= value && value <= high, "{metric}: {low} {value} {high}");
    }
    assert!(score("accuracy", "value") > score("accuracy", "baseline") + 0.1, "{evaluation}");
    let table = run(folder, &["evaluate", "runs/first"]).ok().out;
    assert!(table.contains("95 % interval") && table.contains("not by chance"), "{table}");
    let again = run(folder, &["evaluate", "runs/first", "patients.csv", "--json"]).ok().json();
    assert_eq!(again["rows"], 400);

    // The model is what it was trained to be wherever its folder lies.
    let new = patients(430).lines().enumerate().filter(|(i, _)| *i == 0 || *i > 400).fold(
        String::new(),
        |text, (_, line)| {
            let inputs: Vec<&str> = line.split(',').take(3).collect();
            text + &inputs.join(",") + "\n"
        },
    );
    std::fs::write(folder.join("new.csv"), &new).unwrap();
    let csv = run(folder, &["predict", "runs/first", "new.csv"]).ok().out;
    let rows = cells(&csv);
    assert_eq!(rows[0], ["input", "outcome", "outcome_p", "outcome_p_ill", "outcome_p_well"]);
    assert_eq!(rows.len(), 31);
    for (i, row) in rows[1..].iter().enumerate() {
        assert_eq!(row[0], (i + 1).to_string());
        let [p, ill, well] = [2, 3, 4].map(|column| row[column].parse::<f64>().unwrap());
        assert!((ill + well - 1.0).abs() < 1e-5 && p == ill.max(well), "{row:?}");
        assert_eq!(row[1], if ill > well { "ill" } else { "well" });
    }
    assert_eq!(run_with(folder, &["predict", "runs/first", "-"], &new).ok().out, csv, "standard input");
    assert_eq!(run(folder, &["predict", "runs/first/model", "new.csv"]).ok().out, csv, "a model folder");
    for file in ["a.csv", "a.json", "a.parquet"] {
        let ran = run(folder, &["predict", "runs/first", "new.csv", "--out", file]).ok();
        assert_eq!(ran.out, "", "{file}");
    }
    assert_eq!(std::fs::read_to_string(folder.join("a.csv")).unwrap(), csv);
    let json: Value = serde_json::from_str(&std::fs::read_to_string(folder.join("a.json")).unwrap()).unwrap();
    let reader = SerializedFileReader::new(std::fs::File::open(folder.join("a.parquet")).unwrap()).unwrap();
    let parquet: Vec<Value> = reader.get_row_iter(None).unwrap().map(|row| object(&row.unwrap())).collect();
    for (i, row) in rows[1..].iter().enumerate() {
        for (name, cell) in rows[0].iter().zip(row) {
            for value in [&json[i][name], &parquet[i][name]] {
                let same =
                    value.as_str().map_or_else(|| value.as_f64() == cell.parse().ok(), |text| text == cell);
                assert!(same, "row {i}, {name}: {value} in place of {cell}");
            }
        }
    }
}

#[test]
fn a_few_rows_are_not_said_to_prove_anything() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose", "--name", "a"]);
    let text = std::fs::read_to_string(folder.join("patients.csv")).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    // One row with an answer, and many without: only what can be compared is counted.
    let unanswered = lines[2..60].iter().map(|line| format!("{},", line.rsplit_once(',').unwrap().0));
    let one: Vec<String> = lines[..2].iter().map(|line| (*line).to_owned()).chain(unanswered).collect();
    std::fs::write(folder.join("one.csv"), one.join("\n")).unwrap();
    let said = run(folder, &["evaluate", "runs/a", "one.csv"]).ok().out;
    assert!(said.contains("on 1 row of this data") && said.contains("A single row says little"), "{said}");
    assert!(!said.contains("by chance") && !said.contains("do not use it"), "{said}");
    std::fs::write(folder.join("few.csv"), lines[..8].join("\n")).unwrap();
    let said = run(folder, &["evaluate", "runs/a", "few.csv"]).ok().out;
    assert!(said.contains("Only 7 rows say little"), "{said}");
}

#[test]
fn cells_that_count_as_missing_are_told_when_answering() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose", "--name", "a"]);
    std::fs::write(folder.join("odd.csv"), "age,pressure,city\n50,120,Bern\ninf,120,Bern\n1e300,,Genf\n")
        .unwrap();
    let ran = run(folder, &["predict", "runs/a", "odd.csv"]).ok();
    assert_eq!(cells(&ran.out).len(), 4, "every row is answered");
    for says in
        ["row 2, column `age`: `inf` is not a finite number, so it counts as missing", "row 3, column `age`"]
    {
        assert!(ran.err.contains(says), "{ran:#?}");
    }
    assert!(!ran.err.contains("`pressure`") && !ran.err.contains("row 1"), "{ran:#?}");
    let text = (0..40).fold("age,pressure,city\n".to_owned(), |text, _| text + "old,120,Bern\n");
    let ran = run_with(folder, &["predict", "runs/a", "-"], &text).ok();
    assert!(
        ran.err.contains("`old` is not a finite number") && ran.err.contains("30 more cells"),
        "{ran:#?}"
    );
}

#[test]
fn a_place_for_answers_that_cannot_be_is_told_before_the_work() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose", "--name", "a"]);
    let predict = |out: &str| run(folder, &["predict", "runs/a", "patients.csv", "--out", out]);
    let ran = predict("nowhere/x.csv").fails(2, &["the folder `nowhere` does not exist", "nowhere/x.csv"]);
    assert!(!ran.err.contains(".pellucid-"), "{ran:#?}");
    predict("patients.csv/x.csv").fails(2, &["patients.csv` is a file"]);
    predict("x.xls").fails(2, &[".parquet"]);
}

#[test]
fn pictures_become_answers_in_the_order_given() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_pictures(folder, 60);
    let path = train(folder, &["pictures"]);
    assert_eq!(path, folder.join("runs/pictures-1"));
    let names = ["pictures/standing/003.png", "pictures/lying/017.png", "pictures/lying/002.png"];
    let rows = cells(&run(folder, &[&["predict", "runs/pictures-1"], &names[..]].concat()).ok().out);
    assert_eq!(rows[0], ["input", "label", "label_p", "label_p_lying", "label_p_standing"]);
    for (row, name) in rows[1..].iter().zip(names) {
        assert!(name.ends_with(&row[0]), "{} is in the place of {name}", row[0]);
        assert_eq!(row[1], name.split('/').nth(1).unwrap());
    }
    let all = cells(&run(folder, &["predict", "runs/pictures-1", "pictures"]).ok().out);
    assert_eq!(all.len(), 121);

    // Folders and files together, in the order given.
    let words = ["predict", "runs/pictures-1", names[0], "pictures/lying", names[1]];
    let rows = cells(&run(folder, &words).ok().out);
    assert_eq!(rows.len(), 63);
    assert_eq!([&rows[1][0], &rows[2][0]], ["standing/003.png", "lying/000.png"]);
    assert_eq!(rows[62][0], "lying/017.png");

    // One picture that is none: the others are answered, and it is named.
    std::fs::create_dir(folder.join("mixed")).unwrap();
    std::fs::copy(folder.join(names[0]), folder.join("mixed/a.png")).unwrap();
    std::fs::write(folder.join("mixed/b.png"), "a letter, not a picture").unwrap();
    let ran = run(folder, &["predict", "runs/pictures-1", "mixed"]).ok();
    let rows = cells(&ran.out);
    assert_eq!((rows[1][1].as_str(), rows[2][1].as_str()), ("standing", ""));
    assert!(ran.err.contains("b.png"), "{ran:#?}");
    run(folder, &["predict", "runs/pictures-1", "mixed/b.png", "--out", "x.csv"]).fails(3, &["b.png"]);
    assert!(!folder.join("x.csv").exists());
}

#[test]
fn rows_that_cannot_be_read_have_their_line_among_the_answers() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose", "--name", "a"]);
    let whole = cells(&run(folder, &["predict", "runs/a", "patients.csv"]).ok().out);
    let broken = [1, 2, 7, 200];
    let ragged: String = patients(200)
        .lines()
        .enumerate()
        .map(|(i, line)| if broken.contains(&i) { format!("{line},surplus\n") } else { format!("{line}\n") })
        .collect();
    std::fs::write(folder.join("ragged.csv"), ragged).unwrap();
    let ran = run(folder, &["predict", "runs/a", "ragged.csv"]).ok();
    assert!(ran.err.contains("ragged.csv, row 7: line 8 has 6 cells"), "{ran:#?}");
    let rows = cells(&ran.out);
    assert_eq!(rows.len(), 201);
    for (i, (row, known)) in rows.iter().zip(&whole).enumerate().skip(1) {
        assert_eq!(row[0], i.to_string());
        match broken.contains(&i) {
            true => assert!(row[1..].iter().all(String::is_empty), "{row:?}"),
            false => assert_eq!(row, known),
        }
    }
}

#[test]
fn a_reader_that_has_seen_enough_does_not_stop_the_training() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    let words = ["train", "patients.csv", "--predict", "outcome", "--ignore", "dose", "--steps", "20"];
    let mut child = pellucid(folder, &words).stderr(Stdio::piped()).stdout(Stdio::null()).spawn().unwrap();
    drop(child.stderr.take());
    assert_eq!(child.wait().unwrap().code(), Some(0));
    run(folder, &["predict", "runs/patients-1", "patients.csv"]).ok();
}

#[test]
fn several_targets_of_different_kinds_are_learned_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 300);
    let path =
        train(folder, &["patients.csv", "--predict", "dose", "--predict", "outcome", "--out", "models"]);
    assert_eq!(path, folder.join("models/patients-1"));
    let evaluation = run(folder, &["evaluate", "models/patients-1", "--json"]).ok().json();
    assert!(evaluation["targets"]["dose"]["r2"]["value"].as_f64().unwrap() > 0.5, "{evaluation}");
    assert!(evaluation["targets"]["dose"]["mae"]["baseline"].as_f64().unwrap() > 0.0);
    assert!(evaluation["targets"]["outcome"]["accuracy"]["value"].as_f64().unwrap() > 0.7, "{evaluation}");
    let rows = cells(&run(folder, &["predict", "models/patients-1", "patients.csv"]).ok().out);
    assert_eq!(rows[0], ["input", "dose", "outcome", "outcome_p", "outcome_p_ill", "outcome_p_well"]);
}

#[test]
fn events_tell_a_program_everything_and_end_with_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 300);
    let words = ["train", "patients.csv", "--predict", "outcome", "--ignore", "dose", "--json"];
    let ran = run(folder, &[&words[..], &QUICK].concat()).ok();
    let mut lines: Vec<&str> = ran.out.lines().collect();
    assert_eq!(lines.pop(), Some("runs/patients-1"), "the run's folder comes last");
    let events: Vec<Value> = lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect();
    for wanted in ["note", "begin", "step", "validation", "checkpoint", "done"] {
        assert!(events.iter().any(|e| e["event"] == wanted), "no {wanted}: {}", ran.out);
    }
    let last = events.last().unwrap();
    assert_eq!(last["run"], "runs/patients-1");
    assert_eq!(last["evaluation"], run(folder, &["evaluate", "runs/patients-1", "--json"]).ok().json());
    assert!(events.iter().filter(|e| e["event"] == "validation").all(|e| e["metrics"]["accuracy"].is_f64()));
}

#[test]
fn neither_threads_nor_a_cap_on_memory_change_a_bit_of_the_result() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 1500);
    let given = ["patients.csv", "--predict", "outcome", "--ignore", "dose"];
    let one = weights(&train(folder, &[&given[..], &["--threads", "1"]].concat()));
    let two = weights(&train(folder, &[&given[..], &["--threads", "2"]].concat()));
    assert!(one == two, "threads change the result");
    // The table alone has some 40,000 bytes.
    std::fs::write(folder.join("small.toml"), "[data]\nmemory = 4096\n").unwrap();
    let capped = weights(&train(folder, &[&given[..], &["--config", "small.toml"]].concat()));
    assert!(one == capped, "the cap on memory changes the result");
}

#[test]
fn the_resolved_configuration_makes_the_same_network_again() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 300);
    let first = train(folder, &["patients.csv", "--predict", "outcome", "--ignore", "dose"]);
    let ran = run(folder, &["train", "--config", "runs/patients-1/config.toml"]).ok();
    assert!(weights(&first) == weights(&folder.join(ran.run())));
    let other = run(folder, &["train", "--config", "runs/patients-1/config.toml", "--seed", "2"]).ok();
    assert!(weights(&first) != weights(&folder.join(other.run())), "flags go over the file");
}

#[test]
fn texts_are_learned_and_new_ones_are_written() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("songs")).unwrap();
    for song in 0..3 {
        let lines: Vec<String> = (0..60).map(|line| format!("{} of {song}, la la la", line % 7)).collect();
        std::fs::write(folder.join(format!("songs/{song}.txt")), lines.join("\n")).unwrap();
    }
    std::fs::write(folder.join("songs/README.md"), "how these songs came to be").unwrap();
    let trained = run(folder, &["train", "songs", "--generate", "--steps", "30", "--preset", "quick"]).ok();
    assert!(
        trained.err.contains("characters it never saw") && trained.err.contains("bits per character"),
        "{trained:#?}"
    );
    let songs = trained.run();
    let songs = songs.to_str().unwrap();
    let words = ["generate", songs, "--prompt", "3 of 1", "--length", "40", "--seed", "5"];
    let written = run(folder, &words).ok();
    assert!(
        written.out.starts_with("3 of 1") && written.out.trim_end().chars().count() <= 46,
        "{written:#?}"
    );
    assert_eq!(run(folder, &words).ok().out, written.out, "the same seed, the same text");
    let json = run(folder, &[&words[..], &["--json"]].concat()).ok().json();
    assert_eq!(format!("3 of 1{}\n", json["text"].as_str().unwrap()), written.out);
    let several = run(folder, &["generate", songs, "--count", "2", "--length", "20", "--prompt", "Ω"]).ok();
    assert!(several.out.contains("\n---\n") && several.err.contains("`Ω`"), "{several:#?}");
    assert!(several.err.contains("the same again: --seed "), "{several:#?}");
    let scored = run(folder, &["evaluate", songs, "songs/2.txt", "--json"]).ok().json();
    assert_eq!(scored["rows_are"], "characters");
    run(folder, &["predict", songs, "songs"]).fails(2, &["pellucid generate"]);
    run(folder, &["generate", songs, "--top-p", "1.5"]).fails(2, &["between 0 and 1"]);
    run(folder, &["explain", songs, "3 of 1"]).fails(2, &["no answer to explain", "pellucid generate"]);
    run(folder, &["train", "songs", "--generate", "--predict", "text"]).fails(2, &["leave one of them out"]);
}

#[test]
fn melodies_are_learned_and_new_ones_are_composed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    std::fs::create_dir(folder.join("tunes")).unwrap();
    for tune in 0..30 {
        let bars = ["CDEF|", "GFED|", "EGEC|"].map(|bar| bar.repeat(1 + tune % 3)).concat();
        let text = format!("X:1\nM:4/4\nL:1/4\nK:C\n{bars}]\n");
        std::fs::write(folder.join(format!("tunes/{tune:02}.abc")), text).unwrap();
    }
    let trained = run(folder, &["train", "tunes", "--generate", "--steps", "20", "--preset", "quick"]).ok();
    assert!(trained.err.contains("sixteenths it never saw"), "{trained:#?}");
    let tunes = trained.run();
    let tunes = tunes.to_str().unwrap();
    let words = ["generate", tunes, "--length", "64", "--seed", "3", "--out", "new.mid", "--wav", "new.wav"];
    assert_eq!(run(folder, &words).ok().out, "new.mid\nnew.wav\n");
    let written = std::fs::read(folder.join("new.mid")).unwrap();
    assert!(
        written.starts_with(b"MThd") && std::fs::read(folder.join("new.wav")).unwrap().starts_with(b"RIFF")
    );
    run(folder, &words).ok();
    assert_eq!(std::fs::read(folder.join("new.mid")).unwrap(), written, "the same seed, the same melody");
    let several = ["generate", tunes, "--count", "2", "--length", "32", "--continue", "tunes/00.abc"];
    assert_eq!(run(folder, &several).ok().out, "melody-1.mid\nmelody-2.mid\n");
    run(folder, &["evaluate", tunes, "new.mid"]).ok();
    run(folder, &["generate", tunes, "--prompt", "la"]).fails(2, &["writes melodies", "--prompt"]);
    std::fs::write(folder.join("no.mid"), "none").unwrap();
    run(folder, &["generate", tunes, "--continue", "no.mid"]).fails(3, &["no.mid", "MIDI"]);
}

#[test]
fn pictures_are_learned_and_new_ones_are_painted() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    for (label, lying) in [("lying", true), ("standing", false)] {
        std::fs::create_dir_all(folder.join("stripes").join(label)).unwrap();
        for i in 0..40 {
            std::fs::write(folder.join(format!("stripes/{label}/{i}.png")), stripes(!lying, i)).unwrap();
        }
    }
    let words = ["train", "stripes", "--generate", "--steps", "20", "--preset", "quick"];
    let trained = run(folder, &words).ok();
    assert!(trained.err.contains("pictures it never saw"), "{trained:#?}");
    let painter = trained.run();
    let painter = painter.to_str().unwrap();
    let words = ["generate", painter, "--count", "6", "--seed", "3", "--steps", "2"];
    assert_eq!(run(folder, &words).ok().out, "pictures.png\n");
    let painted = std::fs::read(folder.join("pictures.png")).unwrap();
    assert!(painted.starts_with(b"\x89PNG"));
    run(folder, &words).ok();
    assert_eq!(
        std::fs::read(folder.join("pictures.png")).unwrap(),
        painted,
        "the same seed, the same pictures"
    );
    let into = run(folder, &[&words[..], &["--label", "lying", "--out", "new", "--json"]].concat()).ok();
    assert!(into.out.lines().count() == 6 && into.out.contains("new/lying/6.png"), "{into:#?}");
    let like = ["generate", painter, "--like", "new/lying/1.png", "--steps", "2", "--out", "again.png"];
    assert_eq!(run(folder, &like).ok().out, "again.png\n");
    run(folder, &["evaluate", painter, "new", "--json"]).ok();
    run(folder, &["predict", painter, "new"]).fails(2, &["pellucid generate"]);
    run(folder, &["generate", painter, "--label", "lyin"]).fails(2, &["did you mean `lying`?"]);
    run(folder, &["generate", painter, "--prompt", "la"]).fails(2, &["paints pictures", "--prompt"]);
    run(folder, &["generate", painter, "--change", "0.5"]).fails(2, &["--change", "--like"]);
    run(folder, &["generate", painter, "--like", "no.png"]).fails(2, &["no.png"]);
    std::fs::write(folder.join("none.png"), "none").unwrap();
    run(folder, &["generate", painter, "--like", "none.png"]).fails(3, &["none.png", "not a picture"]);
    run(folder, &["evaluate", painter, "new", "--judge", painter]).fails(2, &["--judge"]);
    run(folder, &["evaluate", painter, "--count", "9"]).fails(2, &["--judge"]);
}

#[test]
fn answers_are_explained_and_audited_and_bounds_are_a_gate() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let row = |i: usize| {
        let (size, sex) = (i * 37 % 101, ["f", "m"][i % 2]);
        format!("{size},{},{sex},{}\n", i * 13 % 17, if size > 50 { "big" } else { "small" })
    };
    let text = "size,other,sex,class\n".to_owned() + &(0..1200).map(row).collect::<String>();
    std::fs::write(folder.join("rows.csv"), text).unwrap();
    let words = [
        "train",
        "rows.csv",
        "--predict",
        "class",
        "--ignore",
        "sex",
        "--allow-leaks",
        "--steps",
        "120",
        "--preset",
        "quick",
    ];
    let run_folder = run(folder, &words).ok().run();
    let sizes = run_folder.to_str().unwrap();
    let explained = run(folder, &["explain", sizes, "rows.csv", "--count", "2", "--out", "why.html"]).ok();
    assert!(
        explained.out.contains("It would be `")
            && explained.out.contains("size = ")
            && explained.out.contains("row 1 · class"),
        "{explained:#?}"
    );
    assert!(
        explained.out.contains("Of all ")
            && explained.out.contains("Most alike")
            && explained.out.contains("size = "),
        "{explained:#?}"
    );
    assert!(explained.err.contains("1,198 more rows") && folder.join("why.html").is_file(), "{explained:#?}");
    let json = run(folder, &["explain", sizes, "rows.csv", "--count", "1", "--json"]).ok().json();
    assert!(json["trusted"].is_boolean() && json["columns"].as_array().unwrap().len() == 2, "{json}");
    let similar = json["learned_from"]["similar"].as_array().unwrap();
    assert!(similar.len() == 3 && similar[0]["value"].as_f64().unwrap() > 0.9, "{json}");
    assert!(similar[0]["label"].is_string() && similar[0].get("picture").is_none(), "{json}");
    let locked =
        run(folder, &["explain", sizes, "rows.csv", "--lock", "size", "--count", "2", "--rows", "0"]).ok();
    assert!(!locked.out.contains("Most alike"), "{locked:#?}");
    assert!(!locked.out.contains("`size` were"), "{locked:#?}");
    run(folder, &["explain", sizes, "rows.csv", "--lock", "sise"]).fails(2, &["did you mean `size`?"]);
    run(folder, &["explain", sizes, "rows.csv", "--class", "huge"]).fails(2, &["no class `huge`"]);
    run(folder, &["explain", sizes, "rows.csv", "--method", "magic"]).fails(2, &["magic"]);
    run(folder, &["explain", sizes]).fails(2, &["nothing to explain", "--layers"]);
    run(folder, &["explain", sizes, "--layers"]).fails(2, &["neither pictures nor sounds"]);
    run(folder, &["explain", sizes, "rows.csv", "--layers"]).fails(2, &["takes no INPUT"]);
    run(folder, &["explain", sizes, "rows.csv", "--user", "7"]).fails(2, &["does not recommend", "--user"]);

    let audited =
        run(folder, &["audit", sizes, "rows.csv", "--group", "sex", "--require", "accuracy_gap<=0.5"]).ok();
    assert!(audited.out.contains("kept") && audited.out.contains("demographic_parity"), "{audited:#?}");
    let json = run(folder, &["audit", sizes, "--group", "sex", "--json", "--out", "audit.html"]).ok().json();
    assert!(
        json["audits"][0]["gaps"]["equalized_odds"]["value"].is_number() && json["unseen"] == true,
        "{json}"
    );
    assert!(folder.join("audit.html").is_file());
    let bound = ["audit", sizes, "rows.csv", "--group", "sex", "--require", "worst_accuracy>=1.01"];
    assert_eq!(run(folder, &bound).code, Some(4), "a bound that is not kept");
    let few: String = (0..20).map(row).collect();
    std::fs::write(folder.join("few.csv"), "size,other,sex,class\n".to_owned() + &few).unwrap();
    let small = run(folder, &["audit", sizes, "few.csv", "--group", "sex", "--require", "accuracy_gap<=0.5"]);
    assert!(small.code == Some(4) && small.out.contains("not enough data to say"), "{small:#?}");
    run(folder, &["audit", sizes, "--group", "sex", "--require", "fair<=1"]).fails(2, &["no measure `fair`"]);
    run(folder, &["audit", sizes]).fails(2, &["--group COLUMN"]);
}

#[test]
fn texts_are_translated_both_ways() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let pairs = (0..200).map(|i| format!("the {i} houses are old,domati {i} velam sunt\n"));
    std::fs::write(folder.join("pairs.csv"), "english,lunar\n".to_owned() + &pairs.collect::<String>())
        .unwrap();
    let words =
        ["train", "pairs.csv", "--predict", "lunar", "--both-ways", "--steps", "3", "--preset", "quick"];
    let trained = run(folder, &words).ok();
    assert!(trained.err.contains("`english` on") && trained.err.contains("`lunar` on"), "{trained:#?}");
    let translator = trained.run();
    let translator = translator.to_str().unwrap();
    let back = ["translate", translator, "--to", "english", "--json", "domati 7 velam sunt"];
    let json = run(folder, &back).ok().json();
    assert!(json["to"] == "english" && json["translations"].is_array(), "{json}");
    let json = run(folder, &["translate", translator, "--json", "the 8 houses are old"]).ok().json();
    assert_eq!(json["to"], "lunar", "{json}");
    run(folder, &["translate", translator, "--to", "german", "x"]).fails(2, &["`lunar` and `english`"]);
    let explained = ["explain", translator, "the 8 houses are old", "--out", "translated.html"];
    let explained = run(folder, &explained).ok();
    assert!(explained.out.contains("lunar · ") && explained.out.contains("without it"), "{explained:#?}");
    assert!(std::fs::read_to_string(folder.join("translated.html")).unwrap().contains("What it needed"));
    let back = ["explain", translator, "--target", "english", "--json", "domati 7 velam sunt"];
    let json = run(folder, &back).ok().json();
    assert!(
        json["column"] == "english" && json["trust"].is_string() && json["trusted"].is_boolean(),
        "{json}"
    );
    assert_eq!(
        json["without"].as_array().unwrap().len(),
        json["alignment"]["weights"].as_array().unwrap().len()
    );
    run(folder, &["explain", translator]).fails(2, &["a text to translate, in quotes"]);
    run(folder, &["explain", translator, "x", "--method", "shapley"]).fails(2, &["translates", "--method"]);
    run(folder, &["explain", translator, "translated.html"]).fails(2, &["is a file"]);
}

#[test]
fn tastes_are_learned_and_things_are_recommended() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let mut text = "user,item,stars\n".to_owned();
    for user in 0..40 {
        for i in 0..8 {
            text += &format!("{user},{},{}\n", 20 * (user % 2) + (3 * user + i * i) % 20, 1 + (user + i) % 5);
        }
    }
    std::fs::write(folder.join("stars.csv"), text).unwrap();
    let words = ["train", "stars.csv", "--recommend", "--steps", "30", "--preset", "quick"];
    let trained = run(folder, &words).ok();
    assert!(trained.err.contains("40 users took") && trained.err.contains("nDCG"), "{trained:#?}");
    let tastes = trained.run();
    let tastes = tastes.to_str().unwrap();
    let listed = run(folder, &["recommend", tastes, "--user", "7", "--because", "--count", "3"]).ok();
    assert!(listed.out.lines().count() > 3 && listed.out.contains("expected rating"), "{listed:#?}");
    let json = run(folder, &["recommend", tastes, "--liked", "3, 4", "--count", "1", "--json"]).ok().json();
    assert!(json["item"].is_string() && json["rating"].is_number(), "{json}");
    let scores = run(folder, &["evaluate", tastes, "--json"]).ok().json();
    for metric in ["ndcg@10", "recall@10", "mrr@10", "rmse"] {
        assert!(scores["targets"]["item"][metric]["baseline"].is_number(), "{metric}: {scores}");
    }
    let why = run(folder, &["explain", tastes, "--user", "7", "--count", "2", "--out", "taste.html"]).ok();
    assert!(why.out.contains("  1. ") && why.out.contains("because") && why.out.contains("% "), "{why:#?}");
    assert!(
        std::fs::read_to_string(folder.join("taste.html")).unwrap().contains("recommends this to user 7")
    );
    let json = run(folder, &["explain", tastes, "--liked", "3, 4", "--count", "1", "--json"]).ok().json();
    assert!(json["because"].is_array() && json["trust"].is_string() && json["place"] == 1, "{json}");
    run(folder, &["explain", tastes, "rows.csv"]).fails(2, &["not for `rows.csv`", "--user"]);
    run(folder, &["recommend", tastes]).fails(2, &["--user", "--liked"]);
    run(folder, &["recommend", tastes, "--user", "99"]).fails(2, &["`99` is no `user`", "--liked"]);
    run(folder, &["recommend", tastes, "--liked", "1234"]).fails(2, &["nothing that it knows"]);
    let rows = run(folder, &["predict", tastes, "stars.csv"]).ok();
    assert!(rows.out.starts_with("input,stars,item_place\n") && rows.out.lines().count() == 321, "{rows:#?}");
    run(folder, &["generate", tastes]).fails(2, &["--generate"]);
    run(folder, &["train", "stars.csv", "--recommend", "--user-column", "who"]).fails(2, &["who"]);
    // What is known of items may lie beside; then those that nobody took are recommended, too.
    let films: String = (0..41).map(|item| format!("{item},{}\n", ["calm", "wild"][item / 20 % 2])).collect();
    std::fs::write(folder.join("films.csv"), "item,mood\n".to_owned() + &films).unwrap();
    let trained = run(folder, &[&words[..], &["films.csv"]].concat()).ok();
    assert!(
        trained.err.contains("films.csv tells of") && trained.err.contains("never taken"),
        "{trained:#?}"
    );
    let tastes = trained.run();
    let listed = run(folder, &["recommend", tastes.to_str().unwrap(), "--user", "7", "--count", "41"]).ok();
    let new = listed.out.lines().find(|line| line.contains("nobody has taken it yet"));
    assert!(new.is_some_and(|line| line.contains(". 40 ")), "{listed:#?}");
    let scored =
        run(folder, &["evaluate", tastes.to_str().unwrap(), "stars.csv", "films.csv", "--json"]).ok();
    assert!(scored.json()["rows"].as_u64() > Some(300), "{scored:#?}");
}
