//! The whole path on small generated data: from a table or pictures to a tested model, and back from its folder.
#![allow(clippy::unwrap_used, clippy::panic)]

mod auditing;
mod composing;
mod configs;
mod correcting;
mod explaining;
mod forecasting;
mod joining;
mod leaks;
mod learned;
mod looking;
mod models;
mod outcomes;
mod painting;
mod recommending;
mod refusals;
mod resuming;
mod sounds;
mod splits;
mod starting;
mod tags;
mod texts;
mod translating;
mod trusting;
mod writing;

use pellucid_goals::{
    Config, Ended, Evaluation, Finished, Generation, Generator, Place, Preset, Unwatched, generator, train,
};
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use tempfile::TempDir;

/// A folder that is removed at the end of the test.
fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

/// Writes a file (and the folders above it) below `folder`.
fn put(folder: &Path, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(&path, bytes).unwrap();
    path
}

/// A CSV file with a header and one line for each row.
fn lines(header: &str, rows: usize, mut line: impl FnMut(usize) -> String) -> String {
    (0..rows).fold(format!("{header}\n"), |text, row| text + &line(row) + "\n")
}

/// Flats whose rent follows from their size, age (with gaps), district and balcony, and which are dear or cheap.
fn flats(rows: usize, seed: u64) -> String {
    let mut random = Stream::new(seed, "flats", 0);
    lines("size,age,district,balcony,rent,class", rows, |i| {
        let (size, age) = (random.between(20.0, 120.0), random.between(0.0, 90.0));
        let (district, balcony) = (random.below(4), random.below(2) == 1);
        let pleasant = [0.0, 150.0, 300.0, -100.0][district] + if balcony { 80.0 } else { 0.0 };
        let rent = 200.0 + 9.0 * size - 2.0 * age + pleasant + 25.0 * random.normal();
        let age = if i % 20 == 3 { String::new() } else { format!("{age:.0}") };
        let district = ["north", "east", "south", "west"][district];
        let class = if rent > 750.0 { "dear" } else { "cheap" };
        format!("{size:.1},{age},{district},{balcony},{rent:.2},{class}")
    })
}

/// The configuration for predicting these columns of a data set with a small network and so many steps.
fn config(data: &Path, predict: &[&str], steps: u64) -> Config {
    let mut config = Config::default();
    config.data.paths = vec![data.to_owned()];
    config.data.predict = predict.iter().map(|p| (*p).to_owned()).collect();
    config.training.preset = Preset::Quick;
    config.training.steps = Some(steps);
    config.network.width = Some(48);
    config.network.channels = Some(8);
    config
}

/// The same without some columns.
fn ignoring(mut config: Config, columns: &[&str]) -> Config {
    config.data.ignore = columns.iter().map(|c| (*c).to_owned()).collect();
    config
}

/// Trains to the end in `out/<name>`.
fn trained(config: Config, out: &Path, name: &str) -> Finished {
    let place = Place { out: Some(out), name: Some(name), command: "pellucid train".to_owned() };
    match train(config, &place, &mut Unwatched, &AtomicBool::new(false)) {
        Ok(Ended::Finished(finished)) => *finished,
        Ok(Ended::Interrupted(_)) => panic!("nobody interrupted it"),
        Err(e) => panic!("{e}"),
    }
}

/// The error of a training that must not begin; nothing may be left in `out`.
fn refused(config: Config, out: &Path) -> pellucid_goals::Error {
    let place = Place { out: Some(out), name: Some("run"), command: String::new() };
    let Err(error) = train(config, &place, &mut Unwatched, &AtomicBool::new(false)) else {
        panic!("the training was not refused")
    };
    assert!(!out.join("run").exists(), "a folder is left behind after: {error}");
    error
}

/// The network of a run that writes.
fn writer(run: &pellucid_goals::Run) -> Generation {
    match generator(run.path()).unwrap() {
        Generator::Writes(model) => *model,
        Generator::Paints(_) => panic!("it paints"),
    }
}

/// A score and its baseline.
fn score(evaluation: &Evaluation, target: &str, metric: &str) -> (f64, f64) {
    let scored = evaluation.targets[target].get(metric).unwrap_or_else(|| panic!("no {metric} of {target}"));
    (scored.value, scored.baseline.unwrap_or(f64::NAN))
}

/// The bytes of every file of a run's model.
fn model_bytes(run: &pellucid_goals::Run) -> Vec<(String, Vec<u8>)> {
    let mut files: Vec<_> = std::fs::read_dir(run.model())
        .unwrap()
        .map(|f| f.unwrap().path())
        .map(|p| (p.file_name().unwrap().to_string_lossy().into_owned(), std::fs::read(&p).unwrap()))
        .collect();
    files.sort();
    files
}
