//! The steps in time, forward and back, by blocks of rows.

use super::{Cell, Sequences, Start, Weights};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::{isa, simd};
use crate::matmul::Mat;
use crate::product::micro::kernel;
use crate::product::packed::Packed;
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, cut, parallel};
use std::ops::Range;

/// Rows of a block: enough that reading the weight, which does not stay in the nearest cache, costs less than
/// multiplying by it, and few enough that four threads can share a batch of 32.
const ROWS: usize = 8;

/// Blocks of rows of a batch; a small one gives work to two threads.
fn blocks(batch: usize) -> usize {
    batch.div_ceil(ROWS).max(batch.div_ceil(ROWS / 2).min(2))
}

impl Sequences<'_> {
    /// The most steps of some rows.
    fn steps(&self, rows: Range<usize>) -> usize {
        rows.map(|row| self.length(row)).max().unwrap_or_default()
    }
}

/// Row `at` of `[rows, len]`, to be changed, and row `before`, or `first` in its place.
#[inline(always)]
fn with_before<'a, T>(
    data: &'a mut [T],
    len: usize,
    at: usize,
    before: Option<usize>,
    first: &'a [T],
) -> (&'a mut [T], &'a [T]) {
    match before {
        None => (&mut data[at * len..][..len], first),
        Some(before) if before < at => {
            let (low, high) = data.split_at_mut(at * len);
            (&mut high[..len], &low[before * len..][..len])
        }
        Some(before) => {
            let (low, high) = data.split_at_mut(before * len);
            (&mut low[at * len..][..len], &high[..len])
        }
    }
}

/// Row `row` of an optional `[batch, len]`, or zeros.
#[inline(always)]
fn row_or<'a, T>(data: Option<&'a [T]>, row: usize, zeros: &'a [T]) -> &'a [T] {
    data.map_or(zeros, |data| &data[row * zeros.len()..][..zeros.len()])
}

/// All steps forward.
pub(super) fn sweep_forward<C: Cell, T: Float>(
    s: &Sequences,
    w: &Weights<T>,
    start: Start<&[T]>,
    gates: &mut [T],
    kept: &mut [T],
    y: &mut [T],
) -> Result<(), OutOfMemory> {
    let (kernel, h, all) = (kernel::<T>(isa()), s.hidden, C::GATES * s.hidden);
    let room = Packed::room(kernel, h, all);
    with_scratch(room + h + s.batch * (h + all), |memory: &mut [T]| {
        let (room, memory) = memory.split_at_mut(room);
        let (zeros, memory) = memory.split_at_mut(h);
        zeros.fill(T::ZERO);
        let zeros = &*zeros;
        let weight = Packed::new(kernel, Mat::new(w.hidden, all, h).t(), room);
        let bias = &w.bias_hidden[C::SHARED * h..];
        let [memory, gates, kept, y] = [memory, gates, kept, y].map(|m| SharedMut(m.as_mut_ptr()));
        let count = blocks(s.batch);
        parallel(count, |block| {
            let rows = cut(s.batch, count, block);
            // SAFETY: the rows of blocks are disjoint, and each slice holds `batch` rows of the length named.
            let [memory, gates, kept, y] =
                [(&memory, h + all), (&gates, s.time * all), (&kept, s.time * h), (&y, s.time * h)]
                    .map(|(m, len)| unsafe { m.region(rows.start * len, rows.len() * len) });
            let (states, sums) = memory.split_at_mut(rows.len() * h);
            for (i, row) in rows.clone().enumerate() {
                states[i * h..][..h].copy_from_slice(row_or(start.state, row, zeros));
                let (from, to) = (i * s.time + s.length(row), (i + 1) * s.time);
                y[from * h..to * h].fill(T::ZERO);
            }
            for step in 0..s.steps(rows.clone()) {
                weight.product(rows.len(), states, sums, false);
                simd(
                    #[inline(always)]
                    || {
                        for (i, row) in rows.clone().enumerate() {
                            let Some((at, before)) = s.position(row, step) else { continue };
                            let (at, before) = (i * s.time + at, before.map(|p| i * s.time + p));
                            let first = row_or(start.cells, row, zeros);
                            let (kept, before) = with_before(kept, h, at, before, first);
                            let gates = &mut gates[at * all..][..all];
                            let state = &mut states[i * h..][..h];
                            C::forward(gates, &sums[i * all..][..all], bias, before, kept, state);
                            y[at * h..][..h].copy_from_slice(state);
                        }
                    },
                );
            }
        });
    })
}

