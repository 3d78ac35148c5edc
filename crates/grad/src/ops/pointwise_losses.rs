//! Losses that compare each number with its own target.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS, numbers};
use crate::expect::weights;
use crate::ops::cross_entropy::finish;
use pellucid_kernels::Float;
use pellucid_kernels::losses::{self, Absolute, BinaryCrossEntropy, Huber, Pointwise, Squared};
use pellucid_tensor::{Error, Result, Tensor, with_float};

/// The weighted mean of `−p t ln σ(x) − (1 − t) ln(1 − σ(x))`, with the logistic function σ and the weight p of the
/// positive side.
///
/// logits: `[n]` or `[n, d]`; targets: the same shape, probabilities in 0 … 1; row_weights: `[n]`, where 0
/// ignores a row. The result is a scalar: each row's mean, weighted; 0 if all weights are 0 or there are no rows.
///
/// # Errors
/// Shapes or types other than these, targets outside of [0, 1], weights that are negative or not finite, or no memory.
pub fn binary_cross_entropy(
    logits: &Var,
    targets: &Tensor,
    positive_weight: f64,
    row_weights: Option<&Tensor>,
) -> Result<Var> {
    const OP: &str = "binary_cross_entropy";
    if !(positive_weight >= 0.0 && positive_weight.is_finite()) {
        let why = format!("the positive weight is {positive_weight}, expected a number from 0");
        return Err(Error::argument(OP, why));
    }
    let outside = |t: f64| !(0.0..=1.0).contains(&t);
    with_float!(OP, targets.dtype(), T => {
        match targets.data::<T>()?.iter().position(|&t| outside(t.to_f64())) {
            Some(i) => Err(Error::argument(OP, format!("target number {i} is not within 0 … 1"))),
            None => Ok(()),
        }
    })?;
    compare(OP, BinaryCrossEntropy { positive_weight }, logits, targets, row_weights)
}

/// The weighted mean of `(x − t)²`.
///
/// x: `[n]` or `[n, ..]`; targets: the same shape; row_weights: `[n]`, where 0 ignores a row. The result is a scalar:
/// each row's mean, weighted; 0 if all weights are 0 or there are no rows.
///
/// # Errors
/// Shapes or types other than these, weights that are negative or not finite, or no memory.
pub fn mse(x: &Var, targets: &Tensor, row_weights: Option<&Tensor>) -> Result<Var> {
    compare("mse", Squared, x, targets, row_weights)
}

/// The weighted mean of `|x − t|`; the derivative at 0 is taken as 0.
///
/// x: `[n]` or `[n, ..]`; targets: the same shape; row_weights: `[n]`, where 0 ignores a row. The result is a scalar:
/// each row's mean, weighted; 0 if all weights are 0 or there are no rows.
///
/// # Errors
/// Shapes or types other than these, weights that are negative or not finite, or no memory.
pub fn mae(x: &Var, targets: &Tensor, row_weights: Option<&Tensor>) -> Result<Var> {
    compare("mae", Absolute, x, targets, row_weights)
}

/// The weighted mean of ½ d² where |d| ≤ δ, else δ (|d| − ½ δ), with d = x − t (Huber 1964): squared for small
/// errors, linear for large ones.
///
/// x: `[n]` or `[n, ..]`; targets: the same shape; delta: δ > 0 in the units of x; row_weights: `[n]`, where 0 ignores a
/// row. The result is a scalar: each row's mean, weighted; 0 if all weights are 0 or there are no rows.
///
/// # Errors
/// Shapes or types other than these, a δ that is not positive, weights that are negative or not finite, or no memory.
pub fn huber(x: &Var, targets: &Tensor, delta: f64, row_weights: Option<&Tensor>) -> Result<Var> {
    const OP: &str = "huber";
    if !(delta > 0.0 && delta.is_finite()) {
        return Err(Error::argument(OP, format!("delta is {delta}, expected a positive number")));
    }
    compare(OP, Huber { delta }, x, targets, row_weights)
}

