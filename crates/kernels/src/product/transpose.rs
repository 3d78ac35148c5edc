//! Small squares transposed in registers.

use crate::float::Float;
#[cfg(target_arch = "x86_64")]
use crate::isa::{Isa, isa};
#[cfg(target_arch = "x86_64")]
use std::any::TypeId;

/// Side of the squares.
pub(super) const SIDE: usize = 8;

/// `to[p * width + j] = from[p + j * col]` for p, j < [`SIDE`].
pub(super) type Transpose<T> = unsafe fn(from: *const T, col: usize, to: *mut T, width: usize);

/// The fastest way for a number type on this processor. All ways need `from` readable and `to` writable
/// at the places named.
pub(super) fn transpose<T: Float>() -> Transpose<T> {
    #[cfg(target_arch = "x86_64")]
    if TypeId::of::<T>() == TypeId::of::<f32>() && isa() >= Isa::Avx2 {
        return |from, col, to, width| {
            // SAFETY: promised by the caller; `T` is `f32`, and the processor has AVX2.
            unsafe { by_shuffles(from.cast(), col, to.cast(), width) }
        };
    }
    one_by_one
}

unsafe fn one_by_one<T: Float>(from: *const T, col: usize, to: *mut T, width: usize) {
    for j in 0..SIDE {
        for p in 0..SIDE {
            // SAFETY: promised by the caller.
            unsafe { *to.add(p * width + j) = *from.add(p + j * col) };
        }
    }
}

/// Interleaves pairs of rows, then pairs of pairs, then halves.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
unsafe fn by_shuffles(from: *const f32, col: usize, to: *mut f32, width: usize) {
    use std::arch::x86_64::*;
    // SAFETY: promised by the caller.
    let r: [__m256; SIDE] = std::array::from_fn(|j| unsafe { _mm256_loadu_ps(from.add(j * col)) });
    let pairs = |i: usize| (_mm256_unpacklo_ps(r[i], r[i + 1]), _mm256_unpackhi_ps(r[i], r[i + 1]));
    let ((a0, a1), (b0, b1), (c0, c1), (d0, d1)) = (pairs(0), pairs(2), pairs(4), pairs(6));
    let fours = |x, y| (_mm256_shuffle_ps::<0x44>(x, y), _mm256_shuffle_ps::<0xee>(x, y));
    let ((e0, e1), (e2, e3)) = (fours(a0, b0), fours(a1, b1));
    let ((f0, f1), (f2, f3)) = (fours(c0, d0), fours(c1, d1));
    let low = |x, y| _mm256_permute2f128_ps::<0x20>(x, y);
    let high = |x, y| _mm256_permute2f128_ps::<0x31>(x, y);
    let columns = [
        low(e0, f0),
        low(e1, f1),
        low(e2, f2),
        low(e3, f3),
        high(e0, f0),
        high(e1, f1),
        high(e2, f2),
        high(e3, f3),
    ];
    for (p, column) in columns.into_iter().enumerate() {
        // SAFETY: promised by the caller.
        unsafe { _mm256_storeu_ps(to.add(p * width), column) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check<T: Float>() {
        let from: Vec<T> = (0..SIDE * 11).map(|i| T::from_f64(i as f64)).collect();
        let mut to = vec![T::ZERO; SIDE * 9];
        // SAFETY: columns 11 apart and rows 9 apart lie within the vectors.
        unsafe { transpose::<T>()(from.as_ptr(), 11, to.as_mut_ptr(), 9) };
        for (p, row) in to.chunks(9).enumerate() {
            assert!((0..SIDE).all(|j| row[j] == from[p + j * 11]));
        }
    }

    #[test]
    fn squares_are_transposed() {
        check::<f32>();
        check::<f64>();
    }
}
