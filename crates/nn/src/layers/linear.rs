use super::{activation_suffix, expect_last};
use crate::check::Sample;
use crate::{Init, InWords, Layer, Param, Pass, Piece, Reach, Seed, module};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::Result;

/// A linear map of the last axis with an activation: y = activation(x Wᵀ + b).
///
/// x: `[n, …, inputs]`, W: `[outputs, inputs]`, b: `[outputs]`, y: `[n, …, outputs]`.
pub struct Linear {
    /// W.
    pub weight: Param,
    /// b.
    pub bias: Option<Param>,
    /// What is applied to the result.
    pub activation: Activation,
}

module!(Linear { weight, bias });

impl Linear {
    /// A map from `inputs` to `outputs` numbers. W starts as [`Init::KaimingNormal`] before ReLU-like
    /// activations and [`Init::XavierUniform`] otherwise, b as 0.
    ///
    /// # Errors
    /// An impossible size, or no memory.
    pub fn new(seed: &Seed, inputs: usize, outputs: usize, activation: Activation) -> Result<Linear> {
        let init = match activation {
            Activation::Relu | Activation::Gelu | Activation::Silu => Init::KaimingNormal,
            Activation::Identity | Activation::Sigmoid | Activation::Tanh => Init::XavierUniform,
        };
        Ok(Linear {
            weight: Param::weight(init.tensor(&[outputs, inputs], &seed.part("weight"))?),
            bias: Some(Param::bias(Init::Zeros.tensor(&[outputs], seed)?)),
            activation,
        })
    }

    /// The same map without b: for use before a norm, which has a shift of its own.
    #[must_use]
    pub fn without_bias(self) -> Linear {
        Linear { bias: None, ..self }
    }

    /// (inputs, outputs).
    pub(super) fn sizes(&self) -> (usize, usize) {
        let shape = self.weight.value.shape();
        (shape.last(), shape.first().copied().unwrap_or_default())
    }
}

impl Layer for Linear {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let bias = self.bias.as_ref().map(|b| pass.param(b));
        ops::linear(x, &pass.param(&self.weight), bias.as_ref(), self.activation)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        let (inputs, outputs) = self.sizes();
        expect_last("linear", input, inputs)?;
        Ok([&input[..input.len() - 1], &[outputs]].concat())
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some([Reach::PLACE; 2])
    }

    fn name(&self) -> String {
        format!("dense {}{}", self.sizes().1, activation_suffix(self.activation))
    }

    fn in_words(&self) -> InWords {
        let sums = match self.sizes().1 {
            1 => "adds up all numbers that come in, each with a weight of its own".to_owned(),
            n => format!("adds up all numbers that come in, in {n} ways, each with weights of its own"),
        };
        InWords::step("Dense layer", sums)
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let rows = input.iter().rev().skip(1).product::<usize>();
        (rows as u64).saturating_mul(self.weight.value.len() as u64)
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(vec![Piece::Linear {
            weight: self.weight.value.clone(),
            bias: self.bias.as_ref().map(|b| b.value.clone()),
            activation: self.activation,
        }])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let wrong: &[&[usize]] = &[&[], &[4], &[5, 4]];
    Ok(vec![
        Sample::new("plain", Linear::new(&seed, 5, 3, Activation::Identity)?, &[5], wrong),
        Sample::new("gelu", Linear::new(&seed, 5, 3, Activation::Gelu)?, &[2, 5], wrong),
        Sample::new("no bias", Linear::new(&seed, 5, 3, Activation::Tanh)?.without_bias(), &[5], wrong),
    ])
}
