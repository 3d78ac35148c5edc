//! What was computed, in order, so that it can be walked back.

use crate::{Gradient, Gradients};
use pellucid_tensor::{DType, Error, Result, Shape, Tensor};
use std::cell::RefCell;
use std::rc::Rc;

/// Given ∂loss/∂output, hands ∂loss/∂parent to the second argument, by the parent's position.
type Backward = Box<dyn FnOnce(Tensor, &mut dyn FnMut(usize, Gradient) -> Result<()>) -> Result<()>>;

struct Node {
    /// The nodes of the operation's inputs; `None` for an input that needs no gradient.
    parents: Vec<Option<usize>>,
    /// `None` for a watched tensor: there the gradient stays.
    backward: Option<Backward>,
}

/// A record of operations. Cloning gives another handle to the same record.
#[derive(Clone)]
pub struct Tape {
    nodes: Option<Rc<RefCell<Vec<Node>>>>,
}

/// A tensor on a tape: the input or result of an operation.
#[derive(Clone)]
pub struct Var {
    tape: Tape,
    /// Where the tape holds it; `None` if no gradient can flow into it.
    node: Option<usize>,
    value: Tensor,
}

impl Default for Tape {
    fn default() -> Self {
        Tape::new()
    }
}

impl Tape {
    /// An empty tape.
    pub fn new() -> Tape {
        Tape { nodes: Some(Rc::default()) }
    }

    /// A tape that records nothing: for computing without gradients.
    pub fn idle() -> Tape {
        Tape { nodes: None }
    }

    /// Whether operations are recorded.
    pub fn records(&self) -> bool {
        self.nodes.is_some()
    }

    /// A variable whose gradient is wanted. The memory is shared with `value`.
    pub fn watch(&self, value: &Tensor) -> Var {
        let node = self.push(Node { parents: Vec::new(), backward: None });
        Var { tape: self.clone(), node, value: value.clone() }
    }

    /// A variable whose gradient is not wanted.
    pub fn constant(&self, value: &Tensor) -> Var {
        Var { tape: self.clone(), node: None, value: value.clone() }
    }

    fn push(&self, node: Node) -> Option<usize> {
        let mut nodes = self.nodes.as_ref()?.borrow_mut();
        nodes.push(node);
        Some(nodes.len() - 1)
    }
}

/// Records an operation with `N` inputs: its result and how gradients flow back through it.
///
/// `backward` gets ∂loss/∂`value` and which inputs need a gradient, and returns ∂loss/∂input for those
/// (`None` for the others). It is dropped at once if no input needs one.
pub(crate) fn record<const N: usize>(
    value: Tensor,
    inputs: [&Var; N],
    backward: impl FnOnce(Tensor, [bool; N]) -> Result<[Option<Gradient>; N]> + 'static,
) -> Var {
    let needs = inputs.map(|v| v.node.is_some());
    record_many(value, &inputs, move |gradient, send| {
        for (i, g) in backward(gradient, needs)?.into_iter().enumerate() {
            if let Some(g) = g {
                send(i, g)?;
            }
        }
        Ok(())
    })
}

/// As [`record`], for any number of inputs: `backward` sends gradients by the inputs' positions.
pub(crate) fn record_many(
    value: Tensor,
    inputs: &[&Var],
    backward: impl FnOnce(Tensor, &mut dyn FnMut(usize, Gradient) -> Result<()>) -> Result<()> + 'static,
) -> Var {
    let tape = inputs.iter().map(|v| &v.tape).find(|t| t.records()).or(inputs.first().map(|v| &v.tape));
    let tape = tape.cloned().unwrap_or_else(Tape::idle);
    let parents: Vec<_> = inputs.iter().map(|v| v.node).collect();
    let node = match parents.iter().any(Option::is_some) {
        true => tape.push(Node { parents, backward: Some(Box::new(backward)) }),
        false => None,
    };
    Var { tape, node, value }
}

impl Var {
    /// The tensor.
    pub fn value(&self) -> &Tensor {
        &self.value
    }

    /// The axis lengths.
    pub fn shape(&self) -> &Shape {
        self.value.shape()
    }

    /// The type of the elements.
    pub fn dtype(&self) -> DType {
        self.value.dtype()
    }

    /// The tape it is on.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Whether a gradient flows into it.
    pub fn needs_gradient(&self) -> bool {
        self.node.is_some()
    }

    /// The same value, cut off: no gradient flows back through it.
    #[must_use]
    pub fn detach(&self) -> Var {
        Var { node: None, ..self.clone() }
    }

    pub(crate) fn node(&self) -> Option<usize> {
        self.node
    }

    /// Walks the tape back from this variable, a loss of one element, and empties it.
    ///
    /// # Errors
    /// More than one element, or a failure in an operation's backward pass (memory).
    pub fn backward(&self) -> Result<Gradients> {
        if self.value.len() != 1 {
            return Err(Error::shape(
                "backward",
                format!("a loss has one element, this has the shape {}", self.shape()),
            ));
        }
        let one = match self.dtype() {
            DType::F64 => Tensor::full(1f64, self.shape())?,
            _ => Tensor::full(1f32, self.shape())?,
        };
        self.backward_from(one)
    }

    /// As [`backward`](Var::backward) from any variable, given ∂loss/∂itself.
    ///
    /// # Errors
    /// A gradient of another shape, or a failure in an operation's backward pass.
    pub fn backward_from(&self, gradient: Tensor) -> Result<Gradients> {
        if gradient.shape() != self.shape() {
            return Err(Error::mismatch("backward", self.shape(), gradient.shape()));
        }
        let (Some(nodes), Some(last)) = (self.tape.nodes.as_ref(), self.node) else {
            return Ok(Gradients { by_node: Vec::new() });
        };
        let mut nodes = nodes.take();
        let mut by_node: Vec<Option<Gradient>> = Vec::new();
        by_node.resize_with(nodes.len(), || None);
        by_node[last] = Some(gradient.into());
        while let Some(node) = nodes.pop() {
            let index = nodes.len();
            let Some(backward) = node.backward else { continue };
            let Some(gradient) = by_node[index].take() else { continue };
            let gradient = match gradient {
                Gradient::Dense(t) => t,
                rows => rows.to_dense()?,
            };
            backward(gradient, &mut |input, gradient| {
                let Some(Some(parent)) = node.parents.get(input).copied() else { return Ok(()) };
                by_node[parent] = Some(match by_node[parent].take() {
                    Some(sum) => sum.plus(gradient)?,
                    None => gradient,
                });
                Ok(())
            })?;
        }
        Ok(Gradients { by_node })
    }
}
