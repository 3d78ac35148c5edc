//! Why a run is as it is: kept beside its configuration, so that a resumed run's report says the same.

use crate::dataset::ColumnPlan;
use crate::design::{Decision, GIVEN};
use crate::{Error, Result, Run};
use pellucid_data::DataError;
use serde::{Deserialize, Serialize};
use std::io::ErrorKind;

/// The file in the run's folder.
const FILE: &str = "decisions.json";

/// What was decided before the first step, and how.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Reasons {
    /// The command that began the run.
    pub command: String,
    /// The kind of each column.
    pub columns: Vec<Decision>,
    /// The settings of the network and the training.
    pub settings: Vec<Decision>,
}

impl Reasons {
    /// Of a run that is about to begin.
    pub(crate) fn new(command: &str, columns: &[ColumnPlan], settings: &[Decision]) -> Reasons {
        let column =
            |c: &ColumnPlan| Decision { setting: c.name.clone(), value: kind(c), why: c.reason.clone() };
        Reasons {
            command: command.to_owned(),
            columns: columns.iter().map(column).collect(),
            settings: settings.to_vec(),
        }
    }

    /// Writes them into the run's folder.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub(crate) fn write(&self, run: &Run) -> Result<()> {
        run.write_json(FILE, self)
    }

    /// Reads them; `None` for a run of a version that did not keep them.
    ///
    /// # Errors
    /// A file that cannot be read or is damaged.
    pub(crate) fn read(run: &Run) -> Result<Option<Reasons>> {
        let path = run.path().join(FILE);
        let bytes = match std::fs::read(&path) {
            Ok(bytes) => bytes,
            Err(e) if e.kind() == ErrorKind::NotFound => return Ok(None),
            Err(e) => return Err(DataError::io("the run's decisions cannot be read", &path, &e).into()),
        };
        serde_json::from_slice(&bytes).map(Some).map_err(|e| {
            Error::model(format!(
                "the run's decisions are damaged · {} · {e} · remove this file to go on without their reasons",
                path.display()
            ))
        })
    }

    /// Gives columns whose kind is still the same their reason.
    pub(crate) fn recall_columns(&self, columns: &mut [ColumnPlan]) {
        for column in columns {
            if let Some(why) = why(&self.columns, &column.name, &kind(column)) {
                column.reason = why;
            }
        }
    }

    /// Gives settings that still have the same value their reason; others are as their configuration says.
    pub(crate) fn recall_settings(&self, settings: &mut [Decision]) {
        for decision in settings {
            match why(&self.settings, &decision.setting, &decision.value) {
                Some(why) => decision.why = why,
                None if decision.why == GIVEN => decision.why = "as in config.toml".to_owned(),
                None => {}
            }
        }
    }
}

fn kind(column: &ColumnPlan) -> String {
    column.kind.map_or("none", |k| k.name()).to_owned()
}

fn why(decisions: &[Decision], setting: &str, value: &str) -> Option<String> {
    decisions.iter().find(|d| d.setting == setting && d.value == value).map(|d| d.why.clone())
}
