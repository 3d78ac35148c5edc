//! Translate: one text from another.

mod alignment;
mod design;
mod explained;
mod infer;
mod leaning;
mod model;
mod network;
mod pairs;
mod report;
mod search;
mod task;
mod train;
mod ways;

pub use infer::translation;
pub(crate) use infer::{evaluate, predict};
pub(crate) use model::GOAL;
pub use model::{Alternative, Translated, Translation};
pub(crate) use train::{Begun, begin, is_asked, resume};
pub use ways::Way;
