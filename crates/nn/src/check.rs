//! Samples of every layer, for the test that all layers share.

use crate::{Layer, Pass};
use pellucid_grad::{Var, check::numbers};
use pellucid_tensor::{DType, Result, Tensor};

/// A layer with an input it can take and some it must refuse.
pub struct Sample {
    /// Unique among the samples of the layer: what is special about this one.
    pub name: &'static str,
    /// The layer.
    pub layer: Box<dyn Layer>,
    /// The shape of one example.
    pub input: Vec<usize>,
    /// For layers that take indices instead of numbers: what these are below.
    pub indices: Option<u32>,
    /// Shapes of examples that it must refuse with an error.
    pub refuses: Vec<Vec<usize>>,
}

/// A layer in the registry.
pub struct LayerKind {
    /// Its name, which is also the name of its file.
    pub name: &'static str,
    /// Its samples.
    pub samples: fn() -> Result<Vec<Sample>>,
}

impl Sample {
    /// A layer that takes numbers in the shape `input` and refuses the shapes `refuses`.
    pub fn new(
        name: &'static str,
        layer: impl Layer + 'static,
        input: &[usize],
        refuses: &[&[usize]],
    ) -> Sample {
        let refuses = refuses.iter().map(|s| s.to_vec()).collect();
        Sample { name, layer: Box::new(layer), input: input.to_vec(), indices: None, refuses }
    }

    /// A batch of `n` made-up examples of the given shape.
    ///
    /// # Errors
    /// An impossible shape.
    pub fn batch(&self, n: usize, input: &[usize], dtype: DType) -> Result<Tensor> {
        let shape: Vec<usize> = std::iter::once(n).chain(input.iter().copied()).collect();
        let values = numbers(0, &shape)?;
        let Some(below) = self.indices else { return values.cast(dtype) };
        let indices: Vec<u32> = (0..values.len() as u32).map(|i| i * 7 % below.max(1)).collect();
        Tensor::new(&indices, &shape)
    }

    /// The layer's output, with gradients recorded.
    ///
    /// # Errors
    /// Those of the layer.
    pub fn run(&self, pass: &Pass, x: &Tensor) -> Result<(Var, Var)> {
        let x = if self.indices.is_some() { pass.input(x) } else { pass.watched_input(x) };
        let y = self.layer.forward(pass, &x)?;
        Ok((x, y))
    }
}
