//! The figures of the tested rows, as a report draws them.

use super::Tested;
use crate::finish::DATA_FACTS;
use crate::predict::outcome;
use crate::{Error, Result};
use pellucid_data::{DataError, Part};
use pellucid_insight::report::ReportData;
use pellucid_insight::report::data::{DataFacts, Target};

impl Tested {
    /// What a report says of the answers, measured again from them; what takes more than the answers is left out.
    ///
    /// # Errors
    /// Files of the run that cannot be read, and answers that cannot be drawn.
    pub fn facts(&self) -> Result<ReportData> {
        let evaluation = self.run.evaluation()?;
        let path = self.run.path().join(DATA_FACTS);
        let bytes = std::fs::read(&path)
            .map_err(|e| DataError::io("what there is to say of the data cannot be read", &path, &e))?;
        let data: DataFacts = serde_json::from_slice(&bytes)
            .map_err(|e| Error::model(format!("this file is damaged · {} · {e}", path.display())))?;
        let unseen = data.splits.get(Part::Test as usize).is_some_and(|split| split.rows > 0);
        let mut targets = Vec::new();
        for of in &self.targets {
            let Some(scores) = evaluation.targets.get(&of.column) else { continue };
            let (known, _) = of.answers.known();
            let drawn = outcome(&of.target, &known)?;
            targets.push(Target::new(&of.column, known.rows() as u64, unseen, scores.clone(), drawn));
        }
        let (name, rows_are) = (self.run.name(), evaluation.rows_are);
        Ok(ReportData { name, rows_are, data, targets, ..ReportData::default() })
    }
}
