//! Copies of operands in the order in which the micro-kernel reads them.

use super::transpose::{SIDE, transpose};
use crate::float::Float;
use crate::isa::simd;

/// The longest block of k.
pub(crate) const MAX_DEPTH: usize = 512;

/// Writes `depth` rows of `padded` numbers, `width` apart: `to[p * width + j] = b[p * row + j * col]` for
/// j < cols, zeros for the others.
///
/// # Safety
/// All addresses named can be read or written; cols ≤ padded ≤ width.
pub(crate) unsafe fn pack_panel<T: Float>(
    b: *const T,
    (row, col): (usize, usize),
    depth: usize,
    (cols, padded, width): (usize, usize, usize),
    to: *mut T,
) {
    // SAFETY: promised by the caller.
    simd(
        #[inline(always)]
        || unsafe {
            if col == 1 {
                for p in 0..depth {
                    copy_short(b.add(p * row), to.add(p * width), cols);
                }
            } else {
                pack_columns(b, (row, col), depth, cols, width, to);
            }
            for p in 0..depth {
                for j in cols..padded {
                    *to.add(p * width + j) = T::ZERO;
                }
            }
        },
    );
}

/// `to[p * width + j] = b[p * row + j * col]`, in squares where the rows of B are neighbours.
///
/// # Safety
/// As [`pack_panel`].
#[inline(always)]
unsafe fn pack_columns<T: Float>(
    b: *const T,
    (row, col): (usize, usize),
    depth: usize,
    cols: usize,
    width: usize,
    to: *mut T,
) {
    let transpose = transpose::<T>();
    let squares = if row == 1 { (depth / SIDE * SIDE, cols / SIDE * SIDE) } else { (0, 0) };
    // SAFETY: promised by the caller.
    unsafe {
        for j in (0..squares.1).step_by(SIDE) {
            for p in (0..squares.0).step_by(SIDE) {
                transpose(b.add(p + j * col), col, to.add(p * width + j), width);
            }
        }
        for j in 0..cols {
            let done = if j < squares.1 { squares.0 } else { 0 };
            for p in done..depth {
                *to.add(p * width + j) = *b.add(p * row + j * col);
            }
        }
    }
}

/// Copies `len` numbers: for a few vectors' worth this is faster than a call.
///
/// # Safety
/// `from` can be read and `to` written for `len` numbers; they do not overlap.
#[inline(always)]
pub(crate) unsafe fn copy_short<T: Float>(mut from: *const T, mut to: *mut T, len: usize) {
    /// Moves `N` numbers and both addresses.
    #[inline(always)]
    unsafe fn step<T: Float, const N: usize>(from: &mut *const T, to: &mut *mut T) {
        // SAFETY: promised by the caller.
        unsafe {
            to.cast::<[T; N]>().write(from.cast::<[T; N]>().read());
            *from = from.add(N);
            *to = to.add(N);
        }
    }
    // SAFETY: promised by the caller: the steps add up to `len`.
    unsafe {
        for _ in 0..len / 16 {
            step::<T, 16>(&mut from, &mut to);
        }
        if len & 8 != 0 {
            step::<T, 8>(&mut from, &mut to);
        }
        if len & 4 != 0 {
            step::<T, 4>(&mut from, &mut to);
        }
        if len & 2 != 0 {
            step::<T, 2>(&mut from, &mut to);
        }
        if len & 1 != 0 {
            step::<T, 1>(&mut from, &mut to);
        }
    }
}
