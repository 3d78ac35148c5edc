//! The end of a residual block: a sum and an activation in one.

use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use crate::{Gradient, Var};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::elementwise;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

/// `activation(y + around)`: what a block computed and the way around it (He et al., arXiv 1512.03385).
///
/// y, around: any one shape, which is that of the result. `y` is given away: where nothing else keeps it, the result
/// takes its memory.
///
/// # Errors
/// Different shapes, different or integer element types, or no memory.
pub fn residual(y: Var, around: &Var, activation: Activation) -> Result<Var> {
    if y.shape() != around.shape() {
        return Err(Error::mismatch("residual", around.shape(), y.shape()));
    }
    with_float!("residual", y.dtype(), T => typed::<T>(y, around, activation))
}

fn typed<T: Float + Scalar>(y: Var, around: &Var, activation: Activation) -> Result<Var> {
    let around_values = around.value().data::<T>()?;
    let (y, mut value) = y.give()?;
    let wanted = y.needs_gradient() || around.needs_gradient();
    let kept = if wanted && activation.needs_input() {
        Activation::Identity.of_sum(value.data_mut::<T>()?, around_values);
        let sum = value.clone();
        let values = value.data_mut::<T>()?;
        elementwise::map_in_place(values, elementwise::ELEMENTARY, #[inline(always)] |x| activation.value(x));
        Some(sum)
    } else {
        activation.of_sum(value.data_mut::<T>()?, around_values);
        (wanted && activation != Activation::Identity).then(|| value.clone())
    };
    record(value, [&y, around], move |mut g, needs| {
        if let Some(kept) = kept {
            let mut through = Tensor::unset::<T>(g.shape())?;
            activation.backward(kept.data()?, g.data()?, through.data_mut::<T>()?);
            g = through;
        }
        Ok(needs.map(|needed| needed.then(|| Gradient::from(g.clone()))))
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let case = |name: String, shape: &[usize], activation| {
        Case::new(format!("residual/{name}"), &[shape, shape], move |v| {
            residual(v[0].clone(), &v[1], activation)
        })
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case(format!("{n} numbers"), &[n], Relu)?);
    }
    for activation in [Identity, Relu, Gelu, Silu, Sigmoid, Tanh] {
        cases.push(case(format!("pictures, {activation:?}"), &[2, 3, 4, 5], activation)?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn memory_that_nobody_else_keeps_is_taken_over_and_other_memory_is_not() {
        let tape = Tape::idle();
        let tensor = Tensor::full(1f32, &[100]).unwrap();
        let around = tape.constant(&Tensor::full(2f32, &[100]).unwrap());
        let shared = residual(tape.constant(&tensor), &around, Activation::Relu).unwrap();
        assert_eq!((tensor.to_vec()[7], shared.value().to_vec()[7]), (1.0, 3.0));
        let place = tensor.data::<f32>().unwrap().as_ptr();
        let y = tape.constant(&tensor);
        drop(tensor);
        let alone = residual(y, &around, Activation::Relu).unwrap();
        assert_eq!(alone.value().data::<f32>().unwrap().as_ptr(), place);
    }

    #[test]
    fn other_shapes_are_refused() {
        let tape = Tape::idle();
        let ones = |n| tape.constant(&Tensor::full(1f32, &[n]).unwrap());
        assert!(residual(ones(3), &ones(1), Activation::Relu).is_err());
    }
}
