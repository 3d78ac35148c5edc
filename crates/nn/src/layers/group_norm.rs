use super::{activation_suffix, expect_last};
use crate::check::Sample;
use crate::{InWords, Layer, Param, Pass, module};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Error, Result, Tensor};

/// Group normalisation (Wu & He, arXiv 1803.08494) with an activation: y = activation(weight (x − mean) / √(variance + 10⁻⁵) + bias),
/// with mean and variance of a group of neighbouring channels over a whole example. It does not depend on the batch.
///
/// x: `[n, height, width, channels]`; weight (at first 1), bias (at first 0): `[channels]`.
pub struct GroupNorm {
    /// The scale.
    pub weight: Param,
    /// The shift.
    pub bias: Param,
    /// What is applied to the result.
    pub activation: Activation,
    groups: usize,
}

module!(GroupNorm { weight, bias });

impl GroupNorm {
    /// For inputs with the given channels, in groups of equal size, without an activation.
    ///
    /// # Errors
    /// Channels that cannot be dealt out evenly to the groups, or no memory.
    pub fn new(channels: usize, groups: usize) -> Result<GroupNorm> {
        if channels.checked_rem(groups) != Some(0) {
            let why = format!("{channels} channels cannot be dealt out evenly to {groups} groups");
            return Err(Error::argument("group norm", why));
        }
        Ok(GroupNorm {
            weight: Param::bias(Tensor::full(1f32, &[channels])?),
            bias: Param::bias(Tensor::full(0f32, &[channels])?),
            activation: Activation::Identity,
            groups,
        })
    }

    /// An activation on the result.
    #[must_use]
    pub fn activation(self, activation: Activation) -> GroupNorm {
        GroupNorm { activation, ..self }
    }
}

impl Layer for GroupNorm {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let (weight, bias) = (pass.param(&self.weight), pass.param(&self.bias));
        ops::group_norm(x, self.groups, &weight, &bias, 1e-5, self.activation)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_last("group norm", input, self.weight.value.len())?;
        Ok(input.to_vec())
    }

    fn name(&self) -> String {
        format!("group norm, {} groups", self.groups) + &activation_suffix(self.activation)
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Norm", "keeps numbers at a like size")
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let wrong: &[&[usize]] = &[&[], &[2, 3, 5]];
    let active = GroupNorm::new(6, 2)?.activation(Activation::Silu);
    Ok(vec![
        Sample::new("plain", GroupNorm::new(6, 3)?, &[2, 3, 6], wrong),
        Sample::new("with an activation", active, &[2, 3, 6], wrong),
    ])
}
