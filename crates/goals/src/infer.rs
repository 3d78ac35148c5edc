//! Putting a model to use: answers for files, folders and tables.

use crate::audit::GroupThresholds;
use crate::dataset::tell_voided;
use crate::likeness::{Drift, Measured, measures, unlike_column};
use crate::model::Model;
use crate::outcome::Answers;
use crate::stored::Stored;
use crate::{Error, Result, Run, Watcher, recommend, translate};
use pellucid_data::{Cell, DataError, OpenOptions, OutColumn, OutValues, Table};
use pellucid_kinds::{Encoder, Examples, Record, Target};
use std::path::{Path, PathBuf};

/// Prepared rows kept in memory while answering; more go to a temporary file.
const MEMORY: usize = 1 << 30;

/// Stands between the classes of a set.
const BETWEEN: &str = " | ";

/// Columns named in a message; of more the first ones.
const NAMED: usize = 20;

/// Answers as a table: the input (a path or a row number), then for each target its answer and probabilities.
pub struct Predictions {
    /// `input`, `<target>`, `<target>_p`, `<target>_p_<class>` … and last `unlike_training`, one row for each input, in its order.
    pub columns: Vec<OutColumn>,
    /// Inputs that could not be read, with the reason; their answers are empty.
    pub problems: Vec<String>,
    /// How the inputs differ from what was learned from; none where the model cannot say.
    pub drift: Option<Drift>,
}

/// The error for a folder that holds neither a run nor a model.
fn not_a_model(path: &Path) -> Error {
    Error::usage(format!(
        "there is no trained model here · {} · give the folder that `pellucid train` printed, or its model folder",
        path.display()
    ))
}

/// Opens the model of a run folder, or a model folder, for predicting; with its run, if it is one.
pub(crate) fn open_model(path: &Path) -> Result<(Model, Option<Run>)> {
    let (stored, run) = stored_model(path)?;
    Ok((Model::of(&stored)?, run))
}

/// Opens the model of a run folder, or a model folder, whatever its goal; with its run, if it is one.
pub(crate) fn stored_model(path: &Path) -> Result<(Stored, Option<Run>)> {
    if path.join("config.toml").is_file() {
        let run = Run::open(path)?;
        if !run.is_finished() {
            return Err(Error::usage(format!(
                "this run has no model yet · {} · finish it with: pellucid resume {}",
                path.display(),
                path.display()
            )));
        }
        return Ok((Stored::open(&run.model())?, Some(run)));
    }
    if path.join("model.safetensors").is_file() || path.join("config.json").is_file() {
        return Ok((Stored::open(path)?, None));
    }
    if !path.exists() {
        let error = DataError::not_found("there is no such run").in_file(path.display().to_string());
        return Err(error
            .advise("give the folder that `pellucid train` printed, such as runs/photos-1")
            .into());
    }
    Err(not_a_model(path))
}

/// What is asked for beside the answers themselves.
#[derive(Clone, Debug, Default)]
pub struct Asking {
    /// Sets of classes and intervals of numbers that hold the truth in this share of cases.
    pub coverage: Option<f64>,
    /// Whether these sets follow the ranks of classes: larger where the network is in doubt, smaller where it is sure.
    pub ranked: bool,
    /// Answers whose probability is lower are not given.
    pub at_least: Option<f64>,
    /// Thresholds by group, by which a class of two is answered.
    pub thresholds: Option<GroupThresholds>,
}

/// Answers every row of `inputs` (pictures, folders, tables, `-` for a table on standard input).
///
/// # Errors
/// A damaged model, and inputs without the columns that the model needs.
pub fn predict(path: &Path, inputs: &[PathBuf], watcher: &mut dyn Watcher) -> Result<Predictions> {
    predict_with(path, inputs, Asking::default(), watcher)
}