/// All steps back: see [`super::backward`]. `previous` `[batch, time, hidden]` gets the state before each step.
pub(super) fn sweep_back<C: Cell, T: Float>(
    s: &Sequences,
    w: &Weights<T>,
    start: Start<&[T]>,
    gates: &mut [T],
    kept: &mut [T],
    y: &[T],
    dy: &[T],
    previous: &mut [T],
    dstart: Start<&mut [T]>,
) -> Result<(), OutOfMemory> {
    let (kernel, h, all) = (kernel::<T>(isa()), s.hidden, C::GATES * s.hidden);
    let room = Packed::room(kernel, all, h);
    with_scratch(room + h + s.batch * (2 * h + all), |memory: &mut [T]| {
        let (room, memory) = memory.split_at_mut(room);
        let (zeros, memory) = memory.split_at_mut(h);
        zeros.fill(T::ZERO);
        let zeros = &*zeros;
        let weight = Packed::new(kernel, Mat::new(w.hidden, all, h), room);
        let [memory, gates, kept, previous] =
            [memory, gates, kept, previous].map(|m| SharedMut(m.as_mut_ptr()));
        let dstart = [dstart.state, dstart.cells].map(|d| d.map(|d| SharedMut(d.as_mut_ptr())));
        let count = blocks(s.batch);
        parallel(count, |block| {
            let rows = cut(s.batch, count, block);
            // SAFETY: the rows of blocks are disjoint, and each slice holds `batch` rows of the length named.
            let [memory, gates, kept, previous] = [
                (&memory, 2 * h + all),
                (&gates, s.time * all),
                (&kept, s.time * h),
                (&previous, s.time * h),
            ]
            .map(|(m, len)| unsafe { m.region(rows.start * len, rows.len() * len) });
            let (dstates, rest) = memory.split_at_mut(rows.len() * h);
            let (dkept, dsums) = rest.split_at_mut(rows.len() * h);
            dstates.fill(T::ZERO);
            dkept.fill(T::ZERO);
            for (i, row) in rows.clone().enumerate() {
                let (from, to) = (i * s.time + s.length(row), (i + 1) * s.time);
                gates[from * all..to * all].fill(T::ZERO);
                kept[from * h..to * h].fill(T::ZERO);
                previous[from * h..to * h].fill(T::ZERO);
            }
            for step in (0..s.steps(rows.clone())).rev() {
                simd(
                    #[inline(always)]
                    || {
                        for (i, row) in rows.clone().enumerate() {
                            let dsums = &mut dsums[i * all..][..all];
                            let Some((at, before)) = s.position(row, step) else {
                                dsums.fill(T::ZERO);
                                continue;
                            };
                            let wide = row * s.time;
                            let state = match before {
                                Some(before) => &y[(wide + before) * h..][..h],
                                None => row_or(start.state, row, zeros),
                            };
                            let (dstate, dy) = (&mut dstates[i * h..][..h], &dy[(wide + at) * h..][..h]);
                            for (d, &more) in dstate.iter_mut().zip(dy) {
                                *d += more;
                            }
                            let (at, before) = (i * s.time + at, before.map(|p| i * s.time + p));
                            previous[at * h..][..h].copy_from_slice(state);
                            let first = row_or(start.cells, row, zeros);
                            let (kept, kept_before) = with_before(kept, h, at, before, first);
                            let gates = &mut gates[at * all..][..all];
                            let dkept = &mut dkept[i * h..][..h];
                            C::backward(gates, kept, kept_before, state, dstate, dkept, dsums);
                        }
                    },
                );
                if step > 0 || dstart[0].is_some() {
                    weight.product(rows.len(), dsums, dstates, true);
                }
            }
            for (to, from) in dstart.iter().zip([dstates, dkept]) {
                if let Some(to) = to {
                    // SAFETY: the rows of blocks are disjoint, and the slice holds `batch` rows of `h` numbers.
                    unsafe { to.region(rows.start * h, rows.len() * h) }.copy_from_slice(from);
                }
            }
        });
    })
}