fn compare(
    op: &'static str,
    loss: impl Pointwise,
    x: &Var,
    targets: &Tensor,
    row_weights: Option<&Tensor>,
) -> Result<Var> {
    if x.shape() != targets.shape() {
        return Err(Error::shape(op, format!("x is {}, its targets are {}", x.shape(), targets.shape())));
    }
    let Some(&rows) = x.shape().first() else {
        return Err(Error::shape(op, "x is a single number, expected [n] or [n, ..]"));
    };
    let width = x.shape()[1..].iter().product();
    with_float!(op, x.dtype(), T => {
        if targets.dtype() != x.dtype() {
            return Err(Error::dtype(op, &format!("targets of type {} as x", x.dtype().name()), targets.dtype()));
        }
        let row_weights = weights::<T>(op, "row_weights", row_weights, rows)?;
        let mut gradient = Tensor::unset::<T>(x.shape())?;
        let (x_data, t_data) = (x.value().data()?, targets.data()?);
        let loss = losses::pointwise(loss, x_data, t_data, width, row_weights, gradient.data_mut()?)?;
        finish(x, loss, gradient)
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    type Loss = fn(&Var, &Tensor, Option<&Tensor>) -> Result<Var>;
    let kinds: [(&str, Loss); 4] = [
        ("binary_cross_entropy", |x, t, w| binary_cross_entropy(x, t, 2.5, w)),
        ("mse", mse),
        ("mae", mae),
        ("huber", |x, t, w| huber(x, t, 0.4, w)),
    ];
    /// 3 x: spreads logits and errors.
    fn spread(shape: &[usize]) -> Result<Tensor> {
        let mut x = numbers(0, shape)?;
        x.data_mut::<f64>()?.iter_mut().for_each(|x| *x *= 3.0);
        Ok(x)
    }
    let mut cases = Vec::new();
    for (name, loss) in kinds {
        let mut case = |what: String, x: Tensor, weight: Option<f64>| -> Result<()> {
            // Targets in [0, 1), off any input; weights in [0.1, 1.9) times a factor, a quarter of them 0.
            let (mut targets, mut weights) = (numbers(9, x.shape())?, numbers(11, &[x.dim(0)?])?);
            targets.data_mut::<f64>()?.iter_mut().for_each(|t| *t = 0.5003 + 0.49 * *t);
            let factor = weight.unwrap_or(1.0);
            for (i, w) in weights.data_mut::<f64>()?.iter_mut().enumerate() {
                *w = if i % 4 == 1 { 0.0 } else { factor * (1.0 + 0.9 * *w) };
            }
            let run = move |v: &[Var]| {
                let dtype = v[0].dtype();
                let w = weight.is_some().then(|| weights.cast(dtype)).transpose()?;
                loss(&v[0], &targets.cast(dtype)?, w.as_ref())
            };
            let name = format!("pointwise_losses/{name} {what}");
            cases.push(Case { name, inputs: vec![x], run: Box::new(run) });
            Ok(())
        };
        for n in EDGE_LENGTHS {
            case(format!("length {n}"), spread(&[n])?, None)?;
        }
        case("weights".into(), spread(&[9])?, Some(1.0))?;
        case("rows".into(), spread(&[5, 3])?, None)?;
        case("rows, weights".into(), spread(&[5, 3])?, Some(2.0))?;
        case("all ignored".into(), spread(&[5, 3])?, Some(0.0))?;
        case("large".into(), spread(&[70_001])?, None)?;
        case("large rows, weights".into(), spread(&[700, 101])?, Some(1.0))?;
        case("extreme".into(), Tensor::new(&[80.0, -80.0, 400.0, -400.0], &[4])?, None)?;
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::DType;

    #[test]
    fn what_does_not_fit_is_an_error() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(0f32, &[2, 3]).unwrap());
        let t = Tensor::full(1f32, &[2, 3]).unwrap();
        assert!(mse(&x, &t, None).is_ok());
        assert!(mse(&x, &t.reshape(&[3, 2]).unwrap(), None).is_err());
        assert!(mae(&x, &t.cast(DType::F64).unwrap(), None).is_err());
        assert!(mse(&x, &t, Some(&Tensor::full(1f32, &[3]).unwrap())).is_err());
        assert!(huber(&x, &t, 0.0, None).is_err() && huber(&x, &t, f64::NAN, None).is_err());
        let scalar = tape.constant(&Tensor::scalar(0f32).unwrap());
        assert!(mse(&scalar, &Tensor::scalar(0f32).unwrap(), None).is_err());
        let outside = Tensor::new(&[0f32, 1.0, 0.5, 0.0, 1.5, 0.0], &[2, 3]).unwrap();
        let error = binary_cross_entropy(&x, &outside, 1.0, None).err().unwrap().to_string();
        assert!(error.contains("number 4"), "{error}");
        assert!(binary_cross_entropy(&x, &t, -1.0, None).is_err());
    }

    #[test]
    fn an_exact_hit_costs_nothing_and_pulls_nowhere() {
        let tape = Tape::new();
        let x = tape.watch(&Tensor::full(0.25f32, &[3]).unwrap());
        for loss in [mse, mae, |x: &Var, t: &Tensor, w: Option<&Tensor>| huber(x, t, 1.0, w)] {
            let y = loss(&x, x.value(), None).unwrap();
            assert_eq!(y.value().item(), Ok(0.0));
        }
        let g = mae(&x, x.value(), None).unwrap().backward().unwrap();
        assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [0.0; 3]);
    }
}