/// As [`predict`], with what is asked for beside the answers.
///
/// # Errors
/// As [`predict`], and a model that cannot say what is asked for.
pub fn predict_with(
    path: &Path,
    inputs: &[PathBuf],
    asking: Asking,
    watcher: &mut dyn Watcher,
) -> Result<Predictions> {
    let (stored, _) = stored_model(path)?;
    let more = asking.coverage.is_some() || asking.at_least.is_some() || asking.thresholds.is_some();
    if stored.goal != crate::model::GOAL && more {
        return Err(Error::usage(format!(
            "--coverage, --at-least and --thresholds are for networks that predict · {} · its goal is `{}`",
            path.display(),
            stored.goal
        )));
    }
    let options = OpenOptions { skip_share: 1.0, ..OpenOptions::default() };
    let open = || Table::open(inputs, &options);
    if stored.goal == translate::GOAL {
        return translate::predict(&stored, &open()?, watcher);
    }
    if stored.goal == recommend::GOAL {
        return recommend::predict(&stored, inputs, &options, watcher);
    }
    let model = Model::of(&stored)?;
    let table = open()?;
    asking.check(&model)?;
    let AnsweredTable { answers, examples, rates, drift } = answer_table(&model, &table, watcher)?;
    let mut problems: Vec<String> =
        table.skipped().iter().map(|s| format!("{}: {}", s.place, s.why)).collect();
    for bad in examples.unreadable() {
        problems.push(format!("{}: {}", bad.place(&table), bad.why));
    }
    let positions = positions(&table);
    let answered: Vec<usize> = examples.rows().iter().map(|&row| positions[row]).collect();
    let names = input_names(&model, &table, &positions)?;
    let mut columns = out_columns(&model, &answers, &answered, &names, &asking);
    if let Some(thresholds) = &asking.thresholds {
        let unknown = thresholds.decide(&model, &table, (&answers, &examples), &mut columns)?;
        problems
            .extend(unknown.iter().map(|group| format!("rows of the group `{group}`: it has no threshold")));
    }
    columns.extend(unlike_column(&rates, &answered, names.len()));
    Ok(Predictions { columns, problems, drift })
}

impl Asking {
    /// Refuses what this model cannot say.
    fn check(&self, model: &Model) -> Result<()> {
        for ((name, target), trust) in model.target_names().zip(model.batcher.targets()).zip(&model.trust) {
            let Some(coverage) = self.coverage else { continue };
            if matches!(target, Target::Tags { .. }) {
                return Err(Error::usage(format!(
                    "--coverage is for classes and numbers · `{name}` has tags: see the probability of each"
                )));
            }
            if trust.of_sets(self.ranked).reach(coverage).is_none() {
                return Err(Error::usage(format!(
                    "--coverage {coverage} cannot be promised for `{name}` · it takes validation rows, and this network was made with too few \
                     of them · train it again with more, or ask for less"
                )));
            }
        }
        Ok(())
    }
}

/// The position of each row of the table among all inputs, where those that could not be read count, too.
pub(crate) fn positions(table: &Table) -> Vec<usize> {
    let skipped = table.skipped();
    let mut passed = 0;
    let position = |row| {
        while skipped.get(passed).is_some_and(|skipped| skipped.before <= row) {
            passed += 1;
        }
        row + passed
    };
    (0..table.rows()).map(position).collect()
}

/// The answers to a table.
pub(crate) struct AnsweredTable {
    /// For each target.
    pub(crate) answers: Vec<Answers>,
    /// The rows that were answered.
    pub(crate) examples: Examples,
    /// How unlike what was learned from each of them is; nothing if the model cannot say.
    pub(crate) rates: Vec<f64>,
    /// What is different about all of them.
    pub(crate) drift: Option<Drift>,
}

