//! Predict: one or several inputs of any kind to categories, flags and numbers.

mod design;
mod network;
mod task;

pub(crate) use design::{Blueprint, Decision, Design, Facts, design};
pub(crate) use network::Network;
pub(crate) use task::{INFERENCE_BATCH, class_weights};
pub(crate) use task::{PredictSource, PredictTask};
