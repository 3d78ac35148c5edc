//! What can go wrong in the engine.

use crate::{DType, Shape};
use std::fmt;

/// The result of an engine operation.
pub type Result<T> = std::result::Result<T, Error>;

/// A failed operation: which one, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Error {
    /// Shapes that do not fit together or do not suit the operation.
    Shape {
        /// The operation.
        op: &'static str,
        /// What was expected and what was given.
        why: String,
    },
    /// A tensor of the wrong element type.
    DType {
        /// The operation.
        op: &'static str,
        /// What was expected and what was given.
        why: String,
    },
    /// The memory could not be had, or the cap set with [`pool::set_limit`](crate::pool::set_limit) is reached.
    Memory {
        /// Bytes asked for.
        bytes: usize,
        /// Bytes in use by tensors.
        in_use: usize,
    },
    /// An argument outside its range.
    Argument {
        /// The operation.
        op: &'static str,
        /// What was expected and what was given.
        why: String,
    },
    /// Stored weights or states that are missing, damaged or of another network.
    State {
        /// What is wrong with them.
        why: String,
    },
}

impl Error {
    /// A shape error of `op`.
    pub fn shape(op: &'static str, why: impl Into<String>) -> Error {
        Error::Shape { op, why: why.into() }
    }

    /// Two shapes that do not fit together.
    pub fn mismatch(op: &'static str, left: &Shape, right: &Shape) -> Error {
        Error::Shape { op, why: format!("{left} and {right} do not fit together") }
    }

    /// A dtype error of `op`.
    pub fn dtype(op: &'static str, want: &str, got: DType) -> Error {
        Error::DType { op, why: format!("expected {want}, got {}", got.name()) }
    }

    /// An argument error of `op`.
    pub fn argument(op: &'static str, why: impl Into<String>) -> Error {
        Error::Argument { op, why: why.into() }
    }

    /// An error in stored state.
    pub fn state(why: impl Into<String>) -> Error {
        Error::State { why: why.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Shape { op, why } => write!(f, "{op}: shapes: {why}"),
            Error::DType { op, why } => write!(f, "{op}: element type: {why}"),
            Error::Argument { op, why } => write!(f, "{op}: {why}"),
            Error::State { why } => write!(f, "{why}"),
            Error::Memory { bytes, in_use } => write!(
                f,
                "not enough memory for another {} MiB ({} MiB in use by tensors); a smaller batch or network needs less",
                bytes.div_ceil(1 << 20),
                in_use >> 20
            ),
        }
    }
}

impl std::error::Error for Error {}

impl From<pellucid_kernels::buffer::OutOfMemory> for Error {
    fn from(e: pellucid_kernels::buffer::OutOfMemory) -> Error {
        Error::Memory { bytes: e.bytes, in_use: crate::pool::in_use() }
    }
}
