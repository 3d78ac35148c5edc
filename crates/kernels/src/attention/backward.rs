//! From the gradient of the result to those of q, k and v.
//!
//! With p = softmax(scores), computed again, and ∂p = ∂y vᵀ:
//! ∂v = pᵀ ∂y, ∂s = p (∂p − Σ y ∂y) / √width, ∂q = ∂s k, ∂k = ∂sᵀ q.

use super::panels::{Panels, blocks, tiles};
use super::{Attention, Rows, View};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::{isa, simd};
use crate::product::micro::{Kernel, kernel};
use crate::reduce::sum_pairs;
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, SharedMut, cut, parallel};
use std::ops::Range;

/// Keys and queries whose probabilities are held at a time: with their copies they fill about half of the second cache.
const KEYS: usize = 128;
const QUERIES: usize = 128;

/// Numbers that a task's copies and probabilities take, one after the other.
struct Room {
    /// kᵀ and vᵀ `[width, keys]`.
    transposed: usize,
    /// k `[keys, width]`.
    keys: usize,
    /// q and ∂y `[queries, width]`.
    queries: usize,
    /// p and ∂s `[queries, keys]`.
    square: usize,
}

impl Room {
    fn total(&self) -> usize {
        2 * self.transposed + self.keys + 2 * self.queries + 2 * self.square
    }
}

impl Attention<'_> {
    /// Writes ∂loss/∂q, ∂k and ∂v into their places in `gradients`, which have the shapes of `tensors`, given y,
    /// `statistics` (both from [`forward`](Self::forward)) and ∂loss/∂y. Other columns of the gradients stay as they are.
    ///
    /// # Errors
    /// No memory for copies of a few keys and queries, or for parts of ∂q where there are few heads.
    ///
    /// # Panics
    /// If the lengths do not fit, or the places overlap.
    pub fn backward<T: Float>(
        &self,
        tensors: &[&[T]],
        y: &[T],
        statistics: &[T],
        dy: &[T],
        gradients: &mut [&mut [T]],
    ) -> Result<(), OutOfMemory> {
        self.backward_by(kernel(isa()), tensors, (y, statistics), dy, gradients)
    }

    /// As [`backward`](Self::backward), by a given micro-kernel.
    pub(super) fn backward_by<T: Float>(
        &self,
        kernel: &'static Kernel<T>,
        tensors: &[&[T]],
        (y, statistics): (&[T], &[T]),
        dy: &[T],
        gradients: &mut [&mut [T]],
    ) -> Result<(), OutOfMemory> {
        let lengths: Vec<usize> = tensors.iter().map(|t| t.len()).collect();
        let strides = self.strides(&lengths);
        assert!(
            lengths.iter().copied().eq(gradients.iter().map(|g| g.len())),
            "attention: gradients of other lengths than the tensors"
        );
        assert!(
            y.len() == self.output_len() && dy.len() == y.len() && statistics.len() == self.statistics_len(),
            "attention: results of another length"
        );
        for (i, a) in self.places.iter().enumerate() {
            let apart =
                |b: &super::Place| a.tensor != b.tensor || a.first.abs_diff(b.first) >= self.columns();
            assert!(self.places[..i].iter().all(apart), "attention: gradients overlap");
        }
        if self.batch * self.columns() == 0 {
            return Ok(());
        }
        let to: Vec<SharedMut<T>> = gradients.iter_mut().map(|g| SharedMut(g.as_mut_ptr())).collect();
        let parts = self.parts(self.keys.div_ceil(KEYS));
        let (keys, queries) = (KEYS.min(self.keys), QUERIES.min(self.queries));
        let room = Room {
            transposed: Panels::len(kernel, self.width, keys),
            keys: Panels::len(kernel, keys, self.width),
            queries: Panels::len(kernel, queries, self.width),
            square: queries * keys,
        };
        // Parts of the keys have sums of ∂q of their own, `[parts, batch, queries, columns]`.
        let partial = if parts > 1 { parts * self.output_len() } else { 0 };
        with_scratch(partial, |partial: &mut [T]| {
            let sums = SharedMut(partial.as_mut_ptr());
            self.parallel(parts, room.total(), |item, head, part, scratch| {
                let [q, k, v] = [0, 1, 2].map(|i| self.rows(i, tensors, strides[i], item, head));
                let target = |i: usize| Target {
                    data: to[self.places[i].tensor].at(self.at(i, strides[i], item, head, 0)),
                    stride: strides[i],
                    width: self.width,
                };
                let columns = self.columns();
                let first = item * self.queries * columns + head * self.width;
                let dq = match parts {
                    1 => target(0),
                    _ => Target {
                        data: sums.at(part * self.output_len() + first),
                        stride: columns,
                        width: self.width,
                    },
                };
                let beside = |of: &[T]| Rows { data: of.as_ptr().wrapping_add(first), stride: columns };
                let head = Head {
                    kernel,
                    view: self.view(item),
                    scale: self.scale(),
                    queries: self.queries,
                    room: &room,
                    statistics: &statistics[(item * self.heads + head) * self.queries..][..self.queries],
                    from: [q, k, v, beside(y), beside(dy)],
                    to: [dq, target(1), target(2)],
                };
                // SAFETY: tensors, results and gradients have the rows of the shape; no other task writes this
                // head's ∂q (or this part's), nor the ∂k and ∂v of these keys.
                unsafe { head.run(cut(self.keys, parts, part), scratch) };
            })?;
            if parts > 1 {
                self.add_parts(partial, parts, &to[self.places[0].tensor], strides[0]);
            }
            Ok(())
        })?
    }

    /// Adds the parts of ∂q in order.
    fn add_parts<T: Float>(&self, partial: &[T], parts: usize, dq: &SharedMut<T>, stride: usize) {
        let (columns, rows) = (self.columns(), self.batch * self.queries);
        let together = (GRAIN / (parts * columns)).max(1);
        parallel(rows.div_ceil(together), |task| {
            for i in task * together..rows.min((task + 1) * together) {
                // SAFETY: the row is one of ∂q, and this task alone has it.
                let to = unsafe { dq.region(i * stride + self.places[0].first, columns) };
                to.copy_from_slice(&partial[i * columns..][..columns]);
                for part in 1..parts {
                    let sums = &partial[(part * rows + i) * columns..];
                    simd(
                        #[inline(always)]
                        || {
                            for (t, &s) in to.iter_mut().zip(sums) {
                                *t += s;
                            }
                        },
                    );
                }
            }
        });
    }
}

