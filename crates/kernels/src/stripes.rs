//! Parts of an axis, cut out, put in, or picked by number.
//!
//! Around an axis a contiguous tensor is `[outer, len, inner]`; a part of the axis is then a stripe of each of the
//! `outer` blocks of `len · inner` elements.

use crate::buffer::Element;
use crate::float::Float;
use crate::gather::gather_rows;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// Blocks of `width` elements that make a task.
fn per_task(width: usize) -> usize {
    (GRAIN / width.max(1)).max(1)
}

/// Copies the stripe `start … start + width` of every block of `block` elements of `x` into `out`, one after another.
///
/// # Panics
/// If the lengths do not fit together.
pub fn cut<T: Element>(x: &[T], block: usize, start: usize, width: usize, out: &mut [T]) {
    if out.is_empty() {
        return;
    }
    assert!(start + width <= block && x.len() / block * width == out.len(), "cut: the lengths differ");
    let many = per_task(width);
    parallel_chunks(out, many * width, |task, out| {
        for (out, x) in out.chunks_exact_mut(width).zip(x[task * many * block..].chunks_exact(block)) {
            out.copy_from_slice(&x[start..start + width]);
        }
    });
}

/// Copies pieces of `width` elements of `x`, one after another, into the stripe `start … start + width` of every
/// block of `block` elements of `out`.
///
/// # Panics
/// If the lengths do not fit together.
pub fn put<T: Element>(x: &[T], width: usize, out: &mut [T], block: usize, start: usize) {
    if x.is_empty() {
        return;
    }
    assert!(start + width <= block && out.len() / block * width == x.len(), "put: the lengths differ");
    let many = per_task(width);
    parallel_chunks(out, many * block, |task, out| {
        for (out, x) in out.chunks_exact_mut(block).zip(x[task * many * width..].chunks_exact(width)) {
            out[start..start + width].copy_from_slice(x);
        }
    });
}

/// `out[o, j] = x[o, indices[j]]` for `x` of lengths `[outer, len, inner]`.
///
/// # Panics
/// If the lengths do not fit together, or an index is not less than `len`.
pub fn select<T: Element>(x: &[T], [outer, len, inner]: [usize; 3], indices: &[u32], out: &mut [T]) {
    if out.is_empty() {
        return;
    }
    let width = indices.len() * inner;
    assert!(x.len() == outer * len * inner && out.len() == outer * width, "select: the lengths differ");
    if outer == 1 {
        return gather_rows(x, inner, indices, out);
    }
    let many = per_task(width);
    parallel_chunks(out, many * width, |task, out| {
        let blocks = x[task * many * len * inner..].chunks_exact(len * inner);
        for (out, x) in out.chunks_exact_mut(width).zip(blocks) {
            gather_rows(x, inner, indices, out);
        }
    });
}

/// `out[o, indices[j]] += x[o, j]`, in the order of `j`, for `out` of lengths `[outer, len, inner]`: the gradient of
/// [`select`].
///
/// # Panics
/// If the lengths do not fit together, or an index is not less than `len`.
pub fn add_selected<T: Float>(x: &[T], indices: &[u32], out: &mut [T], [outer, len, inner]: [usize; 3]) {
    if x.is_empty() {
        return;
    }
    let width = indices.len() * inner;
    assert!(out.len() == outer * len * inner && x.len() == outer * width, "select: the lengths differ");
    let many = per_task(width);
    parallel_chunks(out, many * len * inner, |task, out| {
        simd(
            #[inline(always)]
            || {
                let blocks = x[task * many * width..].chunks_exact(width);
                for (out, x) in out.chunks_exact_mut(len * inner).zip(blocks) {
                    for (&index, x) in indices.iter().zip(x.chunks_exact(inner)) {
                        let row = &mut out[index as usize * inner..][..inner];
                        for (o, &x) in row.iter_mut().zip(x) {
                            *o += x;
                        }
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_cut_out_can_be_put_back() {
        let x: Vec<u32> = (0..7 * 20_000).collect();
        let mut back = vec![0; x.len()];
        for (start, width) in [(0, 2), (2, 0), (2, 4), (6, 1)] {
            let mut part = vec![0; width * 20_000];
            cut(&x, 7, start, width, &mut part);
            put(&part, width, &mut back, 7, start);
        }
        assert!(x == back);
    }

    #[test]
    fn picked_rows_are_added_back_once_per_mention() {
        let (outer, len, inner) = (9000, 3, 2);
        let x: Vec<f64> = (0..outer * len * inner).map(|i| i as f64).collect();
        let indices = [2, 0, 2, 2];
        let mut picked = vec![0.0; outer * 4 * inner];
        select(&x, [outer, len, inner], &indices, &mut picked);
        let mut sums = vec![0.0; x.len()];
        add_selected(&picked, &indices, &mut sums, [outer, len, inner]);
        let times = [1.0, 0.0, 3.0];
        assert!(sums.iter().enumerate().all(|(i, &s)| s == times[i / inner % len] * x[i]));
    }
}
