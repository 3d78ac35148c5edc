//! Optimisers: how gradients change a network.
//!
//! An optimiser sweeps over all parameters at once. Before that the gradients' overall norm is taken: if it is
//! not finite, nothing changes and [`StepInfo`] says so; if it exceeds the `clip` that was asked for, all
//! gradients shrink alike. What an optimiser remembers is a set of [named tensors](crate::state::Named), so
//! that a run can stop and go on exactly.

mod adam;
mod ema;
mod gradients;
mod sgd;
mod slots;

pub use adam::{Adam, AdamOptions};
pub use ema::Ema;
pub use sgd::{Sgd, SgdOptions};

use crate::state::Named;
use crate::{Module, Step};
use pellucid_tensor::{Error, Result};

/// How gradients change a network.
pub trait Optimizer: Send {
    /// Changes the trained parameters by the gradients at the learning rate `lr`, and takes over the updates of
    /// buffers. Parameters without a gradient stay as they are, as do the moments kept for them.
    ///
    /// # Errors
    /// A learning rate that is negative or not finite; a gradient whose shape or type is not its parameter's;
    /// no memory for the moments.
    fn step(&mut self, model: &mut dyn Module, step: Step, lr: f64) -> Result<StepInfo>;

    /// What it remembers: moments and step counts by parameter.
    ///
    /// # Errors
    /// No memory.
    fn state(&self) -> Result<Named>;

    /// Takes up what another optimiser of the same kind remembered.
    ///
    /// # Errors
    /// State of another kind of optimiser. State of other parameters is found out by the next step.
    fn load_state(&mut self, state: &Named) -> Result<()>;
}

/// What an optimiser's step did.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepInfo {
    /// The Euclidean norm of all gradients together, before clipping.
    pub grad_norm: f64,
    /// Whether the norm was finite. If not, the step was skipped: neither parameters nor buffers changed.
    pub finite: bool,
}

/// A learning rate that can be used.
fn check_rate(lr: f64) -> Result<()> {
    match lr.is_finite() && lr >= 0.0 {
        true => Ok(()),
        false => Err(Error::argument("optimiser", format!("a learning rate of {lr}"))),
    }
}
