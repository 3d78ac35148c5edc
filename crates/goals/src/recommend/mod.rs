//! Recommend: what a person will take next, and how much he will like it.

mod choose;
mod design;
mod ease;
mod explained;
mod history;
mod ids;
mod infer;
mod model;
mod network;
mod rank;
mod report;
mod sequence;
mod side;
mod task;
mod told;
mod train;
mod unseen;

pub(crate) use ids::Ids;
pub use infer::recommender;
pub(crate) use infer::{evaluate, predict};
pub(crate) use model::GOAL;
pub use model::{Because, Recommended, Recommender};
pub(crate) use train::{Begun, begin, resume};
