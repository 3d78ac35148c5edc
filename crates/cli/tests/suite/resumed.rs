//! Killed, interrupted and resumed.

use crate::data::write_patients;
use crate::support::{run, start_until, weights};
use std::path::Path;

const LONG: [&str; 10] =
    ["--predict", "outcome", "--ignore", "dose", "--steps", "1500", "--batch", "32", "--seed", "3"];

fn words<'a>(name: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    [&["train", "patients.csv", "--name", name], &LONG[..], more].concat()
}

/// The weights of an uninterrupted training.
fn undisturbed(folder: &Path) -> Vec<u8> {
    write_patients(folder, 400);
    run(folder, &words("whole", &[])).ok();
    weights(&folder.join("runs/whole"))
}

#[test]
fn a_killed_training_goes_on_to_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let whole = undisturbed(folder);
    let mut child = start_until(folder, &words("killed", &["--json"]), "checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(!folder.join("runs/killed/model").exists(), "it was killed in the middle");
    run(folder, &["predict", "runs/killed", "patients.csv"])
        .fails(2, &["no model yet", "pellucid resume runs/killed"]);
    let ran = run(folder, &["resume", "runs/killed"]).ok();
    assert_eq!(ran.run(), Path::new("runs/killed"));
    assert!(weights(&folder.join("runs/killed")) == whole);
    let log =
        |name: &str| std::fs::read_to_string(folder.join("runs").join(name).join("metrics.jsonl")).unwrap();
    assert_eq!(log("killed").lines().count(), log("whole").lines().count());
    run(folder, &["resume", "runs/killed"]).fails(2, &["finished already"]);
}

#[cfg(unix)]
#[test]
fn ctrl_c_saves_and_says_how_to_go_on() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let whole = undisturbed(folder);
    let child = start_until(folder, &words("paused", &["--json"]), "step");
    let signal = std::process::Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap();
    assert!(signal.success());
    let output = child.wait_with_output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(130), "{said}");
    assert!(said.contains("pellucid resume runs/paused"), "{said}");
    run(folder, &["resume", "runs/paused"]).ok();
    assert!(weights(&folder.join("runs/paused")) == whole);
}

#[test]
fn a_checkpoint_of_other_data_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 400);
    let mut child = start_until(folder, &words("mixed", &["--json"]), "checkpoint");
    child.kill().unwrap();
    child.wait().unwrap();
    let text = std::fs::read_to_string(folder.join("patients.csv")).unwrap();
    std::fs::write(folder.join("patients.csv"), text.replacen("well", "ill", 40)).unwrap();
    run(folder, &["resume", "runs/mixed"]).fails(3, &["the data has changed", "same data"]);
    assert!(!folder.join("runs/mixed/model").exists());
}

#[cfg(unix)]
#[test]
fn a_full_disk_is_named_and_the_training_can_go_on_when_there_is_space() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let whole = undisturbed(folder);
    // No file may grow beyond 32 kB, and the signal for it is ignored: writing fails as on a full disk.
    let ran = crate::support::run_limited(folder, "trap '' XFSZ; ulimit -f 64", &words("full", &[]));
    ran.fails(1, &["runs/full"]);
    assert!(!folder.join("runs/full/model").exists());
    run(folder, &["resume", "runs/full"]).ok();
    assert!(weights(&folder.join("runs/full")) == whole);
}
