//! Axes in another order.

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::permute as kernel;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "permute";

/// x with its axes in another order: axis `i` of the result is axis `order[i]` of x. `[1, 0]` transposes a matrix.
///
/// # Errors
/// An order that does not name every axis once, an integer element type, or no memory.
pub fn permute(x: &Var, order: &[usize]) -> Result<Var> {
    let rank = x.shape().rank();
    if order.len() != rank || (0..rank).any(|axis| !order.contains(&axis)) {
        let why = format!("the order {order:?} does not name each of the {rank} axes of {} once", x.shape());
        return Err(Error::argument(OP, why));
    }
    let order = order.to_vec();
    with_float!(OP, x.dtype(), T => {
        let y = permuted::<T>(x.value(), &order)?;
        record(y, [x], move |g, _| {
            let back: Vec<usize> = (0..rank).filter_map(|axis| order.iter().position(|&o| o == axis)).collect();
            Ok([Some(permuted::<T>(&g, &back)?.into())])
        })
    })
}

fn permuted<T: Float + Scalar>(x: &Tensor, order: &[usize]) -> Result<Tensor> {
    let shape: Vec<usize> = order.iter().map(|&axis| x.shape()[axis]).collect();
    let mut y = Tensor::unset::<T>(&shape)?;
    kernel::permute(x.data::<T>()?, x.shape(), order, y.data_mut()?);
    Ok(y)
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, shape: &[usize], order: &'static [usize]| {
        Case::new(format!("permute/{name}"), &[shape], move |v| permute(&v[0], order))
    };
    Ok(vec![
        case("scalar", &[], &[])?,
        case("nothing", &[3, 0], &[1, 0])?,
        case("one axis", &[9], &[0])?,
        case("transpose", &[7, 9], &[1, 0])?,
        case("length 1", &[1, 5, 1], &[2, 1, 0])?,
        case("rotate", &[3, 4, 5], &[1, 2, 0])?,
        case("last stays", &[3, 4, 5], &[1, 0, 2])?,
        case("six axes", &[2, 3, 1, 2, 3, 2], &[5, 0, 3, 2, 4, 1])?,
        case("large channels last", &[3, 24, 33, 31], &[0, 2, 3, 1])?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn an_order_that_is_no_permutation_is_an_error() {
        let x = Tape::idle().constant(&Tensor::full(1f32, &[2, 3]).unwrap());
        for order in [&[0][..], &[0, 0], &[0, 2], &[0, 1, 2]] {
            assert!(permute(&x, order).is_err(), "{order:?}");
        }
    }
}
