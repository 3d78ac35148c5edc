//! From sums of products to the numbers of the next layer, while the sums are in the first cache.

use crate::isa::simd;
use crate::product::micro::{MAX_COLS, MAX_ROWS};
use crate::threads::SharedMut;

/// What becomes of a sum: max(sum · scale + bias, floor), plus what comes around a residual block.
///
/// For a result in bytes, `scale` and `bias` include its scale and its zero; it is then rounded (halves to even numbers)
/// and cut off at 0 and 255.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a> {
    /// `[out]`.
    pub scale: &'a [f32],
    /// `[out]`.
    pub bias: &'a [f32],
    /// 0 for a ReLU before the addition, −∞ for none.
    pub floor: f32,
    /// What is added.
    pub around: Option<Around<'a>>,
}

/// What comes around a residual block: data · scale + shift.
#[derive(Clone, Copy, Debug)]
pub struct Around<'a> {
    /// In the shape of the result.
    pub data: &'a [u8],
    /// One byte's worth, in units of the result.
    pub scale: f32,
    /// In units of the result.
    pub shift: f32,
}

/// Where a result goes.
#[derive(Debug)]
pub enum Out<'a> {
    /// As bytes.
    Bytes(&'a mut [u8]),
    /// As numbers.
    Numbers(&'a mut [f32]),
}

impl Out<'_> {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        match self {
            Out::Bytes(bytes) => bytes.len(),
            Out::Numbers(numbers) => numbers.len(),
        }
    }

    pub(super) fn shared(&mut self) -> Shared {
        match self {
            Out::Bytes(bytes) => Shared::Bytes(SharedMut(bytes.as_mut_ptr())),
            Out::Numbers(numbers) => Shared::Numbers(SharedMut(numbers.as_mut_ptr())),
        }
    }
}

/// An [`Out`] that tasks share.
pub(super) enum Shared {
    Bytes(SharedMut<u8>),
    Numbers(SharedMut<f32>),
}

/// The sums of a tile, `[rows, MAX_COLS]`.
pub(super) type Sums = [i32; MAX_ROWS * MAX_COLS];

/// The nearest byte; 0 for NaN. Adding 2²³ leaves the rounded number in the lowest bits.
#[inline(always)]
pub(super) fn to_byte(x: f32) -> u8 {
    let x = if x > 0.0 { x } else { 0.0 };
    let x = if x < 255.0 { x } else { 255.0 };
    (x + 8_388_608.0).to_bits() as u8
}

impl Finish<'_> {
    /// Finishes `cols` columns from `col` on of the rows that begin at the indices `targets` of the result.
    ///
    /// # Safety
    /// The columns of these rows exist, and no other task writes them.
    pub(super) unsafe fn tile(
        &self,
        sums: &Sums,
        targets: &[usize],
        (col, cols): (usize, usize),
        out: &Shared,
    ) {
        simd(
            #[inline(always)]
            || {
                for (row, &target) in sums.chunks_exact(MAX_COLS).zip(targets) {
                    let mut j = 0;
                    while j < cols {
                        // SAFETY: `N` columns from `col + j` on exist by the caller's promise, and belong to this task.
                        unsafe {
                            match cols - j {
                                16.. => self.some::<16>(row, (j, col + j), target + col + j, out),
                                8.. => self.some::<8>(row, (j, col + j), target + col + j, out),
                                _ => self.some::<1>(row, (j, col + j), target + col + j, out),
                            }
                        }
                        j += match cols - j {
                            16.. => 16,
                            8.. => 8,
                            _ => 1,
                        };
                    }
                }
            },
        );
    }

    /// Finishes `N` sums from number `from` of the row on; they belong to the columns from `col` on and go to `index`.
    ///
    /// # Safety
    /// As [`tile`](Self::tile).
    #[inline(always)]
    unsafe fn some<const N: usize>(
        &self,
        row: &[i32],
        (from, col): (usize, usize),
        index: usize,
        out: &Shared,
    ) {
        let (sums, scale, bias) = (&row[from..][..N], &self.scale[col..][..N], &self.bias[col..][..N]);
        let mut x = [0.0; N];
        for i in 0..N {
            let number = sums[i] as f32 * scale[i] + bias[i];
            x[i] = if number > self.floor { number } else { self.floor };
        }
        if let Some(around) = &self.around {
            let data = &around.data[index..][..N];
            for i in 0..N {
                x[i] += f32::from(data[i]) * around.scale + around.shift;
            }
        }
        // SAFETY: promised by the caller.
        unsafe {
            match out {
                Shared::Bytes(bytes) => {
                    for (to, x) in bytes.region(index, N).iter_mut().zip(x) {
                        *to = to_byte(x);
                    }
                }
                Shared::Numbers(numbers) => numbers.region(index, N).copy_from_slice(&x),
            }
        }
    }
}
