//! Copies of operands in the order in which the micro-kernel reads them.

use super::micro::MAX_ROWS;
use crate::float::Float;
use crate::isa::simd;
use std::mem::MaybeUninit;

/// The longest block of k.
pub(crate) const MAX_DEPTH: usize = 512;

/// Rows of a packed tile of A lie a little more than [`MAX_DEPTH`] apart, so that they fall into different cache sets.
const ROW: usize = MAX_DEPTH + 16;

/// Room for one packed tile of A.
pub(crate) struct PackedRows<T>([MaybeUninit<T>; MAX_ROWS * ROW]);

impl<T: Float> PackedRows<T> {
    pub(crate) fn new() -> Self {
        PackedRows([const { MaybeUninit::uninit() }; MAX_ROWS * ROW])
    }

    /// Copies `rows` × `depth` numbers of A; returns the address of the first, and the distances from row
    /// to row and from k to k in the copy.
    ///
    /// # Safety
    /// `a[i * row + p * col]` can be read for i < rows ≤ [`MAX_ROWS`], p < depth ≤ [`MAX_DEPTH`].
    pub(crate) unsafe fn fill(
        &mut self,
        a: *const T,
        (rows, depth): (usize, usize),
        (row, col): (usize, usize),
    ) -> (*const T, usize, usize) {
        let to = self.0.as_mut_ptr().cast::<T>();
        // The copy keeps the direction in which the numbers are neighbours.
        let (to_row, to_col) = if row == 1 { (1, rows) } else { (ROW, 1) };
        // SAFETY: promised by the caller; the copy has room for MAX_ROWS × MAX_DEPTH numbers either way.
        simd(
            #[inline(always)]
            || unsafe {
                if row == 1 {
                    (0..depth).for_each(|p| copy_short(a.add(p * col), to.add(p * rows), rows));
                } else if col == 1 {
                    for i in 0..rows {
                        std::ptr::copy_nonoverlapping(a.add(i * row), to.add(i * ROW), depth);
                    }
                } else {
                    for i in 0..rows {
                        for p in 0..depth {
                            *to.add(i * ROW + p) = *a.add(i * row + p * col);
                        }
                    }
                }
            },
        );
        (to, to_row, to_col)
    }
}

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
                    let to = to.add(p * width);
                    copy_short(b.add(p * row), to, cols);
                    (cols..padded).for_each(|j| *to.add(j) = T::ZERO);
                }
                return;
            }
            let mut p = 0;
            while p < depth {
                let block = BLOCK.min(depth - p);
                let mut j = 0;
                while j < padded {
                    let (from, to) = (b.add(p * row + j * col), to.add(p * width + j));
                    if row == 1 && block == BLOCK && j + BLOCK <= cols {
                        transpose(from, col, to, width);
                    } else {
                        for i in 0..BLOCK.min(padded - j) {
                            for p in 0..block {
                                let number =
                                    if j + i < cols { *from.add(p * row + i * col) } else { T::ZERO };
                                *to.add(p * width + i) = number;
                            }
                        }
                    }
                    j += BLOCK;
                }
                p += block;
            }
        },
    );
}

/// Side of the square blocks that are transposed in registers.
const BLOCK: usize = 8;

/// `to[p * width + j] = from[p + j * col]` for p, j < [`BLOCK`].
///
/// # Safety
/// All addresses named can be read or written.
#[inline(always)]
unsafe fn transpose<T: Float>(from: *const T, col: usize, to: *mut T, width: usize) {
    // SAFETY: promised by the caller.
    unsafe {
        let rows: [[T; BLOCK]; BLOCK] =
            std::array::from_fn(|j| from.add(j * col).cast::<[T; BLOCK]>().read());
        for p in 0..BLOCK {
            let column: [T; BLOCK] = std::array::from_fn(|j| rows[j][p]);
            to.add(p * width).cast::<[T; BLOCK]>().write(column);
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
