//! The largest number of each window.

use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use crate::{Var, expect};
use pellucid_kernels::Float;
use pellucid_kernels::pool2d::{Pool2d, max_backward, max_forward};
use pellucid_kernels::window::Padding;
use pellucid_tensor::{Result, Scalar, Shape, Tensor, with_float};

const OP: &str = "max_pool2d";

/// The largest number of each window, channel by channel; padding never wins, a NaN always does.
///
/// x: `[n, h, w, c]`; the result is `[n, oh, ow, c]` with `oh = ⌊(h + top + bottom − window₀) / stride₀⌋ + 1`, and `ow`
/// alike. Of equal numbers the first (row by row) gets the gradient, as in PyTorch.
///
/// # Errors
/// An x of another rank or without pixels, a window larger than the padded picture, padding not smaller than the
/// window, a window or stride of 0, a type that is not floating point, or no memory.
pub fn max_pool2d(x: &Var, window: (usize, usize), stride: (usize, usize), padding: Padding) -> Result<Var> {
    let (pool, shape) = expect::pooling(OP, x.shape(), window, stride, padding)?;
    with_float!(OP, x.dtype(), T => typed::<T>(x, pool, &shape))
}

fn typed<T: Float + Scalar>(x: &Var, pool: Pool2d, shape: &Shape) -> Result<Var> {
    let mut y = Tensor::unset::<T>(shape)?;
    let mut source = Tensor::unset::<u32>(shape)?;
    max_forward::<T>(&pool, x.value().data()?, y.data_mut()?, source.data_mut()?)?;
    let input = *x.shape();
    record(y, [x], move |dy, _| {
        let mut dx = Tensor::unset::<T>(&input)?;
        max_backward::<T>(&pool, dy.data()?, source.data()?, dx.data_mut()?, false)?;
        Ok([Some(dx.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: String, x: [usize; 4], window, stride, padding| {
        Case::new(format!("max_pool2d/{name}"), &[&x], move |v| max_pool2d(&v[0], window, stride, padding))
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
    fn the_first_of_equal_numbers_gets_the_gradient() {
        let tape = Tape::new();
        let x = tape.watch(&Tensor::new(&[1f32, 3.0, 3.0, 3.0], &[1, 2, 2, 1]).unwrap());
        let y = max_pool2d(&x, (2, 2), (2, 2), Padding::default()).unwrap();
        let gradients = y.backward_from(Tensor::full(5f32, &[1, 1, 1, 1]).unwrap()).unwrap();
        assert_eq!(gradients.of(&x).unwrap().to_dense().unwrap().to_vec(), [0.0, 5.0, 0.0, 0.0]);
    }

    #[test]
    fn windows_that_do_not_fit_are_errors_that_name_them() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(1f32, &[1, 4, 4, 2]).unwrap());
        let error = |window, stride, padding| {
            max_pool2d(&x, window, stride, padding).err().map(|e| e.to_string()).unwrap_or_default()
        };
        let none = Padding::default();
        assert!(error((5, 2), (1, 1), none).contains("[1, 4, 4, 2]"));
        assert!(error((2, 2), (1, 1), Padding::both(2, 2)).contains("padding"));
        assert!(!error((0, 2), (1, 1), none).is_empty() && !error((2, 2), (0, 1), none).is_empty());
        assert!(error((2, 2), (1, 1), none).is_empty());
        let flat = tape.constant(&Tensor::full(1f32, &[4, 4]).unwrap());
        assert!(max_pool2d(&flat, (2, 2), (2, 2), none).is_err());
    }
}
