//! The rows that a finished run was tested on, one by one: what is true of each, what was answered, and how sure that was.
//!
//! Answers and truth come from the run's folder, so nothing is asked of the network again; pictures, sounds and columns come from the data,
//! which are opened when the first of them is to be shown.

mod cuts;
mod data;
mod doubts;
mod facts;
mod found;
mod kept;

pub use cuts::{AtLeast, Cut, Cuts, STEPS};
pub use data::RowFiles;
pub use doubts::Doubtful;
pub use found::{Order, Wanted};
pub(crate) use kept::kept_columns;

use crate::infer::stored_model;
use crate::model::{GOAL, Model};
use crate::outcome::Answers;
use crate::predict::answered;
use crate::{Error, Result, Run};
use data::Data;
use pellucid_insight::report::data::Example;
use pellucid_kinds::Target;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

/// The tested rows of a run.
pub struct Tested {
    run: Run,
    /// What each row is called.
    places: Vec<String>,
    /// The row of the table that each is.
    rows: Vec<usize>,
    targets: Vec<TestedTarget>,
    data: Mutex<Option<Arc<Data>>>,
}

/// The answers to one column.
pub struct TestedTarget {
    /// The column.
    pub column: String,
    pub(crate) target: Target,
    pub(crate) answers: Answers,
}

/// A tested row.
#[derive(Clone, Debug, PartialEq)]
pub struct TestedRow {
    /// Its place among the tested rows.
    pub position: usize,
    /// The row of the data's table.
    pub row: usize,
    /// What is true, what was answered, and what is shown of it.
    pub example: Example,
    /// The columns of it that hold sounds.
    pub sounds: Vec<String>,
    /// Why nothing but the answer can be shown, where the data are gone or have changed.
    pub bare: Option<String>,
}

impl Tested {
    /// Reads the answers and the truth that a run keeps.
    ///
    /// # Errors
    /// A run that is not finished or does not predict, one of an earlier version that kept no truth, and damaged files.
    pub fn open(path: &Path) -> Result<Tested> {
        let (stored, run) = stored_model(path)?;
        let Some(run) = run.filter(|_| stored.goal == GOAL) else {
            return Err(Error::usage(format!(
                "only runs that predict keep their tested rows · {} · its goal is `{}`",
                path.display(),
                stored.goal
            )));
        };
        let targets = Model::targets_of(&stored)?;
        let (places, rows, targets) = kept::read(&run, targets)?;
        Ok(Tested { run, places, rows, targets, data: Mutex::default() })
    }

    /// The columns that were answered.
    pub fn targets(&self) -> &[TestedTarget] {
        &self.targets
    }

    /// How many rows were tested.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// Whether a row of this name was tested.
    pub fn has(&self, place: &str) -> bool {
        self.places.iter().any(|other| other == place)
    }

    /// The answers to a column; to the first, if none is named.
    ///
    /// # Errors
    /// A column that is not answered.
    pub fn target(&self, column: Option<&str>) -> Result<&TestedTarget> {
        let named = |target: &&TestedTarget| column.is_none_or(|column| target.column == column);
        self.targets.iter().find(named).ok_or_else(|| {
            let names: Vec<&str> = self.targets.iter().map(|target| target.column.as_str()).collect();
            let wanted = column.unwrap_or_default();
            Error::usage(format!("this run does not answer `{wanted}` · it answers {}", names.join(", ")))
        })
    }

    /// A row with its answer and with what is shown of it.
    ///
    /// # Errors
    /// A position that no row has.
    pub fn row(&self, target: &TestedTarget, position: usize) -> Result<TestedRow> {
        let (Some(place), Some(&row)) = (self.places.get(position), self.rows.get(position)) else {
            return Err(Error::usage(format!(
                "there is no tested row {position} · there are {}",
                self.len()
            )));
        };
        let shown = self.data().and_then(|data| data.shown(row, place));
        let (shown, bare) = match shown {
            Ok(shown) => (shown, None),
            Err(e) => (data::Shown::default(), Some(e.to_string())),
        };
        let example = Example {
            place: place.clone(),
            picture: shown.picture,
            fields: shown.fields,
            ..Example::default()
        };
        let example = answered(example, &target.target, &target.answers, position);
        Ok(TestedRow { position, row, example, sounds: shown.sounds, bare })
    }

    /// The run's data, opened once.
    fn data(&self) -> Result<Arc<Data>> {
        let mut data = self.data.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(open) = &*data {
            return Ok(open.clone());
        }
        let open = Arc::new(Data::open(&self.run)?);
        *data = Some(open.clone());
        Ok(open)
    }
}

impl TestedTarget {
    /// The classes or tags that are answered; none of a number.
    pub fn names(&self) -> &[String] {
        match &self.target {
            Target::Classes { names, .. } | Target::Tags { names, .. } => names,
            Target::Number { .. } => &[],
        }
    }

    /// Whether each row has one of several classes.
    pub fn is_of_classes(&self) -> bool {
        matches!(self.target, Target::Classes { .. })
    }

    /// Whether each row has any number of tags.
    pub fn is_of_tags(&self) -> bool {
        matches!(self.target, Target::Tags { .. })
    }

    /// The probability from which on a class or tag is answered by itself, if there is a single one: that of tags, and one half for each of two
    /// classes.
    pub fn usual(&self, name: &str) -> Option<f64> {
        let place = self.names().iter().position(|other| other == name)?;
        match &self.target {
            Target::Tags { .. } => self.answers.thresholds().get(place).map(|&t| f64::from(t)),
            Target::Classes { names, .. } => (names.len() == 2).then_some(0.5),
            Target::Number { .. } => None,
        }
    }

    /// Whether the truth of a row is known.
    fn is_known(&self, position: usize) -> bool {
        let slots = self.target.slots();
        self.answers.truth.get(position * slots).is_some_and(|truth| !truth.is_nan())
    }
}
