//! What a network does while it still learns.

use serde::{Deserialize, Serialize};

use super::encoding;
use super::{Example, Roll};

/// What a network does at one moment of its training.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Glimpse {
    /// Its answers to rows that it does not learn from, always the same ones.
    Answers(Vec<Example>),
    /// Its translations of such texts.
    Translations(Vec<Example>),
    /// A text that it writes.
    Text(String),
    /// A melody that it writes.
    Melody(Roll),
    /// Pictures that it paints, side by side, as PNG bytes.
    Pictures(#[serde(with = "encoding::base64_bytes")] Option<Vec<u8>>),
}
