//! From q, k and v to the result.

use super::panels::{Panels, blocks, tiles};
use super::{Attention, Rows, View};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::{isa, simd};
use crate::product::micro::{Kernel, MAX_ROWS, kernel};
use crate::reduce::{max_run, sum_run};
use crate::threads::{SharedMut, cut};
use std::ops::Range;

/// Keys whose scores are computed together.
const KEYS: usize = 256;

/// The most, and about the fewest, queries of a part: for each part all keys it sees are copied.
const MOST_QUERIES: usize = 512;
const FEWEST_QUERIES: usize = 32;

impl Attention<'_> {
    /// Writes y `[batch, queries, heads · width]`, and for each row of scores ln Σ e^score into `statistics`
    /// `[batch, heads, queries]`. A query that sees no key gets 0.
    ///
    /// # Errors
    /// No memory for copies of a few keys.
    ///
    /// # Panics
    /// If the lengths do not fit.
    pub fn forward<T: Float>(
        &self,
        tensors: &[&[T]],
        y: &mut [T],
        statistics: &mut [T],
    ) -> Result<(), OutOfMemory> {
        self.forward_by(kernel(isa()), tensors, y, statistics)
    }

    /// As [`forward`](Self::forward), by a given micro-kernel.
    pub(super) fn forward_by<T: Float>(
        &self,
        kernel: &'static Kernel<T>,
        tensors: &[&[T]],
        y: &mut [T],
        statistics: &mut [T],
    ) -> Result<(), OutOfMemory> {
        let strides = self.strides(&tensors.iter().map(|t| t.len()).collect::<Vec<_>>());
        assert!(
            y.len() == self.output_len() && statistics.len() == self.statistics_len(),
            "attention: outputs of another length"
        );
        if y.is_empty() {
            return Ok(());
        }
        let parts =
            self.parts(self.queries.div_ceil(FEWEST_QUERIES)).max(self.queries.div_ceil(MOST_QUERIES));
        let keys = KEYS.min(self.keys);
        let lengths = [
            Panels::len(kernel, self.width, keys),
            Panels::len(kernel, keys, self.width),
            MAX_ROWS * keys,
            self.queries.div_ceil(parts),
        ];
        let (y, statistics) = (SharedMut(y.as_mut_ptr()), SharedMut(statistics.as_mut_ptr()));
        self.parallel(parts, lengths.iter().sum(), |item, head, part, scratch| {
            let (k_copy, rest) = scratch.split_at_mut(lengths[0]);
            let (v_copy, rest) = rest.split_at_mut(lengths[1]);
            let (scores, sums) = rest.split_at_mut(lengths[2]);
            let [q, k, v] = [0, 1, 2].map(|i| self.rows(i, tensors, strides[i], item, head));
            let queries = cut(self.queries, parts, part);
            let first = (item * self.heads + head) * self.queries + queries.start;
            // SAFETY: each task has statistics of its own.
            let most = unsafe { statistics.region(first, queries.len()) };
            let columns = self.columns();
            let y = y.at(item * self.queries * columns + head * self.width);
            let y = Target { data: y, stride: columns, width: self.width };
            let head = Head { kernel, view: self.view(item), scale: self.scale(), q, k, v, y };
            // SAFETY: the tensors have the rows of the shape, and no other task has these queries' results.
            unsafe { head.run(queries, k_copy, v_copy, scores, most, sums) };
        })
    }
}

/// Rows of the result.
struct Target<T> {
    data: *mut T,
    stride: usize,
    width: usize,
}

impl<T> Target<T> {
    /// # Safety
    /// The row lies within the result, and no one else has it.
    #[allow(clippy::mut_from_ref)]
    unsafe fn row(&self, row: usize) -> &mut [T] {
        // SAFETY: promised by the caller.
        unsafe { std::slice::from_raw_parts_mut(self.data.wrapping_add(row * self.stride), self.width) }
    }
}

/// One head of one example.
struct Head<T: 'static> {
    kernel: &'static Kernel<T>,
    view: View,
    scale: T,
    q: Rows<T>,
    k: Rows<T>,
    v: Rows<T>,
    y: Target<T>,
}

