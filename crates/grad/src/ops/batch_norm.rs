//! Batch normalisation (Ioffe & Szegedy, arXiv 1502.03167).

use crate::check::{Case, EDGE_LENGTHS, numbers};
use crate::normalise::{Statistics, normalise};
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::norm::channels::Layout;
use pellucid_tensor::{Result, Scalar, Tensor, with_float};

const OP: &str = "batch_norm";

/// Whose statistics batch norm normalises with.
#[derive(Clone, Copy, Debug)]
pub enum Stats<'a> {
    /// Those of x itself: in training.
    Batch,
    /// Given ones, which no gradient flows into: when a network is used.
    Running {
        /// `[channels]`.
        mean: &'a Tensor,
        /// `[channels]`.
        var: &'a Tensor,
    },
}

/// What batch norm found in x, to be blended into the running statistics.
#[derive(Clone, Debug)]
pub struct BatchStats {
    /// `[channels]`.
    pub mean: Tensor,
    /// `[channels]`, unbiased: divided by the number of positions less one (at least one).
    pub var: Tensor,
}

/// `activation(γ (x − mean) / √(variance + eps) + β)`, the mean and variance being those of a channel over all positions.
///
/// x: `[.., channels]`; gamma, beta: `[channels]`; the result has the shape of x. With [`Stats::Batch`] the
/// biased variance normalises, and the statistics are returned unless x has no positions.
///
/// # Errors
/// Shapes other than these, an `eps` that is not positive, a type that is not floating point, or no memory.
pub fn batch_norm(
    x: &Var,
    gamma: &Var,
    beta: &Var,
    stats: Stats<'_>,
    eps: f64,
    activation: Activation,
) -> Result<(Var, Option<BatchStats>)> {
    let channels = expect::last_axis(OP, x.shape())?;
    let rows = x.shape()[..x.shape().rank() - 1].iter().product();
    let layout = Layout { samples: 1, rows, channels, groups: channels };
    with_float!(OP, x.dtype(), T => {
        let (statistics, found) = statistics::<T>(x, layout, stats)?;
        Ok((normalise::<T>(OP, x, layout, statistics, gamma, beta, eps, activation)?, found))
    })
}

