//! Rows whose label is likely wrong.

use serde::{Deserialize, Serialize};

use crate::report::encoding;

/// Rows whose label is likely wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Doubts {
    /// Rows that were looked at.
    pub looked_at: u64,
    /// Rows that there are.
    pub rows: u64,
    /// How many labels are doubted.
    pub found: u64,
    /// The file in the run's folder that lists them all.
    pub list: String,
    /// The most doubtful.
    pub shown: Vec<Doubt>,
}

/// A row whose label is likely wrong.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Doubt {
    /// The row or file.
    pub place: String,
    /// Its label.
    pub label: String,
    /// What it likely is.
    pub likely: String,
    /// The probability of that.
    pub probability: f64,
    /// The picture as PNG, if there is one.
    #[serde(with = "encoding::base64_bytes")]
    pub picture: Option<Vec<u8>>,
    /// What stands in its columns.
    pub fields: Vec<(String, String)>,
}
