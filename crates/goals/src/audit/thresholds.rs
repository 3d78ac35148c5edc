//! Thresholds of their own for each group, put to use (Hardt et al., arXiv 1610.02413, without drawing lots).

use super::{Audited, Division};
use crate::infer::positions;
use crate::model::{Model, place_of};
use crate::outcome::Answers;
use crate::{Error, Result};
use pellucid_data::{DataError, OutColumn, OutValues, Table, write_atomic};
use pellucid_kinds::{Examples, Target};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// From which probability on a class is answered, group by group, and what that gave where it was chosen.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GroupThresholds {
    /// The column that is answered.
    pub target: String,
    /// The class, one of two.
    pub class: String,
    /// The columns that divide rows into groups.
    pub columns: Vec<String>,
    /// For each group the probability of the class from which on it is answered.
    pub thresholds: BTreeMap<String, f64>,
    /// The gap in mistakes (equalised odds) with one threshold for all, and with these, measured on rows that did not choose them.
    pub equalized_odds: [f64; 2],
    /// The share of right answers with one threshold for all, and with these.
    pub accuracy: [f64; 2],
}

impl GroupThresholds {
    /// Those that an audit of groups by `columns` found: the mildest that halve the gap in mistakes.
    ///
    /// # Errors
    /// An audit of a number or of more than one class, groups that are cut out of numbers, and groups for which nothing halves the gap.
    pub fn of(audited: &Audited, columns: &[String]) -> Result<GroupThresholds> {
        let refused = |why: &str| Error::usage(format!("thresholds by group cannot be chosen · {why}"));
        // Divisions by several columns stand last.
        let (Some(audit), Some(trades)) = (audited.audits.last(), audited.trades.last()) else {
            return Err(refused("nothing was audited"));
        };
        if !audited.two_classes || audited.audits.iter().any(|other| other.subject != audit.subject) {
            return Err(refused(&format!("`{}` is not one of two classes", audited.target)));
        }
        if audited.cut {
            return Err(refused(
                "a column of many numbers was cut at its quartiles, which other data would not share · write the groups into a column of their own",
            ));
        }
        let halved = trades.first().and_then(|now| Some((now, now.halved(trades)?)));
        let Some((now, best)) = halved else {
            return Err(refused("none halve the gap in mistakes, or a group has too few rows to say"));
        };
        Ok(GroupThresholds {
            target: audited.target.clone(),
            class: audit.subject.clone(),
            columns: columns.to_vec(),
            thresholds: best.thresholds.clone(),
            equalized_odds: [now.equalized_odds, best.equalized_odds],
            accuracy: [now.accuracy, best.accuracy],
        })
    }

    /// Reads what [`write`](Self::write) wrote.
    ///
    /// # Errors
    /// A file that cannot be read, or that holds something else.
    pub fn read(path: &Path) -> Result<GroupThresholds> {
        let file = || path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(|e| {
            DataError::refused("the thresholds cannot be read").in_file(file()).because(e.to_string())
        })?;
        let advice = "make it with: pellucid audit RUN --group COLUMN --thresholds FILE.json";
        let wrong = |why: String| {
            let error = DataError::refused("this file holds no thresholds by group").in_file(file());
            Error::from(error.because(why).advise(advice))
        };
        let found: GroupThresholds = serde_json::from_str(&text).map_err(|e| wrong(e.to_string()))?;
        match found.thresholds.values().all(|t| (0.0..=1.0).contains(t)) && !found.columns.is_empty() {
            true => Ok(found),
            false => Err(wrong("a threshold is not between 0 and 1, or no column is named".to_owned())),
        }
    }

    /// Writes them as JSON.
    ///
    /// # Errors
    /// A file that cannot be written.
    pub fn write(&self, path: &Path) -> Result<()> {
        let text = serde_json::to_string_pretty(self).map_err(|e| Error::model(e.to_string()))? + "\n";
        Ok(write_atomic(path, |out| out.write_all(text.as_bytes()))?)
    }

    /// Answers by them, in the columns that were answered with one threshold for all. Rows of a group without a threshold get no answer; what these
    /// groups are is returned.
    ///
    /// # Errors
    /// Another model, and a table without the columns of the groups.
    pub(crate) fn decide(
        &self,
        model: &Model,
        table: &Table,
        (answers, examples): (&[Answers], &Examples),
        columns: &mut [OutColumn],
    ) -> Result<Vec<String>> {
        let place = model.target(Some(&self.target))?;
        let Target::Classes { names, .. } = &model.batcher.targets()[place] else {
            return Err(Error::usage(format!(
                "thresholds by group are for two classes · `{}` has none",
                self.target
            )));
        };
        let (class, [_, _]) = (place_of(&self.class, names)?, names.as_slice()) else {
            return Err(Error::usage(format!(
                "thresholds by group are for two classes · `{}` has {}",
                self.target,
                names.len()
            )));
        };
        let Some(division) = Division::of_columns(table, &self.columns, examples.rows())? else {
            return Ok(Vec::new());
        };
        let (positions, mut unknown) = (positions(table), BTreeSet::new());
        let mut decided = BTreeMap::new();
        for (i, (&row, &group)) in examples.rows().iter().zip(&division.groups).enumerate() {
            let p = answers[place].row(i);
            let name = &division.names[group as usize];
            let answer = match self.thresholds.get(name) {
                Some(&threshold) => {
                    let answered = if f64::from(p[class]) >= threshold { class } else { 1 - class };
                    (names[answered].clone(), f64::from(p[answered]))
                }
                None => {
                    unknown.insert(name.clone());
                    (String::new(), f64::NAN)
                }
            };
            decided.insert(positions[row], answer);
        }
        let own = format!("{}_p", self.target);
        for column in columns {
            match &mut column.values {
                OutValues::Text(texts) if column.name == self.target => {
                    decided.iter().for_each(|(&row, (answer, _))| texts[row].clone_from(answer));
                }
                OutValues::Number(numbers) if column.name == own => {
                    decided.iter().for_each(|(&row, (_, p))| numbers[row] = *p);
                }
                _ => {}
            }
        }
        Ok(unknown.into_iter().collect())
    }
}
