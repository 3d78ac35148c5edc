//! Trained networks in bytes: several times as fast, with next to the same answers.
//!
//! [`Int8Network::new`] takes a trained network apart, folds batch norms into the convolutions before them, sends sample
//! inputs through to see which numbers occur, and rounds weights and what goes from layer to layer to bytes:
//! - weights to −127 … 127 with a step for each output channel, so that the largest becomes ±127;
//! - what goes from layer to layer to 0 … 255 between the smallest and the largest number seen (Jacob et al., arXiv
//!   1712.05877). Nothing that was seen is cut off; a range that cuts off rare large numbers would be finer for the others, but
//!   what a trained network's rare large numbers are for is not known.
//!
//! The last map stays in numbers, and so do grouped convolutions, activations other than ReLU, and batch norms that
//! cannot be folded. Layers that do not say how to [`lower`](crate::Layer::lower) them are refused with an error.

mod map;
mod node;
mod numbers;
mod piece;
mod run;
mod stored;
mod value;

pub use piece::Piece;

use crate::Layer;
use crate::state::Named;
use node::{Node, nodes, to_bytes};
use pellucid_tensor::{Error, Result, Tensor};
use value::Value;

/// A network in bytes.
///
/// ```
/// use pellucid_kernels::activation::Activation::{Identity, Relu};
/// use pellucid_nn::layers::{Conv2d, Flatten, Linear, Sequential};
/// use pellucid_nn::{Int8Network, Seed};
/// use pellucid_tensor::Tensor;
/// # fn main() -> pellucid_tensor::Result<()> {
/// let seed = Seed::new(1);
/// let net = Sequential::new()
///     .then(Conv2d::new(&seed.part(0), 1, 8, (3, 3))?.activation(Relu))
///     .then(Flatten)
///     .then(Linear::new(&seed.part(1), 8 * 16, 2, Identity)?);
/// let pictures = Tensor::full(0.5f32, &[10, 4, 4, 1])?;
/// let bytes = Int8Network::new(&net, std::slice::from_ref(&pictures))?;
/// assert_eq!(bytes.forward(&pictures)?.shape()[..], [10, 2]);
/// # Ok(())
/// # }
/// ```
pub struct Int8Network {
    nodes: Vec<Node>,
}

impl Int8Network {
    /// Puts a trained network into bytes; each of `samples` is a batch of typical inputs, `[n, …input]`.
    ///
    /// # Errors
    /// A layer that has no form in bytes, a network that is not in `f32`, no samples, samples with numbers that are not
    /// finite, of a shape that the network cannot take, or no memory.
    pub fn new(net: &dyn Layer, samples: &[Tensor]) -> Result<Int8Network> {
        let mut nodes = nodes(net.lower()?)?;
        if samples.iter().all(Tensor::is_empty) {
            return Err(Error::argument("int8", "there are no samples, whose numbers say how to round"));
        }
        for x in samples {
            let finite = |x: &Tensor| -> Result<bool> { Ok(x.data::<f32>()?.iter().all(|x| x.is_finite())) };
            if !finite(x)? || !finite(&numbers::observe(&mut nodes, x.clone())?)? {
                return Err(Error::argument("int8", "a sample leads to numbers that are not finite"));
            }
        }
        Int8Network::ready(nodes)
    }

    /// The network that [`to_named`](Self::to_named) stored, where `net` has the same layers (its weights do not matter).
    ///
    /// # Errors
    /// A layer that has no form in bytes; a tensor that is missing, too many, or of another shape or type than the network's.
    pub fn from_named(net: &dyn Layer, mut named: Named) -> Result<Int8Network> {
        let mut nodes = nodes(net.lower()?)?;
        stored::load(&mut nodes, "", &mut named)?;
        if let Some(name) = named.keys().next() {
            return Err(Error::state(format!("the stored network in bytes has a tensor `{name}` too many")));
        }
        Int8Network::ready(nodes)
    }

    fn ready(mut nodes: Vec<Node>) -> Result<Int8Network> {
        if let Some(Node::Map(last)) = nodes.last_mut() {
            last.exact = true;
        }
        to_bytes(&mut nodes, None, false)?;
        Ok(Int8Network { nodes })
    }

    /// All weights, steps and ranges by name, to be stored: weights in bytes are `i8`.
    ///
    /// # Errors
    /// No memory.
    pub fn to_named(&self) -> Result<Named> {
        let mut named = Named::new();
        stored::save(&self.nodes, "", &mut named)?;
        Ok(named)
    }

    /// The output for `x: [n, …input]`, as numbers.
    ///
    /// # Errors
    /// A shape that the network cannot take, or no memory.
    pub fn forward(&self, x: &Tensor) -> Result<Tensor> {
        x.data::<f32>()?;
        run::run(&self.nodes, Value::Numbers(x.clone()))?.into_numbers()
    }
}

#[cfg(test)]
mod tests;
