//! What linear and convolution share: a bilinear map of x and a weight, then a bias, then an activation.

use crate::Var;
use crate::tape::record_many;
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::columns::{bias_activation_backward, column_sums};
use pellucid_kernels::matmul::Epilogue;
use pellucid_tensor::{Result, Scalar, Shape, Tensor};

/// The inputs of `activation(map(x, weight) + bias)`.
pub(crate) struct Fused<'a> {
    pub(crate) x: &'a Var,
    pub(crate) weight: &'a Var,
    /// `[columns]`, those of the result's last axis.
    pub(crate) bias: Option<&'a Var>,
    pub(crate) activation: Activation,
}

impl Fused<'_> {
    /// Computes and records the result of the given shape.
    ///
    /// `forward(x, weight, y, epilogue)` computes it; `to_x(weight, dz)` and `to_weight(x, dz)` are the gradients, given
    /// that of the map's result.
    pub(crate) fn record<T: Float + Scalar>(
        self,
        shape: &Shape,
        forward: impl FnOnce(&[T], &[T], &mut [T], Epilogue<T>) -> Result<()>,
        to_x: impl FnOnce(&[T], &[T]) -> Result<Tensor> + 'static,
        to_weight: impl FnOnce(&[T], &[T]) -> Result<Tensor> + 'static,
    ) -> Result<Var> {
        let Fused { x, weight, bias, activation } = self;
        let inputs: Vec<&Var> = [x, weight].into_iter().chain(bias).collect();
        let wanted: Vec<bool> = inputs.iter().map(|v| v.needs_gradient()).collect();
        let mut y = Tensor::unset::<T>(shape)?;
        let mut pre = match activation.needs_input() && wanted.contains(&true) {
            true => Some(Tensor::unset::<T>(shape)?),
            false => None,
        };
        let epilogue = Epilogue {
            accumulate: false,
            scale: None,
            bias: bias.map(|b| b.value().data()).transpose()?,
            activation,
            pre: pre.as_mut().map(Tensor::data_mut).transpose()?,
        };
        let (x, weight) = (x.value().clone(), weight.value().clone());
        forward(x.data()?, weight.data()?, y.data_mut()?, epilogue)?;
        let kept = (activation != Activation::Identity).then(|| pre.unwrap_or_else(|| y.clone()));
        let columns = shape.last();
        record_many(y, &inputs, move |mut dz, send| {
            let bias_wanted = wanted.get(2) == Some(&true);
            let mut dbias = Tensor::unset::<T>(&[columns])?;
            if let Some(kept) = kept {
                bias_activation_backward::<T>(activation, kept.data()?, dz.data_mut()?, dbias.data_mut()?)?;
            } else if bias_wanted {
                column_sums::<T>(dz.data()?, dbias.data_mut()?)?;
            }
            if bias_wanted {
                send(2, dbias.into())?;
            }
            if wanted[1] {
                send(1, to_weight(x.data()?, dz.data()?)?.into())?;
            }
            if wanted[0] {
                send(0, to_x(weight.data()?, dz.data()?)?.into())?;
            }
            Ok(())
        })
    }
}
