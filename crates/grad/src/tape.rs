//! What was computed, in order, so that it can be walked back.

use crate::{Gradient, Gradients};
use pellucid_tensor::{DType, Error, Result, Shape, Tensor};
use std::cell::RefCell;
use std::rc::Rc;
use std::sync::atomic::{AtomicU64, Ordering};

/// Given ∂loss/∂output, hands ∂loss/∂parent to the second argument, by the parent's position.
type Backward = Box<dyn FnOnce(Tensor, &mut dyn FnMut(usize, Gradient) -> Result<()>) -> Result<()>>;

/// Where a record holds a variable. The generation tells records apart: those of other tapes, and those of this tape
/// that a backward pass has ended.
#[derive(Clone, Copy)]
pub(crate) struct Place {
    pub(crate) generation: u64,
    pub(crate) index: usize,
}

struct Node {
    /// The nodes of the operation's inputs; `None` for an input that needs no gradient.
    parents: Vec<Option<usize>>,
    /// `None` for a watched tensor: there the gradient stays.
    backward: Option<Backward>,
}

/// What was computed since the last backward pass.
struct Record {
    generation: u64,
    nodes: Vec<Node>,
}

impl Default for Record {
    /// An empty record of a generation of its own.
    fn default() -> Record {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        Record { generation: NEXT.fetch_add(1, Ordering::Relaxed), nodes: Vec::new() }
    }
}

/// A record of operations, from the first one to a backward pass, and then anew. Cloning gives another handle to the same record.
#[derive(Clone)]
pub struct Tape {
    record: Option<Rc<RefCell<Record>>>,
}

/// A tensor on a tape: the input or result of an operation.
#[derive(Clone)]
pub struct Var {
    tape: Tape,
    /// Where the tape holds it; `None` if no gradient can flow into it.
    node: Option<Place>,
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
        Tape { record: Some(Rc::default()) }
    }

    /// A tape that records nothing: for computing without gradients.
    pub fn idle() -> Tape {
        Tape { record: None }
    }

    /// Whether operations are recorded.
    pub fn records(&self) -> bool {
        self.record.is_some()
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

    fn push(&self, node: Node) -> Option<Place> {
        let mut record = self.record.as_ref()?.borrow_mut();
        record.nodes.push(node);
        Some(Place { generation: record.generation, index: record.nodes.len() - 1 })
    }

    /// Checks that a variable's place is in the record as it is now.
    fn check(&self, place: Place) -> Result<()> {
        match &self.record {
            Some(record) if record.borrow().generation != place.generation => Err(Error::argument(
                "tape",
                "a variable from before this tape's last backward pass, or of another tape, is used; \
                 watch its tensor again, or detach it if no gradient is wanted",
            )),
            _ => Ok(()),
        }
    }
}

