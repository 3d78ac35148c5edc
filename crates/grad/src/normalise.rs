//! What batch norm and group norm share: normalisation by statistics over positions.

use crate::tape::record;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::norm::channels::{self, Layout, Parameters};
use pellucid_tensor::{Result, Scalar, Tensor};

/// The numbers a normalisation subtracts and divides by, `[samples, groups]`.
#[derive(Clone)]
pub(crate) struct Statistics {
    pub(crate) mean: Tensor,
    /// Divided by the count.
    pub(crate) variance: Tensor,
    /// Whether they are constants rather than functions of x.
    pub(crate) fixed: bool,
}

impl Statistics {
    /// The statistics of x; of no numbers, mean 0 and variance 1.
    pub(crate) fn of<T: Float + Scalar>(x: &Tensor, layout: Layout) -> Result<Statistics> {
        let shared = layout.samples * layout.groups;
        let mut mean = Tensor::full(T::ZERO, &[shared])?;
        let mut variance = Tensor::full(T::ONE, &[shared])?;
        if !layout.is_empty() {
            channels::statistics(x.data::<T>()?, layout, mean.data_mut()?, variance.data_mut()?)?;
        }
        Ok(Statistics { mean, variance, fixed: false })
    }
}

/// What the backward pass needs again.
struct Kept {
    x: Tensor,
    gamma: Tensor,
    beta: Tensor,
    mean: Tensor,
    inverse: Tensor,
}

impl Kept {
    fn parameters<T: Scalar>(&self) -> Result<Parameters<'_, T>> {
        Ok(Parameters {
            mean: self.mean.data()?,
            inverse: self.inverse.data()?,
            gamma: self.gamma.data()?,
            beta: self.beta.data()?,
        })
    }
}

/// `activation(γ (x − mean) / √(variance + ε) + β)`; gamma, beta: `[channels]`, or `[samples, channels]`.
pub(crate) fn normalise<T: Float + Scalar>(
    op: &'static str,
    x: &Var,
    layout: Layout,
    statistics: Statistics,
    gamma: &Var,
    beta: &Var,
    eps: f64,
    activation: Activation,
) -> Result<Var> {
    expect::positive_eps(op, eps)?;
    let own = [layout.samples, layout.channels];
    let parameters = if gamma.shape().rank() == own.len() { &own[..] } else { &own[1..] };
    expect::parameter(op, "gamma", gamma.shape(), parameters, x.shape())?;
    expect::parameter(op, "beta", beta.shape(), parameters, x.shape())?;
    let parameters = *gamma.shape();
    let Statistics { mean, variance: mut inverse, fixed } = statistics;
    for v in inverse.data_mut::<T>()? {
        *v = T::from_f64(1.0 / (v.to_f64() + eps).sqrt());
    }
    let kept = Kept {
        x: x.value().clone(),
        gamma: gamma.value().clone(),
        beta: beta.value().clone(),
        mean,
        inverse,
    };
    let mut y = Tensor::unset::<T>(x.shape())?;
    channels::forward(kept.x.data::<T>()?, layout, kept.parameters()?, activation, y.data_mut()?)?;
    record(y, [x, gamma, beta], move |mut dy, _| {
        let mut dgamma = Tensor::unset::<T>(&parameters)?;
        let mut dbeta = Tensor::unset::<T>(&parameters)?;
        channels::backward(
            kept.x.data::<T>()?,
            layout,
            kept.parameters()?,
            activation,
            fixed,
            dy.data_mut()?,
            dgamma.data_mut()?,
            dbeta.data_mut()?,
        )?;
        Ok([Some(dy.into()), Some(dgamma.into()), Some(dbeta.into())])
    })
}
