//! The rows that a network has learned from, and which of them stand behind explained answers.

use super::importance::evenly;
use super::learned_from::{Asking, Behind};
use super::{Explain, Explainer};
use crate::config::Config;
use crate::dataset::{Survey, split_rows};
use crate::infer::tag_text;
use crate::model::Model;
use crate::predict::{ShownRow, class_weights, shown_row};
use crate::train::open;
use crate::{Error, Result, Run, Watcher};
use pellucid_data::Part;
use pellucid_insight::explain::Largest;
use pellucid_insight::report::data::{DataFacts, Explanation, LearnedFrom, LearnedRow};
use pellucid_kinds::{Examples, Record, Target, TargetOptions, slots};
use std::path::Path;
use tempfile::TempDir;

/// Prepared rows kept in memory; more go to a temporary file.
const MEMORY: usize = 1 << 30;

/// Training rows that are looked at when a finished run is asked, at most.
const MOST: usize = 100_000;

/// Rows that a network has learned from.
pub(crate) struct Learned<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) examples: &'a Examples,
    pub(crate) records: &'a [usize],
    /// How each target was learned.
    pub(crate) options: &'a [TargetOptions],
    /// How many are looked at, at most.
    pub(crate) most: usize,
}

/// How each target was learned, as a run's configuration says.
///
/// # Errors
/// Class weights for a column that has none.
pub(crate) fn options(model: &Model, config: &Config) -> Result<Vec<TargetOptions>> {
    let pictures = !model.batcher.picture_sizes().is_empty();
    let weights = class_weights(&model.encoder, pictures, config.training.class_weights.as_ref())?;
    let smoothing = config.training.label_smoothing.unwrap_or_default();
    Ok(weights.into_iter().map(|class_weights| TargetOptions { smoothing, class_weights }).collect())
}

/// The training data of a finished run, opened again.
pub(super) struct Opened {
    survey: Survey,
    examples: Examples,
    records: Vec<usize>,
    options: Vec<TargetOptions>,
    /// Keeps an unpacked sample alive.
    _sample: Option<TempDir>,
}

impl Opened {
    /// Opens the data that a run has learned from, split as it was.
    ///
    /// # Errors
    /// A model without its run, and data that cannot be found, has changed, or was read from standard input.
    pub(super) fn of(run: Option<&Run>, model: &Model, watcher: &mut dyn Watcher) -> Result<Opened> {
        let unknown = |why: &str| Error::usage(format!("the training rows are not known · {why}"));
        let run =
            run.ok_or_else(|| unknown("a model folder alone does not say them · give the run's folder"))?;
        let config = run.config()?;
        if config.data.paths.iter().any(|path| path == Path::new("-")) {
            return Err(unknown("they were read from standard input"));
        }
        let (survey, sample) = open(&config)?;
        let parts = split_rows(&survey, &config.data, config.training.seed)?.parts;
        watcher.begin("Reading the training rows", survey.table.rows());
        let wanted = |row: usize| parts.get(row) == Some(&Part::Train);
        let mut progress = |done| watcher.advance(done);
        let examples = model.encoder.encode(&survey.table, &wanted, MEMORY, &mut progress)?;
        let known = |i: &usize| examples.targets(*i).iter().any(|t| !t.is_nan());
        let records: Vec<usize> = (0..examples.len()).filter(known).collect();
        let (then, now) = (learned_then(run), records.len() as u64);
        if then.is_some_and(|then| then != now) {
            let then = then.unwrap_or_default();
            return Err(unknown(&format!(
                "the data has changed since: it learned from {then} rows, now there would be {now} · {}",
                survey.table.origin()
            )));
        }
        Ok(Opened { options: options(model, &config)?, survey, examples, records, _sample: sample })
    }

    /// The rows.
    pub(super) fn learned(&self) -> Learned<'_> {
        let Opened { survey, examples, records, options, .. } = self;
        Learned { survey, examples, records, options, most: MOST }
    }
}

/// How many rows a run has learned from, as it noted itself.
fn learned_then(run: &Run) -> Option<u64> {
    let bytes = std::fs::read(run.path().join("data_report.json")).ok()?;
    let facts: DataFacts = serde_json::from_slice(&bytes).ok()?;
    facts.splits.get(Part::Train as usize).map(|split| split.rows)
}

impl Explainer<'_> {
    /// Adds to the explanations of some inputs the training rows behind them, as many of each sort as `how` says.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn add_learned_from(
        &self,
        explanations: &mut [Explanation],
        inputs: &[Record],
        how: &Explain,
        learned: &Learned<'_>,
        watcher: &mut dyn Watcher,
    ) -> Result<()> {
        let inputs = &inputs[..inputs.len().min(explanations.len())];
        let records = evenly(learned.records, learned.most);
        if inputs.is_empty() || learned.most == 0 {
            return Ok(());
        }
        let answers = self.model.answer(inputs)?;
        let asked =
            (0..inputs.len()).map(|row| self.asked(how, &answers, row)).collect::<Result<Vec<_>>>()?;
        let target = asked[0].target;
        let options = learned.options.get(target).cloned().unwrap_or_default();
        let mut asking = Asking::new(self.model, inputs, &asked, options, how.rows)?;
        watcher.begin("Looking at training rows", records.len());
        asking.look_at(learned.examples, &records, &mut |done| watcher.advance(done))?;
        for (explanation, Behind { similar, pushing, against }) in explanations.iter_mut().zip(asking.found())
        {
            let rows = |largest: &Largest, sign: f64| {
                let row =
                    |&(record, value): &(usize, f64)| self.learned_row(learned, target, record, sign * value);
                largest.rows().iter().map(row).collect::<Result<Vec<_>>>()
            };
            explanation.learned_from = Some(LearnedFrom {
                looked_at: records.len() as u64,
                rows: learned.records.len() as u64,
                similar: rows(&similar, 1.0)?,
                pushing: rows(&pushing, 1.0)?,
                against: rows(&against, -1.0)?,
            });
        }
        Ok(())
    }

    /// What is shown of a training row.
    fn learned_row(
        &self,
        learned: &Learned<'_>,
        target: usize,
        record: usize,
        value: f64,
    ) -> Result<LearnedRow> {
        let targets = self.model.batcher.targets();
        let truth = &learned.examples.targets(record)[slots(targets)[target].clone()];
        let row = learned.examples.rows()[record];
        let ShownRow { picture, fields } = shown_row(learned.survey, row)?;
        let place = learned.survey.row_name(row);
        Ok(LearnedRow { place, label: label(&targets[target], truth), value, picture, fields })
    }
}

/// The answer that stands in the data, in words.
pub(super) fn label(target: &Target, truth: &[f64]) -> String {
    match (target, truth) {
        (_, []) => String::new(),
        (_, [first, ..]) if first.is_nan() => "not known".to_owned(),
        (Target::Classes { names, .. }, [class, ..]) => {
            names.get(*class as usize).cloned().unwrap_or_default()
        }
        (Target::Tags { names, separator, .. }, tags) => {
            tag_text(names, &tags.iter().map(|&tag| tag > 0.0).collect::<Vec<_>>(), separator)
        }
        (Target::Number { .. }, [number, ..]) => number.to_string(),
    }
}
