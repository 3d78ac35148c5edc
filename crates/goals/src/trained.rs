//! A run whose training has ended, before anything is written of it.

use crate::config::Config;
use crate::dataset::Survey;
use crate::model::Model;
use crate::predict::Decision;
use pellucid_data::Splits;
use pellucid_insight::check::CheckReport;
use pellucid_kinds::Examples;
use pellucid_train::{Outcome, RunFolder};

/// Everything known of a run whose training has ended.
pub(crate) struct Trained<'a> {
    pub(crate) survey: &'a Survey,
    pub(crate) splits: &'a Splits,
    pub(crate) checks: &'a CheckReport,
    pub(crate) examples: &'a Examples,
    pub(crate) records: &'a [Vec<usize>; 3],
    pub(crate) unanswered: usize,
    pub(crate) model: &'a Model,
    pub(crate) config: &'a Config,
    pub(crate) decisions: &'a [Decision],
    pub(crate) outcome: &'a Outcome,
    pub(crate) folder: &'a RunFolder,
    pub(crate) command: &'a str,
}