/// Answers all rows of a table whose cells can be used, and says if they are unlike those that the model has learned from.
pub(crate) fn answer_table(model: &Model, table: &Table, watcher: &mut dyn Watcher) -> Result<AnsweredTable> {
    watcher.begin("Reading", table.rows());
    let renamed = rename_media_column(model, table);
    let encoder = renamed.as_ref().map_or(&model.encoder, |m| m);
    check_inputs(encoder, table)?;
    let examples = encoder.encode(table, &|_| true, MEMORY, &mut |done| watcher.advance(done))?;
    tell_voided(table, &examples, watcher);
    let (mut answers, mut rates) = (model.no_answers(), Vec::new());
    let measures = measures(encoder);
    let mut measured = Measured::new(&measures, examples.layout().clone(), examples.len());
    watcher.begin("Answering", examples.len());
    let mut some: Vec<Record> = Vec::new();
    for i in 0..examples.len() {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        measured.add(&record);
        some.push(record);
        if some.len() == crate::predict::INFERENCE_BATCH || i + 1 == examples.len() {
            let (more, of_more) = model.answer_and_rate(&some)?;
            answers.iter_mut().zip(more).for_each(|(all, more)| all.append(more));
            rates.extend(of_more);
            some.clear();
            watcher.advance(i + 1);
        }
    }
    let drift = Drift::of(model, &measured, &rates, examples.len());
    drift.iter().for_each(|drift| drift.tell(model.rows_are(), watcher));
    Ok(AnsweredTable { answers, examples, rates, drift })
}

/// Refuses a table without columns from which the model answers; names all that are lacking.
pub(crate) fn check_inputs(encoder: &Encoder, table: &Table) -> Result<()> {
    let has = || table.columns().iter().map(|column| column.name.as_str());
    let listed = |names: &[&str]| {
        let more = if names.len() > NAMED { ", …" } else { "" };
        names.iter().take(NAMED).map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ") + more
    };
    let needed: Vec<&str> = encoder.inputs.iter().map(|(name, ..)| name.as_str()).collect();
    let lacking: Vec<&str> = needed.iter().copied().filter(|name| !has().any(|h| h == *name)).collect();
    if lacking.is_empty() {
        return Ok(());
    }
    let (column, them) = if lacking.len() == 1 { ("column", "it") } else { ("columns", "them") };
    let near = |name: &&str| Some(format!("`{}` to `{name}`", pellucid_base::nearest(name, has())?));
    let renamed: Vec<String> = lacking.iter().filter_map(near).take(NAMED).collect();
    let advice = match renamed.is_empty() {
        true => format!(
            "add {them}, empty where nothing is known; the data has {}",
            listed(&has().collect::<Vec<_>>())
        ),
        false => format!("did you mean to rename {}?", renamed.join(", ")),
    };
    Err(DataError::not_found(format!("the data lacks the {column} {}", listed(&lacking)))
        .in_file(table.origin())
        .because(format!("the model answers from {}", listed(&needed)))
        .advise(advice)
        .into())
}

/// The column into which folders put what this kind reads; `None` if it does not read files.
fn media_column(kind: &str) -> Option<&'static str> {
    pellucid_data::MEDIA.iter().map(|media| media.column).find(|&column| column == kind)
}

