//! Sums down the columns of row-major matrices, in blocks of rows fixed by the shape alone.

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, parallel_chunks};
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
            first.iter_mut().zip(more).for_each(|(s, &m)| *s += m);
        }
    }

    /// Repeats the first `columns` numbers over the wide row.
    #[inline(always)]
    pub(crate) fn repeat<T: Float>(&self, row: &mut [T]) {
        let (first, rest) = row.split_at_mut(self.columns);
        rest.chunks_exact_mut(self.columns).for_each(|copy| copy.copy_from_slice(first));
    }
}

/// `out[j] = Σᵢ x[i, j]` with x `[rows, columns]`: a bias's gradient. The order of additions depends on the shape only.
///
/// # Errors
/// No memory for the partial sums.
///
/// # Panics
/// If x does not consist of rows of the length of `out`.
pub fn column_sums<T: Float>(x: &[T], out: &mut [T]) -> Result<(), OutOfMemory> {
    let columns = out.len();
    if columns == 0 {
        return Ok(());
    }
    assert!(x.len().is_multiple_of(columns), "column sums: {} numbers, rows of {columns}", x.len());
    let blocks = Blocks::new(1, x.len() / columns, columns);
    with_scratch(blocks.count() * blocks.wide, |partial: &mut [T]| {
        parallel_chunks(partial, blocks.wide, |i, sums| {
            let x = &x[blocks.at(i).1];
            simd(
                #[inline(always)]
                || {
                    sums.fill(T::ZERO);
                    for row in x.chunks(blocks.wide) {
                        sums.iter_mut().zip(row).for_each(|(s, &v)| *s += v);
                    }
                    blocks.fold(sums);
                },
            );
        });
        for (j, total) in out.iter_mut().enumerate() {
            *total = T::from_f64(blocks.of(0).map(|b| partial[b * blocks.wide + j].to_f64()).sum());
        }
    })
}

#[cfg(test)]
mod tests {
    use super::column_sums;

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
}
