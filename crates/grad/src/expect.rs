//! Conditions that several operations put on their inputs.

use pellucid_tensor::{Error, Result, Shape};

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
