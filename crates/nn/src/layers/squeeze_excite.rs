use super::{GlobalAvgPool, Linear, expect_last, expect_picture};
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Seed, module};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Error, Result};

/// Scales each channel by how much the whole picture calls for it (Hu et al., arXiv 1709.01507):
/// y = x · sigmoid(expand(activation(squeeze(mean of x)))), the activation being ReLU unless another is given.
///
/// x, y: `[n, height, width, channels]`.
pub struct SqueezeExcite {
    /// `[channels]` → `[channels / reduction]`.
    pub squeeze: Linear,
    /// And back.
    pub expand: Linear,
}

module!(SqueezeExcite { squeeze, expand });

impl SqueezeExcite {
    /// For pictures with the given channels, which are squeezed into `⌈channels / reduction⌉` numbers.
    ///
    /// # Errors
    /// A reduction of 0, or no memory.
    pub fn new(seed: &Seed, channels: usize, reduction: usize) -> Result<SqueezeExcite> {
        if reduction == 0 {
            return Err(Error::argument("squeeze excite", "a reduction of 0; it must be at least 1"));
        }
        SqueezeExcite::with(seed, channels, channels.div_ceil(reduction), Activation::Relu)
    }

    /// For pictures with the given channels, which are squeezed into `inner` numbers under an activation.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub fn with(seed: &Seed, channels: usize, inner: usize, activation: Activation) -> Result<SqueezeExcite> {
        Ok(SqueezeExcite {
            squeeze: Linear::new(&seed.part("squeeze"), channels, inner, activation)?,
            expand: Linear::new(&seed.part("expand"), inner, channels, Activation::Sigmoid)?,
        })
    }
}

impl Layer for SqueezeExcite {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let means = GlobalAvgPool.forward(pass, x)?;
        let scales = self.expand.forward(pass, &self.squeeze.forward(pass, &means)?)?;
        ops::mul(x, &ops::reshape(&scales, &[scales.value().dim(0)?, 1, 1, scales.shape().last()])?)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_picture("squeeze excite", input)?;
        expect_last("squeeze excite", input, self.squeeze.sizes().0)?;
        Ok(input.to_vec())
    }

    fn name(&self) -> String {
        format!("squeeze excite {}", self.squeeze.sizes().1)
    }

    fn in_words(&self) -> InWords {
        InWords::step("Channel weights", "turns each channel up or down, by what the whole picture shows")
    }

    fn multiply_adds(&self, _: &[usize]) -> u64 {
        (self.squeeze.weight.value.len() + self.expand.weight.value.len()) as u64
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let layer = SqueezeExcite::new(&Seed::new(1), 6, 4)?;
    Ok(vec![Sample::new("plain", layer, &[3, 4, 6], &[&[6], &[3, 4, 5]])])
}
