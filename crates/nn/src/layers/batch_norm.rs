use super::{activation_suffix, expect_last};
use crate::check::Sample;
use crate::{Init, InWords, Layer, Param, Pass, Piece, Reach, Seed, module};
use pellucid_grad::in_use::PerChannel;
use pellucid_grad::{Var, ops};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Result, Scalar, Tensor, with_float};

/// The share of the new in the running statistics.
const MOMENTUM: f64 = 0.1;
/// Keeps the division finite, unless another number is given.
const EPSILON: f64 = 1e-5;

/// Batch normalisation (Ioffe & Szegedy, arXiv 1502.03167) with an activation:
/// y = activation(weight (x − mean) / √(variance + 10⁻⁵) + bias) for each channel.
///
/// x: `[n, …, channels]`; everything else: `[channels]`. In training, mean and variance are those of the batch,
/// and the running ones move towards them by a tenth (the variance being the unbiased one); otherwise the running ones are used.
pub struct BatchNorm {
    /// The scale, at first 1.
    pub weight: Param,
    /// The shift, at first 0.
    pub bias: Param,
    /// At first 0.
    pub running_mean: Param,
    /// At first 1.
    pub running_var: Param,
    /// What is applied to the result.
    pub activation: Activation,
    epsilon: f64,
}

module!(BatchNorm { weight, bias, running_mean, running_var });

impl BatchNorm {
    /// For inputs whose last axis has the length `channels`.
    ///
    /// # Errors
    /// No memory.
    pub fn new(channels: usize, activation: Activation) -> Result<BatchNorm> {
        let full = |value| Tensor::full::<f32>(value, &[channels]);
        Ok(BatchNorm {
            weight: Param::bias(full(1.0)?),
            bias: Param::bias(full(0.0)?),
            running_mean: Param::buffer(full(0.0)?),
            running_var: Param::buffer(full(1.0)?),
            activation,
            epsilon: EPSILON,
        })
    }

    /// Another number in the place of 10⁻⁵.
    #[must_use]
    pub fn epsilon(self, epsilon: f64) -> BatchNorm {
        BatchNorm { epsilon, ..self }
    }
}

/// The running statistic, moved towards the one of a batch.
fn blend<T: Float + Scalar>(mut running: Tensor, batch: &Tensor) -> Result<Tensor> {
    let share = T::from_f64(MOMENTUM);
    for (r, &b) in running.data_mut::<T>()?.iter_mut().zip(batch.data::<T>()?) {
        *r = (T::ONE - share) * *r + share * b;
    }
    Ok(running)
}

impl Layer for BatchNorm {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let (mean, var) = (pass.buffer(&self.running_mean), pass.buffer(&self.running_var));
        let stats = match pass.is_training() {
            true => ops::Stats::Batch,
            false => ops::Stats::Running { mean: &mean, var: &var },
        };
        let (weight, bias) = (pass.param(&self.weight), pass.param(&self.bias));
        let (y, found) = ops::batch_norm(x, &weight, &bias, stats, self.epsilon, self.activation)?;
        if let Some(found) = found {
            with_float!("batch norm", x.dtype(), T => {
                pass.update(&self.running_mean, blend::<T>(mean, &found.mean)?);
                pass.update(&self.running_var, blend::<T>(var, &found.var)?);
                Ok(())
            })?;
        }
        Ok(y)
    }

    fn per_channel(&self, pass: &Pass) -> Result<Option<PerChannel>> {
        if pass.is_training() {
            return Ok(None);
        }
        let (mean, var) = (&self.running_mean.value, &self.running_var.value);
        with_float!("batch norm", self.weight.value.dtype(), T => {
            let (mut scale, mut shift) = (self.weight.value.clone(), self.bias.value.clone());
            let statistics = mean.data::<T>()?.iter().zip(var.data::<T>()?);
            let both = scale.data_mut::<T>()?.iter_mut().zip(shift.data_mut::<T>()?);
            for ((scale, shift), (&mean, &var)) in both.zip(statistics) {
                *scale /= (var + T::from_f64(self.epsilon)).sqrt();
                *shift -= mean * *scale;
            }
            Ok(Some(PerChannel { scale, shift, activation: self.activation }))
        })
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_last("batch norm", input, self.weight.value.len())?;
        Ok(input.to_vec())
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some([Reach::PLACE; 2])
    }

    fn name(&self) -> String {
        format!("batch norm{}", activation_suffix(self.activation))
    }

    fn in_words(&self) -> InWords {
        InWords::aside("Norm", "keeps numbers at a like size")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        let [weight, bias, mean, var] = [&self.weight, &self.bias, &self.running_mean, &self.running_var];
        let [weight, bias, mean, var] = [weight.value.data::<f32>()?, bias.value.data()?, mean.value.data()?, var.value.data()?];
        let scale: Vec<f32> = weight.iter().zip(var).map(|(w, v)| w / (v + self.epsilon as f32).sqrt()).collect();
        let shift = bias.iter().zip(mean).zip(&scale).map(|((b, m), s)| b - m * s).collect();
        Ok(vec![Piece::Affine { scale, shift, activation: self.activation }])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let wrong: &[&[usize]] = &[&[], &[3, 2]];
    let mut used = BatchNorm::new(3, Activation::Silu)?;
    used.running_mean.value = Init::Normal(1.0).tensor(&[3], &Seed::new(1))?;
    used.weight.value = Init::Normal(1.0).tensor(&[3], &Seed::new(2))?;
    Ok(vec![
        Sample::new("fresh", BatchNorm::new(3, Activation::Identity)?.epsilon(1e-3), &[3], wrong),
        Sample::new("used", used, &[4, 5, 3], wrong),
    ])
}
