//! Adam and AdamW.

use super::gradients::prepare;
use super::slots::Slots;
use super::{Optimizer, StepInfo, check_rate};
use crate::state::Named;
use crate::{Module, Role, Step};
use pellucid_kernels::Float;
use pellucid_kernels::optimizer::Adaptive;
use pellucid_tensor::{Result, with_float};

/// The settings of [`Adam`].
#[derive(Clone, Debug, PartialEq)]
pub struct AdamOptions {
    /// (β₁, β₂): how slowly the means of g and g² forget.
    pub betas: (f64, f64),
    /// ε, which keeps the division finite.
    pub epsilon: f64,
    /// λ, for every [`Role::Weight`].
    pub decay: f64,
    /// Whether decay shrinks the weights directly, w ← (1 − lr λ) w (AdamW), or adds λ w to the gradient (Adam).
    pub decoupled: bool,
    /// The most that the norm of all gradients may be; larger ones are scaled down.
    pub clip: Option<f64>,
    /// Changes only the rows of an embedding that were looked up ("lazy Adam"): much faster for large tables.
    /// Moments and decay of the other rows stand still meanwhile, so the result is not the one with `false`,
    /// where a row goes on moving by its moments after it was looked up.
    pub sparse: bool,
}

impl AdamOptions {
    /// Adam: betas (0.9, 0.999), ε = 10⁻⁸, no decay.
    pub fn adam() -> AdamOptions {
        AdamOptions {
            betas: (0.9, 0.999),
            epsilon: 1e-8,
            decay: 0.0,
            decoupled: false,
            clip: None,
            sparse: false,
        }
    }

    /// AdamW: as [`adam`](AdamOptions::adam) with a decoupled decay of 0.01.
    pub fn adamw() -> AdamOptions {
        AdamOptions { decay: 0.01, decoupled: true, ..AdamOptions::adam() }
    }
}

/// Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter, arXiv 1711.05101):
/// m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − lr · (m / (1 − β₁ᵗ)) / (√(v / (1 − β₂ᵗ)) + ε),
/// t counting the steps in which the parameter had a gradient.
pub struct Adam {
    options: AdamOptions,
    slots: Slots<2>,
}

impl Adam {
    /// An optimiser that has not made a step.
    pub fn new(options: AdamOptions) -> Adam {
        Adam { options, slots: Slots::new(["mean", "square"]) }
    }
}

impl Optimizer for Adam {
    fn step(&mut self, model: &mut dyn Module, step: Step, lr: f64) -> Result<StepInfo> {
        check_rate(lr)?;
        let AdamOptions { betas: (beta1, beta2), epsilon, decay, decoupled, clip, sparse } = self.options;
        let mut prepared = prepare(model, step, clip, sparse)?;
        let scale = prepared.scale;
        if let (true, Some(first)) = (prepared.info.finite, prepared.targets.first()) {
            with_float!("adam", first.gradient.dtype(), T => {
                self.slots.sweep::<T, _>(&mut prepared.targets, |target, steps| {
                    let (t, lr) = (steps as f64, lr * target.param.pace);
                    let decay = if target.param.role == Role::Weight { decay } else { 0.0 };
                    Adaptive {
                        rate: T::from_f64(lr / (1.0 - beta1.powf(t))),
                        first: T::from_f64(1.0 - beta1),
                        second: T::from_f64(1.0 - beta2),
                        correction: T::from_f64(1.0 / (1.0 - beta2.powf(t)).sqrt()),
                        epsilon: T::from_f64(epsilon),
                        keep: T::from_f64(if decoupled { 1.0 - lr * decay } else { 1.0 }),
                        penalty: T::from_f64(if decoupled { 0.0 } else { decay }),
                        scale: T::from_f64(scale),
                    }
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
