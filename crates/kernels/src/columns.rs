//! Sums down the columns of row-major matrices, in blocks of rows fixed by the shape alone.

use crate::activation::{Activation, by_activation};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, SharedMut, parallel_chunks};
use std::ops::Range;

/// Numbers that a sweep takes at once: short rows are joined to reach this length.
const WIDE: usize = 256;

/// The fewest rows of a block, so that the partial results stay small beside the data.
const FEWEST_ROWS: usize = 16;

/// How `[samples, rows, columns]` is cut into blocks of rows, and rows joined to wide ones.
#[derive(Clone, Copy)]
pub(crate) struct Blocks {
    pub(crate) samples: usize,
    pub(crate) rows: usize,
    pub(crate) columns: usize,
    /// Numbers in a wide row: a multiple of `columns`.
    pub(crate) wide: usize,
    /// Rows of a block: a multiple of those in a wide row.
    block: usize,
}

impl Blocks {
    /// The blocks of a shape; there must be at least one column.
    pub(crate) fn new(samples: usize, rows: usize, columns: usize) -> Blocks {
        let joined = WIDE.div_ceil(columns).min(rows).max(1);
        let block = (GRAIN / columns).max(FEWEST_ROWS).next_multiple_of(joined);
        Blocks { samples, rows, columns, wide: joined * columns, block }
    }

    fn per_sample(&self) -> usize {
        self.rows.div_ceil(self.block)
    }

    /// The number of blocks.
    pub(crate) fn count(&self) -> usize {
        self.samples * self.per_sample()
    }

    /// The sample a block lies in, and its numbers.
    pub(crate) fn at(&self, index: usize) -> (usize, Range<usize>) {
        let (sample, block) = (index / self.per_sample(), index % self.per_sample());
        let start = block * self.block;
        let end = (start + self.block).min(self.rows);
        let first = sample * self.rows;
        (sample, (first + start) * self.columns..(first + end) * self.columns)
    }

    /// The blocks of one sample.
    pub(crate) fn of(&self, sample: usize) -> Range<usize> {
        sample * self.per_sample()..(sample + 1) * self.per_sample()
    }

    /// Adds the columns of a wide row that stand for the same column of the matrix: the first `columns` hold the sums.
    #[inline(always)]
    pub(crate) fn fold<T: Float>(&self, sums: &mut [T]) {
        let (first, rest) = sums.split_at_mut(self.columns);
        for more in rest.chunks_exact(self.columns) {
            for (s, &m) in first.iter_mut().zip(more) {
                *s += m;
            }
        }
    }

    /// Repeats the first `columns` numbers over the wide row.
    #[inline(always)]
    pub(crate) fn repeat<T: Float>(&self, row: &mut [T]) {
        let (first, rest) = row.split_at_mut(self.columns);
        for copy in rest.chunks_exact_mut(self.columns) {
            copy.copy_from_slice(first);
        }
    }
}

/// `out[j] = Σᵢ x[i, j]` with x `[rows, columns]`: the gradient of a bias.
///
/// # Errors
/// No memory for the partial sums.
///
/// # Panics
/// If x does not consist of rows of the length of `out`.
pub fn column_sums<T: Float>(x: &[T], out: &mut [T]) -> Result<(), OutOfMemory> {
    sum_blocks(x.len(), out, |at, wide, sums| {
        let x = &x[at];
        simd(
            #[inline(always)]
            || {
                for row in x.chunks(wide) {
                    add(sums, row);
                }
            },
        );
    })
}

