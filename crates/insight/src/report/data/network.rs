//! What a network is made of, and how its layers change while it learns.

use serde::{Deserialize, Serialize};

/// A network: what goes in, its layers, what comes out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Network {
    /// What goes in.
    pub inputs: Vec<End>,
    /// Its layers: in a lane, the first comes first.
    pub layers: Vec<Layer>,
    /// What comes out.
    pub answers: Vec<End>,
    /// How its layers changed at moments of the training, the first first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub course: Vec<Moment>,
}

/// Something that goes in or comes out.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct End {
    /// Its name: a column's, `12 numbers`.
    pub name: String,
    /// What it is: `28 × 28 pixels, grey`.
    pub what: String,
    /// The lanes of the first stage through which it goes in, or of the last through which it comes out; none for what only the next stage takes.
    pub lanes: Vec<u32>,
}

/// How a layer stands beside its neighbours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// A step of its own.
    #[default]
    Step,
    /// Shown with the step before it, and said there.
    Then,
    /// Shown with the step before it without a word.
    Aside,
}

/// One layer of the network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Layer {
    /// Its path in the network: `image.stage1.block0`.
    pub name: String,
    /// What it does: `convolution 3×3, 32 channels, stride 2`.
    pub does: String,
    /// What such a layer is called: `Convolution`.
    pub title: String,
    /// What it does for people who know no networks, to follow the word “it”: `looks for 32 kinds of patterns`.
    pub in_words: String,
    /// How it stands beside its neighbours.
    pub standing: Standing,
    /// The shape of one row's output: `14 × 14 × 32`.
    pub output: String,
    /// The same as numbers.
    pub shape: Vec<u64>,
    /// Numbers learned.
    pub parameters: u64,
    /// Multiply-adds for one row.
    pub multiply_adds: u64,
    /// Data go from stage to stage, the first is 0.
    pub stage: u32,
    /// The lanes of a stage lie side by side.
    pub lane: u32,
    /// Which of several networks of the same form, that answer together, it belongs to.
    pub member: u32,
}

/// How much each layer changed in one step of the training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Moment {
    /// Steps done.
    pub step: u64,
    /// For each layer the length of its change beside its own, ‖Δw‖ / ‖w‖; none for layers without learned numbers.
    pub changes: Vec<Option<f64>>,
}
