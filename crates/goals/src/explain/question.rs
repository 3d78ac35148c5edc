//! An answer as a function of which parts of an input are there.

use super::absent::Absent;
use crate::Error;
use crate::model::Model;
use crate::outcome::Answers;
use pellucid_insight::explain::{Case, Parts};
use pellucid_kinds::{Record, Target};

/// Records that are made and answered at once.
const TOGETHER: usize = 64;

/// Which of a network's outputs is explained.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    /// Which of the columns that it answers.
    pub(super) target: usize,
    /// Which class or tag; 0 for a number.
    pub(super) output: usize,
}

impl Asked {
    /// The probability of the class or tag, or the number in its own unit, of each row.
    pub(super) fn values(self, target: &Target, answers: &Answers) -> Vec<f64> {
        match target {
            Target::Number { .. } => answers.numbers.clone(),
            Target::Classes { .. } | Target::Tags { .. } => {
                let of = |row: usize| answers.row(row).get(self.output).copied().unwrap_or(f32::NAN);
                (0..answers.rows()).map(|row| f64::from(of(row))).collect()
            }
        }
    }
}

/// One input, and what is asked of it.
pub(super) struct Question<'a> {
    pub(super) model: &'a Model,
    pub(super) absent: Absent<'a>,
    pub(super) parts: usize,
    pub(super) asked: Asked,
    /// What the network takes to answer one input, without what is done for its mirror image.
    pub(super) multiply_adds: f64,
}

impl Question<'_> {
    /// The values of records.
    pub(super) fn values(&self, records: &[Record]) -> crate::Result<Vec<f64>> {
        let answers = self.model.answer(records)?;
        let target = &self.model.batcher.targets()[self.asked.target];
        Ok(self.asked.values(target, &answers[self.asked.target]))
    }
}

impl Parts for Question<'_> {
    type Error = Error;

    fn count(&self) -> usize {
        self.parts
    }

    fn backgrounds(&self) -> usize {
        self.absent.backgrounds()
    }

    fn answers(&self, cases: &[Case]) -> Result<Vec<f64>, Error> {
        let mut values = Vec::with_capacity(cases.len());
        for some in cases.chunks(TOGETHER) {
            let record = |case: &Case| self.absent.record(&case.there, case.background);
            values.extend(self.values(&some.iter().map(record).collect::<Vec<_>>())?);
        }
        Ok(values)
    }
}
