//! Explain: which parts of an input moved the answer, and how far to trust what is said about it.

mod absent;
mod audible;
mod dependence;
mod explainable;
mod flat;
mod gradcam;
mod importance;
mod instead;
mod layers;
mod learned_from;
mod method;
mod parts;
mod quality;
mod question;
mod show;
mod training;

use crate::dataset::row_name;
use crate::infer::{check_inputs, rename_media_column, stored_model};
use crate::model::{Model, place_of};
use crate::outcome::Answers;
use crate::{Error, Result, Run, Watcher};
use absent::Absent;
use parts::Input;
use pellucid_data::{Cell, MEDIA, OpenOptions, Table};
use pellucid_insight::report::data::Explanation;
use pellucid_kinds::{Encoder, Examples, Record, Target};
use pellucid_tensor::Stream;
use question::{Asked, Question};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

pub(crate) use absent::Background;
pub(crate) use dependence::{Rows, dependence};
pub use explainable::{Explainable, explainable};
pub(crate) use importance::{answers_within, importance, read};
pub use layers::explain_layers;
pub(crate) use layers::looks;
pub use method::Method;
use method::Precision;
pub(crate) use parts::in_words;
pub(crate) use training::{Learned, options};

/// The file of a run with training rows' numbers and categories, which stand in the place of missing columns.
pub(crate) const BACKGROUND: &str = "background.json";

/// Training rows in it.
const KEPT: usize = 64;

/// Inputs in memory while they are explained.
const MEMORY: usize = 1 << 30;

/// What is to be explained, and how.
#[derive(Clone, Debug, Default)]
pub struct Explain {
    /// The way; the usual one for the columns if it is not given.
    pub method: Option<Method>,
    /// The column whose answer is explained; the first if it is not given.
    pub target: Option<String>,
    /// The class or tag whose probability is explained; the answered one if it is not given.
    pub class: Option<String>,
    /// How many rows at most.
    pub count: usize,
    /// How many training rows of each sort are named: those most like it, and those that pushed its answer. With 0 none are looked for.
    pub rows: usize,
    /// Columns that cannot be changed, where it is asked what would turn an answer.
    pub locked: Vec<String>,
    /// Where what is drawn by chance comes from.
    pub seed: u64,
}

/// Explained inputs.
pub struct Explained {
    /// One for each.
    pub explanations: Vec<Explanation>,
    /// Rows beyond those that were asked for.
    pub left: usize,
    /// Inputs that could not be read, with the reason.
    pub problems: Vec<String>,
    /// Why training rows are not named, if they were asked for.
    pub without_rows: Option<String>,
}

/// Explains the answers to `inputs` (pictures, sounds, folders, tables) of a run's model, or of a model folder.
///
/// # Errors
/// A model that does not predict, unknown columns, classes or methods that do not suit it, and inputs without the model's columns.
pub fn explain(
    path: &Path,
    inputs: &[PathBuf],
    how: &Explain,
    watcher: &mut dyn Watcher,
) -> Result<Explained> {
    let (stored, run) = stored_model(path)?;
    let model = Model::of(&stored)?;
    let backgrounds = backgrounds(&model, run.as_ref())?;
    let table = Table::open(inputs, &OpenOptions { skip_share: 1.0, ..OpenOptions::default() })?;
    let renamed = rename_media_column(&model, &table);
    let encoder = renamed.as_ref().unwrap_or(&model.encoder);
    check_inputs(encoder, &table)?;
    let count = how.count.min(table.rows());
    watcher.begin("Reading", count);
    let examples =
        encoder.encode(&table, &|row| row < count, MEMORY, &mut |done| watcher.advance(done.min(count)))?;
    let mut problems: Vec<String> =
        table.skipped().iter().map(|s| format!("{}: {}", s.place, s.why)).collect();
    problems.extend(examples.unreadable().iter().map(|bad| format!("{}: {}", bad.place(&table), bad.why)));
    for name in &how.locked {
        table.column_index(name)?;
    }
    let explainer = Explainer::new(&model, encoder, &backgrounds)?;
    watcher.begin("Explaining", examples.len());
    let mut explanations = Vec::with_capacity(examples.len());
    for i in 0..examples.len() {
        explanations.push(explainer.explain(&table, &examples, i, how)?);
        watcher.advance(i + 1);
    }
    let mut without_rows = None;
    if how.rows > 0 && !explanations.is_empty() {
        // Explanations are worth having without them.
        match training::Opened::of(run.as_ref(), &model, watcher) {
            Ok(opened) => {
                let inputs = read(&examples, &(0..examples.len()).collect::<Vec<_>>())?;
                explainer.add_learned_from(&mut explanations, &inputs, how, &opened.learned(), watcher)?;
            }
            Err(e) => without_rows = Some(e.to_string()),
        }
    }
    Ok(Explained { explanations, left: table.rows() - count, problems, without_rows })
}

/// The numbers and categories of some training rows, in an order by chance, for [`BACKGROUND`]; none if the network sees no such columns.
///
/// # Errors
/// Failures of reading.
pub(crate) fn chosen(
    encoder: &Encoder,
    table: &Table,
    examples: &Examples,
    records: &[usize],
) -> Result<Vec<Background>> {
    let mut some: Vec<usize> = records.iter().copied().step_by(records.len().div_ceil(KEPT).max(1)).collect();
    Stream::new(0, "backgrounds", 0).shuffle(&mut some);
    let mut all = Vec::new();
    for i in some {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        if record.numbers.is_empty() && record.codes.is_empty() {
            return Ok(Vec::new());
        }
        let cells = table.cells(examples.rows()[i])?;
        let mut words = BTreeMap::new();
        for (name, _) in parts::columns(encoder) {
            words.insert(name.clone(), parts::in_words(cells.cell(table.column_index(name)?)));
        }
        all.push(Background { numbers: record.numbers, codes: record.codes, cells: words });
    }
    Ok(all)
}

