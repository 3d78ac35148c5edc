//! Sums and maxima along an axis, in an order that depends on the shape alone.
//!
//! A slice is seen as `[outer, len, inner]` and reduced over `len`. Long axes are cut into blocks whose results
//! are reduced in turn; inside a block several accumulators run side by side. So rounding errors grow
//! far slower than in a plain loop, and nothing depends on the number of threads.

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, parallel_chunks};

/// Accumulators that run side by side over a contiguous run, and over a short one.
const LANES: usize = 64;
const FEW_LANES: usize = 8;
/// Numbers of a contiguous run that share one set of accumulators.
const RUN: usize = 2048;
/// Columns that are reduced together, and rows after which their accumulators start afresh.
const STRIP: usize = 256;
const ROWS: usize = 64;

/// What a reduction does with two partial results.
trait Fold {
    fn start<T: Float>() -> T;
    fn join<T: Float>(a: T, b: T) -> T;
}

struct Sum;
struct Max;

impl Fold for Sum {
    #[inline(always)]
    fn start<T: Float>() -> T {
        T::ZERO
    }
    #[inline(always)]
    fn join<T: Float>(a: T, b: T) -> T {
        a + b
    }
}

impl Fold for Max {
    #[inline(always)]
    fn start<T: Float>() -> T {
        -T::INFINITY
    }
    #[inline(always)]
    fn join<T: Float>(a: T, b: T) -> T {
        a.larger(b)
    }
}

/// `out[o, i] = Σ_l x[o, l, i]` for `x` of lengths `[outer, len, inner]`.
///
/// # Errors
/// No memory for partial sums.
///
/// # Panics
/// If `x` or `out` has another length.
pub fn sum_axis<T: Float>(x: &[T], lengths: [usize; 3], out: &mut [T]) -> Result<(), OutOfMemory> {
    fold_axis::<T, Sum>(x, lengths, out)
}

/// `out[o, i] = max_l x[o, l, i]` for `x` of lengths `[outer, len, inner]`; NaN if any is NaN, −∞ for `len` = 0.
///
/// # Errors
/// No memory for partial results.
///
/// # Panics
/// If `x` or `out` has another length.
pub fn max_axis<T: Float>(x: &[T], lengths: [usize; 3], out: &mut [T]) -> Result<(), OutOfMemory> {
    fold_axis::<T, Max>(x, lengths, out)
}

/// Σ x of a short run on the calling thread; to be called inside [`simd`].
#[inline(always)]
pub(crate) fn sum_run<T: Float>(x: &[T]) -> T {
    fold_run::<T, Sum>(x)
}

/// Partial sums of pairs, which fill a vector or a few.
const PAIR_LANES: usize = 16;

/// Σ f(aᵢ, bᵢ) over two rows on the calling thread, in an order that depends on their length only; to be called inside [`simd`].
#[inline(always)]
pub(crate) fn sum_pairs<T: Float>(a: &[T], b: &[T], f: impl Fn(T, T) -> T) -> T {
    let mut sums = [T::ZERO; PAIR_LANES];
    let ((a, a_rest), (b, b_rest)) = (a.as_chunks::<PAIR_LANES>(), b.as_chunks::<PAIR_LANES>());
    for (a, b) in a.iter().zip(b) {
        for lane in 0..PAIR_LANES {
            sums[lane] += f(a[lane], b[lane]);
        }
    }
    for (sum, (&a, &b)) in sums.iter_mut().zip(a_rest.iter().zip(b_rest)) {
        *sum += f(a, b);
    }
    let mut half = PAIR_LANES / 2;
    while half > 0 {
        for lane in 0..half {
            sums[lane] += sums[lane + half];
        }
        half /= 2;
    }
    sums[0]
}

/// max x of a short run on the calling thread; to be called inside [`simd`].
#[inline(always)]
pub(crate) fn max_run<T: Float>(x: &[T]) -> T {
    fold_run::<T, Max>(x)
}

fn fold_axis<T: Float, F: Fold>(
    x: &[T],
    [outer, len, inner]: [usize; 3],
    out: &mut [T],
) -> Result<(), OutOfMemory> {
    assert!(x.len() == outer * len * inner && out.len() == outer * inner, "reduce: the lengths differ");
    if out.is_empty() || len == 0 {
        out.fill(F::start());
        return Ok(());
    }
    let block = (GRAIN / inner.min(STRIP)).max(ROWS);
    let blocks = len.div_ceil(block);
    if blocks == 1 {
        fold_blocks::<T, F>(x, len, inner, len, out);
        return Ok(());
    }
    with_scratch(outer * blocks * inner, |partial| {
        fold_blocks::<T, F>(x, len, inner, block, partial);
        fold_axis::<T, F>(partial, [outer, blocks, inner], out)
    })?
}

