//! The arithmetic under Pellucid: slices in, slices out.
//!
//! This crate knows nothing of tensors, tapes or layers. It offers
//! - [`isa`]: which vector instructions the processor has, chosen once at run time;
//! - [`threads`]: few workers with low latency, whose results never depend on their number;
//! - [`buffer`]: memory aligned to cache lines, whose allocation can fail with an error;
//! - [`float`]: the two floating-point types and their branch-free elementary functions;
//! - [`peak`]: the most this processor can do, which every measured speed is compared with.
//!
//! It is the only crate of the workspace that may use `unsafe`; every block says why it is sound.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod activation;
pub mod attention;
pub mod broadcast;
pub mod buffer;
pub mod columns;
pub mod conv;
pub mod dropout;
pub mod elementwise;
pub mod float;
pub mod gather;
pub mod int8;
pub mod isa;
pub mod losses;
pub mod matmul;
pub mod norm;
pub mod optimizer;
pub mod peak;
pub mod permute;
pub mod pool2d;
mod product;
pub mod recurrent;
pub mod reduce;
pub mod rotary;
mod scratch;
pub mod softmax;
mod streaming;
pub mod stripes;
pub mod threads;
pub mod window;

pub use float::Float;