fn backgrounds(model: &Model, run: Option<&Run>) -> Result<Vec<Background>> {
    let layout = model.encoder.layout();
    if layout.numbers + layout.codes == 0 {
        return Ok(Vec::new());
    }
    let lacking = |why: &str| {
        Error::usage(format!(
            "what stands in the place of a missing column is not known · {why} · train it again, and give the run's folder"
        ))
    };
    let Some(run) = run else { return Err(lacking("a model folder alone does not say it")) };
    let path = run.path().join(BACKGROUND);
    let bytes =
        std::fs::read(&path).map_err(|e| lacking(&format!("{} cannot be read: {e}", path.display())))?;
    let all: Vec<Background> = serde_json::from_slice(&bytes)
        .map_err(|e| lacking(&format!("{} is damaged: {e}", path.display())))?;
    let fits = |b: &Background| b.numbers.len() == layout.numbers && b.codes.len() == layout.codes;
    match all.is_empty() || !all.iter().all(fits) {
        true => Err(lacking(&format!("{} does not fit this model", path.display()))),
        false => Ok(all),
    }
}

/// A model, and what stands in the place of what is missing.
pub(crate) struct Explainer<'a> {
    model: &'a Model,
    encoder: &'a Encoder,
    backgrounds: &'a [Background],
    /// The same network before it has learned.
    unlearned: Model,
    /// What the network takes to answer one input.
    multiply_adds: f64,
}

impl<'a> Explainer<'a> {
    /// Explains answers of a model; `encoder` is its own, or one in which a column has another name.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn new(
        model: &'a Model,
        encoder: &'a Encoder,
        backgrounds: &'a [Background],
    ) -> Result<Explainer<'a>> {
        let layers = model.network.describe()?;
        let multiply_adds = layers.iter().map(|layer| layer.row.multiply_adds as f64).sum();
        Ok(Explainer { model, encoder, backgrounds, unlearned: quality::unlearned(model)?, multiply_adds })
    }

    /// Explains the answer to one example.
    ///
    /// # Errors
    /// Unknown columns, classes or methods that do not suit them, and no memory.
    pub(crate) fn explain(
        &self,
        table: &Table,
        examples: &Examples,
        i: usize,
        how: &Explain,
    ) -> Result<Explanation> {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        let row = examples.rows()[i];
        let cells = table.cells(row)?;
        let input = Input { encoder: self.encoder, table, cells: &cells, record: &record };
        let parts = parts::parts(&input)?;
        let answers = self.model.answer(std::slice::from_ref(&record))?;
        let asked = self.asked(how, &answers, 0)?;
        let unknown = self.unknown()?;
        let absent = Absent::new(
            &record,
            self.model.encoder.layout(),
            &parts,
            self.backgrounds,
            self.model.batcher.sounds(),
            unknown,
        );
        let multiply_adds = self.multiply_adds;
        let question = Question { model: self.model, absent, parts: parts.len(), asked, multiply_adds };
        let method = how.method.unwrap_or_else(|| Method::usual(&parts));
        let found = method::find(method, &question, &record, &parts, (how.seed, Precision::Full))?;
        let quality =
            quality::measure(method, &found, &question, &self.unlearned, &record, &parts, how.seed)?;
        // Of pictures and long texts it would take long.
        let columns = parts.iter().all(|part| matches!(part, parts::Part::Column { .. }));
        let instead = match columns {
            true => instead::instead(&question, &record, &parts, self.backgrounds, &how.locked)?,
            false => None,
        };
        let audible = audible::audible(&input, &question, &parts, &found, quality.faithfulness.first)?;
        let shown =
            show::Shown { method, asked, parts: &parts, found: &found, answers: &answers, instead, audible };
        show::explanation(self.model, &input, self.place(table, row), &shown, quality)
    }

    /// What a row is called.
    fn place(&self, table: &Table, row: usize) -> String {
        let is_file = |kind: &str| MEDIA.iter().any(|media| media.column == kind);
        let file = self.encoder.inputs.iter().find(|(_, kind, _)| is_file(kind));
        row_name(table, file.and_then(|(name, ..)| table.column_index(name).ok()), row)
    }

    /// Which output is explained of the answers to a row.
    fn asked(&self, how: &Explain, answers: &[Answers], row: usize) -> Result<Asked> {
        let target = self.model.target(how.target.as_deref())?;
        let output = match (&self.model.batcher.targets()[target], &how.class) {
            (Target::Number { .. }, None) => 0,
            (Target::Number { .. }, Some(class)) => {
                let name = self.model.target_names().nth(target).unwrap_or_default();
                return Err(Error::usage(format!("`{name}` is a number and has no class `{class}`")));
            }
            (Target::Classes { names, .. } | Target::Tags { names, .. }, Some(class)) => {
                place_of(class, names)?
            }
            (Target::Classes { .. } | Target::Tags { .. }, None) => answers[target].best(row).0,
        };
        Ok(Asked { target, output })
    }

    /// For each text the piece that stands for one without a word.
    fn unknown(&self) -> Result<Vec<u32>> {
        let mut all = Vec::new();
        for (name, _, prepared) in &self.model.encoder.inputs {
            for _ in prepared.features().iter().filter(|f| matches!(f, pellucid_kinds::Feature::Text { .. }))
            {
                let mut record = Record::default();
                let encoded = prepared.encode(Cell::Missing, None, &mut record);
                encoded.map_err(|why| Error::model(format!("`{name}`: {why}")))?;
                all.extend(record.tokens.get(1));
            }
        }
        Ok(all)
    }
}
