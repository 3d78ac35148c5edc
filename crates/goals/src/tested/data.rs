//! The data of a run, as far as they are needed to show single rows of them or to ask about these.

use crate::dataset::check_correction;
use crate::predict::{ShownRow, shown_row};
use crate::train::open;
use crate::{Error, Result, Run, Survey, Use};
use pellucid_data::{Cell, DataError, MEDIA};
use pellucid_kinds::cell_text;
use serde_json::{Map, Value};
use std::collections::HashMap;
use std::sync::OnceLock;

/// The kinds of columns whose cells are files of their own.
const IMAGE: &str = "image";
const AUDIO: &str = "audio";

/// A run's data, open.
pub(super) struct Data {
    survey: Survey,
    /// Rows by what they are called, once that was asked.
    names: OnceLock<HashMap<String, usize>>,
    /// Keeps an unpacked sample alive.
    _sample: Option<tempfile::TempDir>,
}

/// What is shown of a row.
#[derive(Default)]
pub(super) struct Shown {
    pub(super) picture: Option<Vec<u8>>,
    pub(super) fields: Vec<(String, String)>,
    pub(super) sounds: Vec<String>,
}

/// A row as files: its picture or sound, or a table of this row with the files that it names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowFiles {
    /// Names with contents; the first is the input to ask about.
    pub files: Vec<(String, Vec<u8>)>,
}

impl Data {
    /// Opens the data of a run as it used them.
    pub(super) fn open(run: &Run) -> Result<Data> {
        let (survey, sample) = open(&run.config()?)?;
        Ok(Data { survey, names: OnceLock::new(), _sample: sample })
    }

    /// The row of a name.
    fn named(&self, place: &str) -> Result<usize> {
        if self.names.get().is_none() {
            let mut names = HashMap::new();
            self.survey.each_row_name(|row, name| {
                names.insert(name.to_owned(), row);
            })?;
            // Whoever was faster has found the same.
            drop(self.names.set(names));
        }
        self.names.get().and_then(|names| names.get(place)).copied().ok_or_else(|| {
            let error = DataError::not_found(format!("there is no row `{place}`"));
            error.in_file(self.survey.table.origin()).into()
        })
    }

    /// Checks that a cell could be mended so.
    pub(super) fn check_correction(&self, row: &str, column: &str, value: &str) -> Result<()> {
        check_correction(&self.survey, row, column, value)
    }

    /// Refuses a row that is no longer what it was called.
    fn check(&self, row: usize, place: &str) -> Result<()> {
        if row < self.survey.table.rows() && self.survey.row_name(row) == place {
            return Ok(());
        }
        let error = DataError::refused("the data have changed since this was trained");
        Err(error
            .in_file(self.survey.table.origin())
            .because(format!("what it called {place} is another row now"))
            .advise("train again")
            .into())
    }

    /// What is shown of a row.
    pub(super) fn shown(&self, row: usize, place: &str) -> Result<Shown> {
        self.check(row, place)?;
        let ShownRow { picture, fields } = shown_row(&self.survey, row)?;
        let sounds: Vec<String> = self.of_kind(AUDIO).map(|column| column.name.clone()).collect();
        let fields = fields.into_iter().filter(|(name, _)| !sounds.contains(name)).collect();
        Ok(Shown { picture, fields, sounds })
    }

    fn of_kind(&self, kind: &str) -> impl Iterator<Item = &crate::ColumnPlan> {
        self.survey.used_as(Use::Input).filter(move |c| c.kind.is_some_and(|k| k.name() == kind))
    }

    /// The name and the bytes of the file that a cell names or holds.
    fn file(&self, cell: Cell<'_>, kind: &str) -> Result<(String, Vec<u8>)> {
        match (cell, self.survey.table.files()) {
            (Cell::Bytes(bytes), _) => {
                let name = if kind == AUDIO { "sound.wav" } else { "picture.png" };
                Ok((name.to_owned(), bytes.to_vec()))
            }
            (Cell::Text(path), Some(files)) => {
                let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
                Ok((name.to_owned(), files.read(path)?))
            }
            _ => Err(Error::usage(format!("this row has no {kind}"))),
        }
    }

    /// The file that a row has in one of its columns.
    pub(super) fn media(&self, row: usize, column: &str) -> Result<(String, Vec<u8>)> {
        let position = self.survey.table.column_index(column)?;
        let is = |kind: &str| self.of_kind(kind).any(|c| c.position == position);
        let kind = if is(AUDIO) { AUDIO } else { IMAGE };
        if !is(kind) {
            return Err(Error::usage(format!("`{column}` has neither pictures nor sounds")));
        }
        self.file(self.survey.table.cells(row)?.cell(position), kind)
    }

    /// A row as files that ask about it.
    pub(super) fn files(&self, row: usize, place: &str) -> Result<RowFiles> {
        self.check(row, place)?;
        let cells = self.survey.table.cells(row)?;
        let inputs: Vec<_> = self.survey.used_as(Use::Input).collect();
        let media =
            |kind: &str| MEDIA.iter().any(|media| media.column == kind) && (kind == IMAGE || kind == AUDIO);
        if let [only] = inputs.as_slice()
            && let Some(kind) = only.kind.map(|kind| kind.name()).filter(|kind| media(kind))
        {
            return Ok(RowFiles { files: vec![self.file(cells.cell(only.position), kind)?] });
        }
        let (mut object, mut beside) = (Map::new(), Vec::new());
        for column in inputs {
            let cell = cells.cell(column.position);
            let kind = column.kind.map(|kind| kind.name()).unwrap_or_default();
            let value = match cell {
                Cell::Missing => Value::Null,
                _ if media(kind) => {
                    let (name, bytes) = self.file(cell, kind)?;
                    // Two columns may name files of the same name in different folders.
                    let name = format!("{}-{name}", beside.len() + 1);
                    beside.push((name.clone(), bytes));
                    Value::from(name)
                }
                Cell::Integer(x) => Value::from(x),
                Cell::Number(x) => Value::from(x),
                Cell::Flag(x) => Value::from(x),
                other => cell_text(other).map_or(Value::Null, |text| Value::from(text.into_owned())),
            };
            object.insert(column.name.clone(), value);
        }
        let table = serde_json::to_vec_pretty(&[Value::Object(object)])
            .map_err(|e| Error::model(format!("the row cannot be written · {e}")))?;
        let mut files = vec![("row.json".to_owned(), table)];
        files.extend(beside);
        Ok(RowFiles { files })
    }
}

impl super::Tested {
    /// The file that a row has in one of its columns, with its name; `row` as reports call it.
    ///
    /// # Errors
    /// A row that there is not, a column without pictures or sounds, and data that are gone or have changed.
    pub fn media(&self, row: &str, column: &str) -> Result<(String, Vec<u8>)> {
        let data = self.data()?;
        data.media(self.row_of(&data, row)?, column)
    }

    /// A row as files, to ask about it what is asked of new data; `row` as reports call it.
    ///
    /// # Errors
    /// A row that there is not, and data that are gone or have changed.
    pub fn files(&self, row: &str) -> Result<RowFiles> {
        let data = self.data()?;
        data.files(self.row_of(&data, row)?, row)
    }

    /// The table's row that reports call so: one that was tested, or any other.
    pub(super) fn row_of(&self, data: &Data, place: &str) -> Result<usize> {
        match self.places.iter().position(|other| other == place) {
            Some(position) => Ok(self.rows[position]),
            None => data.named(place),
        }
    }
}
