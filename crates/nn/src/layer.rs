//! What every layer can do.

use crate::{InWords, LayerRow, Module, Pass, Piece, Reach};
use pellucid_grad::Var;
use pellucid_grad::in_use::PerChannel;
use pellucid_tensor::{Error, Result};

/// A step of a network with one input and one output.
///
/// The first axis of inputs and outputs counts the examples of the batch; the shapes that
/// [`output_shape`](Layer::output_shape) and [`multiply_adds`](Layer::multiply_adds) speak of leave it out.
pub trait Layer: Module + Send + Sync {
    /// The output for `x: [n, …input]`: `[n, …output_shape(input)]`.
    ///
    /// # Errors
    /// A shape that the layer cannot take, or no memory.
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var>;

    /// What the layer does when a network is used, if that is the same to every number of a channel.
    ///
    /// # Errors
    /// No memory.
    fn per_channel(&self, _pass: &Pass) -> Result<Option<PerChannel>> {
        Ok(None)
    }

    /// As [`forward`](Layer::forward), with what the `next` layer does to each channel in the same sweep; `None` if that
    /// cannot be. Called only in passes that record nothing.
    ///
    /// # Errors
    /// As [`forward`](Layer::forward).
    fn forward_with(&self, _pass: &Pass, _x: &Var, _next: &dyn Layer) -> Result<Option<Var>> {
        Ok(None)
    }

    /// The shape that one example of the given shape becomes.
    ///
    /// # Errors
    /// A shape that the layer cannot take.
    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>>;

    /// What it is, for people: `conv 3×3, 32`.
    fn name(&self) -> String;

    /// What it is and does, for people who know no networks.
    fn in_words(&self) -> InWords;

    /// Multiply-adds for one example of the given shape; 0 for layers whose cost is small beside a
    /// linear map's, and for shapes the layer cannot take.
    fn multiply_adds(&self, _input: &[usize]) -> u64 {
        0
    }

    /// What each place of its output depends on of a picture, along height and width; `None` if that may be all of it.
    fn reach(&self) -> Option<[Reach; 2]> {
        None
    }

    /// The [rows](crate::describe) of the layers inside; none for a layer that is shown as one.
    ///
    /// # Errors
    /// A shape that a layer inside cannot take.
    fn inside(&self, _input: &[usize]) -> Result<Vec<LayerRow>> {
        Ok(Vec::new())
    }

    /// The layers that it is nothing but a sequence of, if it is one.
    fn sequence(&self) -> Option<&[Box<dyn Layer>]> {
        None
    }

    /// Its numbers as steps of a network that is only used, for [`Int8Network`](crate::Int8Network).
    ///
    /// # Errors
    /// A layer that has no such form: the default.
    fn lower(&self) -> Result<Vec<Piece>> {
        Err(Error::argument("int8", format!("`{}` has no form in bytes", self.name())))
    }
}