/// Turns the gradient of `activation(x + bias)`, `[rows, columns]`, into that of x, and writes the gradient of the
/// bias, `[columns]`, in the same sweep; `kept` is what [`Activation::slope`] takes.
///
/// # Errors
/// No memory for the partial sums.
///
/// # Panics
/// If the lengths do not fit.
pub fn bias_activation_backward<T: Float>(
    activation: Activation,
    kept: &[T],
    gradient: &mut [T],
    dbias: &mut [T],
) -> Result<(), OutOfMemory> {
    assert!(kept.len() == gradient.len(), "activation: the lengths differ");
    let len = gradient.len();
    let gradient = SharedMut(gradient.as_mut_ptr());
    sum_blocks(len, dbias, |at, wide, sums| {
        // SAFETY: blocks are disjoint ranges within the slice.
        let gradient = unsafe { gradient.region(at.start, at.len()) };
        let kept = &kept[at];
        by_activation!(activation, |F| simd(
            #[inline(always)]
            || {
                for (row, kept) in gradient.chunks_mut(wide).zip(kept.chunks(wide)) {
                    for (g, &k) in row.iter_mut().zip(kept) {
                        *g *= F.slope(k);
                    }
                    add(sums, row);
                }
            }
        ));
    })
}

#[inline(always)]
fn add<T: Float>(sums: &mut [T], row: &[T]) {
    for (s, &v) in sums.iter_mut().zip(row) {
        *s += v;
    }
}

/// Sums the columns of `len` numbers: `block(range, wide, sums)` adds the wide rows of a range to `sums`.
fn sum_blocks<T: Float>(
    len: usize,
    out: &mut [T],
    block: impl Fn(Range<usize>, usize, &mut [T]) + Sync,
) -> Result<(), OutOfMemory> {
    let columns = out.len();
    assert!(len.checked_rem(columns).unwrap_or(len) == 0, "column sums: {len} numbers in rows of {columns}");
    if columns == 0 {
        return Ok(());
    }
    let blocks = Blocks::new(1, len / columns, columns);
    with_scratch(blocks.count() * blocks.wide, |partial: &mut [T]| {
        parallel_chunks(partial, blocks.wide, |i, sums| {
            sums.fill(T::ZERO);
            block(blocks.at(i).1, blocks.wide, sums);
            blocks.fold(sums);
        });
        for (j, total) in out.iter_mut().enumerate() {
            *total = T::from_f64(blocks.of(0).map(|b| partial[b * blocks.wide + j].to_f64()).sum());
        }
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::{bias_activation_backward, column_sums};
    use crate::activation::Activation;

    #[test]
    fn sums_agree_with_one_column_at_a_time() {
        for (rows, columns) in [(0, 3), (1, 1), (5, 3), (1000, 7), (3000, 64), (17, 300), (40, 5000), (4, 0)]
        {
            let x: Vec<f32> =
                (0..rows * columns).map(|i| ((i * 7919) % 2003) as f32 / 1001.5 - 1.0).collect();
            let mut out = vec![9.0; columns];
            column_sums(&x, &mut out).unwrap();
            for j in 0..columns {
                let want: f64 = (0..rows).map(|i| f64::from(x[i * columns + j])).sum();
                assert!((f64::from(out[j]) - want).abs() < 1e-4, "{rows} × {columns}, column {j}");
            }
        }
    }

    #[test]
    fn a_slope_is_applied_before_the_sum() {
        let kept: Vec<f64> = (0..33 * 1000).map(|i| ((i * 31) % 17) as f64 / 8.0 - 1.0).collect();
        for activation in [Activation::Relu, Activation::Silu, Activation::Tanh] {
            let mut gradient: Vec<f64> = (0..kept.len()).map(|i| ((i * 7) % 5) as f64 - 1.0).collect();
            let want: Vec<f64> = gradient.iter().zip(&kept).map(|(&g, &k)| g * activation.slope(k)).collect();
            let (mut dbias, mut sums) = (vec![0.0; 33], vec![0.0; 33]);
            bias_activation_backward(activation, &kept, &mut gradient, &mut dbias).unwrap();
            column_sums(&want, &mut sums).unwrap();
            assert_eq!(gradient, want);
            assert_eq!(dbias, sums);
        }
    }
}
