//! Predict: one or several inputs of any kind to categories, flags, tags and numbers.

mod alike;
mod design;
mod doubts;
mod examples;
mod fair;
mod frozen;
mod like;
mod network;
mod report;
mod seen;
mod shown;
mod size;
mod structure;
mod task;
mod thresholds;
mod watched;
mod weak;
mod weights;

pub(crate) use design::{Blueprint, Design, Facts, design};
pub(crate) use doubts::{DoubtList, LIST as DOUBTS};
pub(crate) use examples::{answered, rated};
pub(crate) use fair::Fair;
pub(crate) use frozen::Frozen;
pub(crate) use network::Network;
pub(crate) use report::{Predicting, outcome, test};
pub(crate) use seen::{LookedUp, Seen};
pub(crate) use shown::{ShownRow, shown_row};
pub(crate) use size::Size;
pub(crate) use task::{INFERENCE_BATCH, PredictSource, PredictTask};
pub(crate) use thresholds::thresholds;
pub(crate) use watched::Watched;
pub(crate) use weights::class_weights;
