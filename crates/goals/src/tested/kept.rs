//! What a run keeps of its tested rows: `predictions.parquet` has the answers, and in its last columns the table's row and the truth.

use super::TestedTarget;
use crate::finish::PREDICTIONS;
use crate::model::{Model, StoredTarget};
use crate::outcome::Answers;
use crate::{Error, Result, Run};
use pellucid_data::{Cell, OpenOptions, OutColumn, Table};
use pellucid_kinds::Target;

/// The column of the table's rows, from 0.
const ROW: &str = "table_row";

/// What stands behind the name of a column for the truth.
const TRUE: &str = "_true";

/// The columns that say of each answered row which row of the table it is, and what is true of it. They stand behind all others; where one of
/// these has the name already, it gets a `_` more.
pub(crate) fn kept_columns(
    model: &Model,
    answers: &[Answers],
    rows: &[usize],
    before: &[OutColumn],
) -> Vec<OutColumn> {
    let mut columns = vec![OutColumn::integer(ROW, rows.iter().map(|&row| row as i64).collect())];
    for ((name, target), answers) in model.target_names().zip(model.batcher.targets()).zip(answers) {
        let truth = &answers.truth;
        match target {
            Target::Classes { names, .. } => {
                let class =
                    |t: &f64| names.get(*t as usize).filter(|_| !t.is_nan()).cloned().unwrap_or_default();
                columns.push(OutColumn::text(format!("{name}{TRUE}"), truth.iter().map(class).collect()));
            }
            Target::Number { .. } => columns.push(OutColumn::number(format!("{name}{TRUE}"), truth.clone())),
            Target::Tags { names, .. } => {
                for (tag, of) in names.iter().enumerate() {
                    let own = truth.iter().skip(tag).step_by(names.len()).copied().collect();
                    columns.push(OutColumn::number(format!("{name}{TRUE}_{of}"), own));
                }
            }
        }
    }
    for place in 0..columns.len() {
        let taken = |name: &str| before.iter().chain(&columns[..place]).any(|other| other.name == name);
        let mut name = columns[place].name.clone();
        while taken(&name) {
            name.push('_');
        }
        columns[place].name = name;
    }
    columns
}

/// A run's file of answers.
struct File {
    table: Table,
    path: String,
}

impl File {
    /// The last column of a name, whatever it got behind it.
    fn last(&self, name: &str) -> Option<usize> {
        let bare = |name: &str| name.trim_end_matches('_').to_owned();
        self.table.columns().iter().rposition(|column| bare(&column.name) == bare(name))
    }

    fn damaged(&self, lacking: &str) -> Error {
        Error::model(format!("the run's answers are damaged · {} · it lacks `{lacking}`", self.path))
    }

    /// The numbers of a column; NaN where there is none.
    fn numbers(&self, column: usize) -> Result<Vec<f64>> {
        self.cells(column, |cell| match cell {
            Cell::Number(x) => x,
            Cell::Integer(x) => x as f64,
            _ => f64::NAN,
        })
    }

    fn texts(&self, column: usize) -> Result<Vec<String>> {
        self.cells(column, |cell| match cell {
            Cell::Text(text) => text.to_owned(),
            _ => String::new(),
        })
    }

    fn cells<T>(&self, column: usize, read: impl Fn(Cell<'_>) -> T) -> Result<Vec<T>> {
        let mut all = Vec::with_capacity(self.table.rows());
        for chunk in self.table.chunks() {
            let chunk = chunk?;
            all.extend((0..chunk.rows).map(|row| read(chunk.cell(row, column))));
        }
        Ok(all)
    }

    /// A column by its own name.
    fn own(&self, name: &str) -> Result<Vec<f64>> {
        let position = self.table.columns().iter().position(|column| column.name == name);
        self.numbers(position.ok_or_else(|| self.damaged(name))?)
    }

    fn truth(&self, name: &str) -> Result<usize> {
        self.last(name).ok_or_else(|| self.damaged(name))
    }
}

/// What rows are called, which rows of the table they are, and the answers.
pub(super) type Read = (Vec<String>, Vec<usize>, Vec<TestedTarget>);

/// Reads what [`kept_columns`] has written, and the answers before it.
pub(super) fn read(run: &Run, targets: Vec<StoredTarget>) -> Result<Read> {
    let path = run.path().join(PREDICTIONS);
    let table = Table::open(std::slice::from_ref(&path), &OpenOptions::default())?;
    let file = File { table, path: path.display().to_string() };
    let Some(row) = file.last(ROW) else {
        return Err(Error::usage(format!(
            "this run was made by an earlier version and does not keep what was true of its test rows · {} · train it again to look at them one by one",
            run.path().display()
        )));
    };
    let places = file.texts(0)?;
    let rows = file.numbers(row)?.into_iter().map(|row| row as usize).collect();
    let mut all = Vec::new();
    for StoredTarget { column, target, thresholds } in targets {
        let mut answers = Answers::new(&target);
        if let Some(thresholds) = &thresholds {
            answers = answers.with_thresholds(thresholds);
        }
        match &target {
            Target::Classes { names, .. } => {
                answers.probabilities =
                    side_by_side(&each(names, |name| file.own(&format!("{column}_p_{name}")))?);
                let truth = file.texts(file.truth(&format!("{column}{TRUE}"))?)?;
                let class = |truth: &String| names.iter().position(|name| name == truth);
                answers.truth =
                    truth.iter().map(|t| class(t).map_or(f64::NAN, |class| class as f64)).collect();
            }
            Target::Tags { names, .. } => {
                answers.probabilities =
                    side_by_side(&each(names, |name| file.own(&format!("{column}_p_{name}")))?);
                let truth = each(names, |name| file.numbers(file.truth(&format!("{column}{TRUE}_{name}"))?))?;
                answers.truth = side_by_side(&truth);
            }
            Target::Number { .. } => {
                answers.numbers = file.own(&column)?;
                answers.truth = file.numbers(file.truth(&format!("{column}{TRUE}"))?)?;
            }
        }
        all.push(TestedTarget { column, target, answers });
    }
    Ok((places, rows, all))
}

fn each(names: &[String], read: impl Fn(&String) -> Result<Vec<f64>>) -> Result<Vec<Vec<f64>>> {
    names.iter().map(read).collect()
}

/// Columns as `[rows, columns]`, row by row.
fn side_by_side<T: FromF64>(columns: &[Vec<f64>]) -> Vec<T> {
    let rows = columns.first().map_or(0, Vec::len);
    (0..rows).flat_map(|row| columns.iter().map(move |column| T::from_f64(column[row]))).collect()
}

/// Numbers as they are kept in memory: probabilities in half of the bits of others.
trait FromF64 {
    fn from_f64(x: f64) -> Self;
}

impl FromF64 for f32 {
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
}

impl FromF64 for f64 {
    fn from_f64(x: f64) -> f64 {
        x
    }
}
