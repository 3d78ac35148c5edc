//! Softmax over the last axis, and its logarithm.

use crate::check::{Case, EDGE_LENGTHS, numbers};
use crate::tape::record;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::softmax as kernel;
use pellucid_tensor::{Result, Scalar, Tensor, with_float};

/// `e^x / Σ e^x` over the last axis: numbers of any size become shares that sum to 1.
///
/// x: `[.., classes]`; the result has the shape of x.
///
/// # Errors
/// A scalar, an integer element type, or no memory.
pub fn softmax(x: &Var) -> Result<Var> {
    with_float!("softmax", x.dtype(), T => {
        rows::<T>("softmax", x, kernel::softmax, kernel::softmax_backward)
    })
}

/// `x − ln Σ e^x` over the last axis: the logarithm of [`softmax`], without its rounding to 0.
///
/// x: `[.., classes]`; the result has the shape of x.
///
/// # Errors
/// A scalar, an integer element type, or no memory.
pub fn log_softmax(x: &Var) -> Result<Var> {
    with_float!("log_softmax", x.dtype(), T => {
        rows::<T>("log_softmax", x, kernel::log_softmax, kernel::log_softmax_backward)
    })
}

/// A function of rows whose way back needs only its value.
fn rows<T: Float + Scalar>(
    op: &'static str,
    x: &Var,
    forward: fn(&[T], usize, &mut [T]),
    backward: fn(&[T], usize, &mut [T]),
) -> Result<Var> {
    let width = expect::last_axis(op, x.shape())?;
    let mut y = Tensor::unset::<T>(x.shape())?;
    forward(x.value().data()?, width, y.data_mut()?);
    let kept = y.clone();
    record(y, [x], move |mut g, _| {
        backward(kept.data()?, width, g.data_mut()?);
        Ok([Some(g.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    type Function = fn(&Var) -> Result<Var>;
    let functions: [(&str, Function); 2] = [("softmax", softmax), ("log_softmax", log_softmax)];
    let mut cases = Vec::new();
    for (name, f) in functions {
        let mut case = |what: String, inputs: Vec<Tensor>| {
            cases.push(Case {
                name: format!("softmax/{name} {what}"),
                inputs,
                run: Box::new(move |v| f(&v[0])),
            });
        };
        for n in EDGE_LENGTHS {
            case(format!("width {n}"), vec![numbers(0, &[3, n])?]);
        }
        case("no rows".into(), vec![numbers(0, &[0, 4])?]);
        case("one axis".into(), vec![numbers(0, &[5])?]);
        case("three axes, large".into(), vec![numbers(0, &[10, 100, 71])?]);
        let extreme = [80.0, -80.0, 0.0, -80.0, -80.0, -80.0, 80.0, 80.0, 79.0, 400.0, -400.0, 399.5];
        case("extreme".into(), vec![Tensor::new::<f64>(&extreme, &[4, 3])?]);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn a_scalar_has_no_last_axis() {
        let x = Tape::idle().constant(&Tensor::scalar(1f32).unwrap());
        assert!(softmax(&x).is_err() && log_softmax(&x).is_err());
    }
}
