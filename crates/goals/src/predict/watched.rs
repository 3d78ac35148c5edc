//! A few validation rows that a person can watch being understood while the network learns.

use super::examples::{Rows, answered};
use crate::dataset::Survey;
use crate::model::Trust;
use crate::outcome::Answers;
use pellucid_grad::Var;
use pellucid_insight::report::data::Example;
use pellucid_kinds::{Examples, Target};
use pellucid_train::Result;

/// So many rows are watched.
const WATCHED: usize = 12;

/// Rows that are watched, as they stand in the data.
#[derive(Default)]
pub(crate) struct Watched {
    pub(super) records: Vec<usize>,
    rows: Vec<Example>,
}

impl Watched {
    /// Some of these records, evenly chosen.
    pub(crate) fn new(survey: &Survey, examples: &Examples, records: &[usize]) -> Watched {
        let every = records.len().div_ceil(WATCHED).max(1);
        let records: Vec<usize> = records.iter().copied().step_by(every).collect();
        let rows = Rows { survey, examples, records: &records };
        let rows = (0..records.len()).map(|position| rows.unanswered(position)).collect();
        Watched { records, rows }
    }

    /// The rows whose first target is known, with the network's outputs for it.
    ///
    /// # Errors
    /// Outputs of another target.
    pub(super) fn answered(
        &self,
        target: &Target,
        output: &Var,
        examples: &Examples,
    ) -> Result<Vec<Example>> {
        let mut answers = Answers::new(target);
        answers.add_outputs(target, output.value(), &Trust::default())?;
        for &record in &self.records {
            answers.add_truth(&examples.targets(record)[..target.slots()]);
        }
        let (known, positions) = answers.known();
        let of = |(i, &position): (usize, &usize)| answered(self.rows[position].clone(), target, &known, i);
        Ok(positions.iter().enumerate().map(of).collect())
    }
}
