//! Networks that others have trained, from folders in the layout of the Hugging Face hub: `config.json` and `model.safetensors`.
//!
//! | network | `model_type` | what it gives |
//! |---|---|---|
//! | [`Bert`] | `bert` | a vector for each piece of a text, and one for the text |
//! | [`VisionConfig`] | `resnet`, `efficientnet` | a vector for a picture |
//!
//! [`Hub`] fetches them by name. A folder is data: weights that are stored as Python programs (pickles) are refused.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod bert;
mod error;
mod folder;
mod hub;
mod theirs;
mod vision;

pub use bert::{Bert, BertConfig, HiddenActivation, Pooling, first_pieces};
pub use error::{Error, Result};
pub use folder::Folder;
pub use hub::Hub;
pub use vision::{BlockForm, EfficientNetConfig, Preprocessing, ResNetConfig, VisionConfig};
