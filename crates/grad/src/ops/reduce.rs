//! Sums, means and maxima, of everything or along an axis.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS};
use crate::ops::square;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::broadcast::Broadcast;
use pellucid_kernels::{elementwise, reduce};
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

/// Σ x over all elements; 0 for none.
///
/// x: any shape; the result is a scalar.
///
/// # Errors
/// An integer element type, or no memory.
pub fn sum(x: &Var) -> Result<Var> {
    with_float!("sum", x.dtype(), T => scaled_sum::<T>(x, [1, x.value().len(), 1], &Shape::scalar(), 1.0))
}

/// The mean of all elements.
///
/// x: any shape; the result is a scalar.
///
/// # Errors
/// No elements, an integer element type, or no memory.
pub fn mean(x: &Var) -> Result<Var> {
    let n = x.value().len();
    not_empty("mean", n, x.shape())?;
    with_float!("mean", x.dtype(), T => scaled_sum::<T>(x, [1, n, 1], &Shape::scalar(), 1.0 / n as f64))
}

/// Σ x along one axis; 0 where it has length 0.
///
/// x: any shape with that axis; in the result the axis is left out, or has length 1 if `keep`.
///
/// # Errors
/// An axis that does not exist, an integer element type, or no memory.
pub fn sum_axis(x: &Var, axis: usize, keep: bool) -> Result<Var> {
    let (lengths, shape) = along("sum_axis", x.shape(), axis, keep)?;
    with_float!("sum_axis", x.dtype(), T => scaled_sum::<T>(x, lengths, &shape, 1.0))
}

/// The mean along one axis.
///
/// x: any shape with that axis; in the result the axis is left out, or has length 1 if `keep`.
///
/// # Errors
/// An axis that does not exist or has length 0, an integer element type, or no memory.
pub fn mean_axis(x: &Var, axis: usize, keep: bool) -> Result<Var> {
    let (lengths, shape) = along("mean_axis", x.shape(), axis, keep)?;
    not_empty("mean_axis", lengths[1], x.shape())?;
    with_float!("mean_axis", x.dtype(), T => scaled_sum::<T>(x, lengths, &shape, 1.0 / lengths[1] as f64))
}

/// The maximum along one axis; NaN if any element is. Several equal maxima share the gradient evenly.
///
/// x: any shape with that axis; in the result the axis is left out, or has length 1 if `keep`.
///
/// # Errors
/// An axis that does not exist or has length 0, an integer element type, or no memory.
pub fn max_axis(x: &Var, axis: usize, keep: bool) -> Result<Var> {
    let (lengths, shape) = along("max_axis", x.shape(), axis, keep)?;
    not_empty("max_axis", lengths[1], x.shape())?;
    with_float!("max_axis", x.dtype(), T => max_of::<T>(x, lengths, &shape))
}

/// Sums over the axes along which `shape` was stretched to x's shape; the gradient of broadcasting.
pub(crate) fn sum_to<T: Float + Scalar>(mut x: Tensor, shape: &Shape) -> Result<Tensor> {
    // The axes that `shape` lacks come first: they are one axis of the product of their lengths.
    let lead = x.shape().rank() - shape.rank();
    if lead > 0 && x.shape()[..lead].iter().any(|&n| n != 1) {
        let rows = x.shape()[..lead].iter().product();
        x = summed::<T>(&x, [1, rows, x.shape()[lead..].iter().product()], &x.shape()[lead..])?;
    } else {
        x = x.reshape(&x.shape()[lead..])?;
    }
    for axis in 0..shape.rank() {
        if x.shape()[axis] != shape[axis] {
            let (lengths, kept) = along("sum", x.shape(), axis, true)?;
            x = summed::<T>(&x, lengths, &kept)?;
        }
    }
    Ok(x)
}

/// The lengths before, along and after an axis, and the shape without it (or with length 1).
fn along(op: &'static str, shape: &Shape, axis: usize, keep: bool) -> Result<([usize; 3], Shape)> {
    let (outer, len, inner) = shape.around(axis, op)?;
    let without = match keep {
        true => shape.with(axis, 1),
        false => Shape::new(&[&shape[..axis], &shape[axis + 1..]].concat())?,
    };
    Ok(([outer, len, inner], without))
}

fn not_empty(op: &'static str, len: usize, shape: &Shape) -> Result<()> {
    if len > 0 {
        return Ok(());
    }
    Err(Error::argument(op, format!("there are no elements to reduce in the shape {shape}")))
}

fn summed<T: Float + Scalar>(x: &Tensor, lengths: [usize; 3], shape: &[usize]) -> Result<Tensor> {
    let mut y = Tensor::unset::<T>(shape)?;
    reduce::sum_axis(x.data::<T>()?, lengths, y.data_mut()?)?;
    Ok(y)
}

/// `f(x, y)` with y, of lengths `[outer, 1, inner]`, stretched over x, of lengths `[outer, len, inner]`.
fn stretched<T: Float + Scalar>(
    x: &Tensor,
    [outer, len, inner]: [usize; 3],
    y: &Tensor,
    f: impl Fn(T, T) -> T + Sync,
) -> Result<Tensor> {
    let mut out = Tensor::unset::<T>(x.shape())?;
    let full = [outer, len, inner];
    Broadcast::new(&full, &full, &[outer, 1, inner]).apply(x.data()?, y.data()?, out.data_mut()?, f);
    Ok(out)
}

