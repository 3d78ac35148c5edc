//! What a run's network loses in bytes.

use crate::dataset::{prepare, split_rows};
use crate::infer::open_model;
use crate::model::Model;
use crate::outcome::Answers;
use crate::predict::INFERENCE_BATCH;
use crate::{Error, Result, Watcher};
use pellucid_data::Part;
use pellucid_kinds::{Examples, Record};
use std::path::Path;

/// The answers of a network in numbers and in bytes, side by side.
#[derive(Clone, Debug)]
pub struct Int8Comparison {
    /// Test rows with a known answer.
    pub rows: usize,
    /// The share of right answers of the network as it is.
    pub plain: f64,
    /// The share of right answers of the network in bytes.
    pub bytes: f64,
    /// The share of rows for which both give the same answer.
    pub agree: f64,
}

/// Puts a finished run's network for pictures into bytes, by `samples` of its training rows, and answers its test rows with
/// both: for the run's first target.
///
/// # Errors
/// A folder that is no finished run, data that has changed or cannot be read, a run without a network for pictures, and a
/// first target that is not a class.
pub fn compare_int8(path: &Path, samples: usize, watcher: &mut dyn Watcher) -> Result<Int8Comparison> {
    let (mut model, Some(run)) = open_model(path)? else {
        return Err(Error::usage(format!("a run is needed, not a model alone · {}", path.display())));
    };
    let config = run.config()?;
    let (survey, _sample) = crate::train::open(&config)?;
    let splits = split_rows(&survey, &config.data, config.training.seed)?;
    watcher.begin("Reading the data", survey.table.rows());
    let start = crate::train::start(&config)?;
    let prepared = prepare(&survey, &splits, &config.data, start, &mut |done| watcher.advance(done))?;
    let (training, test) = (prepared.part(Part::Train), prepared.part(Part::Test));
    let plain = answers(&model, &prepared.examples, test)?;
    let step = (training.len() / samples.max(1)).max(1);
    let some: Vec<usize> = training.iter().copied().step_by(step).take(samples).collect();
    let batches = some
        .chunks(INFERENCE_BATCH)
        .map(|some| Ok(model.batcher.assemble(&records(&prepared.examples, some)?, None)?))
        .collect::<Result<Vec<_>>>()?;
    model.network.put_into_bytes(&batches)?;
    let bytes = answers(&model, &prepared.examples, test)?;
    let known: Vec<usize> = (0..plain.rows()).filter(|&i| !plain.truth[i].is_nan()).collect();
    let share = |good: &dyn Fn(usize) -> bool| {
        known.iter().filter(|&&i| good(i)).count() as f64 / known.len().max(1) as f64
    };
    let right = |answers: &Answers, i: usize| answers.best(i).0 as f64 == plain.truth[i];
    Ok(Int8Comparison {
        rows: known.len(),
        plain: share(&|i| right(&plain, i)),
        bytes: share(&|i| right(&bytes, i)),
        agree: share(&|i| plain.best(i).0 == bytes.best(i).0),
    })
}

fn records(examples: &Examples, some: &[usize]) -> Result<Vec<Record>> {
    some.iter()
        .map(|&i| {
            let mut record = Record::default();
            examples.read(i, &mut record)?;
            Ok(record)
        })
        .collect()
}

/// The answers to the first target.
fn answers(model: &Model, examples: &Examples, rows: &[usize]) -> Result<Answers> {
    let first = model.batcher.targets().first();
    let Some(target) = first.filter(|t| matches!(t, pellucid_kinds::Target::Classes { .. })) else {
        return Err(Error::usage("the run's first target is not a class".to_owned()));
    };
    let mut all = Answers::new(target);
    for some in rows.chunks(INFERENCE_BATCH) {
        all.append(model.answer(&records(examples, some)?)?.swap_remove(0));
    }
    Ok(all)
}
