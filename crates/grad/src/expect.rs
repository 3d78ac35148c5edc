//! Conditions that several operations put on their inputs.

use pellucid_kernels::Float;
use pellucid_kernels::pool2d::Pool2d;
use pellucid_kernels::window::Padding;
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor};

/// The length of the last axis of x, which must have one.
pub(crate) fn last_axis(op: &'static str, x: &Shape) -> Result<usize> {
    <[usize]>::last(x)
        .copied()
        .ok_or_else(|| Error::shape(op, "x is a single number, expected at least one axis"))
}

/// A parameter's shape, given the shape of the x it is applied to.
pub(crate) fn parameter(op: &'static str, name: &str, got: &Shape, want: &[usize], x: &Shape) -> Result<()> {
    if got[..] == *want {
        return Ok(());
    }
    Err(Error::shape(op, format!("{name} is {got}, expected {want:?} for x of shape {x}")))
}

/// An ε that keeps a division finite.
pub(crate) fn positive_eps(op: &'static str, eps: f64) -> Result<()> {
    if eps > 0.0 && eps.is_finite() {
        return Ok(());
    }
    Err(Error::argument(op, format!("eps is {eps}, expected a small positive number such as 1e-5")))
}

/// The numbers of optional weights, `[len]` of type `T`, which must be finite and not negative.
pub(crate) fn weights<'a, T: Float + Scalar>(
    op: &'static str,
    name: &str,
    weights: Option<&'a Tensor>,
    len: usize,
) -> Result<Option<&'a [T]>> {
    let Some(weights) = weights else { return Ok(None) };
    if weights.shape()[..] != [len] {
        return Err(Error::shape(op, format!("expected {name} [{len}], got {}", weights.shape())));
    }
    if weights.dtype() != T::DTYPE {
        return Err(Error::dtype(op, &format!("{name} of type {}", T::DTYPE.name()), weights.dtype()));
    }
    let values = weights.data::<T>()?;
    match values.iter().position(|&w| !(w >= T::ZERO && w.finite())) {
        Some(i) => Err(Error::argument(op, format!("{name}: number {i} is negative or not finite"))),
        None => Ok(Some(values)),
    }
}

/// A window that moves over the pictures x `[n, h, w, c]`, and the shape `[n, oh, ow, c]` of what it makes of them.
pub(crate) fn pooling(
    op: &'static str,
    x: &Shape,
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> Result<(Pool2d, Shape)> {
    let &[batch, height, width, channels] = &x[..] else {
        return Err(Error::shape(op, format!("x is {x}, expected [n, h, w, c]")));
    };
    let pool = Pool2d { batch, height, width, channels, kernel: window, stride, padding };
    let (oh, ow) = pool.out_size().map_err(|why| {
        Error::shape(op, format!("{why} (x is {x}, window {window:?}, stride {stride:?}, {padding:?})"))
    })?;
    Ok((pool, Shape::new(&[batch, oh, ow, channels])?))
}
