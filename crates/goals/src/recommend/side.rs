//! What is known of items and of users beside their names: columns that have one value for each of them.

use super::history::History;
use crate::Result;
use crate::dataset::{ColumnPlan, Survey, each_cell};
use pellucid_insight::check::hash_bytes;
use pellucid_kinds::{
    Batcher, Encoder, Feature, FitContext, Prepared, Record, Role, TrainingCells, cell_text, kind,
};
use pellucid_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// Columns with more different values say nothing that could be learned.
const MOST_CODES: usize = 200;

/// Prepared rows kept in memory.
const MEMORY: usize = 1 << 30;

/// What is known of all users, or of all items.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(crate) struct Sides {
    /// The columns: names, kinds and how they are prepared.
    columns: Vec<(String, String, Value)>,
    /// How many numbers are known of each.
    pub(crate) width: usize,
    /// `[n, width]`, row by row.
    numbers: Vec<f32>,
}

/// To whom a column belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// It has one value for each item.
    Item,
    /// It has one value for each user.
    User,
    /// It differs from row to row.
    Neither,
}

/// To whom each of some columns belongs.
pub(crate) fn owners(survey: &Survey, history: &History, columns: &[&ColumnPlan]) -> Result<Vec<Owner>> {
    let rows: HashMap<usize, (u32, u32)> =
        history.all().map(|taken| (taken.row, (taken.user, taken.item))).collect();
    let mut owners = Vec::with_capacity(columns.len());
    for column in columns {
        let (mut seen, mut same): ([HashMap<u32, u128>; 2], _) = (Default::default(), [true; 2]);
        each_cell(survey, column, |row, cell| {
            let Some(&(user, item)) = rows.get(&row) else { return Ok(()) };
            let text = cell_text(cell).unwrap_or_default();
            let print = hash_bytes(text.as_bytes(), 0);
            for (who, number) in [user, item].into_iter().enumerate() {
                same[who] &= *seen[who].entry(number).or_insert(print) == print;
            }
            Ok(())
        })?;
        owners.push(match same {
            [_, true] => Owner::Item,
            [true, false] => Owner::User,
            [false, false] => Owner::Neither,
        });
    }
    Ok(owners)
}

impl Sides {
    /// Learns how to prepare columns from the training rows, and reads what they say of each user or item, at its first row.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn of(
        survey: &Survey,
        columns: &[&ColumnPlan],
        first: &[usize],
        is_training: &dyn Fn(usize) -> bool,
    ) -> Result<Sides> {
        let context = FitContext {
            files: None,
            role: Role::Input,
            max_side: 1,
            enlarge: false,
            vocabulary: None,
            max_seconds: 0.0,
        };
        let (mut inputs, mut states) = (Vec::new(), Vec::new());
        for column in columns {
            let Some(kind) = column.kind else { continue };
            let cells = TrainingCells::new(&survey.table, column.position, is_training);
            let prepared: Box<dyn Prepared> = kind.fit(&cells, &context)?;
            let says_too_much = |f: &Feature| matches!(f, Feature::Code { size, .. } if *size > MOST_CODES);
            if prepared.features().iter().any(says_too_much) {
                continue;
            }
            states.push((column.name.clone(), kind.name().to_owned(), prepared.state()));
            inputs.push((column.name.clone(), kind.name(), prepared));
        }
        if inputs.is_empty() {
            return Ok(Sides::default());
        }
        let encoder = Encoder { inputs, targets: Vec::new() };
        let wanted: HashMap<usize, usize> = first.iter().enumerate().map(|(who, &row)| (row, who)).collect();
        let examples =
            encoder.encode(&survey.table, &|row| wanted.contains_key(&row), MEMORY, &mut |_| {})?;
        let batcher = Batcher::new(encoder.features(), Vec::new());
        let codes = batcher.code_sizes();
        let width = batcher.numbers_width() + codes.iter().sum::<usize>();
        let mut numbers = vec![0.0; first.len() * width];
        let mut record = Record::default();
        for (i, row) in examples.rows().iter().enumerate() {
            let Some(&who) = wanted.get(row) else { continue };
            examples.read(i, &mut record)?;
            let batch = batcher.assemble(std::slice::from_ref(&record), None)?;
            let own = &mut numbers[who * width..(who + 1) * width];
            let plain = batch.numbers.as_ref().map_or(Ok(&[][..]), |numbers| numbers.data::<f32>())?;
            own[..plain.len()].copy_from_slice(plain);
            let mut at = plain.len();
            for (&code, &size) in record.codes.iter().zip(&codes) {
                if let Some(number) = own.get_mut(at + code as usize) {
                    *number = 1.0;
                }
                at += size;
            }
        }
        Ok(Sides { columns: states, width, numbers })
    }

    /// What is known of these, `[n, width]`; `None` if nothing is known of any. Numbers beyond the last are of those who are not known.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn some(&self, numbers: &[u32]) -> Result<Option<Tensor>> {
        if self.width == 0 {
            return Ok(None);
        }
        let nothing = vec![0.0; self.width];
        let mut rows = Vec::with_capacity(numbers.len() * self.width);
        for &number in numbers {
            let at = number as usize * self.width;
            rows.extend_from_slice(self.numbers.get(at..at + self.width).unwrap_or(&nothing));
        }
        Ok(Some(Tensor::new(&rows, &[numbers.len(), self.width])?))
    }

    /// The names of the columns.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.columns.iter().map(|(name, ..)| name.as_str())
    }

    /// Checks that what was stored makes sense.
    ///
    /// # Errors
    /// A kind that does not exist.
    pub(crate) fn check(&self, n: usize) -> Result<bool> {
        for (_, name, state) in &self.columns {
            kind(name)?.restore(state)?;
        }
        Ok(self.numbers.len() == n * self.width)
    }
}
