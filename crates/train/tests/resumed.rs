//! Interrupted trainings: going on, damaged checkpoints, other data, other plans, full disks.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Notes, SameSign, checkpoints, plan, remains, run, run_to_end, source};
use pellucid_train::{Failure, Line, Outcome, Plan, RunFolder, Stopped, read_log, train};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

const WIDTH: usize = 32;

/// Trains until `step` is done, as if Ctrl-C were pressed during it.
fn interrupt_at(step: u64, plan: &Plan, folder: &Path) -> (SameSign, Outcome) {
    let (mut task, stop) = (SameSign::new(WIDTH), AtomicBool::new(false));
    let press = || stop.store(true, Ordering::Relaxed);
    let mut notes = Notes { at_step: Some((step, &press)), ..Notes::default() };
    let outcome = run(&mut task, plan, folder, &mut notes, &stop).unwrap();
    (task, outcome)
}

/// Goes on with what is in a folder, and returns what the observer was told.
fn resume(plan: &Plan, folder: &Path) -> pellucid_train::Result<(Notes<'static>, Outcome)> {
    let (mut task, mut notes) = (SameSign::new(WIDTH), Notes::default());
    let outcome = run(&mut task, plan, folder, &mut notes, &AtomicBool::new(false))?;
    Ok((notes, outcome))
}

#[test]
fn an_interrupted_training_goes_on_to_the_same_bits() {
    let (whole, parts) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(90);
    let (expected, _) = run_to_end(&plan, whole.path(), WIDTH);
    for step in [1, 20, 33, 89] {
        let (_, outcome) = interrupt_at(step, &plan, parts.path());
        assert_eq!((outcome.steps_done, outcome.stopped), (step, Stopped::Interrupted));
        assert_eq!(outcome.best.is_some(), step >= plan.validate_every);
    }
    let (task, outcome) = run_to_end(&plan, parts.path(), WIDTH);
    assert_eq!((outcome.steps_done, outcome.stopped), (90, Stopped::Finished));
    assert_eq!(task.weights(), expected.weights());
    assert_eq!(remains(parts.path()), remains(whole.path()));
}

/// The network's tensors in a checkpoint, by their paths.
fn weights_in(checkpoint: &Path) -> Vec<(String, Vec<f64>)> {
    let bytes = std::fs::read(checkpoint).unwrap();
    let start = b"pellucid checkpoint 1\n".len();
    let length = u64::from_le_bytes(bytes[start..start + 8].try_into().unwrap()) as usize;
    let tensors = &bytes[start + 8 + length..bytes.len() - 32];
    let named = pellucid_nn::state::named_from_bytes(tensors).unwrap();
    let of_model =
        named.into_iter().filter_map(|(name, t)| Some((name.strip_prefix("model/")?.to_owned(), t)));
    of_model.map(|(name, t)| (name, t.to_vec())).collect()
}

#[test]
fn the_log_says_how_much_the_last_step_before_a_validation_changed_each_layer() {
    let place = tempfile::tempdir().unwrap();
    interrupt_at(40, &Plan { checkpoint_every: 1, ..plan(90) }, place.path());
    let [after, before] = [0, 1].map(|i| weights_in(&checkpoints(place.path())[i]));
    let length = |layer: &str, of: &dyn Fn(f64, f64) -> f64| {
        let buffer = |name: &str| name.contains("running");
        let both =
            before.iter().zip(&after).filter(|((name, _), _)| name.starts_with(layer) && !buffer(name));
        both.flat_map(|((_, b), (_, a))| b.iter().zip(a)).map(|(&b, &a)| of(b, a).powi(2)).sum::<f64>().sqrt()
    };
    let naive = ["first", "norm", "last"]
        .map(|layer| length(layer, &|b, a| a - b) / length(layer, &|b, _| b).max(length(layer, &|_, a| a)));
    let lines = read_log(&place.path().join("metrics.jsonl")).unwrap();
    let told: Vec<_> =
        lines.iter().filter_map(|l| if let Line::Layers(l) = l { Some(l) } else { None }).collect();
    assert_eq!(told.iter().map(|line| line.step).collect::<Vec<_>>(), [20, 40]);
    assert_eq!(told[1].changes.len(), naive.len());
    for (told, naive) in told[1].changes.iter().zip(naive) {
        assert!((told.unwrap() - naive).abs() < 1e-9 && naive > 1e-4, "{told:?} and {naive}");
    }
}

#[test]
fn a_finished_training_is_not_done_again() {
    let place = tempfile::tempdir().unwrap();
    let (first, outcome) = run_to_end(&plan(40), place.path(), WIDTH);
    let saved = std::fs::read(&checkpoints(place.path())[0]).unwrap();
    let (second, again) = run_to_end(&plan(40), place.path(), WIDTH);
    assert_eq!(first.weights(), second.weights());
    assert_eq!(outcome, again);
    assert_eq!(std::fs::read(&checkpoints(place.path())[0]).unwrap(), saved);
}

#[test]
fn a_damaged_newest_checkpoint_falls_back_to_the_one_before() {
    let whole = tempfile::tempdir().unwrap();
    let plan = plan(60);
    run_to_end(&plan, whole.path(), WIDTH);
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 6] = [
        ("flipped bit in the tensors", |b| *b.iter_mut().rev().nth(1000).unwrap() ^= 16),
        ("flipped bit in the header", |b| b[200] ^= 1),
        ("flipped bit in the checksum", |b| *b.last_mut().unwrap() ^= 1),
        ("cut", |b| b.truncate(b.len() / 2)),
        ("cut to its first line", |b| b.truncate(24)),
        ("empty", Vec::clear),
    ];
    for (name, damage) in damages {
        let place = tempfile::tempdir().unwrap();
        interrupt_at(35, &plan, place.path());
        let files = checkpoints(place.path());
        assert_eq!(files.len(), 2, "the newest two are kept");
        let mut bytes = std::fs::read(&files[0]).unwrap();
        damage(&mut bytes);
        std::fs::write(&files[0], bytes).unwrap();
        let (notes, _) = resume(&plan, place.path()).unwrap();
        assert_eq!(notes.resumed, [30], "{name}");
        assert_eq!(notes.warnings.len(), 1, "{name}: {:?}", notes.warnings);
        assert!(notes.warnings[0].contains("step-000000035.ckpt"), "{name}: {}", notes.warnings[0]);
        assert_eq!(remains(place.path()), remains(whole.path()), "{name}");
    }
}

