//! A network as a table, for reports and drawings.

use crate::{Layer, Module, Param, ParamId, Role, params};
use pellucid_tensor::Result;

/// How a layer stands beside its neighbours when a network is shown to people.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Rank {
    /// A step of its own.
    #[default]
    Step,
    /// Shown with the step before it, and said there: it changes the shape, or adds what came in.
    Then,
    /// Shown with the step before it without a word: it only keeps numbers in shape.
    Aside,
}

/// A layer in words for people who know no networks.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InWords {
    /// What such a layer is called: `Convolution`.
    pub title: String,
    /// What it does, to follow the word “it”: `looks for 32 kinds of patterns, 3 × 3 places large`.
    pub does: String,
    /// How it stands beside its neighbours.
    pub rank: Rank,
}

impl InWords {
    /// A step of its own.
    pub fn step(title: impl Into<String>, does: impl Into<String>) -> InWords {
        InWords { title: title.into(), does: does.into(), rank: Rank::Step }
    }

    /// Said with the step before it.
    pub fn then(title: impl Into<String>, does: impl Into<String>) -> InWords {
        InWords { rank: Rank::Then, ..InWords::step(title, does) }
    }

    /// Shown with the step before it.
    pub fn aside(title: impl Into<String>, does: impl Into<String>) -> InWords {
        InWords { rank: Rank::Aside, ..InWords::step(title, does) }
    }
}

/// One layer of a network, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerRow {
    /// What it is: `conv 3×3, 32`.
    pub name: String,
    /// The same for people who know no networks.
    pub words: InWords,
    /// The shape of one example after it.
    pub output: Vec<usize>,
    /// Numbers that training can change.
    pub parameters: usize,
    /// Multiply-adds for one example.
    pub multiply_adds: u64,
    /// Where these numbers are. Each tensor that training can change belongs to one row of a network.
    pub owns: Vec<ParamId>,
}

impl LayerRow {
    /// A row for some parts of a network that are shown as one.
    pub fn new(
        name: impl Into<String>,
        words: InWords,
        output: Vec<usize>,
        multiply_adds: u64,
        parts: &[&dyn Module],
    ) -> LayerRow {
        let learned = || {
            let all = parts.iter().flat_map(|part| params(*part)).map(|(_, param)| param);
            all.filter(|param| param.role != Role::Buffer)
        };
        LayerRow {
            name: name.into(),
            words,
            output,
            parameters: learned().map(|param| param.value.len()).sum(),
            multiply_adds,
            owns: learned().map(Param::id).collect(),
        }
    }
}

/// Shows a network layer by layer, for examples of the given shape (without the batch axis).
///
/// # Errors
/// A shape that a layer cannot take.
pub fn describe(layer: &dyn Layer, input: &[usize]) -> Result<Vec<LayerRow>> {
    let inside = layer.inside(input)?;
    if !inside.is_empty() {
        return Ok(inside);
    }
    let (output, multiply_adds) = (layer.output_shape(input)?, layer.multiply_adds(input));
    Ok(vec![LayerRow::new(layer.name(), layer.in_words(), output, multiply_adds, &[layer])])
}