/// Pictures and sounds given as files come in a column `image` or `audio`; a model whose one column of them has another
/// name takes them.
pub(crate) fn rename_media_column(model: &Model, table: &Table) -> Option<Encoder> {
    let media: Vec<_> =
        model.encoder.inputs.iter().filter_map(|(name, k, _)| Some((name, media_column(k)?))).collect();
    let [(name, column)] = media.as_slice() else { return None };
    let has = |wanted: &str| table.columns().iter().any(|c| c.name == wanted);
    if has(name) || !has(column) {
        return None;
    }
    let restore = |list: &[(String, &'static str, Box<dyn pellucid_kinds::Prepared>)]| {
        list.iter()
            .map(|(n, k, p)| {
                let renamed = if n == *name { (*column).to_owned() } else { n.clone() };
                Some((renamed, *k, pellucid_kinds::kind(k).ok()?.restore(&p.state()).ok()?))
            })
            .collect::<Option<Vec<_>>>()
    };
    Some(Encoder { inputs: restore(&model.encoder.inputs)?, targets: restore(&model.encoder.targets)? })
}

/// How each input is called: the path of its picture or sound, or its number.
fn input_names(model: &Model, table: &Table, positions: &[usize]) -> Result<Vec<String>> {
    let position = |wanted: &str| table.columns().iter().position(|c| c.name == wanted);
    let mut media = model.encoder.inputs.iter().filter_map(|(name, k, _)| Some((name, media_column(k)?)));
    let file = media.next().and_then(|(name, column)| position(name).or_else(|| position(column)));
    let inputs = table.rows() + table.skipped().len();
    let mut names: Vec<String> = (1..=inputs).map(|number| number.to_string()).collect();
    let Some(column) = file else { return Ok(names) };
    for chunk in table.chunks() {
        let chunk = chunk?;
        for i in 0..chunk.rows {
            if let Cell::Text(path) = chunk.cell(i, column) {
                path.clone_into(&mut names[positions[chunk.first_row + i]]);
            }
        }
    }
    Ok(names)
}

/// The tags that are there, in one text; `none` if there is none, which reads back as that.
pub(crate) fn tag_text(names: &[String], there: &[bool], separator: &str) -> String {
    let there: Vec<&str> =
        names.iter().zip(there).filter(|(_, t)| **t).map(|(name, _)| name.as_str()).collect();
    if there.is_empty() { "none".to_owned() } else { there.join(separator) }
}

/// The answers by row of the table; rows without an answer stay empty.
pub(crate) fn out_columns(
    model: &Model,
    answers: &[Answers],
    answered: &[usize],
    names: &[String],
    asking: &Asking,
) -> Vec<OutColumn> {
    let rows = names.len();
    let mut columns = vec![OutColumn { name: "input".to_owned(), values: OutValues::Text(names.to_vec()) }];
    for ((((name, _, _), target), answers), trust) in
        model.encoder.targets.iter().zip(model.batcher.targets()).zip(answers).zip(&model.trust)
    {
        let spread = |f: &dyn Fn(usize) -> f64| {
            let mut values = vec![f64::NAN; rows];
            answered.iter().enumerate().for_each(|(i, &row)| values[row] = f(i));
            OutValues::Number(values)
        };
        let write = |f: &dyn Fn(usize) -> String| {
            let mut texts = vec![String::new(); rows];
            answered.iter().enumerate().for_each(|(i, &row)| texts[row] = f(i));
            OutValues::Text(texts)
        };
        let (values, best, names) = match target {
            Target::Classes { names, .. } => (
                write(&|i| match answers.best(i) {
                    (_, p) if asking.at_least.is_some_and(|least| f64::from(p) < least) => String::new(),
                    (best, _) => names[best].clone(),
                }),
                Some(spread(&|i| f64::from(answers.best(i).1))),
                names.as_slice(),
            ),
            Target::Tags { names, separator, .. } => {
                (write(&|i| tag_text(names, &answers.tags(i), separator)), None, names.as_slice())
            }
            Target::Number { .. } => {
                (spread(&|i| answers.numbers.get(i).copied().unwrap_or(f64::NAN)), None, [].as_slice())
            }
        };
        columns.push(OutColumn { name: name.clone(), values });
        columns.extend(best.map(|values| OutColumn { name: format!("{name}_p"), values }));
        match (target, asking.coverage) {
            (Target::Classes { names, .. }, Some(coverage)) => {
                let set = |i: usize| {
                    let held = trust.classes(answers.row(i), coverage, asking.ranked);
                    let held: Vec<&str> =
                        names.iter().zip(held).filter(|(_, h)| *h).map(|(n, _)| n.as_str()).collect();
                    held.join(BETWEEN)
                };
                columns.push(OutColumn { name: format!("{name}_set"), values: write(&set) });
            }
            (Target::Number { .. }, Some(coverage)) => {
                let interval = |i: usize| {
                    let answer = answers.numbers.get(i).copied().unwrap_or(f64::NAN);
                    trust.conformal.interval(answer, answers.width(i), coverage)
                };
                let (low, high) = (spread(&|i| interval(i).0), spread(&|i| interval(i).1));
                columns.push(OutColumn { name: format!("{name}_low"), values: low });
                columns.push(OutColumn { name: format!("{name}_high"), values: high });
            }
            _ => {}
        }
        for (class, class_name) in names.iter().enumerate() {
            let values = spread(&|i| f64::from(answers.row(i)[class]));
            columns.push(OutColumn { name: format!("{name}_p_{class_name}"), values });
        }
    }
    columns
}
