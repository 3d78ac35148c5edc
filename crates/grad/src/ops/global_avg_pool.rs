//! The average over whole pictures.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::pool2d::{global_average_backward, global_average_forward};
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "global_avg_pool";

/// The average of each channel over all pixels of a picture.
///
/// x: `[n, h, w, c]`, with at least one pixel; the result is `[n, c]`.
///
/// # Errors
/// An x of another rank or without pixels, a type that is not floating point, or no memory.
pub fn global_avg_pool(x: &Var) -> Result<Var> {
    let &[batch, height, width, channels] = &x.shape()[..] else {
        return Err(Error::shape(OP, format!("x is {}, expected [n, h, w, c]", x.shape())));
    };
    if height * width == 0 {
        return Err(Error::shape(OP, format!("x is {}: a picture without pixels has no average", x.shape())));
    }
    with_float!(OP, x.dtype(), T => typed::<T>(x, batch, height * width, channels))
}

fn typed<T: Float + Scalar>(x: &Var, batch: usize, pixels: usize, channels: usize) -> Result<Var> {
    let mut y = Tensor::unset::<T>(&[batch, channels])?;
    global_average_forward::<T>(pixels, channels, x.value().data()?, y.data_mut()?);
    let input = *x.shape();
    record(y, [x], move |dy, _| {
        let mut dx = Tensor::unset::<T>(&input)?;
        global_average_backward::<T>(pixels, channels, dy.data()?, dx.data_mut()?, false);
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |x: [usize; 4]| Case::new(format!("global_avg_pool/{x:?}"), &[&x], |v| global_avg_pool(&v[0]));
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case([2, 3, 4, n])?);
        cases.push(case([n, 2, 3, 5])?);
    }
    cases.push(case([3, 1, 1, 4])?);
    cases.push(case([3, 37, 35, 19])?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn pictures_without_pixels_and_other_ranks_are_errors() {
        let tape = Tape::idle();
        for shape in [&[2, 0, 3, 4][..], &[2, 3, 4], &[2, 3]] {
            let x = tape.constant(&Tensor::zeros(pellucid_tensor::DType::F32, shape).unwrap());
            assert!(global_avg_pool(&x).is_err(), "{shape:?}");
        }
    }
}
