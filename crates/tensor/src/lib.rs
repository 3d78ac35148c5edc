//! Tensors with a run-time shape, a buffer pool, counter-based random numbers, and the engine's errors.
//!
//! - [`Tensor`]: numbers of one [`DType`] in a [`Shape`], contiguous in row-major order, shared until written.
//! - [`pool`]: buffers by size class, so that a training loop allocates nothing after its first step.
//! - [`random`]: streams of random numbers that are functions of a seed, a purpose and an index.
//! - [`Error`]: what can go wrong in the engine, with the operation and the reason.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod error;
pub mod pool;
pub mod random;
mod shape;
mod tensor;

pub use error::{Error, Result};
pub use random::Stream;
pub use shape::{MAX_RANK, Shape};
pub use tensor::{DType, Scalar, Tensor};

/// Runs a body once for the float type of a dtype: `with_float!("relu", x.dtype(), T => relu::<T>(x))`.
///
/// The body must evaluate to a [`Result`]; an integer dtype gives an [`Error`].
#[macro_export]
macro_rules! with_float {
    ($op:expr, $dtype:expr, $t:ident => $body:expr) => {
        match $dtype {
            $crate::DType::F32 => {
                type $t = f32;
                $body
            }
            $crate::DType::F64 => {
                type $t = f64;
                $body
            }
            other => Err($crate::Error::dtype($op, "a floating-point tensor", other)),
        }
    };
}
