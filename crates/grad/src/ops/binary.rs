//! Arithmetic of two tensors with NumPy's broadcasting (shapes are aligned at their last axes, and lengths of 1
//! stretch), and of a tensor and a number.

use crate::check::{Case, EDGE_LENGTHS};
use crate::ops::reduce::sum_to;
use crate::tape::record;
use crate::{Gradient, Var};
use pellucid_kernels::Float;
use pellucid_kernels::broadcast::Broadcast;
use pellucid_kernels::elementwise;
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

/// `a + b`, element by element.
///
/// a, b: shapes that broadcast to each other; the result has the broadcast shape.
///
/// # Errors
/// Shapes that do not broadcast, different or integer element types, or no memory.
pub fn add(a: &Var, b: &Var) -> Result<Var> {
    with_float!("add", a.dtype(), T => {
        let y = combine::<T>("add", a.value(), b.value(), #[inline(always)] |a, b| a + b)?;
        let shapes = (*a.shape(), *b.shape());
        record(y, [a, b], move |g, needs| {
            both(g, needs, |g| sum_to::<T>(g, &shapes.0), |g| sum_to::<T>(g, &shapes.1))
        })
    })
}

/// `a − b`, element by element.
///
/// a, b: shapes that broadcast to each other; the result has the broadcast shape.
///
/// # Errors
/// Shapes that do not broadcast, different or integer element types, or no memory.
pub fn sub(a: &Var, b: &Var) -> Result<Var> {
    with_float!("sub", a.dtype(), T => {
        let y = combine::<T>("sub", a.value(), b.value(), #[inline(always)] |a, b| a - b)?;
        let shapes = (*a.shape(), *b.shape());
        record(y, [a, b], move |g, needs| {
            both(g, needs, |g| sum_to::<T>(g, &shapes.0), |g| {
                let mut g = sum_to::<T>(g, &shapes.1)?;
                elementwise::map_in_place(g.data_mut::<T>()?, 1, #[inline(always)] |g| -g);
                Ok(g)
            })
        })
    })
}

/// `a · b`, element by element.
///
/// a, b: shapes that broadcast to each other; the result has the broadcast shape.
///
/// # Errors
/// Shapes that do not broadcast, different or integer element types, or no memory.
pub fn mul(a: &Var, b: &Var) -> Result<Var> {
    with_float!("mul", a.dtype(), T => {
        let y = combine::<T>("mul", a.value(), b.value(), #[inline(always)] |a, b| a * b)?;
        let shapes = (*a.shape(), *b.shape());
        // Each side's gradient needs the other side.
        let left = b.needs_gradient().then(|| a.value().clone());
        let right = a.needs_gradient().then(|| b.value().clone());
        let times = |g: Tensor, other: Option<Tensor>, shape: &Shape| {
            let g = update::<T>(g, other, #[inline(always)] |g, x| g * x)?;
            sum_to::<T>(g, shape)
        };
        record(y, [a, b], move |g, needs| {
            both(g, needs, |g| times(g, right, &shapes.0), |g| times(g, left, &shapes.1))
        })
    })
}

/// `a / b`, element by element.
///
/// a, b: shapes that broadcast to each other; the result has the broadcast shape.
///
/// # Errors
/// Shapes that do not broadcast, different or integer element types, or no memory.
pub fn div(a: &Var, b: &Var) -> Result<Var> {
    with_float!("div", a.dtype(), T => {
        let y = combine::<T>("div", a.value(), b.value(), #[inline(always)] |a, b| a / b)?;
        let shapes = (*a.shape(), *b.shape());
        let divisor = b.value().clone();
        let quotient = b.needs_gradient().then(|| y.clone());
        record(y, [a, b], move |g, needs| {
            let other = divisor.clone();
            let over = |g: Tensor, b: Tensor| update::<T>(g, Some(b), #[inline(always)] |g, b| g / b);
            both(
                g,
                needs,
                |g| sum_to::<T>(over(g, other)?, &shapes.0),
                // ∂(a / b)/∂b = −(a / b) / b.
                |g| {
                    let g = update::<T>(g, quotient, #[inline(always)] |g, y| -g * y)?;
                    sum_to::<T>(over(g, divisor)?, &shapes.1)
                },
            )
        })
    })
}

/// `x · factor`, element by element.
///
/// # Errors
/// An integer element type, or no memory.
pub fn scale(x: &Var, factor: f64) -> Result<Var> {
    with_float!("scale", x.dtype(), T => {
        let factor = T::from_f64(factor);
        let mut y = Tensor::unset::<T>(x.shape())?;
        elementwise::map(x.value().data::<T>()?, y.data_mut()?, 1, #[inline(always)] |x| x * factor);
        record(y, [x], move |mut g, _| {
            elementwise::map_in_place(g.data_mut::<T>()?, 1, #[inline(always)] |g| g * factor);
            Ok([Some(g.into())])
        })
    })
}

/// `−x`, element by element.
///
/// # Errors
/// An integer element type, or no memory.
pub fn neg(x: &Var) -> Result<Var> {
    scale(x, -1.0)
}

/// `x + offset`, element by element.
///
/// # Errors
/// An integer element type, or no memory.
pub fn shift(x: &Var, offset: f64) -> Result<Var> {
    with_float!("shift", x.dtype(), T => {
        let offset = T::from_f64(offset);
        let mut y = Tensor::unset::<T>(x.shape())?;
        elementwise::map(x.value().data::<T>()?, y.data_mut()?, 1, #[inline(always)] |x| x + offset);
        record(y, [x], |g, _| Ok([Some(g.into())]))
    })
}

/// `f(a, b)` over the broadcast shape.
fn combine<T: Float + Scalar>(
    op: &'static str,
    a: &Tensor,
    b: &Tensor,
    f: impl Fn(T, T) -> T + Sync,
) -> Result<Tensor> {
    if a.dtype() != b.dtype() {
        return Err(Error::dtype(op, &format!("{} as on the left", a.dtype().name()), b.dtype()));
    }
    let shape = a.shape().broadcast(b.shape(), op)?;
    let mut out = Tensor::unset::<T>(&shape)?;
    Broadcast::new(&shape, a.shape(), b.shape()).apply(a.data()?, b.data()?, out.data_mut()?, f);
    Ok(out)
}

/// `g = f(g, other)` with `other` broadcast over g, in place if g is not shared.
fn update<T: Float + Scalar>(
    mut g: Tensor,
    other: Option<Tensor>,
    f: impl Fn(T, T) -> T + Sync,
) -> Result<Tensor> {
    if let Some(other) = other {
        let layout = Broadcast::new(g.shape(), g.shape(), other.shape());
        layout.apply_in_place(g.data_mut()?, other.data()?, f);
    }
    Ok(g)
}

/// Hands g to the sides that need a gradient; the last one gets it unshared.
fn both(
    g: Tensor,
    [left_needs, right_needs]: [bool; 2],
    left: impl FnOnce(Tensor) -> Result<Tensor>,
    right: impl FnOnce(Tensor) -> Result<Tensor>,
) -> Result<[Option<Gradient>; 2]> {
    if !right_needs {
        return Ok([Some(left(g)?.into()), None]);
    }
    let first = if left_needs { Some(left(g.clone())?.into()) } else { None };
    Ok([first, Some(right(g)?.into())])
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    type Operation = fn(&Var, &Var) -> Result<Var>;
    // The divisor is moved away from 0.
    let divide: Operation = |a, b| div(a, &shift(b, 2.0)?);
    let operations: [(&str, Operation); 4] = [("add", add), ("sub", sub), ("mul", mul), ("div", divide)];
    let shapes: [(&str, &[usize], &[usize]); 13] = [
        ("scalars", &[], &[]),
        ("nothing", &[0, 3], &[3]),
        ("nothing on both sides", &[1, 0], &[4, 1]),
        ("same shape", &[3, 5], &[3, 5]),
        ("scalar right", &[3, 5], &[]),
        ("scalar left", &[1], &[3, 5]),
        ("row right", &[4, 6], &[6]),
        ("row left", &[6], &[4, 6]),
        ("column right", &[4, 6], &[4, 1]),
        ("both stretch", &[3, 1, 4], &[2, 1]),
        ("inner and outer stretch", &[2, 1, 3, 1], &[1, 4, 1, 5]),
        ("large", &[300, 250], &[300, 250]),
        ("large row", &[701, 100], &[100]),
    ];
    let mut cases = Vec::new();
    for (op, run) in operations {
        for (name, a, b) in shapes {
            cases.push(Case::new(format!("binary/{op} {name}"), &[a, b], move |v| run(&v[0], &v[1]))?);
        }
    }
    for n in EDGE_LENGTHS {
        cases.push(Case::new(format!("binary/mul length {n}"), &[&[n], &[n]], |v| mul(&v[0], &v[1]))?);
    }
    cases.push(Case::new("binary/mul by itself", &[&[7]], |v| mul(&v[0], &v[0]))?);
    cases.push(Case::new("binary/sub from itself", &[&[7]], |v| sub(&scale(&v[0], 3.0)?, &v[0]))?);
    cases.push(Case::new("binary/scale and shift", &[&[3, 11]], |v| shift(&scale(&v[0], -2.5)?, 0.75))?);
    cases.push(Case::new("binary/neg", &[&[13]], |v| neg(&v[0]))?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::DType;

    #[test]
    fn a_side_without_gradient_gets_none_and_the_other_is_right() {
        let tape = Tape::new();
        let x = tape.watch(&Tensor::new(&[1f64, 2.0], &[2]).unwrap());
        let c = tape.constant(&Tensor::new(&[4f64, 8.0], &[2]).unwrap());
        let y = div(&mul(&c, &x).unwrap(), &c).unwrap();
        let y = sub(&c, &add(&y, &c).unwrap()).unwrap();
        let g = y.backward_from(Tensor::full(1f64, &[2]).unwrap()).unwrap();
        assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [-1.0, -1.0]);
        assert!(g.of(&c).is_none());
    }

    #[test]
    fn inputs_are_never_changed_by_the_way_back() {
        let tape = Tape::new();
        let start = Tensor::new(&[3f32, 5.0], &[2]).unwrap();
        let x = tape.watch(&start);
        let seed = Tensor::new(&[1f32, -1.0], &[2]).unwrap();
        div(&x, &mul(&x, &x).unwrap()).unwrap().backward_from(seed.clone()).unwrap();
        assert_eq!((start.to_vec(), seed.to_vec()), (vec![3.0, 5.0], vec![1.0, -1.0]));
    }

    #[test]
    fn shapes_and_types_that_do_not_fit_are_errors() {
        let tape = Tape::idle();
        let var = |dtype, shape: &[usize]| tape.constant(&Tensor::zeros(dtype, shape).unwrap());
        let x = var(DType::F32, &[2, 3]);
        let error = add(&x, &var(DType::F32, &[2])).err().unwrap().to_string();
        assert!(error.contains("add") && error.contains("[2, 3]") && error.contains("[2]"), "{error}");
        assert!(mul(&x, &var(DType::F64, &[2, 3])).is_err());
        assert!(scale(&var(DType::U32, &[2]), 2.0).is_err());
    }
}
