//! Labels and other cells that a person has mended, in a list beside the data: their own files stay as they are.
//!
//! The list is a CSV file with the columns `row` (as reports call it: a file's name, or `row 17`), `column` and `value`.

use super::Survey;
use crate::config::Config;
use crate::{Error, Result, Run};
use pellucid_data::{Change, DataError, ErrorKind, read_list};
use std::collections::HashMap;
use std::path::{Path, PathBuf};

/// The list in the folder of a run that learned with it.
const KEPT: &str = "corrections.csv";

/// Kinds whose values are those that there are.
const OF_CLASSES: [&str; 2] = ["category", "flag"];

/// A cell that is mended.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Correction {
    line: usize,
    row: String,
    column: String,
    value: String,
}

/// Reads a list.
///
/// # Errors
/// A file that cannot be read or is no such list, and cells that are mended twice in different ways.
fn read(path: &Path) -> Result<Vec<Correction>> {
    let list = read_list(path, ["row", "column", "value"])?;
    let mut seen: HashMap<(String, String), (usize, String)> = HashMap::new();
    let mut all = Vec::with_capacity(list.len());
    for (line, [row, column, value]) in list {
        let refuse =
            |what: String| DataError::refused(what).in_file(format!("{}, line {line}", path.display()));
        if row.is_empty() || column.is_empty() || value.is_empty() {
            return Err(refuse(
                "a row, a column and a value are needed, and one of them is empty".to_owned(),
            )
            .into());
        }
        let earlier = seen.insert((row.clone(), column.clone()), (line, value.clone()));
        if let Some((earlier, other)) = earlier.filter(|(_, other)| *other != value) {
            return Err(refuse(format!("{row} is to be `{value}`, and in line {earlier} `{other}`"))
                .in_column(column)
                .advise("keep one of the two lines")
                .into());
        }
        all.push(Correction { line, row, column, value });
    }
    Ok(all)
}

/// What a list comes to in a table.
pub(super) struct Mended {
    pub(super) changes: Vec<Change>,
    /// What was done, in words.
    pub(super) told: String,
}

/// Finds the cells of a surveyed table that a list mends.
///
/// # Errors
/// As [`read`], rows and columns that there are not, rows that share their name, and classes that do not exist.
pub(super) fn find(path: &Path, survey: &Survey) -> Result<Mended> {
    let list = read(path)?;
    let changes = located(&list, survey, |line| format!("{}, line {line}", path.display()))?;
    let cells = if list.len() == 1 { "1 cell is".to_owned() } else { format!("{} cells are", list.len()) };
    Ok(Mended { changes, told: format!("{cells} as {} says, whatever the data say", path.display()) })
}

/// Checks that a cell could be mended so.
///
/// # Errors
/// As [`find`].
pub(crate) fn check_correction(survey: &Survey, row: &str, column: &str, value: &str) -> Result<()> {
    let (row, column, value) = (row.to_owned(), column.to_owned(), value.to_owned());
    let at = |_| survey.table.origin().to_owned();
    located(&[Correction { line: 0, row, column, value }], survey, at).map(drop)
}

/// Where the cells of a list are; `at` says in which line of what one stands.
fn located(list: &[Correction], survey: &Survey, at: impl Fn(usize) -> String) -> Result<Vec<Change>> {
    let mut wanted: HashMap<&str, Vec<usize>> =
        list.iter().map(|correction| (correction.row.as_str(), Vec::new())).collect();
    survey.each_row_name(|row, name| {
        if let Some(rows) = wanted.get_mut(name) {
            rows.push(row);
        }
    })?;
    let mut changes = Vec::with_capacity(list.len());
    for Correction { line, row, column, value } in list {
        let at = || at(*line);
        let position = survey
            .table
            .column_index(column)
            .map_err(|e| DataError { kind: ErrorKind::Refused, ..e }.in_file(at()))?;
        let row = match wanted.get(row.as_str()).map(Vec::as_slice) {
            Some([row]) => *row,
            Some([first, second, ..]) => {
                let error = DataError::refused(format!("several rows are called `{row}`")).in_file(at());
                let places = [first, second].map(|&row| survey.table.place(row).to_string());
                return Err(error.because(format!("one is {}, another {}", places[0], places[1])).into());
            }
            _ => {
                let error = DataError::refused(format!("there is no row `{row}` to mend")).in_file(at());
                return Err(error
                    .because(format!("{} has {} rows", survey.table.origin(), survey.table.rows()))
                    .advise("write rows as reports name them: a file's name, or `row 17`")
                    .into());
            }
        };
        check(survey, position, value).map_err(|e| e.in_file(at()))?;
        changes.push(Change { row, column: position, text: value.clone() });
    }
    Ok(changes)
}

/// Refuses a class that occurs nowhere: it would be one that nothing can be learned of.
fn check(survey: &Survey, position: usize, value: &str) -> std::result::Result<(), DataError> {
    let profile = &survey.profiles[position];
    let of_classes = survey.columns[position].kind.is_some_and(|kind| OF_CLASSES.contains(&kind.name()));
    // Whether it is one of yes and no is asked when it is read.
    let is_flag = profile.storage == pellucid_data::Storage::Flag;
    if !of_classes
        || is_flag
        || !profile.all_counted
        || profile.values.iter().any(|(known, _)| known == value)
    {
        return Ok(());
    }
    let names = || profile.values.iter().map(|(name, _)| name.as_str());
    let error = DataError::refused(format!("there is no class `{value}`")).in_column(&profile.name);
    Err(match pellucid_base::nearest(value, names()) {
        Some(near) => error.advise(format!("did you mean `{near}`?")),
        None => error.advise(format!("there are: {}", names().take(20).collect::<Vec<_>>().join(", "))),
    })
}

/// Keeps the list that a run learns with in its folder, so that it stays as it was then.
///
/// # Errors
/// A list that cannot be read, and a place that cannot be written.
pub(crate) fn keep(config: &mut Config, run: &Run) -> Result<()> {
    let Some(path) = &config.data.corrections else { return Ok(()) };
    let bytes = std::fs::read(path).map_err(|e| DataError::io("the corrections cannot be read", path, &e))?;
    run.write(KEPT, &bytes)?;
    let kept: PathBuf = run.path().join(KEPT);
    let absolute = std::fs::canonicalize(&kept)
        .map_err(|e| Error::from(DataError::io("the corrections cannot be found again", &kept, &e)))?;
    config.data.corrections = Some(absolute);
    Ok(())
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_cell_is_mended_in_one_way() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("mended.csv");
        let read = |text: &str| {
            std::fs::write(&path, text).unwrap();
            super::read(&path).map(|all| all.len()).map_err(|e| e.to_string())
        };
        assert_eq!(read("row,column,value\nrow 1,a,x\nrow 1,b,y\nrow 1,a,x\n"), Ok(3));
        let said = read("row,column,value\nrow 1,a,x\nrow 1,a,y\n").unwrap_err();
        assert!(said.contains("line 3") && said.contains("in line 2 `x`"), "{said}");
        assert!(read("row,column,value\nrow 1,,x\n").unwrap_err().contains("line 2"));
    }
}