fn scaled_sum<T: Float + Scalar>(x: &Var, lengths: [usize; 3], shape: &Shape, factor: f64) -> Result<Var> {
    let factor = T::from_f64(factor);
    let mut y = summed::<T>(x.value(), lengths, shape)?;
    if factor != T::ONE {
        elementwise::map_in_place(
            y.data_mut::<T>()?,
            1,
            #[inline(always)]
            |y| y * factor,
        );
    }
    let full = *x.shape();
    record(y, [x], move |g, _| {
        let [outer, len, inner] = lengths;
        let mut dx = Tensor::unset::<T>(&full)?;
        Broadcast::new(&[outer, len, inner], &[outer, 1, inner], &[]).apply(
            g.data()?,
            &[factor],
            dx.data_mut()?,
            #[inline(always)]
            |g, factor| g * factor,
        );
        Ok([Some(dx.into())])
    })
}

fn max_of<T: Float + Scalar>(x: &Var, lengths: [usize; 3], shape: &Shape) -> Result<Var> {
    let mut y = Tensor::unset::<T>(shape)?;
    reduce::max_axis(x.value().data::<T>()?, lengths, y.data_mut()?)?;
    let (input, most) = (x.value().clone(), y.clone());
    record(y, [x], move |mut g, _| {
        let mut dx = stretched::<T>(
            &input,
            lengths,
            &most,
            #[inline(always)]
            |x, most| if x == most { T::ONE } else { T::ZERO },
        )?;
        let winners = summed::<T>(&dx, lengths, most.shape())?;
        elementwise::zip_in_place(
            g.data_mut::<T>()?,
            winners.data()?,
            1,
            #[inline(always)]
            |g, n| g / n,
        );
        let [outer, len, inner] = lengths;
        let full = [outer, len, inner];
        Broadcast::new(&full, &full, &[outer, 1, inner]).apply_in_place(
            dx.data_mut::<T>()?,
            g.data()?,
            #[inline(always)]
            |won, g| won * g,
        );
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    type Reduction = fn(&Var, usize, bool) -> Result<Var>;
    let axes: [(&str, Reduction); 3] =
        [("sum_axis", sum_axis), ("mean_axis", mean_axis), ("max_axis", max_axis)];
    let mut cases = Vec::new();
    for (name, run) in axes {
        let mut case = |what: &str, shape: &[usize], axis: usize, keep: bool| -> Result<()> {
            let run = move |v: &[Var]| run(&v[0], axis, keep);
            cases.push(Case::new(format!("reduce/{name} {what}"), &[shape], run)?);
            Ok(())
        };
        case("first", &[5, 3, 4], 0, false)?;
        case("middle kept", &[5, 3, 4], 1, true)?;
        case("last", &[5, 3, 4], 2, false)?;
        case("of length 1", &[5, 1, 4], 1, false)?;
        case("of nothing", &[0, 3, 2], 1, false)?;
        case("only axis", &[33], 0, false)?;
        case("large first", &[1400, 51], 0, false)?;
        case("large last", &[51, 1400], 1, true)?;
        case("many short", &[9000, 8], 1, false)?;
    }
    // Squares, so that nothing cancels.
    for n in EDGE_LENGTHS {
        let run = |v: &[Var]| sum(&square(&v[0])?);
        cases.push(Case::new(format!("reduce/sum of squares, length {n}"), &[&[n]], run)?);
    }
    cases.push(Case::new("reduce/sum_axis of length 0", &[&[3, 0]], |v| sum_axis(&v[0], 1, false))?);
    cases.push(Case::new("reduce/sum scalar", &[&[]], |v| sum(&v[0]))?);
    cases.push(Case::new("reduce/sum of squares, large", &[&[7, 100, 103]], |v| sum(&square(&v[0])?))?);
    cases.push(Case::new("reduce/mean scalar", &[&[]], |v| mean(&v[0]))?);
    cases.push(Case::new("reduce/mean length 17", &[&[17]], |v| mean(&v[0]))?);
    cases.push(Case::new("reduce/mean of squares, large", &[&[7, 100, 103]], |v| mean(&square(&v[0])?))?);
    let ties = Tensor::new(&[1f64, 5.0, 2.0, 5.0, -3.0, -3.0, -4.0, -7.0], &[2, 4])?;
    let run = Box::new(|v: &[Var]| max_axis(&v[0], 1, false));
    cases.push(Case { name: "reduce/max_axis ties".into(), inputs: vec![ties], run });
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn missing_axes_and_empty_means_are_errors() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 0]).unwrap());
        assert!(sum_axis(&x, 2, false).err().unwrap().to_string().contains("axis 2"));
        assert!(mean(&x).is_err() && mean_axis(&x, 1, false).is_err() && max_axis(&x, 1, true).is_err());
        assert_eq!(sum(&x).unwrap().value().item(), Ok(0.0));
    }

    #[test]
    fn an_even_share_goes_to_each_of_many_maxima() {
        let tape = Tape::new();
        let x = tape.watch(&Tensor::full(2f32, &[4]).unwrap());
        let g = max_axis(&x, 0, false).unwrap().backward().unwrap();
        assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [0.25; 4]);
    }
}