/// Reduces blocks of `block` steps of the axis: `out` is `[outer, blocks, inner]`.
fn fold_blocks<T: Float, F: Fold>(x: &[T], len: usize, inner: usize, block: usize, out: &mut [T]) {
    let blocks = len.div_ceil(block);
    let mut chunk = GRAIN.div_ceil(block);
    if inner > 1 {
        chunk = chunk.next_multiple_of(LANES);
    }
    parallel_chunks(out, chunk, |i, out| {
        simd(
            #[inline(always)]
            || {
                let mut sums = [F::start::<T>(); STRIP];
                let mut at = 0;
                while at < out.len() {
                    let (unit, column) = ((i * chunk + at) / inner, (i * chunk + at) % inner);
                    let (o, first) = (unit / blocks, unit % blocks * block);
                    let steps = block.min(len - first);
                    let n = (inner - column).min(out.len() - at).min(STRIP);
                    let x = &x[(o * len + first) * inner..][..steps * inner];
                    if inner == 1 {
                        out[at] = fold_run::<T, F>(x);
                    } else {
                        fold_columns::<T, F>(x, inner, column, &mut out[at..at + n], &mut sums);
                    }
                    at += n;
                }
            },
        );
    });
}

/// Reduces a contiguous run to one number.
#[inline(always)]
fn fold_run<T: Float, F: Fold>(x: &[T]) -> T {
    if x.len() >= LANES {
        let mut total = F::start();
        for run in x.chunks(RUN) {
            total = F::join(total, fold_lanes::<T, F, LANES>(run));
        }
        return total;
    }
    fold_lanes::<T, F, FEW_LANES>(x)
}

/// Reduces up to [`RUN`] numbers with `N` accumulators.
#[inline(always)]
fn fold_lanes<T: Float, F: Fold, const N: usize>(x: &[T]) -> T {
    let pieces = x.chunks_exact(N);
    let rest = pieces.remainder();
    let mut lanes = [F::start::<T>(); N];
    for piece in pieces {
        for l in 0..N {
            lanes[l] = F::join(lanes[l], piece[l]);
        }
    }
    let mut width = N;
    while width > 1 {
        width /= 2;
        for l in 0..width {
            lanes[l] = F::join(lanes[l], lanes[l + width]);
        }
    }
    let mut total = lanes[0];
    for &x in rest {
        total = F::join(total, x);
    }
    total
}

/// Reduces the columns `column … column + out.len()` (at most [`STRIP`]) of rows of `inner` numbers;
/// `sums` is room to work in.
#[inline(always)]
fn fold_columns<T: Float, F: Fold>(
    x: &[T],
    inner: usize,
    column: usize,
    out: &mut [T],
    sums: &mut [T; STRIP],
) {
    let n = out.len();
    let sums = &mut sums[..n];
    out.fill(F::start());
    for rows in x.chunks(ROWS * inner) {
        sums.fill(F::start());
        let mut quads = rows.chunks_exact(4 * inner);
        for quad in &mut quads {
            let row = |k: usize| &quad[k * inner + column..][..n];
            let (a, b, c, d) = (row(0), row(1), row(2), row(3));
            for j in 0..n {
                sums[j] = F::join(sums[j], F::join(F::join(a[j], b[j]), F::join(c[j], d[j])));
            }
        }
        for row in quads.remainder().chunks_exact(inner) {
            for (s, &x) in sums.iter_mut().zip(&row[column..column + n]) {
                *s = F::join(*s, x);
            }
        }
        for (o, &s) in out.iter_mut().zip(&*sums) {
            *o = F::join(*o, s);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn numbers(n: usize) -> Vec<f64> {
        (0..n).map(|i| ((i * 7919 + 13) % 2003) as f64 / 1001.5 - 1.0).collect()
    }

    #[test]
    fn sums_and_maxima_agree_with_plain_loops() {
        let shapes = [
            [1, 0, 3],
            [0, 4, 2],
            [3, 5, 0],
            [1, 1, 1],
            [4, 7, 1],
            [4, 33, 1],
            [2, 100, 3],
            [1, 1000, 17],
            [3, 2, 600],
            [1, 70_001, 1],
            [1, 40_000, 2],
            [2, 3000, 40],
            [1, 9, 5000],
            [5, 300, 257],
            [50_000, 3, 1],
            [30_000, 3, 2],
        ];
        for [outer, len, inner] in shapes {
            let x = numbers(outer * len * inner);
            let (mut sum, mut max) = (vec![0.0; outer * inner], vec![0.0; outer * inner]);
            sum_axis(&x, [outer, len, inner], &mut sum).unwrap();
            max_axis(&x, [outer, len, inner], &mut max).unwrap();
            for o in 0..outer {
                for i in 0..inner {
                    let column = || (0..len).map(|l| x[(o * len + l) * inner + i]);
                    let want: f64 = column().sum();
                    assert!((sum[o * inner + i] - want).abs() < 1e-10, "{outer} {len} {inner}");
                    assert_eq!(max[o * inner + i], column().fold(f64::NEG_INFINITY, f64::max));
                }
            }
        }
    }

    #[test]
    fn long_sums_in_single_precision_stay_accurate() {
        let n = 1 << 20;
        for (lengths, outputs) in [([1, n, 1], 1), ([1, n / 4, 4], 4)] {
            let mut sum = vec![0.0f32; outputs];
            sum_axis(&vec![0.1f32; n], lengths, &mut sum).unwrap();
            let want = 0.1 * (n / outputs) as f32;
            assert!(sum.iter().all(|s| (s - want).abs() < 1e-6 * want), "{sum:?}");
        }
    }

    #[test]
    fn a_maximum_does_not_hide_nan() {
        let mut x = vec![1.0f32; 100];
        x[77] = f32::NAN;
        let mut out = [0.0];
        max_axis(&x, [1, 100, 1], &mut out).unwrap();
        assert!(out[0].is_nan());
    }
}
