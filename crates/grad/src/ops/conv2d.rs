//! Two-dimensional convolution: product, bias and activation in one.

use crate::check::{Case, EDGE_LENGTHS};
use crate::fused::Fused;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::conv::{
    Conv2d, Weight, backward_input, backward_weight, forward, pack, packed_len,
};
use pellucid_kernels::matmul::Epilogue;
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};
use std::sync::Arc;

pub use pellucid_kernels::window::Padding;

const OP: &str = "conv2d";

/// How a convolution's kernel moves over a picture; pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2dOptions {
    /// Pixels from one position of the kernel to the next.
    pub stride: (usize, usize),
    /// Zeros around the picture.
    pub padding: Padding,
    /// Pixels from one tap of the kernel to the next.
    pub dilation: (usize, usize),
    /// Groups of channels that do not see each other; as many as channels make a depthwise convolution.
    pub groups: usize,
}

impl Default for Conv2dOptions {
    /// Stride 1, no padding, no dilation, one group.
    fn default() -> Self {
        Conv2dOptions { stride: (1, 1), padding: Padding::default(), dilation: (1, 1), groups: 1 }
    }
}

/// `y[n, i, j, o] = activation(Σ x[n, i·sᵥ + a·dᵥ − top, j·sₕ + b·dₕ − left, c] · weight[o, a, b, c] + bias[o])` with strides s
/// and dilations d, zeros outside of the picture, and the sum over a, b and the channels of o's group.
///
/// x: `[n, h, w, c]`; weight: `[out, kh, kw, c / groups]`; bias: `[out]`; the result is `[n, oh, ow, out]` with
/// `oh = ⌊(h + top + bottom − dᵥ (kh − 1) − 1) / sᵥ⌋ + 1`, and `ow` alike.
///
/// # Errors
/// Shapes other than these, a kernel larger than the padded picture, groups that do not divide the channels, a stride,
/// dilation or kernel size of 0, a type that is not floating point, or no memory.
pub fn conv2d(
    x: &Var,
    weight: &Var,
    bias: Option<&Var>,
    options: &Conv2dOptions,
    activation: Activation,
) -> Result<Var> {
    let (conv, shape) = conv2d_geometry(x, weight, options)?;
    if let Some(bias) = bias {
        expect::parameter(OP, "bias", bias.shape(), &[conv.out], x.shape())?;
    }
    with_float!(OP, x.dtype(), T => typed::<T>(Fused { x, weight, bias, activation }, conv, &shape))
}

/// The convolution's geometry and the shape of its result.
pub(crate) fn conv2d_geometry(x: &Var, weight: &Var, options: &Conv2dOptions) -> Result<(Conv2d, Shape)> {
    let (&[batch, height, width, channels], &[out, kh, kw, depth]) = (&x.shape()[..], &weight.shape()[..])
    else {
        let shapes = format!("x is {}, weight is {}", x.shape(), weight.shape());
        return Err(Error::shape(
            OP,
            format!("{shapes}, expected [n, h, w, c] and [out, kh, kw, c / groups]"),
        ));
    };
    let Conv2dOptions { stride, padding, dilation, groups } = *options;
    let kernel = (kh, kw);
    let conv = Conv2d { batch, height, width, channels, out, kernel, stride, padding, dilation, groups };
    let (oh, ow) = conv.out_size().map_err(|why| {
        Error::shape(OP, format!("{why} (x is {}, weight is {}, {options:?})", x.shape(), weight.shape()))
    })?;
    if depth * groups != channels {
        return Err(Error::shape(
            OP,
            format!(
                "weight is {}, expected [out, kh, kw, {}] for x of shape {} in {groups} groups",
                weight.shape(),
                channels / groups,
                x.shape()
            ),
        ));
    }
    Ok((conv, Shape::new(&[batch, oh, ow, out])?))
}

fn typed<T: Float + Scalar>(fused: Fused<'_>, conv: Conv2d, shape: &Shape) -> Result<Var> {
    let (input, kernel) = (*fused.x.shape(), *fused.weight.shape());
    // Weights that are not being trained are packed once.
    let packed = match fused.weight.needs_gradient() {
        true => None,
        false => packed::<T>(fused.weight.value(), &conv)?,
    };
    fused.record::<T>(
        shape,
        move |x, weight, y, epilogue| forward_packed(&conv, x, weight, packed.as_deref(), y, epilogue),
        move |weight, dz| {
            let mut dx = Tensor::unset::<T>(&input)?;
            backward_input(&conv, dz, weight, dx.data_mut()?, false)?;
            Ok(dx)
        },
        move |x, dz| {
            let mut dweight = Tensor::unset::<T>(&kernel)?;
            backward_weight(&conv, x, dz, dweight.data_mut()?, false)?;
            Ok(dweight)
        },
    )
}

