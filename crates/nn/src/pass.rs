//! One walk of data through a network, and what training takes from it.

use crate::{Param, ParamId};
use pellucid_grad::{Gradient, Gradients, Tape, Var};
use pellucid_tensor::{Stream, Tensor};
use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;

/// One forward pass: the tape, whether the network is being trained, its randomness, the variables of the
/// parameters used so far, and the statistics that layers want to keep.
///
/// ```
/// use pellucid_grad::ops;
/// use pellucid_nn::{Param, Pass};
/// use pellucid_tensor::Tensor;
/// # fn main() -> pellucid_tensor::Result<()> {
/// let weight = Param::weight(Tensor::new(&[3f32], &[1])?);
/// let pass = Pass::training(42, 0);
/// let x = pass.input(&Tensor::new(&[2f32], &[1])?);
/// let loss = ops::sum(&ops::mul(&pass.param(&weight), &x)?)?;
/// let step = pass.finish(loss.backward()?);
/// assert_eq!(step.gradients[&weight.id()].to_dense()?.to_vec(), [2.0]); // ∂(w x)/∂w = x
/// # Ok(())
/// # }
/// ```
pub struct Pass {
    tape: Tape,
    training: bool,
    /// Whether parameters are variables.
    learning: bool,
    seed: u64,
    step: u64,
    streams: Cell<u64>,
    vars: RefCell<BTreeMap<ParamId, Var>>,
    updates: RefCell<BTreeMap<ParamId, Tensor>>,
}

/// What one forward and backward pass hands to the optimiser.
#[derive(Default)]
pub struct Step {
    /// ∂loss/∂parameter; parameters that the loss does not depend on are absent.
    pub gradients: BTreeMap<ParamId, Gradient>,
    /// New values of buffers (running statistics).
    pub updates: BTreeMap<ParamId, Tensor>,
}

impl Pass {
    fn new(tape: Tape, training: bool, seed: u64, step: u64) -> Pass {
        let (vars, updates) = (RefCell::default(), RefCell::default());
        Pass { tape, training, learning: true, seed, step, streams: Cell::new(0), vars, updates }
    }

    /// A pass that records gradients, with dropout on and statistics taken from the batch.
    /// All its randomness is a function of the run's seed and the number of the step.
    pub fn training(seed: u64, step: u64) -> Pass {
        Pass::new(Tape::new(), true, seed, step)
    }

    /// A pass that records nothing, with dropout off and stored statistics.
    pub fn inference() -> Pass {
        Pass::new(Tape::idle(), false, 0, 0)
    }

    /// As [`inference`](Pass::inference), but recording: for explaining a trained network by gradients.
    pub fn evaluating_with_gradients() -> Pass {
        Pass::new(Tape::new(), false, 0, 0)
    }

    /// As [`evaluating_with_gradients`](Pass::evaluating_with_gradients), but parameters are constants: for gradients by
    /// [watched inputs](Pass::watched_input) alone, which take half the time.
    pub fn of_inputs() -> Pass {
        Pass { learning: false, ..Pass::evaluating_with_gradients() }
    }

    /// The tape of the pass.
    pub fn tape(&self) -> &Tape {
        &self.tape
    }

    /// Whether layers act as in training.
    pub fn is_training(&self) -> bool {
        self.training
    }

    /// The variable of a parameter: always the same one within a pass, so that the gradients of a parameter
    /// that is used several times add up. Buffers and frozen parameters are constants.
    pub fn param(&self, param: &Param) -> Var {
        let var = || match self.learning && param.is_trained() {
            true => self.tape.watch(&param.value),
            false => self.tape.constant(&param.value),
        };
        self.vars.borrow_mut().entry(param.id()).or_insert_with(var).clone()
    }

    /// Data that goes into the network: no gradient is kept for it.
    pub fn input(&self, value: &Tensor) -> Var {
        self.tape.constant(value)
    }

    /// Data whose gradient is wanted: which pixel, which word made the difference.
    pub fn watched_input(&self, value: &Tensor) -> Var {
        self.tape.watch(value)
    }

    /// A fresh stream of random numbers: a function of seed, step and how many were asked for before.
    /// Streams differ as long as a pass asks for fewer than 65 536.
    pub fn random(&self) -> Stream {
        let number = self.streams.get();
        self.streams.set(number + 1);
        Stream::new(self.seed, "pass", (self.step << 16).wrapping_add(number))
    }

    /// The value of a buffer, including an [`update`](Pass::update) made earlier in this pass.
    pub fn buffer(&self, param: &Param) -> Tensor {
        self.updates.borrow().get(&param.id()).unwrap_or(&param.value).clone()
    }

    /// Asks for a new value of a buffer; it takes effect with the optimiser's step.
    pub fn update(&self, param: &Param, value: Tensor) {
        self.updates.borrow_mut().insert(param.id(), value);
    }

    /// Ends the pass: sorts the gradients by parameter and hands over the updates.
    pub fn finish(self, mut gradients: Gradients) -> Step {
        let of = |(id, var): (ParamId, Var)| Some((id, gradients.take(&var)?));
        Step {
            gradients: self.vars.into_inner().into_iter().filter_map(of).collect(),
            updates: self.updates.into_inner(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn streams_are_functions_of_seed_step_and_number() {
        let draws = |seed, step| {
            let pass = Pass::training(seed, step);
            [pass.random().next_u64(), pass.random().next_u64()]
        };
        assert_eq!(draws(1, 2), draws(1, 2));
        let all = [draws(1, 2), draws(1, 3), draws(2, 2)].concat();
        assert!((0..6).all(|i| (0..i).all(|j| all[i] != all[j])));
    }

    #[test]
    fn buffers_and_frozen_parameters_are_constants() {
        let t = Tensor::scalar(1f32).unwrap();
        let (weight, buffer) = (Param::weight(t.clone()), Param::buffer(t.clone()));
        let mut frozen = Param::weight(t);
        frozen.frozen = true;
        let pass = Pass::evaluating_with_gradients();
        assert!(pass.param(&weight).needs_gradient());
        assert!(!pass.param(&buffer).needs_gradient() && !pass.param(&frozen).needs_gradient());
        assert!(!Pass::inference().param(&weight).needs_gradient());
        let pass = Pass::of_inputs();
        assert!(!pass.param(&weight).needs_gradient());
        assert!(pass.watched_input(&weight.value).needs_gradient());
    }

    #[test]
    fn an_update_is_seen_within_the_pass_and_handed_over() {
        let mean = Param::buffer(Tensor::scalar(1f32).unwrap());
        let pass = Pass::training(0, 0);
        assert_eq!(pass.buffer(&mean).item(), Ok(1.0));
        pass.update(&mean, Tensor::scalar(2f32).unwrap());
        assert_eq!(pass.buffer(&mean).item(), Ok(2.0));
        assert_eq!(mean.value.item(), Ok(1.0));
    }
}
