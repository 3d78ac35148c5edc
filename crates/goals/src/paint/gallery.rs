//! The pictures to learn from, for validation and for the test.

use super::pictures::{Columns, Pictures};
use crate::Result;
use crate::config::Config;
use crate::dataset::{ColumnPlan, PreparedFiles, Survey, Use, each_cell, split_rows, tolerate};
use pellucid_data::{DataError, Part, Splits};
use pellucid_kinds::image::Canvas;
use pellucid_kinds::{TrainingCells, cell_text};
use sha2::{Digest, Sha256};
use std::collections::BTreeSet;

/// The longest side of pictures in pixels, if nothing else is said.
pub(super) const MAX_SIDE: usize = 64;

/// Prepared pictures kept in memory, in bytes, if nothing else is said; more go to a temporary file.
pub(super) const MEMORY: usize = 2 << 30;

/// So many training pictures, or fewer, are also shown in parts, if they are large enough.
const FEW: usize = 5_000;

/// Times the size in which pictures are seen that they are kept at most.
const MOST_DETAIL: usize = 4;

/// All pictures that can be used.
pub(crate) struct Gallery {
    /// The column that holds them.
    pub(crate) column: String,
    /// The column of their labels.
    pub(crate) label: Option<String>,
    /// The labels of the training pictures, by which pictures can be asked for.
    pub(crate) labels: Vec<String>,
    pub(crate) pictures: Pictures,
    /// The records of each part.
    records: [Vec<usize>; 3],
    /// How they were split.
    pub(crate) splits: Splits,
}

impl Gallery {
    /// Reads the column of pictures and that of labels, splits the rows, and brings all pictures to one size.
    ///
    /// # Errors
    /// No column of pictures, more unreadable ones than tolerated, and a part without any.
    pub(crate) fn open(survey: &Survey, config: &Config, progress: &mut dyn FnMut(usize)) -> Result<Gallery> {
        let splits = split_rows(survey, &config.data, config.training.seed)?;
        let is_training = |row: usize| splits.parts.get(row) == Some(&Part::Train);
        let refuse = |what: String| DataError::refused(what).in_file(survey.table.origin());
        let Some(column) = survey.used_as(Use::Target).next() else {
            return Err(refuse("there is no column of pictures".to_owned()).into());
        };
        let label = survey.used_as(Use::Input).next();
        let cells = TrainingCells::new(&survey.table, column.position, &is_training);
        let max_side = config.data.max_side.unwrap_or(MAX_SIDE);
        let (canvas, larger) = Canvas::fit(&cells, survey.table.files(), max_side)?;
        let few = splits.counts()[Part::Train as usize] <= FEW;
        let detail = if few { (larger as usize).clamp(1, MOST_DETAIL) } else { 1 };
        let labels = label.map_or(Ok(Vec::new()), |label| labels(survey, label, &is_training))?;
        let (name, label) = (column.name.clone(), label.map(|label| label.name.clone()));
        let columns = Columns { pictures: &name, label: label.as_deref() };
        let memory = config.data.memory.unwrap_or(MEMORY);
        let pictures = Pictures::read(&survey.table, &columns, &canvas, detail, &labels, memory, progress)?;
        tolerate(survey, pictures.examples.unreadable(), &config.data)?;
        let mut records: [Vec<usize>; 3] = Default::default();
        for (i, &row) in pictures.examples.rows().iter().enumerate() {
            if let Some(part) = splits.parts.get(row) {
                records[*part as usize].push(i);
            }
        }
        for (part, what) in [(Part::Train, "to learn from"), (Part::Validation, "for validation")] {
            if records[part as usize].is_empty() {
                let advice =
                    "give more, or other shares with `validation` and `test` under [data] in a --config file";
                return Err(refuse(format!("there is no picture {what}")).advise(advice).into());
            }
        }
        Ok(Gallery { column: name, label, labels, pictures, records, splits })
    }

    /// The pictures as checks look at them.
    pub(crate) fn files(&self) -> PreparedFiles<'_> {
        let kept = self.pictures.canvas.times(self.pictures.detail);
        PreparedFiles::pictures(&self.pictures.examples, kept.size())
    }

    /// The records of one part.
    pub(crate) fn part(&self, part: Part) -> &[usize] {
        &self.records[part as usize]
    }

    /// What its network is judged by: the test, which has not helped to choose it, or else what it was chosen by.
    pub(crate) fn judges(&self) -> Part {
        if self.part(Part::Test).is_empty() { Part::Validation } else { Part::Test }
    }

    /// How many pictures each part has.
    pub(crate) fn rows(&self) -> [usize; 3] {
        self.records.each_ref().map(Vec::len)
    }

    /// So many records of a part, evenly chosen.
    pub(crate) fn some(&self, part: Part, most: usize) -> Vec<usize> {
        let all = self.part(part);
        all.iter().copied().step_by(all.len().div_ceil(most.max(1)).max(1)).collect()
    }

    /// A text that differs when the pictures do.
    ///
    /// # Errors
    /// A failure of the temporary file.
    pub(crate) fn fingerprint(&self) -> Result<String> {
        let mut hash = Sha256::new();
        for part in [Part::Train, Part::Validation, Part::Test] {
            hash.update(self.part(part).len().to_le_bytes());
            self.part(part).iter().for_each(|&record| hash.update(self.pictures.code(record).to_le_bytes()));
            for record in self.some(part, 256) {
                hash.update(self.pictures.bytes(record)?);
            }
        }
        Ok(pellucid_base::hex(&hash.finalize()))
    }
}

/// The values of a column in the training rows, in order.
fn labels(survey: &Survey, column: &ColumnPlan, is_training: &dyn Fn(usize) -> bool) -> Result<Vec<String>> {
    let mut labels = BTreeSet::new();
    each_cell(&survey.table, column, |row, cell| {
        if is_training(row)
            && let Some(text) = cell_text(cell)
        {
            labels.insert(text.into_owned());
        }
        Ok(())
    })?;
    Ok(labels.into_iter().collect())
}
