//! Operations for networks that are used, not trained: several in one sweep, without gradients.

use crate::ops::{Conv2dOptions, conv2d_geometry, forward_packed, packed};
use crate::{Var, expect};
use pellucid_kernels::activation::Activation;
use pellucid_kernels::matmul::Epilogue;
use pellucid_tensor::{Error, Result, Tensor, with_float};

/// What happens to each channel of a result by itself: y ← activation(scale · y + shift).
pub struct PerChannel {
    /// `[channels]`.
    pub scale: Tensor,
    /// `[channels]`.
    pub shift: Tensor,
    /// Applied last.
    pub activation: Activation,
}

/// A [convolution](crate::ops::conv2d) without a bias, and `then` what follows it.
///
/// # Errors
/// As the convolution; an input whose gradient is wanted.
pub fn conv2d_then(x: &Var, weight: &Var, options: &Conv2dOptions, then: &PerChannel) -> Result<Var> {
    const OP: &str = "conv2d in use";
    let (conv, shape) = conv2d_geometry(x, weight, options)?;
    for (name, numbers) in [("scale", &then.scale), ("shift", &then.shift)] {
        expect::parameter(OP, name, numbers.shape(), &[conv.out], x.shape())?;
    }
    if x.needs_gradient() || weight.needs_gradient() {
        return Err(Error::argument(
            OP,
            "no gradient flows through a convolution and what follows it in one",
        ));
    }
    with_float!(OP, x.dtype(), T => {
        let mut y = Tensor::unset::<T>(&shape)?;
        let epilogue = Epilogue {
            scale: Some(then.scale.data::<T>()?),
            bias: Some(then.shift.data::<T>()?),
            activation: then.activation,
            ..Epilogue::default()
        };
        let (x, weight) = (x, weight.value());
        let packed = packed::<T>(weight, &conv)?;
        forward_packed(&conv, x.value().data()?, weight.data()?, packed.as_deref(), y.data_mut()?, epilogue)?;
        Ok(x.tape().constant(&y))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::{Tape, ops};

    #[test]
    fn a_convolution_with_what_follows_equals_one_after_the_other() {
        let tensor = |shape: &[usize], seed: usize| {
            let number = |i: usize| (((i + seed) * 31 + 7) % 17) as f32 / 17.0 - 0.5;
            Tensor::new(&(0..shape.iter().product()).map(number).collect::<Vec<_>>(), shape).unwrap()
        };
        let tape = Tape::idle();
        let x = tape.constant(&tensor(&[2, 9, 8, 6], 1));
        for (kernel, groups) in [(3, 1), (1, 1), (3, 6)] {
            let weight = tape.constant(&tensor(&[6, kernel, kernel, 6 / groups], 2));
            let then =
                PerChannel { scale: tensor(&[6], 3), shift: tensor(&[6], 4), activation: Activation::Silu };
            let options = Conv2dOptions { groups, ..Conv2dOptions::default() };
            let one = conv2d_then(&x, &weight, &options, &then).unwrap();
            let y = ops::conv2d(&x, &weight, None, &options, Activation::Identity).unwrap();
            let y = ops::mul(&y, &tape.constant(&then.scale)).unwrap();
            let y = ops::silu(&ops::add(&y, &tape.constant(&then.shift)).unwrap()).unwrap();
            for (a, b) in one.value().to_vec().into_iter().zip(y.value().to_vec()) {
                assert!((a - b).abs() < 1e-5, "{a} for {b}");
            }
        }
    }

    #[test]
    fn gradients_and_other_lengths_are_refused() {
        let ones = |shape: &[usize]| Tensor::full(1f32, shape).unwrap();
        let then = |n| PerChannel { scale: ones(&[n]), shift: ones(&[n]), activation: Activation::Relu };
        let run = |tape: &Tape, n| {
            let (x, weight) = (tape.constant(&ones(&[1, 4, 4, 2])), tape.watch(&ones(&[3, 3, 3, 2])));
            conv2d_then(&x, &weight, &Conv2dOptions::default(), &then(n)).err().map(|e| e.to_string())
        };
        assert!(run(&Tape::new(), 3).unwrap().contains("gradient"));
        assert!(run(&Tape::idle(), 2).unwrap().contains("scale"));
        assert_eq!(run(&Tape::idle(), 3), None);
    }
}
