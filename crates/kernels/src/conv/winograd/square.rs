//! A scheme along both axes of a square, for many squares at once.

use crate::float::Float;
use std::mem::MaybeUninit;

/// Squares transformed together: a vector of the widest family.
const TOGETHER: usize = 16;

/// Hands the squares F X Fᵀ to `to` in rows and columns, `(i, j, first number, numbers)`, where X has
/// `from(i, j)[number]` at row i and column j, and `f` applies F to a column. Every slice has the length `len`.
#[inline(always)]
pub(super) fn both_axes<'a, T: Float, const I: usize, const O: usize>(
    len: usize,
    from: impl Fn(usize, usize) -> &'a [T],
    f: impl Fn([T; I]) -> [T; O],
    mut to: impl FnMut(usize, usize, usize, &[T]),
) {
    let slices: [[&[T]; I]; I] = std::array::from_fn(|i| std::array::from_fn(|j| &from(i, j)[..len]));
    for block in 0..len / TOGETHER {
        some::<T, TOGETHER, I, O>(&slices, block * TOGETHER, &f, &mut to);
    }
    for first in len / TOGETHER * TOGETHER..len {
        some::<T, 1, I, O>(&slices, first, &f, &mut to);
    }
}

/// `N` squares from number `first` on. With a length known to the compiler the inner loops become vector code.
#[inline(always)]
fn some<T: Float, const N: usize, const I: usize, const O: usize>(
    from: &[[&[T]; I]; I],
    first: usize,
    f: &impl Fn([T; I]) -> [T; O],
    to: &mut impl FnMut(usize, usize, usize, &[T]),
) {
    let mut half = [const { [const { MaybeUninit::<[T; N]>::uninit() }; I] }; O];
    for j in 0..I {
        let mut column = [[T::ZERO; N]; I];
        for i in 0..I {
            column[i] = numbers(&from[i][j][first..]);
        }
        let column = along(&column, f);
        for i in 0..O {
            half[i][j].write(column[i]);
        }
    }
    for (i, row) in half.iter().enumerate() {
        // SAFETY: every place was written above.
        let row: &[[T; N]; I] = unsafe { &*std::ptr::from_ref(row).cast() };
        for (j, numbers) in along(row, f).iter().enumerate() {
            to(i, j, first, numbers);
        }
    }
}

/// `f` of `N` columns side by side.
#[inline(always)]
fn along<T: Float, const N: usize, const I: usize, const O: usize>(
    columns: &[[T; N]; I],
    f: &impl Fn([T; I]) -> [T; O],
) -> [[T; N]; O] {
    let mut result = [[T::ZERO; N]; O];
    for n in 0..N {
        let values = f(std::array::from_fn(
            #[inline(always)]
            |i| columns[i][n],
        ));
        for i in 0..O {
            result[i][n] = values[i];
        }
    }
    result
}

/// The first `N` numbers of a slice that has as many.
#[inline(always)]
fn numbers<T: Float, const N: usize>(slice: &[T]) -> [T; N] {
    slice.first_chunk().copied().unwrap_or([T::ZERO; N])
}
