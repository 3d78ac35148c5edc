//! Groups of rows on which the network is worse than elsewhere.

use serde::{Deserialize, Serialize};

/// Groups of rows on which the network is worse than elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Weak {
    /// How many groups were looked at.
    pub looked_at: u64,
    /// Those on which it is markedly worse, the surest first.
    pub segments: Vec<WeakSegment>,
}

/// A group of rows on which the network is worse than elsewhere.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct WeakSegment {
    /// What its rows have in common: columns, and what stands in them.
    pub parts: Vec<(String, String)>,
    /// Its rows.
    pub rows: u64,
    /// The share of right answers (or of right tags), or the mean error.
    pub value: f64,
    /// The lower end of its 95 % interval, if there is one.
    pub low: Option<f64>,
    /// The upper end.
    pub high: Option<f64>,
    /// The same of all other rows.
    pub elsewhere: f64,
    /// How likely chance alone makes any group look as weak.
    pub p: f64,
}

impl WeakSegment {
    /// Its rows in words: `` `sex` is Female and `age` is 25 to below 37``.
    pub fn in_words(&self) -> String {
        let part = |(column, value): &(String, String)| format!("`{column}` is {value}");
        self.parts.iter().map(part).collect::<Vec<_>>().join(" and ")
    }
}
