//! Rows that were learned from and have to do with an answer.

use serde::{Deserialize, Serialize};

use crate::report::{encoding, words};

/// The training rows behind an answer.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LearnedFrom {
    /// Training rows that were looked at.
    pub looked_at: u64,
    /// Training rows that there are.
    pub rows: u64,
    /// Those that look most like it to the network, by the cosine of what its last layer sees of both.
    pub similar: Vec<LearnedRow>,
    /// Those that push the answer most: a further step of learning on them would raise the probability (or the number).
    pub pushing: Vec<LearnedRow>,
    /// Those that push against it most.
    pub against: Vec<LearnedRow>,
}

/// A row that was learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LearnedRow {
    /// The row or file.
    pub place: String,
    /// Its answer in the data.
    pub label: String,
    /// The cosine; or by how much the logarithm of the probability (or the number) would rise, to first order, by a step at a learning
    /// rate of 1.
    pub value: f64,
    /// The picture as PNG, if there is one.
    #[serde(with = "encoding::base64_bytes", skip_serializing_if = "Option::is_none")]
    pub picture: Option<Vec<u8>>,
    /// What stands in its columns.
    pub fields: Vec<(String, String)>,
}

/// Rows of one sort, for a person.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LearnedList<'a> {
    /// What they are.
    pub title: &'static str,
    /// The rows, the first ones matter most.
    pub rows: &'a [LearnedRow],
    /// The value that counts as all, where bars are drawn; values are then shown as shares of it.
    pub whole: Option<f64>,
}

impl LearnedFrom {
    /// All lists that have a row. `number` says that a number is explained.
    pub fn lists(&self, number: bool) -> Vec<LearnedList<'_>> {
        let pushes = self.pushing.iter().chain(&self.against);
        let strongest = pushes.map(|row| row.value.abs()).fold(f64::MIN_POSITIVE, f64::max);
        let (pushing, against) = match number {
            true => ("Pushed the number up most", "Pushed it down most"),
            false => ("Pushed towards this answer most", "Pushed against it most"),
        };
        let mut lists = vec![
            LearnedList { title: "Most alike", rows: &self.similar, whole: None },
            LearnedList { title: pushing, rows: &self.pushing, whole: Some(strongest) },
            LearnedList { title: against, rows: &self.against, whole: Some(strongest) },
        ];
        lists.retain(|list| !list.rows.is_empty());
        lists
    }

    /// How many rows were looked at, in words.
    pub fn looked_at(&self) -> String {
        match self.looked_at < self.rows {
            true => format!(
                "{} of {} training rows, evenly chosen",
                words::count(self.looked_at),
                words::count(self.rows)
            ),
            false => format!("all {} training rows", words::count(self.rows)),
        }
    }
}

impl LearnedList<'_> {
    /// A row's value, between 0 and 1 but for vectors that point apart.
    pub fn size(&self, row: &LearnedRow) -> f64 {
        self.whole.map_or(row.value, |whole| row.value.abs() / whole)
    }
}