/// The convolution by packed weights, if there are any.
pub(crate) fn forward_packed<T: Float + Scalar>(
    conv: &Conv2d,
    x: &[T],
    weight: &[T],
    packed: Option<&Packed>,
    y: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<()> {
    let weight = match packed {
        Some(packed) => Weight::Packed(packed.numbers.data()?),
        None => Weight::Plain(weight),
    };
    Ok(forward(conv, x, weight, y, epilogue)?)
}

/// Packed weights, and the convolution they are for.
pub(crate) struct Packed {
    conv: Conv2d,
    numbers: Tensor,
}

/// The packed weights, made once for as long as the weights stay; `None` if they do not help, or are there for another convolution.
pub(crate) fn packed<T: Float + Scalar>(weight: &Tensor, conv: &Conv2d) -> Result<Option<Arc<Packed>>> {
    // Packed weights do not depend on the pictures' number and size.
    let conv = Conv2d { batch: 1, height: 0, width: 0, ..*conv };
    let len = packed_len::<T>(&conv);
    if len == 0 {
        return Ok(None);
    }
    let packed = weight.derived::<T, Packed>(|weight| {
        let mut numbers = Tensor::unset::<T>(&[len])?;
        pack(&conv, weight, numbers.data_mut()?);
        Ok(Packed { conv, numbers })
    })?;
    Ok((packed.conv == conv).then_some(packed))
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let case = |name: String, x: [usize; 4], weight: [usize; 4], options: Conv2dOptions, activation| {
        Case::new(format!("conv2d/{name}"), &[&x, &weight, &[weight[0]]], move |v| {
            conv2d(&v[0], &v[1], Some(&v[2]), &options, activation)
        })
    };
    let plain = Conv2dOptions::default();
    let same = Conv2dOptions { padding: Padding::both(1, 1), ..plain };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case(format!("{n} in"), [1, 3, 4, n], [2, 3, 3, n], same, Identity)?);
        cases.push(case(format!("{n} out"), [1, 3, 4, 2], [n, 3, 3, 2], same, Identity)?);
        cases.push(case(format!("1x1, {n} pictures"), [n, 1, 2, 3], [4, 1, 1, 3], plain, Relu)?);
        let depthwise = Conv2dOptions { groups: n.max(1), ..same };
        cases.push(case(
            format!("depthwise, {n} channels"),
            [2, 4, 3, n],
            [n, 3, 3, n.min(1)],
            depthwise,
            Silu,
        )?);
    }
    for activation in [Identity, Relu, Gelu, Silu, Sigmoid, Tanh] {
        cases.push(case(format!("{activation:?}"), [2, 5, 4, 3], [7, 3, 2, 3], same, activation)?);
        cases.push(Case::new(
            format!("conv2d/no bias, {activation:?}"),
            &[&[1, 4, 5, 2], &[3, 2, 3, 2]],
            move |v| conv2d(&v[0], &v[1], None, &same, activation),
        )?);
    }
    let lopsided = Padding { top: 2, bottom: 0, left: 1, right: 3 };
    let special = [
        ("stride 2", Conv2dOptions { stride: (2, 2), ..same }, [6, 3, 3, 4]),
        ("stride 2 by 3, kernel 2 by 4", Conv2dOptions { stride: (2, 3), ..plain }, [6, 2, 4, 4]),
        ("stride larger than the kernel", Conv2dOptions { stride: (3, 3), ..plain }, [6, 1, 1, 4]),
        ("lopsided padding", Conv2dOptions { padding: lopsided, ..plain }, [6, 3, 3, 4]),
        ("padding around 1x1", same, [6, 1, 1, 4]),
        ("dilation", Conv2dOptions { dilation: (2, 3), padding: Padding::both(2, 3), ..plain }, [6, 3, 3, 4]),
        ("two groups", Conv2dOptions { groups: 2, ..same }, [6, 3, 3, 2]),
        ("two groups, stride 2", Conv2dOptions { groups: 2, stride: (2, 2), ..same }, [6, 3, 3, 2]),
        ("depthwise, stride 2", Conv2dOptions { groups: 4, stride: (2, 2), ..same }, [4, 3, 3, 1]),
        ("depthwise, twice the channels", Conv2dOptions { groups: 4, ..same }, [8, 3, 3, 1]),
        ("depthwise, dilation", Conv2dOptions { groups: 4, dilation: (2, 2), ..same }, [4, 3, 3, 1]),
        ("kernel as large as the picture", plain, [6, 8, 7, 4]),
    ];
    for (name, options, weight) in special {
        cases.push(case(name.into(), [2, 8, 7, 4], weight, options, Relu)?);
    }
    cases.push(case("large".into(), [4, 13, 11, 18], [33, 3, 3, 18], same, Relu)?);
    cases.push(case("large, three channels".into(), [3, 19, 21, 3], [16, 5, 5, 3], same, Relu)?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn packed_weights_give_the_same_results_and_follow_changes() {
        let number = |i: usize| ((i * 31 + 7) % 17) as f32 / 17.0 - 0.5;
        let tensor = |shape: &[usize]| {
            let all: Vec<f32> = (0..shape.iter().product()).map(number).collect();
            Tensor::new(&all, shape).unwrap()
        };
        for (groups, kernel, channels) in [(1, 3, 32), (1, 1, 8), (2, 3, 6), (4, 3, 4), (1, 3, 2)] {
            let x = tensor(&[2, 9, 8, channels]);
            let mut weight = tensor(&[channels * 2, kernel, kernel, channels / groups]);
            let options = Conv2dOptions { groups, ..Conv2dOptions::default() };
            let run = |tape: &Tape, weight: &Tensor| {
                let (x, weight) = (tape.constant(&x), tape.watch(weight));
                conv2d(&x, &weight, None, &options, Activation::Relu).unwrap().value().to_vec()
            };
            for _ in 0..2 {
                let trained = run(&Tape::new(), &weight);
                assert_eq!(run(&Tape::idle(), &weight), trained, "{groups} groups, {kernel}");
                assert_eq!(run(&Tape::idle(), &weight), trained, "{groups} groups, {kernel}, again");
                weight.data_mut::<f32>().unwrap().reverse();
            }
        }
    }

    #[test]
    fn what_does_not_fit_is_an_error_that_names_it() {
        let tape = Tape::idle();
        let ones = |shape: &[usize]| tape.constant(&Tensor::full(1f32, shape).unwrap());
        let error = |x: &[usize], weight: &[usize], options: Conv2dOptions| {
            let bias = ones(&weight[..1]);
            conv2d(&ones(x), &ones(weight), Some(&bias), &options, Activation::Relu)
                .err()
                .map(|e| e.to_string())
        };
        let plain = Conv2dOptions::default();
        let x = [1, 5, 5, 4];
        let wrong = error(&x, &[2, 3, 3, 3], plain).unwrap();
        assert!(wrong.contains("[2, 3, 3, 3]") && wrong.contains("[1, 5, 5, 4]"), "{wrong}");
        assert!(error(&x, &[2, 6, 3, 4], plain).unwrap().contains("covers 6"));
        assert!(error(&x, &[2, 3, 3, 4], Conv2dOptions { stride: (0, 1), ..plain }).is_some());
        assert!(error(&x, &[2, 0, 3, 4], plain).is_some());
        assert!(error(&x, &[2, 3, 3, 4], Conv2dOptions { groups: 0, ..plain }).is_some());
        assert!(error(&x, &[6, 3, 3, 2], Conv2dOptions { groups: 3, ..plain }).is_some());
        assert!(error(&x, &[3, 3, 3, 2], Conv2dOptions { groups: 2, ..plain }).is_some());
        assert!(error(&x[1..], &[2, 3, 3, 4], plain).unwrap().contains("[5, 5, 4]"));
        let wide = conv2d(&ones(&x), &ones(&[2, 3, 3, 4]), Some(&ones(&[3])), &plain, Activation::Relu);
        assert!(wide.err().unwrap().to_string().contains("bias is [3]"));
        assert!(error(&x, &[2, 3, 3, 4], plain).is_none());
    }
}
