//! Steps of an axis picked by number.

use crate::check::{Case, integers, numbers};
use crate::tape::record;
use crate::{Gradient, Var};
use pellucid_kernels::Float;
use pellucid_kernels::stripes;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "index_select";

/// Step `i` of the result's axis is step `indices[i]` of x's.
///
/// x: any shape with that axis; indices: `[n]` of type u32; the result has `n` in the axis's place. On the first
/// axis the gradient is [`Gradient::Rows`].
///
/// # Errors
/// An axis that does not exist, an index outside of it, indices of another shape or type, or no memory.
pub fn index_select(x: &Var, axis: usize, indices: &Tensor) -> Result<Var> {
    let (outer, len, inner) = x.shape().around(axis, OP)?;
    if indices.shape().rank() != 1 {
        return Err(Error::shape(OP, format!("expected indices [n], got {}", indices.shape())));
    }
    if let Some((i, index)) = indices.data::<u32>()?.iter().enumerate().find(|&(_, &i)| i as usize >= len) {
        let why = format!("index {index} (number {i}) is outside of axis {axis}, which has length {len}");
        return Err(Error::argument(OP, why));
    }
    with_float!(OP, x.dtype(), T => typed::<T>(x, axis, [outer, len, inner], indices))
}

fn typed<T: Float + Scalar>(x: &Var, axis: usize, lengths: [usize; 3], indices: &Tensor) -> Result<Var> {
    let mut y = Tensor::unset::<T>(&x.shape().with(axis, indices.len()))?;
    stripes::select(x.value().data::<T>()?, lengths, indices.data()?, y.data_mut()?);
    let (shape, indices) = (*x.shape(), indices.clone());
    record(y, [x], move |g, _| {
        if axis == 0 {
            return Ok([Some(Gradient::Rows { indices, values: g, shape })]);
        }
        let mut dx = Tensor::zeros(T::DTYPE, &shape)?;
        stripes::add_selected(g.data::<T>()?, indices.data()?, dx.data_mut()?, lengths);
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, shape: &[usize], axis: usize, n: usize| -> Result<Case> {
        let indices = integers(9, &[n], shape[axis])?;
        let run = Box::new(move |v: &[Var]| index_select(&v[0], axis, &indices));
        Ok(Case { name: format!("index_select/{name}"), inputs: vec![numbers(0, shape)?], run })
    };
    Ok(vec![
        case("first axis", &[4, 3], 0, 7)?,
        case("first of one", &[5], 0, 9)?,
        case("middle axis", &[2, 5, 3], 1, 4)?,
        case("last axis", &[3, 8], 1, 17)?,
        case("no indices", &[3, 8], 1, 0)?,
        case("of nothing", &[0, 8], 1, 3)?,
        case("large", &[300, 40, 9], 1, 33)?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn indices_outside_or_of_the_wrong_kind_are_errors() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        let outside = Tensor::new(&[0u32, 3], &[2]).unwrap();
        let error = index_select(&x, 1, &outside).err().unwrap().to_string();
        assert!(error.contains("index 3") && error.contains("number 1"), "{error}");
        assert!(index_select(&x, 0, &outside).is_err() && index_select(&x, 2, &outside).is_err());
        assert!(index_select(&x, 0, &Tensor::scalar(0u32).unwrap()).is_err());
        assert!(index_select(&x, 0, &Tensor::new(&[0f32], &[1]).unwrap()).is_err());
        let nothing = Tape::idle().constant(&Tensor::full(1f32, &[0]).unwrap());
        assert!(index_select(&nothing, 0, &Tensor::new(&[0u32], &[1]).unwrap()).is_err());
    }
}
