//! Generate: new texts and melodies like those that were learned from.

mod corpus;
mod counted;
mod design;
mod infer;
mod likelihood;
mod melodies;
mod model;
mod notation;
mod report;
mod sampling;
mod script;
mod task;
mod texts;
mod train;
mod vocabulary;

pub(crate) use infer::evaluate;
pub use melodies::piano_roll;
pub(crate) use model::GOAL;
pub use model::{Generation, Writing};
pub(crate) use train::{Begun, begin, resume};
