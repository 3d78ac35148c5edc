//! Layers as plain structs, initialisers, optimisers and schedules.
//!
//! - [`Param`], [`Module`], [`module!`]: a network is a tree of data; a struct lists its fields once.
//! - [`Pass`]: one forward pass, training or not, and the [`Step`] it hands to the optimiser.
//! - [`Layer`]: what every layer can do; [`layers`]: those there are.
//! - [`Init`] and [`Seed`]: how new weights are drawn.
//! - [`optim`] and [`Schedule`]: how gradients change weights.
//! - [`Int8Network`]: a trained network in bytes.
//! - [`parse_layers`] and [`describe`]: networks from people's words, and as a table.
//! - [`state`]: networks and optimisers as safetensors.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod check;
mod init;
mod int8;
mod layer;
pub mod layers;
mod module;
pub mod optim;
mod param;
mod pass;
mod reach;
mod recurrent;
mod schedule;
pub mod state;
mod summary;
mod text;

pub use init::{Init, Seed};
pub use int8::{Int8Network, Piece};
pub use layer::Layer;
pub use module::{
    Field, Module, Part, PartMut, parameter_count, params, params_mut, set_frozen, set_pace, to_dtype,
    visit_params, visit_params_mut,
};
pub use param::{Param, ParamId, Role};
pub use pass::{Pass, Step};
pub use reach::Reach;
pub use recurrent::Direction;
pub use schedule::Schedule;
pub use summary::{InWords, LayerRow, Rank, describe};
pub use text::{layer_examples, parse_layers};
