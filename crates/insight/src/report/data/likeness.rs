//! How like the rows of the test, or later ones, are to those that were learned from.

use serde::{Deserialize, Serialize};

use crate::report::encoding;

/// How like rows are to those that were learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Likeness {
    /// Rows that were compared.
    pub rows: u64,
    /// How many of them count as unlike; nothing where the model cannot say.
    pub unlike: Option<u64>,
    /// The most unlike of them.
    pub shown: Vec<UnlikeRow>,
    /// What was compared: columns, and of pictures, sounds and texts what is measured of them.
    pub columns: u64,
    /// What is spread otherwise, the farthest moved first.
    pub moved: Vec<MovedColumn>,
    /// How many groups of rows the test has, where rows belong together.
    pub groups: Option<u64>,
}

/// A row that is unlike what was learned from.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct UnlikeRow {
    /// The row or file.
    pub place: String,
    /// The picture as PNG, if there is one.
    #[serde(with = "encoding::base64_bytes")]
    pub picture: Option<Vec<u8>>,
    /// What stands in its columns.
    pub fields: Vec<(String, String)>,
}

/// A column that is spread otherwise than it was in training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct MovedColumn {
    /// Its name.
    pub name: String,
    /// How far, from 0 to 1.
    pub size: f64,
    /// How likely chance alone gives any column as much.
    pub p: f64,
    /// How it was: `half are at most 37`.
    pub before: String,
    /// How it is.
    pub now: String,
}

impl MovedColumn {
    /// In words: `` `age` (half are at most 52, in training half are at most 37)``.
    pub fn in_words(&self) -> String {
        format!("`{}` ({}, in training {})", self.name, self.now, self.before)
    }
}
