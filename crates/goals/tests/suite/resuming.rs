//! An interrupted run goes on as if nothing had happened.

use crate::{config, flats, folder, ignoring, model_bytes, put, trained};
use pellucid_goals::{Config, Ended, Place, Run, Watcher, resume, train};
use pellucid_train::{Line, Observer, StepEvent, read_log};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

/// Asks the training to stop after a step.
struct Stopper<'a> {
    after: u64,
    stop: &'a AtomicBool,
}

impl Observer for Stopper<'_> {
    fn step(&mut self, event: &StepEvent) {
        if event.step == self.after {
            self.stop.store(true, Ordering::Relaxed);
        }
    }
    fn warning(&mut self, _: &str) {}
}

impl Watcher for Stopper<'_> {
    fn note(&mut self, _: &str) {}
}

/// Starts a run and stops it after so many steps.
pub(crate) fn stopped(config: Config, out: &Path, name: &str, after: u64) -> Run {
    let stop = AtomicBool::new(false);
    let place = Place { out: Some(out), name: Some(name), command: "pellucid train".to_owned() };
    match train(config, &place, &mut Stopper { after, stop: &stop }, &stop) {
        Ok(Ended::Interrupted(run)) => run,
        Ok(Ended::Finished(_)) => panic!("it was not interrupted"),
        Err(e) => panic!("{e}"),
    }
}

/// Goes on with a run; it may be stopped again.
pub(crate) fn go_on(run: &Run, after: u64) -> pellucid_goals::Result<Ended> {
    let stop = AtomicBool::new(false);
    resume(run.path(), &Place::default(), &mut Stopper { after, stop: &stop }, &stop)
}

/// The course of a run without its times.
fn log(run: &Run) -> Vec<Line> {
    let mut lines = read_log(&run.path().join("metrics.jsonl")).unwrap();
    for line in &mut lines {
        match line {
            Line::Step(line) => line.seconds = 0.0,
            Line::Validation(line) => line.seconds = 0.0,
            Line::Layers(_) => {}
        }
    }
    lines
}

fn small(data: &Path) -> Config {
    let mut config = config(data, &["class", "balcony"], 60);
    config.data.ignore = vec!["rent".to_owned()];
    config.training.validate_every = Some(7);
    config
}

#[test]
fn a_resumed_run_equals_an_uninterrupted_one_bit_for_bit() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(300, 1));
    let whole = trained(small(&data), folder.path(), "whole");
    for (name, stops) in [("once", &[23][..]), ("early", &[1]), ("often", &[5, 14, 15, 41])] {
        let run = stopped(small(&data), folder.path(), name, stops[0]);
        assert!(!run.model().exists(), "an unfinished run has no model");
        for &after in &stops[1..] {
            assert!(matches!(go_on(&run, after), Ok(Ended::Interrupted(_))));
        }
        let Ok(Ended::Finished(resumed)) = go_on(&run, u64::MAX) else { panic!("{name} did not finish") };
        assert!(model_bytes(&whole.run) == model_bytes(&run), "{name}");
        assert_eq!(log(&whole.run), log(&run), "{name}");
        assert_eq!(whole.evaluation, resumed.evaluation, "{name}");
        let answers = |run: &Run| std::fs::read(run.path().join("predictions.parquet")).unwrap();
        assert!(answers(&whole.run) == answers(&run), "{name}");
    }
}

#[test]
fn a_resumed_run_knows_why_everything_was_chosen() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(300, 1));
    let (here, there) = (folder.path().join("here"), folder.path().join("there"));
    let whole = trained(small(&data), &here, "run").run;
    let resumed = stopped(small(&data), &there, "run", 23);
    assert!(matches!(go_on(&resumed, u64::MAX), Ok(Ended::Finished(_))));
    // All but how long it took.
    let pieces = |run: &Run, name: &str| -> Vec<String> {
        let text = std::fs::read_to_string(run.path().join(name)).unwrap();
        let text = text.replace(&run.path().display().to_string(), "RUN");
        text.split(['<', '\n']).filter(|piece| !piece.contains("\u{a0}s")).map(str::to_owned).collect()
    };
    for name in ["decisions.json", "data_report.json", "README.md", "report.html"] {
        assert_eq!(pieces(&whole, name), pieces(&resumed, name), "{name}");
    }
    assert!(pieces(&resumed, "report.html").concat().contains("more where rows are few"));
}

#[test]
fn damaged_reasons_are_named_and_missing_ones_are_no_hindrance() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(300, 1));
    let run = stopped(small(&data), folder.path(), "run", 23);
    let reasons = run.path().join("decisions.json");
    std::fs::write(&reasons, "{\"command\": 1}").unwrap();
    let why = go_on(&run, u64::MAX).err().unwrap().to_string();
    assert!(why.contains("decisions.json") && why.contains("remove this file"), "{why}");
    std::fs::remove_file(&reasons).unwrap();
    assert!(matches!(go_on(&run, u64::MAX), Ok(Ended::Finished(_))));
    let report = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(report.contains("as in config.toml"), "reasons that are lost are not made up");
}

#[test]
fn a_run_of_pictures_resumes_exactly_with_its_random_changes() {
    let folder = folder();
    for i in 0..80u32 {
        let picture = image::GrayImage::from_fn(12, 12, |x, y| {
            let stripe = if i % 2 == 0 { x } else { y };
            image::Luma([(stripe * 20 % 120 + i * 37 % 90 + x * y % 7) as u8])
        });
        let mut bytes = std::io::Cursor::new(Vec::new());
        picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
        put(
            folder.path(),
            &format!("stripes/{}/{i}.png", ["up", "across"][i as usize % 2]),
            bytes.into_inner(),
        );
    }
    let mut config = config(&folder.path().join("stripes"), &[], 12);
    config.data.allow_leaks = true;
    let whole = trained(config.clone(), folder.path(), "whole");
    let run = stopped(config, folder.path(), "stopped", 5);
    assert!(matches!(go_on(&run, u64::MAX), Ok(Ended::Finished(_))));
    assert!(model_bytes(&whole.run) == model_bytes(&run));
}

#[test]
fn other_data_is_noticed_and_a_finished_run_is_left_alone() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(200, 1));
    let run = stopped(ignoring(config(&data, &["rent"], 30), &["class"]), folder.path(), "run", 8);
    put(folder.path(), "flats.csv", flats(200, 2));
    let why = go_on(&run, u64::MAX).err().unwrap().to_string();
    assert!(why.contains("other data"), "{why}");
    put(folder.path(), "flats.csv", flats(200, 1));
    assert!(matches!(go_on(&run, u64::MAX), Ok(Ended::Finished(_))));
    let before = model_bytes(&run);
    let why = go_on(&run, u64::MAX).err().unwrap();
    assert!(why.to_string().contains("finished already") && why.exit_code() == 2, "{why}");
    assert!(model_bytes(&run) == before);
}

#[test]
fn a_run_killed_while_its_model_was_written_is_finished_by_resume() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(200, 1));
    let whole = trained(ignoring(config(&data, &["rent"], 20), &["class"]), folder.path(), "run").run;
    let before = model_bytes(&whole);
    // The files in the order in which they are written; a kill leaves the first ones.
    let files = ["model.safetensors", "config.json", "SHA256SUMS"];
    for written in 0..files.len() {
        files[written..].iter().for_each(|file| std::fs::remove_file(whole.model().join(file)).unwrap());
        assert!(matches!(go_on(&whole, u64::MAX), Ok(Ended::Finished(_))), "after {written} files");
        assert!(model_bytes(&whole) == before);
    }
}
