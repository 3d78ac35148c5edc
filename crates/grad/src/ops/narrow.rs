//! A part of an axis.

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::stripes;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "narrow";

/// The part `start … start + len` of one axis of x.
///
/// x: any shape with that axis; the result has `len` in its place. On the first axis nothing is copied.
///
/// # Errors
/// An axis or a part that does not exist, an integer element type, or no memory.
pub fn narrow(x: &Var, axis: usize, start: usize, len: usize) -> Result<Var> {
    let (_, whole, inner) = x.shape().around(axis, OP)?;
    if start.checked_add(len).is_none_or(|end| end > whole) {
        let why = format!("the part {start} … {start} + {len} of axis {axis}, which has length {whole}");
        return Err(Error::argument(OP, why));
    }
    let sizes = [whole, start, len].map(|steps| steps * inner);
    with_float!(OP, x.dtype(), T => typed::<T>(x, axis, start, len, sizes))
}

fn typed<T: Float + Scalar>(
    x: &Var,
    axis: usize,
    start: usize,
    len: usize,
    [block, from, width]: [usize; 3],
) -> Result<Var> {
    let y = if axis == 0 {
        x.value().rows(start, len)?
    } else {
        let mut y = Tensor::unset::<T>(&x.shape().with(axis, len))?;
        stripes::cut(x.value().data::<T>()?, block, from, width, y.data_mut()?);
        y
    };
    let shape = *x.shape();
    record(y, [x], move |g, _| {
        let mut dx = Tensor::zeros(T::DTYPE, &shape)?;
        stripes::put(g.data::<T>()?, width, dx.data_mut()?, block, from);
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, shape: &[usize], axis, start, len| {
        Case::new(format!("narrow/{name}"), &[shape], move |v| narrow(&v[0], axis, start, len))
    };
    Ok(vec![
        case("first axis", &[5, 3], 0, 1, 3)?,
        case("middle axis", &[3, 7, 2], 1, 2, 4)?,
        case("last axis", &[4, 9], 1, 8, 1)?,
        case("whole axis", &[4, 9], 1, 0, 9)?,
        case("no part", &[4, 9], 1, 9, 0)?,
        case("of nothing", &[0, 9], 1, 2, 3)?,
        case("large", &[400, 180], 1, 17, 90)?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn parts_that_do_not_exist_are_errors() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        assert!(narrow(&x, 1, 2, 2).err().unwrap().to_string().contains("has length 3"));
        assert!(narrow(&x, 2, 0, 1).is_err() && narrow(&x, 0, usize::MAX, 2).is_err());
    }
}
