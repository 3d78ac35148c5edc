//! Places of a sequence as rotations of queries and keys.

use crate::Var;
use crate::check::Case;
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::rotary::{Angles, turn};
use pellucid_tensor::{Error, Result, Scalar, with_float};

const OP: &str = "rotary";

/// The slowest rotation takes some so many places for a whole turn.
const BASE: f64 = 10_000.0;

/// Rotary position embedding (Su et al., arXiv 2104.09864): the first `turned` columns are heads of `head` numbers; number i of a head and
/// number i + head / 2 are turned together by p · 10000^(−2i / head) at place p, which counts from `first` on. Products of such queries
/// and keys then depend on how far apart their places are.
///
/// x: `[batch, time, columns]`, such as q, k and v beside each other, of which v is not turned; the result has the shape of x.
///
/// # Errors
/// Another shape, heads of an odd width or that do not make up the turned columns, a type that is not floating point, or no memory.
pub fn rotary(x: &Var, head: usize, turned: usize, first: usize) -> Result<Var> {
    let &[_, time, columns] = &x.shape()[..] else {
        return Err(Error::shape(OP, format!("expected [batch, time, columns], got {}", x.shape())));
    };
    let fits = head > 0 && head.is_multiple_of(2) && turned <= columns && turned.is_multiple_of(head);
    if !fits {
        let why = format!("{turned} of {columns} columns cannot be turned as heads of {head} numbers");
        return Err(Error::argument(OP, why));
    }
    with_float!(OP, x.dtype(), T => typed::<T>(x, [head / 2, turned, first, time, columns]))
}

fn typed<T: Float + Scalar>(x: &Var, [half, turned, first, time, columns]: [usize; 5]) -> Result<Var> {
    let mut y = x.value().clone();
    let angles = Angles::<T>::new(first, time, half, BASE);
    turn(y.data_mut()?, columns, turned, &angles, false);
    record(y, [x], move |mut dy, _| {
        turn(dy.data_mut::<T>()?, columns, turned, &angles, true);
        Ok([Some(dy.into())])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: &str, x: &[usize], head: usize, turned: usize, first: usize| {
        Case::new(format!("rotary/{name}"), &[x], move |v| rotary(&v[0], head, turned, first))
    };
    Ok(vec![
        case("one head", &[2, 5, 6], 6, 6, 0)?,
        case("two heads, a part stays", &[3, 4, 12], 4, 8, 0)?,
        case("from place 7 on", &[1, 3, 8], 8, 8, 7)?,
        case("no place", &[2, 0, 4], 4, 4, 0)?,
        case("nothing turned", &[2, 3, 4], 4, 0, 0)?,
        case("long", &[2, 300, 48], 16, 32, 0)?,
    ])
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::Tensor;

    #[test]
    fn heads_that_do_not_fit_are_refused() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(0.5f32, &[1, 2, 12]).unwrap());
        for (head, turned) in [(3, 6), (0, 0), (4, 6), (4, 16)] {
            assert!(rotary(&x, head, turned, 0).is_err(), "{head}, {turned}");
        }
        let flat = tape.constant(&Tensor::full(0.5f32, &[2, 12]).unwrap());
        assert!(rotary(&flat, 4, 8, 0).is_err());
    }
}
