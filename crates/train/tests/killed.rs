//! Killed at any moment, also while it saves, a training goes on as if nothing had happened.

#![allow(clippy::unwrap_used)]

mod common;

use common::{plan, remains, run_to_end};
use pellucid_tensor::Stream;
use pellucid_train::Plan;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant, SystemTime};

/// Names the folder in which the program started by the test below trains.
const VICTIM: &str = "PELLUCID_TEST_VICTIM";

/// Kills by SIGKILL.
const KILLS: usize = 25;

/// How many of them must have left a half-written checkpoint behind.
const KILLS_DURING_A_SAVE: usize = 3;

/// Wide enough that saving takes about as long as learning.
const WIDTH: usize = 3_000;

fn victims_plan() -> Plan {
    Plan { checkpoint_every: 2, ..plan(100) }
}

/// The program that is killed: does nothing unless the test below starts it.
#[test]
fn victim() {
    if let Ok(folder) = std::env::var(VICTIM) {
        run_to_end(&victims_plan(), Path::new(&folder), WIDTH);
    }
}

fn start(folder: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "victim"])
        .env(VICTIM, folder)
        .stdout(Stdio::null())
        .spawn()
        .unwrap()
}

/// The half-written checkpoint in a run's folder, told apart by the time it was begun.
fn half_written(folder: &Path) -> Option<(PathBuf, SystemTime)> {
    let files = std::fs::read_dir(folder.join("checkpoints")).ok()?;
    let path = files.flatten().map(|f| f.path()).find(|p| p.to_string_lossy().ends_with(".unfinished"))?;
    let begun = path.metadata().and_then(|m| m.created().or(m.modified())).ok()?;
    Some((path, begun))
}

/// Waits for the end of the process, at most so long; whether it ended by itself.
fn ends_within(child: &mut Child, time: Duration, or: impl Fn() -> bool) -> bool {
    let begin = Instant::now();
    loop {
        if let Some(status) = child.try_wait().unwrap() {
            assert!(status.success(), "the training failed");
            return true;
        }
        if begin.elapsed() >= time || or() {
            return false;
        }
        std::thread::sleep(Duration::from_micros(200));
    }
}

#[test]
fn a_training_killed_at_random_moments_ends_with_the_same_bits() {
    let place = tempfile::tempdir().unwrap();
    let whole = place.path().join("whole");
    std::fs::create_dir(&whole).unwrap();
    let begin = Instant::now();
    run_to_end(&victims_plan(), &whole, WIDTH);
    let usual = begin.elapsed().as_secs_f32();
    let expected = remains(&whole);

    let mut moments = Stream::new(u64::from(std::process::id()), "moments", 0);
    let (mut kills, mut during_a_save, mut finished) = (0, 0, 0);
    loop {
        let folder = place.path().join(format!("killed-{finished}"));
        std::fs::create_dir_all(&folder).unwrap();
        let enough = kills >= KILLS && during_a_save >= KILLS_DURING_A_SAVE;
        let before = half_written(&folder);
        let saving = || half_written(&folder).is_some_and(|half| Some(half) != before);
        let mut child = start(&folder);
        let patience = match enough {
            true => Duration::MAX,
            false => Duration::from_secs_f32(moments.between(0.0, usual / 6.0)),
        };
        let mut ended = ends_within(&mut child, patience, || false);
        if !ended && kills % 2 == 0 {
            ended = ends_within(&mut child, Duration::MAX, saving);
        }
        if ended {
            assert_eq!(remains(&folder), expected);
            finished += 1;
            if enough {
                break;
            }
        } else {
            child.kill().unwrap();
            child.wait().unwrap();
            kills += 1;
            during_a_save += usize::from(saving());
        }
    }
}
