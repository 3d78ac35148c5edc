//! The course of a training: best weights, early stopping, the moving mean, divergence.

#![allow(clippy::unwrap_used)]

mod common;

use common::{Notes, Rows, SameSign, plan, remains, run, run_to_end, source};
use pellucid_nn::Schedule;
use pellucid_train::{
    Failure, Line, OptimizerKind, Plan, RunFolder, Stopped, Task, measure, read_log, train,
};
use std::cell::RefCell;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

const WIDTH: usize = 32;

fn scripted(scores: &[f64]) -> SameSign {
    SameSign { scripted: Some(RefCell::new(scores.to_vec())), ..SameSign::new(WIDTH) }
}

#[test]
fn a_network_learns_and_the_model_at_the_end_is_the_best_one() {
    for (optimizer, schedule) in [
        (plan(1).optimizer, plan(1).schedule),
        (OptimizerKind::Sgd { momentum: 0.9, nesterov: true, sparse: false }, Schedule::one_cycle(0.1)),
    ] {
        let place = tempfile::tempdir().unwrap();
        let (task, outcome) = run_to_end(&Plan { optimizer, schedule, ..plan(400) }, place.path(), WIDTH);
        let best = outcome.best.unwrap();
        assert!(best.validation.metrics[0].1 > 0.85, "{best:?}");
        assert_eq!(task.validate().unwrap(), best.validation);
        let lines = read_log(&place.path().join("metrics.jsonl")).unwrap();
        let losses: Vec<_> =
            lines.iter().filter_map(|l| if let Line::Step(l) = l { l.loss } else { None }).collect();
        assert_eq!(losses.len(), 400 / 7 + 1);
        assert!(losses[losses.len() - 1] < losses[0] / 1.5);
    }
}

#[test]
fn training_ends_early_with_the_weights_of_the_best_validation() {
    let place = tempfile::tempdir().unwrap();
    let plan = Plan { patience: Some(2), ema: None, ..plan(400) };
    let (mut task, mut notes) = (scripted(&[1.0, 3.0, 2.0, f64::NAN]), Notes::default());
    let outcome = run(&mut task, &plan, place.path(), &mut notes, &AtomicBool::new(false)).unwrap();
    assert_eq!((outcome.stopped, outcome.steps_done), (Stopped::Early, 80));
    assert_eq!(outcome.best.unwrap().step, 40);
    assert_eq!(notes.validated, [(20, true), (40, true), (60, false), (80, false)]);
    assert_eq!(notes.warnings.len(), 1, "the score that is no number: {:?}", notes.warnings);

    let other = tempfile::tempdir().unwrap();
    let (mut until_then, mut notes) = (scripted(&[1.0, 3.0]), Notes::default());
    let stop = AtomicBool::new(false);
    let press = || stop.store(true, std::sync::atomic::Ordering::Relaxed);
    notes.at_step = Some((40, &press));
    run(&mut until_then, &plan, other.path(), &mut notes, &stop).unwrap();
    assert_eq!(task.weights(), until_then.weights());

    let again = run(&mut scripted(&[]), &plan, place.path(), &mut Notes::default(), &stop).unwrap();
    assert_eq!((again.stopped, again.steps_done), (Stopped::Early, 80));
}

#[test]
fn the_moving_mean_is_validated_but_not_trained() {
    let (with, without) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let (mean, _) = run_to_end(&plan(60), with.path(), WIDTH);
    let (plain, _) = run_to_end(&Plan { ema: None, ..plan(60) }, without.path(), WIDTH);
    assert_ne!(mean.weights(), plain.weights());
    let losses = |folder: &tempfile::TempDir| {
        let lines = read_log(&folder.path().join("metrics.jsonl")).unwrap();
        lines
            .into_iter()
            .filter_map(|l| if let Line::Step(l) = l { l.loss } else { None })
            .collect::<Vec<_>>()
    };
    assert_eq!(losses(&with), losses(&without));
}

fn run_poisoned(
    count: usize,
    plan: &Plan,
) -> (SameSign, Notes<'static>, Result<(), Failure>, tempfile::TempDir) {
    let place = tempfile::tempdir().unwrap();
    let (mut task, mut notes) = (SameSign::new(WIDTH), Notes::default());
    let source = Arc::new(Rows { count, poison: Some(7) });
    let folder = RunFolder::new(place.path(), "poisoned");
    let result = train(&mut task, source, plan, &folder, &mut notes, &AtomicBool::new(false));
    (task, notes, result.map(|_| ()), place)
}

#[test]
fn a_batch_that_is_no_number_is_skipped() {
    let (task, notes, result, place) = run_poisoned(320, &plan(40));
    result.unwrap();
    assert_eq!(notes.warnings.len(), 3, "the first, second and fourth: {:?}", notes.warnings);
    let lines = read_log(&place.path().join("metrics.jsonl")).unwrap();
    let skipped =
        lines.iter().filter_map(|l| if let Line::Step(l) = l { Some(l.skipped) } else { None }).max();
    assert_eq!(skipped, Some(4));
    assert!(task.weights().iter().all(|(_, values)| values.iter().all(|&b| f64::from_bits(b).is_finite())));
}

#[test]
fn twenty_skipped_steps_in_a_row_end_the_training() {
    let (task, notes, result, _place) = run_poisoned(32, &plan(40));
    let failure = result.unwrap_err();
    assert!(matches!(failure, Failure::Diverged { .. }));
    assert!(failure.to_string().contains("lower learning rate"), "{failure}");
    assert_eq!(notes.warnings.len(), 5);
    assert_eq!(task.weights(), SameSign::new(WIDTH).weights());
}

#[test]
fn a_score_that_never_is_a_number_is_an_error() {
    let place = tempfile::tempdir().unwrap();
    let mut task = scripted(&[f64::NAN, f64::NAN]);
    let failure =
        run(&mut task, &plan(40), place.path(), &mut Notes::default(), &AtomicBool::new(false)).unwrap_err();
    assert!(failure.to_string().contains("no validation gave a score"), "{failure}");
}

#[test]
fn measuring_leaves_no_trace() {
    let (measured, plain) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let mut task = SameSign::new(WIDTH);
    let before = task.weights();
    let cost = measure(&mut task, source(), &plan(30), Duration::from_millis(1)).unwrap();
    assert!(cost.step > 0.0 && cost.validation > 0.0);
    assert_eq!(task.weights(), before);
    run(&mut task, &plan(30), measured.path(), &mut Notes::default(), &AtomicBool::new(false)).unwrap();
    run_to_end(&plan(30), plain.path(), WIDTH);
    assert_eq!(remains(measured.path()), remains(plain.path()));
}

#[test]
fn progress_is_told_step_by_step() {
    let place = tempfile::tempdir().unwrap();
    let (mut task, mut notes) = (SameSign::new(WIDTH), Notes::default());
    run(&mut task, &plan(31), place.path(), &mut notes, &AtomicBool::new(false)).unwrap();
    assert_eq!(notes.steps.iter().map(|e| e.step).collect::<Vec<_>>(), (1..=31).collect::<Vec<_>>());
    let last = notes.steps[30];
    // 500 rows in batches of 32 make 15 steps an epoch.
    assert_eq!((last.steps, last.epoch, last.seconds_left), (31, 31.0 / 15.0, 0.0));
    assert!(last.rows_per_second > 0.0 && last.lr > 0.0);
    assert_eq!(notes.checkpoints, [10, 20, 30, 31]);
    assert_eq!(notes.validated.iter().map(|v| v.0).collect::<Vec<_>>(), [20, 31]);
}
