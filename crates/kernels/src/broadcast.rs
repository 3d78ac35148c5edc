//! Two operands laid over a result of their common shape, where lengths of 1 stretch.
//!
//! Neighbouring axes that both operands walk through alike are joined first. What remains innermost is a
//! long run on which each operand either advances or stands still: equal shapes, a scalar, a bias row and
//! a column all become plain vector loops.

use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// The most axes a shape can have here.
const MAX_AXES: usize = 8;

#[derive(Clone, Copy, Default)]
struct Axis {
    len: usize,
    /// Elements to step over in the left operand per step along the axis; 0 where it is stretched.
    left: usize,
    right: usize,
}

/// How two operands lie over their result.
pub struct Broadcast {
    /// Joined axes, innermost first.
    axes: [Axis; MAX_AXES],
    rank: usize,
}

/// The strides of an operand along the axes of the result, innermost first, 0 where it is stretched.
fn strides<'a>(shape: &'a [usize], out: &'a [usize]) -> impl Iterator<Item = usize> + 'a {
    let mut stride = 1;
    out.iter().rev().enumerate().map(move |(i, &len)| {
        let own = shape.len().checked_sub(i + 1).map_or(1, |axis| shape[axis]);
        assert!(own == len || own == 1, "broadcast: {shape:?} does not stretch to {out:?}");
        let step = if own == 1 { 0 } else { stride };
        stride *= own;
        step
    })
}

impl Broadcast {
    /// The layout of operands of shapes `left` and `right` over a result of shape `out`.
    ///
    /// # Panics
    /// If an operand does not stretch to `out`, or `out` has more than 8 axes.
    pub fn new(out: &[usize], left: &[usize], right: &[usize]) -> Broadcast {
        let mut axes = [Axis::default(); MAX_AXES];
        let mut rank = 0;
        for ((&len, left), right) in out.iter().rev().zip(strides(left, out)).zip(strides(right, out)) {
            if len == 1 {
                continue;
            }
            let inner = axes[rank.max(1) - 1];
            if rank > 0 && left == inner.left * inner.len && right == inner.right * inner.len {
                axes[rank - 1].len *= len;
            } else {
                axes[rank] = Axis { len, left, right };
                rank += 1;
            }
        }
        if rank == 0 {
            axes[0].len = 1;
        }
        Broadcast { axes, rank: rank.max(1) }
    }

    /// Calls `run(at, left, right, n)` for every run of `n` elements on the innermost axis among the
    /// result's elements `start … start + len`: `at` counts from `start`, `left` and `right` are offsets.
    #[inline(always)]
    fn walk(&self, start: usize, len: usize, mut run: impl FnMut(usize, usize, usize, usize)) {
        let axes = &self.axes[..self.rank];
        let mut index = [0; MAX_AXES];
        let mut rest = start;
        for (i, axis) in index.iter_mut().zip(axes) {
            *i = rest % axis.len;
            rest /= axis.len;
        }
        let (inner, next) = (axes[0], self.axes[1]);
        let mut at = 0;
        while at < len {
            let (mut left, mut right) = (0, 0);
            for (i, axis) in index.iter().zip(axes) {
                left += i * axis.left;
                right += i * axis.right;
            }
            // Whole runs follow each other along the next axis; only the first and the last may be cut.
            let whole = if index[0] == 0 { (len - at) / inner.len } else { 0 };
            if whole > 0 && self.rank > 1 {
                let runs = whole.min(next.len - index[1]);
                for k in 0..runs {
                    run(at, left + k * next.left, right + k * next.right, inner.len);
                    at += inner.len;
                }
                index[1] += runs;
            } else {
                let n = (inner.len - index[0]).min(len - at);
                run(at, left, right, n);
                at += n;
                index[0] += n;
            }
            for k in 0..self.rank - 1 {
                if index[k] == axes[k].len {
                    index[k] = 0;
                    index[k + 1] += 1;
                }
            }
        }
    }

