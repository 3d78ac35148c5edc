//! Axes in another order.

use crate::buffer::Element;
use crate::threads::{GRAIN, parallel_chunks};

/// The most axes a shape can have here.
const MAX_AXES: usize = 8;

/// The side of the squares that a transposition moves at once: a cache line of single precision.
const SIDE: usize = 16;

/// An axis of the result: its length, and the elements of the source to step over per step along it.
#[derive(Clone, Copy, Default)]
struct Axis {
    len: usize,
    stride: usize,
}

/// The axes of the result, outermost first; axes that stay neighbours are joined, axes of length 1 left out.
fn join(shape: &[usize], order: &[usize]) -> ([Axis; MAX_AXES], usize) {
    let mut axes = [Axis::default(); MAX_AXES];
    let mut rank = 0;
    for &axis in order {
        let (len, stride) = (shape[axis], shape[axis + 1..].iter().product());
        if len == 1 {
            continue;
        }
        if rank > 0 && axes[rank - 1].stride == len * stride {
            axes[rank - 1] = Axis { len: axes[rank - 1].len * len, stride };
        } else {
            axes[rank] = Axis { len, stride };
            rank += 1;
        }
    }
    (axes, rank)
}

/// Copies `x` of the given shape into `out` with its axes in another order: axis `i` of `out` is axis
/// `order[i]` of `x`.
///
/// # Panics
/// If the lengths differ, `order` is no permutation of the axes, or there are more than 8.
pub fn permute<T: Element>(x: &[T], shape: &[usize], order: &[usize], out: &mut [T]) {
    let len: usize = shape.iter().product();
    assert!(x.len() == len && out.len() == len && order.len() == shape.len(), "permute: the lengths differ");
    assert!((0..order.len()).all(|axis| order.contains(&axis)), "permute: {order:?} is no permutation");
    if len == 0 {
        return;
    }
    let (axes, rank) = join(shape, order);
    let Some((&inner, outer)) = axes[..rank].split_last() else {
        out.copy_from_slice(x);
        return;
    };
    let rows = (GRAIN / inner.len).max(1).next_multiple_of(SIDE);
    parallel_chunks(out, rows * inner.len, |task, out| {
        let first = task * rows;
        match outer.split_last() {
            Some((&Axis { len, stride: 1 }, outer)) => transpose(x, outer, len, inner, first, out),
            _ => gather(x, outer, inner, first, out),
        }
    });
}

/// The place in the source where a row of the result begins.
fn place(outer: &[Axis], mut row: usize) -> usize {
    let mut at = 0;
    for axis in outer.iter().rev() {
        at += row % axis.len * axis.stride;
        row /= axis.len;
    }
    at
}

/// Writes the rows from `first` on, one after another.
fn gather<T: Element>(x: &[T], outer: &[Axis], inner: Axis, first: usize, out: &mut [T]) {
    for (i, row) in out.chunks_exact_mut(inner.len).enumerate() {
        let x = &x[place(outer, first + i)..];
        if inner.stride == 1 {
            row.copy_from_slice(&x[..inner.len]);
        } else {
            for (o, &x) in row.iter_mut().zip(x.iter().step_by(inner.stride)) {
                *o = x;
            }
        }
    }
}

/// Writes the rows from `first` on, where `len` rows in turn begin at neighbouring places of the source: square by
/// square, so that cache lines are read and written whole.
fn transpose<T: Element>(x: &[T], outer: &[Axis], len: usize, inner: Axis, first: usize, out: &mut [T]) {
    let mut square = [[T::default(); SIDE]; SIDE];
    let count = out.len() / inner.len;
    let mut row = 0;
    while row < count {
        let (block, k) = ((first + row) / len, (first + row) % len);
        let high = SIDE.min(len - k).min(count - row);
        let x = &x[place(outer, block) + k..];
        for start in (0..inner.len).step_by(SIDE) {
            let wide = SIDE.min(inner.len - start);
            for (j, column) in square[..wide].iter_mut().enumerate() {
                column[..high].copy_from_slice(&x[(start + j) * inner.stride..][..high]);
            }
            for i in 0..high {
                let out = &mut out[(row + i) * inner.len + start..][..wide];
                for (o, column) in out.iter_mut().zip(&square) {
                    *o = column[i];
                }
            }
        }
        row += high;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(1000))]
        #[test]
        fn any_order_agrees_with_the_definition(
            axes in prop::collection::vec((0usize..30).prop_map(|n| if n < 25 { n % 5 } else { n - 8 }), 0..5),
            seed in any::<u64>(),
        ) {
            let mut order: Vec<usize> = (0..axes.len()).collect();
            order.sort_by_key(|&i| seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(7 * i as u32 + 3));
            let len: usize = axes.iter().product();
            let x: Vec<u32> = (0..len as u32).collect();
            let mut out = vec![0; len];
            permute(&x, &axes, &order, &mut out);
            for (flat, &got) in out.iter().enumerate() {
                let (mut rest, mut at) = (flat, 0);
                for &axis in order.iter().rev() {
                    at += rest % axes[axis] * axes[axis + 1..].iter().product::<usize>();
                    rest /= axes[axis];
                }
                prop_assert_eq!(got, at as u32);
            }
        }
    }

    #[test]
    fn transposing_twice_gives_back_a_large_matrix() {
        let (rows, columns) = (301, 1003);
        let x: Vec<f32> = (0..rows * columns).map(|i| i as f32).collect();
        let (mut y, mut z) = (vec![0.0; x.len()], vec![0.0; x.len()]);
        permute(&x, &[rows, columns], &[1, 0], &mut y);
        assert_eq!(y[..3], [0.0, columns as f32, 2.0 * columns as f32]);
        permute(&y, &[columns, rows], &[1, 0], &mut z);
        assert!(x == z);
    }
}