impl<T: Float> Head<T> {
    /// Computes some queries. `most` and `sums` hold, for each, the largest score so far (scaled) and the sum of
    /// e^(score − largest).
    ///
    /// # Safety
    /// q, k, v and y have the rows that the view and `queries` speak of, and nobody else writes these rows of y.
    unsafe fn run(
        &self,
        queries: Range<usize>,
        k_copy: &mut [T],
        v_copy: &mut [T],
        scores: &mut [T],
        most: &mut [T],
        sums: &mut [T],
    ) {
        let (kernel, width, first) = (self.kernel, self.y.width, queries.start);
        for query in queries.clone() {
            // SAFETY: promised by the caller.
            unsafe { self.y.row(query) }.fill(T::ZERO);
        }
        most.fill(-T::INFINITY);
        sums.fill(T::ZERO);
        let real = queries.start..queries.end.min(self.view.queries);
        for keys in blocks(0..self.view.seen_by_any(&real), KEYS) {
            let (k, v) = (self.k.row(keys.start), self.v.row(keys.start));
            // SAFETY: these rows of k and v exist; the copies are not written before the next block.
            let (k, v) = unsafe {
                (
                    Panels::copy(kernel, k, (1, self.k.stride), (width, keys.len()), k_copy),
                    Panels::copy(kernel, v, (self.v.stride, 1), (keys.len(), width), v_copy),
                )
            };
            for tile in tiles(real.clone(), kernel.rows) {
                let seen = self.view.seen_by_any(&tile).min(keys.end).saturating_sub(keys.start);
                if seen == 0 {
                    continue;
                }
                let q = (self.q.row(tile.start), self.q.stride, 1);
                let s = (scores.as_mut_ptr(), keys.len());
                // SAFETY: the tile's rows of q exist, and `scores` has room for a tile.
                unsafe { k.multiply(tile.len(), q, 0..width, seen, s, false) };
                for (query, scores) in tile.clone().zip(scores.chunks_mut(keys.len())) {
                    let mine = self.view.seen_by(query).saturating_sub(keys.start).min(seen);
                    // SAFETY: the row belongs to this task.
                    let y = unsafe { self.y.row(query) };
                    let at = query - first;
                    self.exponentials(&mut scores[..seen], mine, y, &mut most[at], &mut sums[at]);
                }
                let p = (scores.as_ptr(), keys.len(), 1);
                let y = (self.y.data.wrapping_add(tile.start * self.y.stride), self.y.stride);
                // SAFETY: the tile's rows of y belong to this task.
                unsafe { v.multiply(tile.len(), p, 0..seen, width, y, true) };
            }
        }
        for (query, (most, &sum)) in queries.zip(most.iter_mut().zip(&*sums)) {
            if query >= self.view.queries || self.view.seen_by(query) == 0 {
                *most = T::ZERO;
                continue;
            }
            let inverse = T::ONE / sum;
            // SAFETY: the row belongs to this task.
            let y = unsafe { self.y.row(query) };
            simd(
                #[inline(always)]
                || {
                    for y in y.iter_mut() {
                        *y *= inverse;
                    }
                },
            );
            *most += sum.ln();
        }
    }

    /// Turns the first `mine` scores of a row into e^(score − largest) and the others into 0, and brings what was summed before
    /// to the same largest score.
    fn exponentials(&self, scores: &mut [T], mine: usize, y: &mut [T], most: &mut T, sum: &mut T) {
        let scale = self.scale;
        simd(
            #[inline(always)]
            || {
                let (scores, hidden) = scores.split_at_mut(mine);
                hidden.fill(T::ZERO);
                if scores.is_empty() {
                    return;
                }
                let before = *most;
                *most = before.larger(max_run(scores) * scale);
                let largest = *most;
                for s in scores.iter_mut() {
                    *s = (*s * scale - largest).exp();
                }
                if before == -T::INFINITY {
                    *sum = sum_run(scores);
                    return;
                }
                let shrink = (before - largest).exp();
                *sum = *sum * shrink + sum_run(scores);
                for y in y.iter_mut() {
                    *y *= shrink;
                }
            },
        );
    }
}