/// Records an operation with `N` inputs: its result and how gradients flow back through it.
///
/// `backward` gets ∂loss/∂`value` and which inputs need a gradient, and returns ∂loss/∂input for those
/// (`None` for the others). It is dropped at once if no input needs one.
///
/// # Errors
/// An input of another tape, or from before a backward pass.
pub(crate) fn record<const N: usize>(
    value: Tensor,
    inputs: [&Var; N],
    backward: impl FnOnce(Tensor, [bool; N]) -> Result<[Option<Gradient>; N]> + 'static,
) -> Result<Var> {
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
///
/// # Errors
/// As [`record`].
pub(crate) fn record_many(
    value: Tensor,
    inputs: &[&Var],
    backward: impl FnOnce(Tensor, &mut dyn FnMut(usize, Gradient) -> Result<()>) -> Result<()> + 'static,
) -> Result<Var> {
    let of = |wanted: &dyn Fn(&Var) -> bool| inputs.iter().find(|v| wanted(v)).map(|v| &v.tape);
    let tape = of(&Var::needs_gradient).or_else(|| of(&|v| v.tape.records())).or_else(|| of(&|_| true));
    let tape = tape.cloned().unwrap_or_else(Tape::idle);
    inputs.iter().filter_map(|v| v.node).try_for_each(|place| tape.check(place))?;
    let parents: Vec<_> = inputs.iter().map(|v| v.node.map(|place| place.index)).collect();
    let node = match parents.iter().any(Option::is_some) {
        true => tape.push(Node { parents, backward: Some(Box::new(backward)) }),
        false => None,
    };
    Ok(Var { tape, node, value })
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

    /// The variable's place on its tape, and its tensor by itself, which is then its only owner if nobody else keeps it.
    ///
    /// # Errors
    /// No memory for the empty tensor that stays behind.
    pub(crate) fn give(self) -> Result<(Var, Tensor)> {
        let empty = Tensor::zeros(self.dtype(), &[0])?;
        Ok((Var { value: empty, tape: self.tape, node: self.node }, self.value))
    }

    pub(crate) fn node(&self) -> Option<Place> {
        self.node
    }

    /// Walks the tape back from this variable, a loss of one element, and empties it: variables from before are of no
    /// further use, but for the gradients.
    ///
    /// # Errors
    /// More than one element, a variable from before an earlier backward pass, or a failure in an operation's backward pass (memory).
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
    /// A gradient of another shape, a variable from before an earlier backward pass, or a failure in an operation's backward pass.
    pub fn backward_from(&self, gradient: Tensor) -> Result<Gradients> {
        if gradient.shape() != self.shape() {
            return Err(Error::mismatch("backward", self.shape(), gradient.shape()));
        }
        let (Some(record), Some(last)) = (self.tape.record.as_ref(), self.node) else {
            return Ok(Gradients::default());
        };
        self.tape.check(last)?;
        let Record { generation, mut nodes } = record.take();
        let mut by_node: Vec<Option<Gradient>> = Vec::new();
        by_node.resize_with(nodes.len(), || None);
        by_node[last.index] = Some(gradient.into());
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
        Ok(Gradients { generation, by_node })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops;

    fn number(x: f32) -> Tensor {
        Tensor::scalar(x).unwrap()
    }

    fn gradient(gradients: &Gradients, var: &Var) -> Option<f64> {
        gradients.of(var).map(|g| g.to_dense().unwrap().item().unwrap())
    }

    #[test]
    fn a_variable_from_before_a_backward_pass_is_refused() {
        let tape = Tape::new();
        let x = tape.watch(&number(3.0));
        let loss = ops::mul(&x, &x).unwrap();
        let first = loss.backward().unwrap();
        assert_eq!(gradient(&first, &x), Some(6.0));

        let y = tape.watch(&number(5.0));
        for stale in [ops::mul(&x, &y), ops::mul(&y, &x), ops::add(&y, &loss)] {
            let why = stale.err().unwrap().to_string();
            assert!(why.contains("backward") && why.contains("watch"), "{why}");
        }
        assert!(loss.backward().is_err(), "a loss is walked back once");
        assert_eq!(gradient(&first, &y), None, "it is not of that pass");

        let second = ops::mul(&ops::mul(&x.detach(), &y).unwrap(), &y).unwrap().backward().unwrap();
        assert_eq!(gradient(&second, &y), Some(30.0));
        assert_eq!((gradient(&second, &x), gradient(&first, &x)), (None, Some(6.0)));
    }

    #[test]
    fn variables_of_two_tapes_do_not_meet_but_constants_may() {
        let (one, other) = (Tape::new(), Tape::new());
        let (x, y) = (one.watch(&number(2.0)), other.watch(&number(7.0)));
        assert!(ops::mul(&x, &y).is_err());
        let gradients = ops::mul(&other.constant(&number(7.0)), &x).unwrap().backward().unwrap();
        assert_eq!(gradient(&gradients, &x), Some(7.0));
        assert_eq!(gradient(&gradients, &y), None);
    }
}
