//! Predict: one or several inputs of any kind to categories, flags and numbers.

mod design;
mod network;
mod task;

pub use design::{Blueprint, Decision, Design, Facts, design};
pub use network::Network;
pub(crate) use task::{INFERENCE_BATCH, class_weights};
pub use task::{PredictSource, PredictTask};
