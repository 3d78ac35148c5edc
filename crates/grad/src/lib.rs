//! The tape: every differentiable operation, its forward and its backward side by side.
//!
//! A [`Tape`] records what is computed from the tensors it watches. [`Var::backward`] walks the record in
//! reverse and returns the [`Gradients`]. The operations live in [`ops`], one file each.
//!
//! ```
//! use pellucid_grad::{Tape, ops};
//! use pellucid_tensor::Tensor;
//! # fn main() -> pellucid_tensor::Result<()> {
//! let tape = Tape::new();
//! let x = tape.watch(&Tensor::new(&[1f32, 2.0, 3.0], &[3])?);
//! let loss = ops::sum(&ops::mul(&x, &x)?)?; // Σ x²
//! let gradients = loss.backward()?;
//! assert_eq!(gradients.of(&x).unwrap().to_dense()?.to_vec(), [2.0, 4.0, 6.0]); // 2 x
//! # Ok(())
//! # }
//! ```

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod check;
mod expect;
mod fused;
mod gradient;
pub mod in_use;
mod normalise;
pub mod ops;
mod recurrent;
mod tape;

pub use gradient::{Gradient, Gradients};
pub use recurrent::Recurrent;
pub use tape::{Tape, Var};
