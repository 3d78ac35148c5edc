//! A model that is not as it was written, and places that cannot be written.

use crate::data::write_patients;
use crate::support::{files, run};
use std::path::Path;

const QUICK: [&str; 8] = ["--ignore", "dose", "--steps", "20", "--batch", "32", "--seed", "1"];

fn trained(folder: &Path) {
    write_patients(folder, 300);
    run(folder, &[&["train", "patients.csv", "--predict", "outcome", "--name", "a"], &QUICK[..]].concat())
        .ok();
}

#[test]
fn a_flipped_byte_anywhere_in_a_model_is_noticed() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    let model = folder.join("runs/a/model");
    let names = files(&model);
    assert!(names.len() >= 3, "{names:?}");
    for name in names {
        let whole = std::fs::read(model.join(&name)).unwrap();
        for position in [0, 9, whole.len() / 3, whole.len() / 2, whole.len() - 1] {
            let mut bytes = whole.clone();
            bytes[position] ^= 0x10;
            std::fs::write(model.join(&name), bytes).unwrap();
            let ran = run(folder, &["predict", "runs/a", "patients.csv", "--out", "x.csv"]);
            assert_eq!(ran.code, Some(1), "{name:?} at {position}: {ran:#?}");
            assert!(ran.err.contains("runs/a/model"), "{name:?} at {position}: {ran:#?}");
            assert!(!folder.join("x.csv").exists());
        }
        std::fs::write(model.join(&name), &whole[..whole.len() / 2]).unwrap();
        assert_eq!(run(folder, &["predict", "runs/a", "patients.csv"]).code, Some(1), "{name:?} cut short");
        std::fs::write(model.join(&name), whole).unwrap();
    }
    run(folder, &["predict", "runs/a", "patients.csv"]).ok();
}

#[test]
fn folders_without_a_model_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 20);
    std::fs::create_dir(folder.join("empty")).unwrap();
    for verb in ["predict", "evaluate"] {
        run(folder, &[verb, "empty", "patients.csv"]).fails(2, &["no trained model", "empty"]);
        run(folder, &[verb, "nowhere", "patients.csv"]).fails(2, &["no such run", "nowhere"]);
    }
    run(folder, &["resume", "empty"]).fails(2, &["not a run", "empty"]);
}

#[test]
fn answers_need_the_columns_of_the_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    std::fs::write(folder.join("other.csv"), "age,presure,city\n50,120,Bern\n").unwrap();
    let says = [
        "the data lacks the column `pressure`",
        "answers from `age`, `pressure`, `city`",
        "`presure` to `pressure`",
    ];
    run(folder, &["predict", "runs/a", "other.csv"]).fails(2, &says);
    std::fs::write(folder.join("less.csv"), "age\n50\n").unwrap();
    let says = ["the columns `pressure`, `city`", "the data has `age`"];
    run(folder, &["predict", "runs/a", "less.csv"]).fails(2, &says);
    // In another order, and with more columns, all is well.
    std::fs::write(folder.join("more.csv"), "zip,city,pressure,age\n1,Bern,120,50\n").unwrap();
    std::fs::write(folder.join("same.csv"), "age,pressure,city\n50,120,Bern\n").unwrap();
    let answers = |file: &str| run(folder, &["predict", "runs/a", file]).ok().out;
    assert_eq!(answers("more.csv"), answers("same.csv"));
    run(folder, &["predict", "runs/a", "patients.csv", "--out", "x.xlsx"]).fails(2, &["x.xlsx", ".parquet"]);
}

#[cfg(unix)]
#[test]
fn places_that_cannot_be_written_are_named() {
    use crate::support::run_limited;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    trained(folder);
    std::fs::write(folder.join("file"), "").unwrap();
    let words = ["train", "patients.csv", "--predict", "outcome", "--out", "file/runs"];
    run(folder, &[&words[..], &QUICK].concat()).fails(1, &["file/runs"]);
    run(folder, &["predict", "runs/a", "patients.csv", "--out", "nowhere/x.csv"])
        .fails(2, &["nowhere/x.csv"]);

    // A full disk while answers are written: no half of a file is left.
    let before = files(folder);
    let words = ["predict", "runs/a", "patients.csv", "--out", "x.csv"];
    run_limited(folder, "trap '' XFSZ; ulimit -f 2", &words).fails(1, &["x.csv"]);
    assert_eq!(files(folder), before);

    let full = std::fs::OpenOptions::new().write(true).open("/dev/full");
    if let Ok(full) = full {
        let mut command = crate::support::pellucid(folder, &["predict", "runs/a", "patients.csv"]);
        let output = command.stdout(full).output().unwrap();
        assert_eq!(output.status.code(), Some(1));
        assert!(String::from_utf8_lossy(&output.stderr).contains("standard output"));
    }
}

/// A folder that may be read but not written, also by an administrator: where there is none, a plain one will do.
#[cfg(target_os = "linux")]
#[test]
fn a_read_only_folder_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 300);
    let locked = folder.join("locked");
    std::fs::create_dir(&locked).unwrap();
    std::fs::set_permissions(&locked, std::fs::Permissions::from_mode(0o555)).unwrap();
    let ignores_permissions = std::fs::write(locked.join("probe"), "").is_ok();
    let out = if ignores_permissions { "/sys/kernel".to_owned() } else { locked.display().to_string() };
    let words = ["train", "patients.csv", "--predict", "outcome", "--out", &out];
    run(folder, &[&words[..], &QUICK].concat()).fails(1, &[&out]);
}
