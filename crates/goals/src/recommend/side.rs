//! What is known of items and of users beside their names: columns that have one value for each of them.

use super::told::Told;
use crate::Result;
use crate::dataset::Use;
use pellucid_kinds::{Batcher, Encoder, Feature, FitContext, Prepared, Record, Role, TrainingCells, kind};
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

impl Sides {
    /// What some tables tell of `n` items or users.
    ///
    /// # Errors
    /// Failures of reading.
    pub(crate) fn of(told: &[Told<'_>], n: usize) -> Result<Sides> {
        let mut all = Sides::default();
        for told in told {
            let more = Sides::one(told, n)?;
            if all.width > 0 && more.width > 0 {
                let rows = all.numbers.chunks(all.width).zip(more.numbers.chunks(more.width));
                all.numbers = rows.flat_map(|(a, b)| a.iter().chain(b)).copied().collect();
            } else if more.width > 0 {
                all.numbers = more.numbers;
            }
            all.width += more.width;
            all.columns.extend(more.columns);
        }
        Ok(all)
    }

    /// Learns how to prepare columns from the training rows, and reads what they say of each user or item in its row.
    fn one(told: &Told<'_>, n: usize) -> Result<Sides> {
        let context = FitContext {
            files: None,
            role: Role::Input,
            max_side: 1,
            enlarge: false,
            vocabulary: None,
            max_seconds: 0.0,
        };
        let (mut inputs, mut states) = (Vec::new(), Vec::new());
        let is_training = |row: usize| told.training.contains(&row);
        for column in told.columns.iter().filter(|column| column.role == Use::Input) {
            let Some(kind) = column.kind else { continue };
            let cells = TrainingCells::new(told.table, column.position, &is_training);
            let prepared: Box<dyn Prepared> = kind.fit(&cells, &context)?;
            let says_too_much = |f: &Feature| matches!(f, Feature::Code { size, .. } if *size > MOST_CODES);
            if prepared.features().iter().any(says_too_much) {
                continue;
            }
            states.push((column.name.clone(), kind.name().to_owned(), prepared.state()));
            // The table's own name for it, by which it is read.
            inputs.push((cells.name.to_owned(), kind.name(), prepared));
        }
        if inputs.is_empty() {
            return Ok(Sides::default());
        }
        let encoder = Encoder { inputs, targets: Vec::new() };
        let wanted: HashMap<usize, usize> =
            told.rows.iter().enumerate().filter_map(|(who, row)| Some(((*row)?, who))).collect();
        let examples = encoder.encode(told.table, &|row| wanted.contains_key(&row), MEMORY, &mut |_| {})?;
        let batcher = Batcher::new(encoder.features(), Vec::new());
        let codes = batcher.code_sizes();
        let width = batcher.numbers_width() + codes.iter().sum::<usize>();
        let mut numbers = vec![0.0; n * width];
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

    /// All that is known, `[n, width]`, row by row.
    pub(crate) fn numbers(&self) -> &[f32] {
        &self.numbers
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
