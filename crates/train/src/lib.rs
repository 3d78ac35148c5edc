//! The training loop: metrics, budgets, early stopping and exact checkpoints.
//!
//! A [`Task`] is a network with what it is to learn, a [`Source`] makes batches of its rows, a [`Plan`] decides
//! everything else before the start, and [`train`] carries it out. Killed at any moment and called again, it goes on
//! from the newest checkpoint and ends with the same bits as if nothing had happened.
//!
//! | file | what it is about |
//! |---|---|
//! | `task` | the contracts: [`Task`], [`Source`], [`Observer`] and what they exchange |
//! | `plan` | [`Plan`] |
//! | `run` | the loop: [`train`] |
//! | `state` | the tensors a training consists of: weights, moments, moving mean, best weights |
//! | `checkpoint` | the state in a file that is intact or recognised as damaged |
//! | `order`, `feed` | which rows a step learns from; batches made ready on another thread |
//! | `log`, `board`, `glimpses`, [`tensorboard`] | the course of a training in files |
//! | `changes` | how much each layer changes in a step |
//! | `measure`, [`budget`] | what a step costs, and how many fit into a span of time |
//! | [`metrics`] | how good predictions are |

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod board;
pub mod budget;
mod changes;
mod checkpoint;
mod error;
mod exact;
mod feed;
mod folder;
mod glimpses;
mod log;
mod measure;
pub mod metrics;
mod order;
mod plan;
mod run;
mod state;
mod task;
pub mod tensorboard;

pub use error::{Failure, Result};
pub use folder::RunFolder;
pub use log::{LayersLine, Line, StepLine, ValidationLine, read_log};
pub use measure::measure;
pub use plan::{OptimizerKind, Plan};
pub use run::train;
pub use task::{Best, Glimpse, Observer, Outcome, Share, Source, StepEvent, Stopped, Task, Validation};
