//! Stochastic gradient descent.

use super::gradients::prepare;
use super::slots::Slots;
use super::{Optimizer, StepInfo, check_rate};
use crate::state::Named;
use crate::{Module, Role, Step};
use pellucid_kernels::Float;
use pellucid_kernels::optimizer::Momentum;
use pellucid_tensor::{Result, with_float};

/// The settings of [`Sgd`].
#[derive(Clone, Debug, PartialEq)]
pub struct SgdOptions {
    /// μ in v ← μ v + g; 0 for plain gradient descent.
    pub momentum: f64,
    /// Steps along g + μ v instead of v (Nesterov's accelerated gradient).
    pub nesterov: bool,
    /// λ: adds λ w to the gradient of every [`Role::Weight`].
    pub decay: f64,
    /// The most that the norm of all gradients may be; larger ones are scaled down.
    pub clip: Option<f64>,
    /// Changes only the rows of an embedding that were looked up. Momentum and decay of the other rows stand
    /// still meanwhile; without momentum and decay the result is the same as with `false`.
    pub sparse: bool,
}

impl Default for SgdOptions {
    /// Momentum 0.9, nothing else.
    fn default() -> Self {
        SgdOptions { momentum: 0.9, nesterov: false, decay: 0.0, clip: None, sparse: false }
    }
}

/// Stochastic gradient descent with momentum: g ← g + λ w; v ← μ v + g; w ← w − lr · v.
pub struct Sgd {
    options: SgdOptions,
    slots: Slots<1>,
}

impl Sgd {
    /// An optimiser that has not made a step.
    pub fn new(options: SgdOptions) -> Sgd {
        Sgd { options, slots: Slots::new(["momentum"]) }
    }
}

impl Optimizer for Sgd {
    fn step(&mut self, model: &mut dyn Module, step: Step, lr: f64) -> Result<StepInfo> {
        check_rate(lr)?;
        let SgdOptions { momentum, nesterov, decay, clip, sparse } = self.options;
        let mut prepared = prepare(model, step, clip, sparse)?;
        let scale = prepared.scale;
        if let (true, Some(first)) = (prepared.info.finite, prepared.targets.first()) {
            with_float!("sgd", first.gradient.dtype(), T => {
                self.slots.sweep::<T, _>(&mut prepared.targets, |target, _| Momentum {
                    rate: T::from_f64(lr * target.param.pace),
                    momentum: T::from_f64(momentum),
                    decay: T::from_f64(if target.param.role == Role::Weight { decay } else { 0.0 }),
                    scale: T::from_f64(scale),
                    nesterov,
                })
            })?;
        }
        Ok(prepared.info)
    }

    fn state(&self) -> Result<Named> {
        self.slots.state()
    }

    fn load_state(&mut self, state: &Named) -> Result<()> {
        self.slots.load(state)
    }
}