    /// `out = f(left, right)`; `f` must be `#[inline(always)]`.
    pub fn apply<T: Float>(&self, left: &[T], right: &[T], out: &mut [T], f: impl Fn(T, T) -> T + Sync) {
        let inner = self.axes[0];
        parallel_chunks(out, GRAIN, |i, out| {
            simd(
                #[inline(always)]
                || {
                    self.walk(
                        i * GRAIN,
                        out.len(),
                        #[inline(always)]
                        |at, l, r, n| {
                            let out = &mut out[at..at + n];
                            match (inner.left, inner.right) {
                                (0, 0) => out.fill(f(left[l], right[r])),
                                (0, _) => {
                                    let x = left[l];
                                    for (o, &y) in out.iter_mut().zip(&right[r..r + n]) {
                                        *o = f(x, y);
                                    }
                                }
                                (_, 0) => {
                                    let y = right[r];
                                    for (o, &x) in out.iter_mut().zip(&left[l..l + n]) {
                                        *o = f(x, y);
                                    }
                                }
                                _ => {
                                    let pairs = left[l..l + n].iter().zip(&right[r..r + n]);
                                    for (o, (&x, &y)) in out.iter_mut().zip(pairs) {
                                        *o = f(x, y);
                                    }
                                }
                            }
                        },
                    );
                },
            );
        });
    }

    /// `left = f(left, right)`, where the left operand has the shape of the result; `f` must be
    /// `#[inline(always)]`.
    pub fn apply_in_place<T: Float>(&self, left: &mut [T], right: &[T], f: impl Fn(T, T) -> T + Sync) {
        let inner = self.axes[0];
        parallel_chunks(left, GRAIN, |i, left| {
            simd(
                #[inline(always)]
                || {
                    self.walk(
                        i * GRAIN,
                        left.len(),
                        #[inline(always)]
                        |at, _, r, n| {
                            let left = &mut left[at..at + n];
                            if inner.right == 0 {
                                let y = right[r];
                                for x in left.iter_mut() {
                                    *x = f(*x, y);
                                }
                            } else {
                                for (x, &y) in left.iter_mut().zip(&right[r..r + n]) {
                                    *x = f(*x, y);
                                }
                            }
                        },
                    );
                },
            );
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Element by element from the definition.
    fn naive(out: &[usize], a: &[f64], sa: &[usize], b: &[f64], sb: &[usize]) -> Vec<f64> {
        let pick = |data: &[f64], shape: &[usize], flat: usize| {
            let (mut rest, mut at, mut stride) = (flat, 0, 1);
            for (i, &len) in out.iter().rev().enumerate() {
                let index = rest % len;
                rest /= len;
                let own = if i < shape.len() { shape[shape.len() - 1 - i] } else { 1 };
                at += if own == 1 { 0 } else { index * stride };
                stride *= own;
            }
            data[at]
        };
        (0..out.iter().product()).map(|i| pick(a, sa, i) - pick(b, sb, i)).collect()
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2000))]
        #[test]
        fn any_pair_of_shapes_agrees_with_the_definition(
            axes in prop::collection::vec((0usize..5, any::<bool>(), any::<bool>()), 0..6),
            cut in (0usize..3, 0usize..3),
        ) {
            let out: Vec<usize> = axes.iter().map(|&(n, a, b)| if a && b { 1 } else { n }).collect();
            let a: Vec<usize> = axes.iter().map(|&(n, a, _)| if a { 1 } else { n }).collect();
            let b: Vec<usize> = axes.iter().map(|&(n, _, b)| if b { 1 } else { n }).collect();
            // Leading lengths of 1 may be left away.
            let lead = |s: &[usize], n: usize| s.iter().take(n).take_while(|&&d| d == 1).count();
            let (a, b) = (&a[lead(&a, cut.0)..], &b[lead(&b, cut.1)..]);
            let fill = |s: &[usize], k: usize| -> Vec<f64> { (0..s.iter().product()).map(|i| (i * k) as f64).collect() };
            let (x, y) = (fill(a, 1), fill(b, 100));
            let want = naive(&out, &x, a, &y, b);
            let mut got = vec![0.0; want.len()];
            Broadcast::new(&out, a, b).apply(&x, &y, &mut got, |x, y| x - y);
            prop_assert_eq!(&got, &want);
            if a.len() == out.len() && a == out {
                let mut got = x.clone();
                Broadcast::new(&out, a, b).apply_in_place(&mut got, &y, |x, y| x - y);
                prop_assert_eq!(&got, &want);
            }
        }
    }

    #[test]
    fn long_results_are_walked_across_tasks() {
        let (rows, width) = (GRAIN / 7, 19);
        let x: Vec<f64> = (0..rows * width).map(|i| i as f64).collect();
        let y: Vec<f64> = (0..width).map(|i| 1e6 * i as f64).collect();
        let mut got = vec![0.0; x.len()];
        Broadcast::new(&[rows, width], &[rows, width], &[width]).apply(&x, &y, &mut got, |x, y| x + y);
        assert!(got.iter().enumerate().all(|(i, &v)| v == i as f64 + 1e6 * (i % width) as f64));
    }
}