fn statistics<T: Float + Scalar>(
    x: &Var,
    layout: Layout,
    stats: Stats<'_>,
) -> Result<(Statistics, Option<BatchStats>)> {
    match stats {
        Stats::Running { mean, var } => {
            expect::parameter(OP, "the running mean", mean.shape(), &[layout.channels], x.shape())?;
            expect::parameter(OP, "the running variance", var.shape(), &[layout.channels], x.shape())?;
            Ok((Statistics { mean: mean.clone(), variance: var.clone(), fixed: true }, None))
        }
        Stats::Batch => {
            let statistics = Statistics::of::<T>(x.value(), layout)?;
            if layout.rows == 0 {
                return Ok((statistics, None));
            }
            let unbias = T::from_f64(layout.rows as f64 / (layout.rows - 1).max(1) as f64);
            let mut var = statistics.variance.clone();
            var.data_mut::<T>()?.iter_mut().for_each(|v| *v *= unbias);
            let found = BatchStats { mean: statistics.mean.clone(), var };
            Ok((statistics, Some(found)))
        }
    }
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let trained = |name: String, x: &[usize], activation| {
        let channels = x.last().copied().unwrap_or(1);
        Case::new(format!("batch_norm/{name}"), &[x, &[channels], &[channels]], move |v| {
            Ok(batch_norm(&v[0], &v[1], &v[2], Stats::Batch, 1e-3, activation)?.0)
        })
    };
    let mut cases = Vec::new();
    for channels in EDGE_LENGTHS {
        cases.push(trained(format!("{channels} channels"), &[24, channels], Identity)?);
    }
    for rows in EDGE_LENGTHS {
        cases.push(trained(format!("{rows} rows"), &[rows, 3], Relu)?);
    }
    for activation in [Identity, Relu, Gelu, Silu, Sigmoid, Tanh] {
        cases.push(trained(format!("pictures, {activation:?}"), &[2, 5, 4, 18], activation)?);
    }
    cases.push(trained("many blocks".into(), &[5, 33, 31, 12], Silu)?);
    for activation in [Identity, Silu] {
        cases.push(Case::new(
            format!("batch_norm/running statistics, {activation:?}"),
            &[&[7, 5], &[5], &[5]],
            move |v| {
                let mean = numbers(3, &[5])?.cast(v[0].dtype())?;
                let mut var = numbers(4, &[5])?;
                var.data_mut::<f64>()?.iter_mut().for_each(|x| *x += 1.5);
                let var = var.cast(v[0].dtype())?;
                let stats = Stats::Running { mean: &mean, var: &var };
                Ok(batch_norm(&v[0], &v[1], &v[2], stats, 1e-5, activation)?.0)
            },
        )?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    fn vars(x: &[f64], shape: &[usize]) -> [Var; 3] {
        let tape = Tape::new();
        let channels = shape[shape.len() - 1];
        let one = Tensor::full(1f64, &[channels]).unwrap();
        let zero = Tensor::full(0f64, &[channels]).unwrap();
        [tape.watch(&Tensor::new(x, shape).unwrap()), tape.watch(&one), tape.watch(&zero)]
    }

    #[test]
    fn the_statistics_found_are_mean_and_unbiased_variance() {
        let [x, gamma, beta] = vars(&[1.0, 10.0, 2.0, 10.0, 6.0, 40.0], &[3, 2]);
        let found =
            batch_norm(&x, &gamma, &beta, Stats::Batch, 1e-5, Activation::Identity).unwrap().1.unwrap();
        assert_eq!(found.mean.to_vec(), [3.0, 20.0]);
        assert!(found.var.to_vec().iter().zip([7.0, 300.0]).all(|(a, b): (&f64, f64)| (a - b).abs() < 1e-12));
    }

    #[test]
    fn no_positions_give_no_statistics_and_one_gives_variance_zero() {
        let [x, gamma, beta] = vars(&[], &[0, 2]);
        let (y, found) = batch_norm(&x, &gamma, &beta, Stats::Batch, 1e-5, Activation::Relu).unwrap();
        assert!(y.value().is_empty() && found.is_none());
        let [x, gamma, beta] = vars(&[4.0, 5.0], &[1, 2]);
        let (y, found) = batch_norm(&x, &gamma, &beta, Stats::Batch, 1e-5, Activation::Identity).unwrap();
        assert_eq!((y.value().to_vec(), found.unwrap().var.to_vec()), (vec![0.0; 2], vec![0.0; 2]));
    }

    #[test]
    fn a_large_mean_costs_no_accuracy() {
        // In single precision, a difference of sums of squares would lose every digit of this variance.
        let tape = Tape::new();
        let data: Vec<f32> = (0..80_000).map(|i| 4096.0 + (i % 5) as f32 * 0.25).collect();
        let x = tape.watch(&Tensor::new(&data, &[40_000, 2]).unwrap());
        let one = tape.watch(&Tensor::full(1f32, &[2]).unwrap());
        let found = batch_norm(&x, &one, &one, Stats::Batch, 1e-5, Activation::Identity).unwrap().1.unwrap();
        assert!(found.var.to_vec().iter().all(|v| (v - 0.125).abs() < 1e-5), "{:?}", found.var);
    }

    #[test]
    fn wrong_shapes_and_eps_are_errors_that_name_them() {
        let [x, gamma, _] = vars(&[1.0, 2.0, 3.0, 4.0], &[2, 2]);
        let long = x.tape().watch(&Tensor::full(0f64, &[3]).unwrap());
        let error =
            batch_norm(&x, &gamma, &long, Stats::Batch, 1e-5, Activation::Relu).err().unwrap().to_string();
        assert!(error.contains("beta is [3]") && error.contains("[2, 2]"), "{error}");
        assert!(batch_norm(&x, &gamma, &gamma, Stats::Batch, 0.0, Activation::Relu).is_err());
        let running = Stats::Running { mean: gamma.value(), var: long.value() };
        assert!(batch_norm(&x, &gamma, &gamma, running, 1e-5, Activation::Relu).is_err());
        let number = x.tape().watch(&Tensor::scalar(1f64).unwrap());
        assert!(batch_norm(&number, &gamma, &gamma, Stats::Batch, 1e-5, Activation::Relu).is_err());
    }
}
