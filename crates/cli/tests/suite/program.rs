//! The verbs that need no training, and the help.

use crate::data::{write_patients, write_pictures};
use crate::support::run;
use std::path::Path;

#[test]
fn the_help_names_every_verb_and_flag() {
    let here = Path::new(".");
    let help = run(here, &["--help"]).ok().out;
    for verb in ["check", "train", "resume", "evaluate", "predict", "doctor", "sample"] {
        assert!(help.lines().any(|line| line.trim_start().starts_with(verb)), "{help}");
        let own = run(here, &[verb, "--help"]).ok().out;
        assert!(own.contains("Examples:"), "{own}");
    }
    let train = run(here, &["train", "--help"]).ok().out;
    for flag in
        ["--predict", "--group", "--preset", "--time ", "--time-column", "--allow-leaks", "--json", "--out"]
    {
        assert!(train.contains(flag), "{flag}: {train}");
    }
}

#[test]
fn wrong_usage_has_its_exit_code() {
    let here = Path::new(".");
    for words in [
        &["trian"][..],
        &["train", "--stpes", "3"],
        &["predict", "run"],
        &["train", "x", "--preset", "great"],
    ] {
        let ran = run(here, words);
        assert_eq!(ran.code, Some(2), "{ran:#?}");
        assert_eq!(ran.out, "");
    }
    assert!(run(here, &["train", "--stpes", "3"]).err.contains("--steps"), "the nearest flag is named");
}

#[test]
fn doctor_checks_itself() {
    let said = run(Path::new("."), &["doctor", "--kernels"]).ok().out;
    for word in
        ["Processor", "Vectors", "Threads", "Memory", "Disk", "GFLOP/s", "Self-check     passed", "Winograd"]
    {
        assert!(said.contains(word), "{word}: {said}");
    }
}

#[test]
fn samples_are_listed_and_written() {
    let folder = tempfile::tempdir().unwrap();
    let list = run(folder.path(), &["sample"]).ok().out;
    assert!(list.contains("tumours") && list.contains("CC BY 4.0"), "{list}");
    let path = run(folder.path(), &["sample", "tumours", "--out", "data"]).ok().run();
    let text = std::fs::read_to_string(folder.path().join(&path)).unwrap();
    assert_eq!(text.lines().count(), 570);
    run(folder.path(), &["sample", "tumour"]).fails(2, &["`tumours`"]);
}

#[test]
fn check_says_what_data_is() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 300);
    let said = run(folder, &["check", "patients.csv", "--predict", "outcome", "--ignore", "dose"]).ok().out;
    for words in [
        "patients: 300 rows, 5 columns",
        "looks like a category: 3 distinct values",
        "to predict",
        "for the test",
    ] {
        assert!(said.contains(words), "{words}: {said}");
    }
    // Without a column to predict there is still much to say.
    let text = std::fs::read_to_string(folder.join("patients.csv")).unwrap().replacen("outcome", "state", 1);
    std::fs::write(folder.join("plain.csv"), text).unwrap();
    let found = run(folder, &["check", "plain.csv", "--json"]).ok().json();
    assert_eq!(found["columns"][2]["kind"], "category");
    assert_eq!(found["columns"][4]["name"], "state");
    let parts: u64 =
        ["train", "validation", "test"].iter().map(|part| found["splits"][part].as_u64().unwrap()).sum();
    assert_eq!(parts, 300);
    write_pictures(folder, 20);
    let found = run(folder, &["check", "pictures", "--json"]).ok().json();
    assert_eq!(found["columns"][0]["kind"], "image");
}

#[test]
fn integers_that_could_be_classes_or_amounts_are_pointed_out() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows =
        (0..200).fold("x,stars\n".to_owned(), |text, i| format!("{text}{}.5,{}\n", i * 37 % 101, 1 + i % 5));
    std::fs::write(folder.join("t.csv"), rows).unwrap();
    let found = run(folder, &["check", "t.csv", "--predict", "stars", "--json"]).json();
    assert_eq!(
        (&found["columns"][1]["kind"], &found["columns"][1]["or"]),
        (&"category".into(), &"number".into())
    );
    let words = ["train", "t.csv", "--predict", "stars", "--steps", "3"];
    assert!(run(folder, &words).ok().err.contains("--kind stars=number"));
}
