//! One cell, and how a column's cells are stored.

use serde::{Deserialize, Serialize};

/// The value of one cell.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Cell<'a> {
    /// Nothing was recorded.
    Missing,
    /// Text, without outer spaces.
    Text(&'a str),
    /// A whole number.
    Integer(i64),
    /// A number; infinities are kept so that they can be reported.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A moment in milliseconds since 1970-01-01 00:00 UTC.
    Time(i64),
    /// Raw bytes, such as an embedded picture.
    Bytes(&'a [u8]),
}

impl Cell<'_> {
    /// True when nothing was recorded.
    pub fn is_missing(&self) -> bool {
        matches!(self, Cell::Missing)
    }
}

/// How the cells of a column are stored. What a column means (a category, a picture …) is decided elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Storage {
    /// UTF-8 text.
    Text,
    /// 64-bit whole numbers.
    Integer,
    /// 64-bit floating point numbers.
    Number,
    /// True or false.
    Flag,
    /// Milliseconds since 1970-01-01 UTC.
    Time,
    /// Raw bytes.
    Bytes,
}

impl Storage {
    /// The storage that holds cells of both, or nothing when raw bytes meet anything else.
    pub(crate) fn join(self, other: Storage) -> Option<Storage> {
        use Storage::{Bytes, Integer, Number, Text};
        match (self, other) {
            (a, b) if a == b => Some(a),
            (Integer, Number) | (Number, Integer) => Some(Number),
            (Bytes, _) | (_, Bytes) => None,
            _ => Some(Text),
        }
    }
}

/// A column's name and storage.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ColumnInfo {
    /// The name from the header, made unique.
    pub name: String,
    /// How the cells are stored.
    pub storage: Storage,
    /// Whether its file says that each cell is a set of words with spaces between them.
    #[serde(default)]
    pub words: bool,
}
