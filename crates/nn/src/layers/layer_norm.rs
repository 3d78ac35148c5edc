use super::expect_last;
use crate::check::Sample;
use crate::{InWords, Layer, Param, Pass, Reach, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::{Result, Tensor};

/// Layer normalisation over the last axis (Ba et al., arXiv 1607.06450):
/// y = weight (x − mean) / √(variance + ε) + bias.
///
/// x: `[n, …, width]`; weight (at first 1), bias (at first 0): `[width]`.
pub struct LayerNorm {
    /// The scale.
    pub weight: Param,
    /// The shift.
    pub bias: Param,
    epsilon: f64,
}

module!(LayerNorm { weight, bias });

impl LayerNorm {
    /// For inputs whose last axis has the length `width`, with ε = 10⁻⁵.
    ///
    /// # Errors
    /// No memory.
    pub fn new(width: usize) -> Result<LayerNorm> {
        Ok(LayerNorm {
            weight: Param::bias(Tensor::full(1f32, &[width])?),
            bias: Param::bias(Tensor::full(0f32, &[width])?),
            epsilon: 1e-5,
        })
    }

    /// With another ε.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> LayerNorm {
        LayerNorm { epsilon, ..self }
    }
}

impl Layer for LayerNorm {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        ops::layer_norm(x, &pass.param(&self.weight), &pass.param(&self.bias), self.epsilon)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_last("layer norm", input, self.weight.value.len())?;
        Ok(input.to_vec())
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some([Reach::PLACE; 2])
    }

    fn name(&self) -> String {
        "layer norm".into()
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Norm", "keeps numbers at a like size")
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    Ok(vec![
        Sample::new("plain", LayerNorm::new(7)?, &[2, 7], &[&[], &[7, 2]]),
        Sample::new("another ε", LayerNorm::new(7)?.epsilon(0.1), &[2, 7], &[]),
    ])
}
