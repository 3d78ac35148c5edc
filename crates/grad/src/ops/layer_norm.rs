//! Layer normalisation (Ba, Kiros & Hinton, arXiv 1607.06450).

use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::norm::rows;
use pellucid_tensor::{Result, Scalar, Tensor, with_float};

const OP: &str = "layer_norm";

/// `γ (x − mean) / √(variance + eps) + β` with the mean and (biased) variance of each row, the last axis.
///
/// x: `[.., width]`; gamma, beta: `[width]`; the result has the shape of x.
///
/// # Errors
/// Shapes other than these, an `eps` that is not positive, a type that is not floating point, or no memory.
pub fn layer_norm(x: &Var, gamma: &Var, beta: &Var, eps: f64) -> Result<Var> {
    let width = expect::last_axis(OP, x.shape())?;
    expect::parameter(OP, "gamma", gamma.shape(), &[width], x.shape())?;
    expect::parameter(OP, "beta", beta.shape(), &[width], x.shape())?;
    expect::positive_eps(OP, eps)?;
    with_float!(OP, x.dtype(), T => typed::<T>(x, gamma, beta, eps))
}

fn typed<T: Float + Scalar>(x: &Var, gamma: &Var, beta: &Var, eps: f64) -> Result<Var> {
    let rows = x.shape()[..x.shape().rank() - 1].iter().product();
    let mut y = Tensor::unset::<T>(x.shape())?;
    let mut kept = Tensor::unset::<T>(&[rows, 2])?;
    let (input, scale) = (x.value().clone(), gamma.value().clone());
    rows::forward(
        input.data()?,
        scale.data()?,
        beta.value().data()?,
        T::from_f64(eps),
        y.data_mut()?,
        kept.data_mut()?,
    );
    record(y, [x, gamma, beta], move |mut dy, _| {
        let mut dgamma = Tensor::unset::<T>(scale.shape())?;
        let mut dbeta = Tensor::unset::<T>(scale.shape())?;
        rows::backward(
            input.data::<T>()?,
            scale.data()?,
            kept.data()?,
            dy.data_mut()?,
            dgamma.data_mut()?,
            dbeta.data_mut()?,
        )?;
        Ok([Some(dy.into()), Some(dgamma.into()), Some(dbeta.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: String, x: &[usize]| {
        let width = x.last().copied().unwrap_or(1);
        Case::new(format!("layer_norm/{name}"), &[x, &[width], &[width]], |v| {
            layer_norm(&v[0], &v[1], &v[2], 1e-3)
        })
    };
    let mut cases = Vec::new();
    for width in EDGE_LENGTHS {
        cases.push(case(format!("width {width}"), &[5, width])?);
    }
    for rows in EDGE_LENGTHS {
        cases.push(case(format!("{rows} rows"), &[rows, 6])?);
    }
    cases.push(case("one row without other axes".into(), &[40])?);
    cases.push(case("three axes, many blocks".into(), &[10, 37, 192])?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn wrong_shapes_are_errors_that_name_them() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(1f32, &[2, 4]).unwrap());
        let four = tape.constant(&Tensor::full(1f32, &[4]).unwrap());
        let three = tape.constant(&Tensor::full(1f32, &[3]).unwrap());
        let error = layer_norm(&x, &three, &four, 1e-5).err().unwrap().to_string();
        assert!(error.contains("gamma is [3]") && error.contains("[2, 4]"), "{error}");
        assert!(
            layer_norm(&x, &four, &three, 1e-5).is_err() && layer_norm(&x, &four, &four, f64::NAN).is_err()
        );
        let number = tape.constant(&Tensor::scalar(1f32).unwrap());
        assert!(layer_norm(&number, &four, &four, 1e-5).is_err());
    }
}
