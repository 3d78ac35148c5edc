//! A network as a table, for reports.

use crate::{Layer, parameter_count};
use pellucid_tensor::Result;
use serde::Serialize;

/// One layer of a network, as a report shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LayerRow {
    /// What it is: `conv 3×3, 32`.
    pub name: String,
    /// The shape of one example after it.
    pub output: Vec<usize>,
    /// Numbers that training can change.
    pub parameters: usize,
    /// Multiply-adds for one example.
    pub multiply_adds: u64,
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
    Ok(vec![LayerRow {
        name: layer.name(),
        output: layer.output_shape(input)?,
        parameters: parameter_count(layer),
        multiply_adds: layer.multiply_adds(input),
    }])
}
