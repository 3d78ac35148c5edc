//! Would more data help? A run's plan is carried out again with fewer of its training rows, and the curve through what they reach goes on.

use crate::again::Again;
use crate::config::Config;
use crate::dataset::{Survey, Use, codes};
use crate::learning::facts;
use crate::outcome::Answers;
use crate::predict::{Design, DoubtList, PredictTask, design};
use crate::train::{Ready, reopened};
use crate::{Error, Result, Run, Watcher};
use pellucid_data::{DataError, Part};
use pellucid_insight::report::data::Forecast;
use pellucid_insight::trust::doubtful_labels;
use pellucid_kinds::Target;
use pellucid_tensor::Stream;
use pellucid_train::{Line, RunFolder, read_log};
use std::collections::{BTreeMap, HashSet};
use std::path::Path;
use std::sync::atomic::AtomicBool;

/// The shares of the training rows that are learned from.
const SHARES: [f64; 4] = [1.0 / 16.0, 1.0 / 8.0, 1.0 / 4.0, HALF];

/// With this share, whoever learns from the one part has not seen the other.
const HALF: f64 = 0.5;

/// Trainings with each share, from rows that none of them has in common.
const TIMES: usize = 2;

/// Fewer rows than these, or than so many for each class, are no part to learn from.
const FEWEST: usize = 30;
const FOR_EACH_CLASS: usize = 3;

/// The file in the run's folder.
const FILE: &str = "forecast.json";

/// Learns again from parts of a run's training rows, with as much of its plan, and foresees from that what more rows would bring. None
/// where `stop` was set before the end.
///
/// Both halves of the rows are also judged each by the network that has learned from the other, and rows whose label looks wrong to it are listed.
///
/// A part of a share `s` gets the root of `s` of the steps: fewer rows are learned from more often. Validation rows are the run's; rows of one
/// group stay together.
///
/// # Errors
/// A run that does not predict, data that are gone or have changed, too few rows, and failures of training.
pub fn forecast(path: &Path, watcher: &mut dyn Watcher, stop: &AtomicBool) -> Result<Option<Forecast>> {
    let run = Run::open(path)?;
    if !run.is_finished() {
        return Err(Error::usage(format!("this run is not finished · {}", path.display())));
    }
    let config = run.config()?;
    let Some(last) = best_of(&run)? else {
        return Err(Error::usage(format!("its log tells of no validation · {}", path.display())));
    };
    let ready = reopened(&run, &config, watcher)?;
    let train = ready.prepared.part(Part::Train);
    let least = match &ready.prepared.batcher.targets()[0] {
        Target::Classes { names, .. } | Target::Tags { names, .. } => FOR_EACH_CLASS * names.len(),
        Target::Number { .. } => 0,
    };
    let units = units(&ready.survey, &ready, train)?;
    let parts: Vec<f64> =
        SHARES.into_iter().filter(|s| s * train.len() as f64 >= least.max(FEWEST) as f64).collect();
    if parts.len() < 2 {
        let error = DataError::refused(format!(
            "{} training rows are too few to learn from parts of them",
            train.len()
        ));
        return Err(error.in_file(ready.survey.table.origin()).into());
    }
    let plans: Vec<Config> = parts.iter().map(|share| shortened(&config, *share)).collect();
    let designs: Vec<Design> =
        plans.iter().map(|config| design(&facts(&ready.prepared, None), config)).collect();
    let steps: u64 = designs.iter().map(|design| design.plan.steps * TIMES as u64).sum();
    watcher.begin("Learning from parts of the rows", steps as usize);
    let mut again = Again::default();
    let (mut reached, mut judged) = (Vec::new(), Judged::default());
    for ((share, config), design) in parts.iter().zip(&plans).zip(&designs) {
        for time in 0..TIMES {
            let records = part(&units, train.len(), *share, time, config.training.seed);
            let rows = records.len();
            let others = (*share == HALF).then(|| without(train, &records));
            let Some(learned) = again.learn(&ready, config, design, Some(records), watcher, stop)? else {
                return Ok(None);
            };
            if let Some(others) = others {
                judged.add(&learned.task, others)?;
            }
            let metrics = learned.outcome.best.map(|best| best.validation.metrics).unwrap_or_default();
            reached.extend(metrics.iter().find(|(name, _)| *name == last.0).map(|(_, value)| (rows, *value)));
        }
    }
    let target = ready.prepared.encoder.targets[0].0.clone();
    let Some(mut found) = Forecast::from(target, &last.0, reached, (train.len(), last.1)) else {
        return Err(Error::usage("these errors lie on no curve: they are 0, or no numbers"));
    };
    found.doubted = judged.doubted(&ready, &run)?;
    run.write_json(FILE, &found)?;
    Ok(Some(found))
}

