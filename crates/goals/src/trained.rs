//! A run whose training has ended, before anything is written of it.

use crate::config::Config;
use crate::dataset::Survey;
use crate::design::Decision;
use crate::{Result, Use};
use pellucid_data::Splits;
use pellucid_insight::check::CheckReport;
use pellucid_kinds::Unreadable;
use pellucid_train::{Outcome, RunFolder};

/// What is known of any run whose training has ended, whatever its goal.
pub(crate) struct Trained<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) splits: &'a Splits,
    pub(crate) checks: &'a CheckReport,
    /// Rows that could not be used.
    pub(crate) unreadable: &'a [Unreadable],
    /// Rows of each part that were used.
    pub(crate) rows: [usize; 3],
    /// Rows without an answer.
    pub(crate) unanswered: usize,
    pub(crate) config: &'a Config,
    pub(crate) decisions: &'a [Decision],
    pub(crate) outcome: &'a Outcome,
    pub(crate) folder: &'a RunFolder,
    /// The command as it was given.
    pub(crate) command: &'a str,
}

impl Trained<'_> {
    /// The group of each of these rows of the table, if the split kept groups together: intervals then resample whole groups.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn groups(&self, rows: impl Iterator<Item = usize>) -> Result<Option<Vec<u32>>> {
        let Some(column) = self.survey.used_as(Use::Group).next() else { return Ok(None) };
        let codes = crate::dataset::codes(self.survey, column)?;
        Ok(Some(rows.map(|row| codes.get(row).copied().unwrap_or_default()).collect()))
    }
}