/// Rows that gradients are added to.
struct Target<T> {
    data: *mut T,
    stride: usize,
    width: usize,
}

impl<T: Float> Target<T> {
    fn row(&self, row: usize) -> *mut T {
        self.data.wrapping_add(row * self.stride)
    }

    /// # Safety
    /// The rows exist, and no one else has them.
    unsafe fn clear(&self, rows: Range<usize>) {
        for row in rows {
            // SAFETY: promised by the caller.
            unsafe { std::slice::from_raw_parts_mut(self.row(row), self.width) }.fill(T::ZERO);
        }
    }
}

/// One head of one example.
struct Head<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    view: View,
    scale: T,
    queries: usize,
    room: &'a Room,
    statistics: &'a [T],
    /// q, k, v, y and ∂y.
    from: [Rows<T>; 5],
    /// ∂q, ∂k and ∂v.
    to: [Target<T>; 3],
}

impl<T: Float> Head<'_, T> {
    /// Computes the ∂k and ∂v of some keys, and what these keys add to ∂q.
    ///
    /// # Safety
    /// All rows of the head exist. Nobody else writes ∂q, nor these keys' rows of ∂k and ∂v.
    unsafe fn run(&self, keys: Range<usize>, scratch: &mut [T]) {
        let (kernel, width, view) = (self.kernel, self.to[0].width, self.view);
        let ([q, k, v, _, dy], [dq, dk, dv]) = (self.from, &self.to);
        let (kt_room, rest) = scratch.split_at_mut(self.room.transposed);
        let (vt_room, rest) = rest.split_at_mut(self.room.transposed);
        let (k_room, rest) = rest.split_at_mut(self.room.keys);
        let (q_room, rest) = rest.split_at_mut(self.room.queries);
        let (dy_room, rest) = rest.split_at_mut(self.room.queries);
        let (p, ds) = rest.split_at_mut(self.room.square);
        // SAFETY: promised by the caller; copies have room and are not written while they are used; a tile's rows of p and ∂s
        // lie within them.
        unsafe {
            dq.clear(0..self.queries);
            dk.clear(keys.clone());
            dv.clear(keys.clone());
            for keys in blocks(keys.start..keys.end.min(view.keys), KEYS) {
                let (k_rows, v_rows, stride) = (k.row(keys.start), v.row(keys.start), keys.len());
                let shape = (width, keys.len());
                let kt = Panels::copy(kernel, k_rows, (1, k.stride), shape, kt_room);
                let vt = Panels::copy(kernel, v_rows, (1, v.stride), shape, vt_room);
                let k = Panels::copy(kernel, k_rows, (k.stride, 1), (keys.len(), width), k_room);
                for queries in blocks(view.first_to_see(keys.start)..view.queries, QUERIES) {
                    let shape = (queries.len(), width);
                    let q_copy = Panels::copy(kernel, q.row(queries.start), (q.stride, 1), shape, q_room);
                    let dy_copy = Panels::copy(kernel, dy.row(queries.start), (dy.stride, 1), shape, dy_room);
                    let whole = view.seen_by_any(&queries).min(keys.end) - keys.start;
                    for tile in tiles(queries.clone(), kernel.rows) {
                        let seen = view.seen_by_any(&tile).min(keys.end) - keys.start;
                        let at = (tile.start - queries.start) * stride;
                        let (p, ds) = (&mut p[at..], &mut ds[at..]);
                        let (q, dy) = ((q.row(tile.start), q.stride, 1), (dy.row(tile.start), dy.stride, 1));
                        kt.multiply(tile.len(), q, 0..width, seen, (p.as_mut_ptr(), stride), false);
                        vt.multiply(tile.len(), dy, 0..width, seen, (ds.as_mut_ptr(), stride), false);
                        for (query, (p, ds)) in
                            tile.clone().zip(p.chunks_mut(stride).zip(ds.chunks_mut(stride)))
                        {
                            let mine = view.seen_by(query).saturating_sub(keys.start).min(seen);
                            self.scores(query, mine, &mut p[..whole], &mut ds[..whole]);
                        }
                        let dq = (dq.row(tile.start), dq.stride);
                        k.multiply(tile.len(), (ds.as_ptr(), stride, 1), 0..seen, width, dq, true);
                    }
                    for tile in tiles(0..whole, kernel.rows) {
                        let key = keys.start + tile.start;
                        let from = view.first_to_see(key).saturating_sub(queries.start);
                        let some = from..queries.len();
                        let (dk, dv) = ((dk.row(key), dk.stride), (dv.row(key), dv.stride));
                        let (p, ds) =
                            ((&raw const p[tile.start], 1, stride), (&raw const ds[tile.start], 1, stride));
                        dy_copy.multiply(tile.len(), p, some.clone(), width, dv, true);
                        q_copy.multiply(tile.len(), ds, some, width, dk, true);
                    }
                }
            }
        }
    }

    /// Turns a query's scores, the first `mine` of `p`, into probabilities, and their gradients in `ds` into those of the scores;
    /// the others become 0.
    ///
    /// # Safety
    /// The query's rows of y and ∂y exist.
    unsafe fn scores(&self, query: usize, mine: usize, p: &mut [T], ds: &mut [T]) {
        let [_, _, _, y, dy] = &self.from;
        let width = self.to[0].width;
        // SAFETY: promised by the caller.
        let (y, dy) = unsafe {
            (
                std::slice::from_raw_parts(y.row(query), width),
                std::slice::from_raw_parts(dy.row(query), width),
            )
        };
        let (scale, log) = (self.scale, self.statistics[query]);
        let (p, p_hidden) = p.split_at_mut(mine);
        let (ds, ds_hidden) = ds.split_at_mut(mine);
        simd(
            #[inline(always)]
            || {
                let along = sum_pairs(
                    y,
                    dy,
                    #[inline(always)]
                    |y, dy| y * dy,
                );
                for (p, ds) in p.iter_mut().zip(ds.iter_mut()) {
                    *p = (*p * scale - log).exp();
                    *ds = *p * (*ds - along) * scale;
                }
                p_hidden.fill(T::ZERO);
                ds_hidden.fill(T::ZERO);
            },
        );
    }
}
