//! The average of each window.

use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::pool2d::{Pool2d, average_backward, average_forward};
use pellucid_kernels::window::Padding;
use pellucid_tensor::{Result, Scalar, Shape, Tensor, with_float};

const OP: &str = "avg_pool2d";

/// Whether padding counts as zeros in an average; it does in PyTorch, unless told otherwise.
const COUNT_PADDING: bool = true;

/// The average of each window, channel by channel; padding counts as zeros.
///
/// x: `[n, h, w, c]`; the result is `[n, oh, ow, c]` with `oh = ⌊(h + top + bottom − window₀) / stride₀⌋ + 1`, and `ow` alike.
///
/// # Errors
/// An x of another rank or without pixels, a window larger than the padded picture, padding not smaller than the
/// window, a window or stride of 0, a type that is not floating point, or no memory.
pub fn avg_pool2d(x: &Var, window: (usize, usize), stride: (usize, usize), padding: Padding) -> Result<Var> {
    let (pool, shape) = expect::pooling(OP, x.shape(), window, stride, padding)?;
    with_float!(OP, x.dtype(), T => typed::<T>(x, pool, &shape))
}

fn typed<T: Float + Scalar>(x: &Var, pool: Pool2d, shape: &Shape) -> Result<Var> {
    let mut y = Tensor::unset::<T>(shape)?;
    average_forward::<T>(&pool, COUNT_PADDING, x.value().data()?, y.data_mut()?)?;
    let input = *x.shape();
    record(y, [x], move |dy, _| {
        let mut dx = Tensor::unset::<T>(&input)?;
        average_backward::<T>(&pool, COUNT_PADDING, dy.data()?, dx.data_mut()?, false)?;
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: String, x: [usize; 4], window, stride, padding| {
        Case::new(format!("avg_pool2d/{name}"), &[&x], move |v| avg_pool2d(&v[0], window, stride, padding))
    };
    let none = Padding::default();
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case(format!("{n} channels"), [1, 4, 5, n], (2, 2), (2, 2), none)?);
    }
    for n in [0, 1, 17] {
        cases.push(case(format!("{n} pictures"), [n, 5, 4, 2], (3, 2), (1, 2), none)?);
    }
    cases.push(case("overlapping, padded".into(), [2, 7, 6, 5], (3, 3), (2, 2), Padding::both(1, 1))?);
    let lopsided = Padding { top: 2, bottom: 0, left: 1, right: 2 };
    cases.push(case("lopsided padding".into(), [2, 6, 5, 3], (3, 3), (2, 1), lopsided)?);
    cases.push(case("gaps between windows".into(), [1, 9, 8, 3], (2, 2), (3, 3), none)?);
    cases.push(case("the whole picture".into(), [2, 4, 3, 3], (4, 3), (1, 1), none)?);
    cases.push(case("many".into(), [3, 29, 27, 18], (3, 3), (2, 2), Padding::both(1, 1))?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn windows_that_do_not_fit_are_errors_that_name_them() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(1f32, &[1, 4, 4, 2]).unwrap());
        let none = Padding::default();
        let error = avg_pool2d(&x, (5, 2), (1, 1), none).err().unwrap().to_string();
        assert!(error.contains("[1, 4, 4, 2]"), "{error}");
        assert!(avg_pool2d(&x, (2, 2), (1, 1), Padding::both(2, 2)).is_err());
        assert!(avg_pool2d(&x, (2, 2), (1, 1), none).is_ok());
    }
}
