//! A linear layer: product, bias and activation in one.

use crate::check::{Case, EDGE_LENGTHS};
use crate::fused::Fused;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

const OP: &str = "linear";

/// `activation(x · weightᵀ + bias)` for each row of x, its last axis.
///
/// x: `[.., in]`; weight: `[out, in]`; bias: `[out]`; the result is `[.., out]`.
///
/// # Errors
/// Shapes other than these, a type that is not floating point, or no memory.
pub fn linear(x: &Var, weight: &Var, bias: Option<&Var>, activation: Activation) -> Result<Var> {
    let width = expect::last_axis(OP, x.shape())?;
    let &[out, columns] = &weight.shape()[..] else {
        return Err(Error::shape(OP, format!("weight is {}, expected [out, {width}]", weight.shape())));
    };
    if columns != width {
        return Err(Error::shape(
            OP,
            format!("weight is {}, expected [out, {width}] for x of shape {}", weight.shape(), x.shape()),
        ));
    }
    if let Some(bias) = bias {
        expect::parameter(OP, "bias", bias.shape(), &[out], x.shape())?;
    }
    with_float!(OP, x.dtype(), T => typed::<T>(Fused { x, weight, bias, activation }, width, out))
}

fn typed<T: Float + Scalar>(fused: Fused<'_>, width: usize, out: usize) -> Result<Var> {
    let input = *fused.x.shape();
    let shape = input.with(input.rank() - 1, out);
    let rows = input[..input.rank() - 1].iter().product();
    fused.record::<T>(
        &Shape::new(&shape)?,
        move |x, weight, y, epilogue| {
            let (x, weight) = (Mat::new(x, rows, width), Mat::new(weight, out, width));
            Ok(matmul(x, weight.t(), y, epilogue)?)
        },
        move |weight, dz| {
            let mut dx = Tensor::unset::<T>(&input)?;
            let (dz, weight) = (Mat::new(dz, rows, out), Mat::new(weight, out, width));
            matmul(dz, weight, dx.data_mut()?, Epilogue::default())?;
            Ok(dx)
        },
        move |x, dz| {
            let mut dweight = Tensor::unset::<T>(&[out, width])?;
            let (x, dz) = (Mat::new(x, rows, width), Mat::new(dz, rows, out));
            matmul(dz.t(), x, dweight.data_mut()?, Epilogue::default())?;
            Ok(dweight)
        },
    )
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let with_bias = |name: String, x: &[usize], out: usize, activation| {
        let width = x.last().copied().unwrap_or(1);
        Case::new(format!("linear/{name}"), &[x, &[out, width], &[out]], move |v| {
            linear(&v[0], &v[1], Some(&v[2]), activation)
        })
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(with_bias(format!("{n} rows"), &[n, 5], 3, Identity)?);
        cases.push(with_bias(format!("{n} in"), &[3, n], 5, Relu)?);
        cases.push(with_bias(format!("{n} out"), &[4, 6], n, Silu)?);
    }
    for activation in [Identity, Relu, Gelu, Silu, Sigmoid, Tanh] {
        cases.push(with_bias(format!("three axes, {activation:?}"), &[2, 3, 7], 9, activation)?);
        cases.push(Case::new(format!("linear/no bias, {activation:?}"), &[&[5, 4], &[6, 4]], move |v| {
            linear(&v[0], &v[1], None, activation)
        })?);
    }
    cases.push(with_bias("one row without other axes".into(), &[8], 3, Identity)?);
    cases.push(with_bias("large".into(), &[131, 130], 67, Tanh)?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn shapes_that_do_not_fit_are_errors_that_name_them() {
        let tape = Tape::idle();
        let ones = |shape: &[usize]| tape.constant(&Tensor::full(1f32, shape).unwrap());
        let error = |x: &[usize], weight: &[usize], bias: &[usize]| {
            linear(&ones(x), &ones(weight), Some(&ones(bias)), Activation::Relu).err().map(|e| e.to_string())
        };
        let wrong = error(&[2, 3], &[5, 4], &[5]).unwrap();
        assert!(wrong.contains("[5, 4]") && wrong.contains("[2, 3]"), "{wrong}");
        assert!(error(&[2, 3], &[5, 3], &[4]).unwrap().contains("bias is [4]"));
        assert!(error(&[2, 3], &[3], &[4]).is_some() && error(&[], &[1, 1], &[1]).is_some());
        assert!(error(&[2, 3], &[5, 3], &[5]).is_none());
    }

    #[test]
    fn only_wanted_gradients_are_computed() {
        let tape = Tape::new();
        let x = tape.constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        let weight = tape.watch(&Tensor::full(0.5f32, &[4, 3]).unwrap());
        let y = linear(&x, &weight, None, Activation::Identity).unwrap();
        let gradients = y.backward_from(Tensor::full(1f32, &[2, 4]).unwrap()).unwrap();
        assert!(gradients.of(&x).is_none());
        assert_eq!(gradients.of(&weight).unwrap().to_dense().unwrap().to_vec(), [2.0; 12]);
    }
}