/// Records that are not among others, which are sorted.
fn without(records: &[usize], others: &[usize]) -> Vec<usize> {
    records.iter().copied().filter(|record| others.binary_search(record).is_err()).collect()
}

/// Training records with the answers of networks that have not learned from them.
#[derive(Default)]
struct Judged {
    records: Vec<usize>,
    answers: Option<Answers>,
}

impl Judged {
    fn add(&mut self, task: &PredictTask, mut records: Vec<usize>) -> Result<()> {
        let known: HashSet<usize> = self.records.iter().copied().collect();
        records.retain(|record| !known.contains(record));
        let Some(more) = task.answers(&records)?.0.into_iter().next() else { return Ok(()) };
        match &mut self.answers {
            Some(answers) => answers.append(more),
            None => self.answers = Some(more),
        }
        self.records.extend(records);
        Ok(())
    }

    /// Lists the rows whose label is likely wrong in the run's folder, in the place of an earlier list, and says how many there are; nothing is known of
    /// columns without classes.
    fn doubted(&self, ready: &Ready, run: &Run) -> Result<Option<usize>> {
        let prepared = &ready.prepared;
        let (Target::Classes { names, .. }, Some(answers)) = (&prepared.batcher.targets()[0], &self.answers)
        else {
            return Ok(None);
        };
        let (known, positions) = answers.known();
        let found = doubtful_labels(&known.probabilities, &known.labels(), names.len());
        let mut list = DoubtList::default();
        for doubtful in &found {
            let row = prepared.examples.rows()[self.records[positions[doubtful.row]]];
            let (label, likely) = (&names[known.truth[doubtful.row] as usize], &names[doubtful.likely]);
            let column = prepared.encoder.targets[0].0.clone();
            let probability = f64::from(known.row(doubtful.row)[doubtful.likely]);
            let cells = [ready.survey.row_name(row), column, label.clone(), likely.clone()];
            list.add(cells, probability, doubtful.margin);
        }
        list.write(run)?;
        Ok(Some(found.len()))
    }
}
/// What a run has foreseen, if that was asked.
///
/// # Errors
/// A file that cannot be read or is damaged.
pub fn foreseen(run: &Run) -> Result<Option<Forecast>> {
    let path = run.path().join(FILE);
    let bytes = match std::fs::read(&path) {
        Ok(bytes) => bytes,
        Err(e) if e.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(e) => return Err(DataError::io("what was foreseen cannot be read", &path, &e).into()),
    };
    let found = serde_json::from_slice(&bytes);
    found
        .map(Some)
        .map_err(|e| Error::model(format!("what was foreseen is damaged · {} · {e}", path.display())))
}

/// The score that the kept weights of a run had.
fn best_of(run: &Run) -> Result<Option<(String, f64)>> {
    let mut best = None;
    for line in read_log(&RunFolder::new(run.path(), "").log())? {
        if let Line::Validation(v) = line
            && v.best
        {
            best = Some(v);
        }
    }
    Ok(best.and_then(|v| {
        let name = v.score_name.split(" + ").next()?.to_owned();
        let value = v.metrics.get(&name)?.as_f64()?;
        Some((name, value))
    }))
}

/// A configuration with as much of the plan as a part of the rows gets. What a plan derives from its steps is derived again.
fn shortened(config: &Config, share: f64) -> Config {
    let mut shorter = config.clone();
    let training = &mut shorter.training;
    training.steps = training.steps.map(|steps| ((steps as f64 * share.sqrt()).round() as u64).max(1));
    (training.ema, training.validate_every, training.patience) = (None, None, None);
    shorter
}

/// The training records in parts that must not be torn apart: those of one group, or each by itself.
fn units(survey: &Survey, ready: &Ready, train: &[usize]) -> Result<Vec<Vec<usize>>> {
    let Some(column) = survey.used_as(Use::Group).next() else {
        return Ok(train.iter().map(|&record| vec![record]).collect());
    };
    let codes = codes(survey, column)?;
    let mut groups: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    for &record in train {
        let row = ready.prepared.examples.rows()[record];
        groups.entry(codes.get(row).copied().unwrap_or_default()).or_default().push(record);
    }
    Ok(groups.into_values().collect())
}

/// The records of a share of all `rows`: at each time others, in an order that the seed gives.
fn part(units: &[Vec<usize>], rows: usize, share: f64, time: usize, seed: u64) -> Vec<usize> {
    let mut order: Vec<&Vec<usize>> = units.iter().collect();
    let mut random = Stream::new(seed, "forecast", 0);
    for i in (1..order.len()).rev() {
        order.swap(i, random.below(i + 1));
    }
    let wanted = (share * rows as f64).round() as usize;
    let mut records = Vec::with_capacity(wanted);
    let mut before = 0;
    for unit in order {
        if before >= time * wanted && records.len() < wanted {
            records.extend(unit);
        }
        before += unit.len();
    }
    records.sort_unstable();
    records
}