#[test]
fn when_no_checkpoint_is_intact_nothing_is_overwritten() {
    let place = tempfile::tempdir().unwrap();
    interrupt_at(25, &plan(60), place.path());
    for file in checkpoints(place.path()) {
        std::fs::write(file, b"").unwrap();
    }
    let log = std::fs::read(place.path().join("metrics.jsonl")).unwrap();
    let failure = resume(&plan(60), place.path()).err().unwrap();
    assert!(failure.to_string().contains("start again from the beginning"), "{failure}");
    assert_eq!(std::fs::read(place.path().join("metrics.jsonl")).unwrap(), log);
}

#[test]
fn other_data_plans_and_networks_are_refused() {
    let place = tempfile::tempdir().unwrap();
    interrupt_at(25, &plan(60), place.path());
    let saved = std::fs::read(&checkpoints(place.path())[0]).unwrap();
    let attempt = |plan: &Plan, data: &str, width: usize| {
        let (folder, stop) = (RunFolder::new(place.path(), data), AtomicBool::new(false));
        train(&mut SameSign::new(width), source(), plan, &folder, &mut Notes::default(), &stop).err().unwrap()
    };
    let other = Plan { batch: 16, clip: 0.5, ..plan(60) };
    for (failure, words) in [
        (attempt(&plan(60), "rows 2", WIDTH), ["rows 1", "rows 2"]),
        (attempt(&other, "rows 1", WIDTH), ["batch: 32 there, 16 here", "clip: 1.0 there, 0.5 here"]),
        (attempt(&plan(60), "rows 1", WIDTH + 1), ["first.weight", "33"]),
        (attempt(&Plan { batch: 0, ..plan(60) }, "rows 1", WIDTH), ["`batch`", "at least 1"]),
    ] {
        let text = failure.to_string();
        assert!(words.iter().all(|word| text.contains(word)), "{text}");
    }
    assert_eq!(std::fs::read(&checkpoints(place.path())[0]).unwrap(), saved);
}

#[test]
fn a_missing_log_is_told() {
    let place = tempfile::tempdir().unwrap();
    interrupt_at(25, &plan(60), place.path());
    std::fs::remove_file(place.path().join("metrics.jsonl")).unwrap();
    let (notes, _) = resume(&plan(60), place.path()).unwrap();
    assert!(notes.warnings[0].contains("metrics.jsonl"), "{:?}", notes.warnings);
}

#[test]
fn a_checkpoint_that_cannot_be_written_ends_the_training_with_the_one_before_intact() {
    let (whole, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let plan = plan(60);
    run_to_end(&plan, whole.path(), WIDTH);
    let obstacle = place.path().join("checkpoints/step-000000040.ckpt");
    // A folder in its place cannot be replaced by a file.
    let block = || std::fs::create_dir(&obstacle).unwrap();
    let mut notes = Notes { at_step: Some((33, &block)), ..Notes::default() };
    let failure = run(&mut SameSign::new(WIDTH), &plan, place.path(), &mut notes, &AtomicBool::new(false))
        .err()
        .unwrap();
    assert!(matches!(failure, Failure::File { .. }));
    assert!(failure.to_string().contains("step-000000040.ckpt: "), "{failure}");
    std::fs::remove_dir(&obstacle).unwrap();
    let (notes, _) = resume(&plan, place.path()).unwrap();
    assert_eq!(notes.resumed, [30]);
    assert_eq!(remains(place.path()), remains(whole.path()));
}

/// Names the folder in which the program started by the test below trains.
#[cfg(unix)]
const CONFINED: &str = "PELLUCID_TEST_CONFINED";

/// The program that runs out of room: does nothing unless the test below starts it.
#[cfg(unix)]
#[test]
fn confined() {
    if let Ok(folder) = std::env::var(CONFINED) {
        let failure = resume(&plan(60), Path::new(&folder)).err().unwrap().to_string();
        assert!(
            failure.contains("could not save the checkpoint") && failure.contains("step-000000030.ckpt: ")
        );
    }
}

/// The system refuses to let files grow beyond some KiB, in the middle of a checkpoint, as a full disk does.
#[cfg(unix)]
#[test]
fn a_disk_that_fills_up_during_a_save_loses_nothing() {
    let (whole, place) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    run_to_end(&plan(60), whole.path(), WIDTH);
    interrupt_at(25, &plan(60), place.path());
    let before = checkpoints(place.path());
    let status = std::process::Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$0\" --exact confined"])
        .arg(std::env::current_exe().unwrap())
        .env(CONFINED, place.path())
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    assert_eq!(checkpoints(place.path()), before);
    let leftovers = std::fs::read_dir(place.path().join("checkpoints")).unwrap().count();
    assert_eq!(leftovers, before.len() + 1, "beside the checkpoints there is only the lock");
    let (notes, _) = resume(&plan(60), place.path()).unwrap();
    assert_eq!(notes.resumed, [25]);
    assert_eq!(remains(place.path()), remains(whole.path()));
}
