//! Tensors joined along an axis.

use crate::Var;
use crate::check::Case;
use crate::tape::record_many;
use pellucid_kernels::Float;
use pellucid_kernels::stripes;
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

const OP: &str = "concat";

/// The parts one after another along one axis.
///
/// parts: at least one; equal shapes except for the length of that axis, which adds up in the result.
///
/// # Errors
/// No parts, an axis that does not exist, other lengths or types that differ, integers, or no memory.
pub fn concat(parts: &[&Var], axis: usize) -> Result<Var> {
    let Some(first) = parts.first() else {
        return Err(Error::argument(OP, "there is nothing to join"));
    };
    first.shape().around(axis, OP)?;
    for part in parts {
        if part.shape().rank() != first.shape().rank()
            || part.shape().with(axis, 0) != first.shape().with(axis, 0)
        {
            return Err(Error::mismatch(OP, first.shape(), part.shape()));
        }
        if part.dtype() != first.dtype() {
            let want = format!("{} as in the first part", first.dtype().name());
            return Err(Error::dtype(OP, &want, part.dtype()));
        }
    }
    with_float!(OP, first.dtype(), T => typed::<T>(parts, axis, first.shape()))
}

fn typed<T: Float + Scalar>(parts: &[&Var], axis: usize, first: &Shape) -> Result<Var> {
    let total = parts.iter().map(|p| p.shape()[axis]).sum();
    let mut y = Tensor::unset::<T>(&Shape::new(&first.with(axis, total))?)?;
    let (_, _, inner) = first.around(axis, OP)?;
    let block = total * inner;
    let mut start = 0;
    for part in parts {
        let width = part.shape()[axis] * inner;
        stripes::put(part.value().data::<T>()?, width, y.data_mut()?, block, start);
        start += width;
    }
    let wanted: Vec<_> = parts.iter().map(|p| (*p.shape(), p.needs_gradient())).collect();
    record_many(y, parts, move |g, send| {
        let mut start = 0;
        for (i, (shape, needs)) in wanted.into_iter().enumerate() {
            let width = shape[axis] * inner;
            if needs {
                let mut dx = Tensor::unset::<T>(&shape)?;
                stripes::cut(g.data::<T>()?, block, start, width, dx.data_mut()?);
                send(i, dx.into())?;
            }
            start += width;
        }
        Ok(())
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, shapes: &[&[usize]], axis: usize| {
        Case::new(format!("concat/{name}"), shapes, move |v| concat(&v.iter().collect::<Vec<_>>(), axis))
    };
    Ok(vec![
        case("one part", &[&[3]], 0)?,
        case("first axis", &[&[2, 3], &[1, 3], &[4, 3]], 0)?,
        case("last axis", &[&[3, 1], &[3, 7]], 1)?,
        case("middle axis", &[&[2, 3, 4], &[2, 1, 4], &[2, 2, 4]], 1)?,
        case("an empty part", &[&[3, 2], &[3, 0]], 1)?,
        case("nothing", &[&[0, 2], &[0, 5]], 1)?,
        case("large", &[&[300, 100], &[300, 151]], 1)?,
        Case::new("concat/twice the same", &[&[2, 3]], |v| concat(&[&v[0], &v[0]], 1))?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::DType;

    #[test]
    fn parts_that_do_not_fit_are_errors() {
        let tape = Tape::idle();
        let var = |dtype, shape: &[usize]| tape.constant(&Tensor::zeros(dtype, shape).unwrap());
        let x = var(DType::F32, &[2, 3]);
        assert!(concat(&[], 0).is_err() && concat(&[&x], 2).is_err());
        assert!(concat(&[&x, &var(DType::F32, &[3, 3])], 1).is_err());
        assert!(concat(&[&x, &var(DType::F32, &[2, 3, 1])], 1).is_err());
        assert!(concat(&[&x, &var(DType::F64, &[2, 3])], 0).is_err());
    }

    #[test]
    fn constants_among_the_parts_get_no_gradient() {
        let tape = Tape::new();
        let c = tape.constant(&Tensor::full(1f32, &[2]).unwrap());
        let x = tape.watch(&Tensor::full(1f32, &[1]).unwrap());
        let y = concat(&[&c, &x], 0).unwrap();
        let g = y.backward_from(Tensor::new(&[1f32, 2.0, 3.0], &[3]).unwrap()).unwrap();
        assert_eq!(g.of(&x).unwrap().to_dense().unwrap().to_vec(), [3.0]);
    }
}
