//! Softmax and its logarithm over rows, safe for numbers of any size.

use crate::elementwise::ELEMENTARY;
use crate::float::Float;
use crate::isa::simd;
use crate::reduce::{max_run, sum_run};
use crate::threads::{GRAIN, parallel_chunks};

/// Rows of `width` numbers that make a task.
fn rows_per_task(width: usize) -> usize {
    (GRAIN / ELEMENTARY / width.max(1)).max(1)
}

/// Writes e^(x − m) with m = max x into `out`; returns m and their sum. To be called inside [`simd`].
#[inline(always)]
pub(crate) fn exponentials<T: Float>(x: &[T], out: &mut [T]) -> (T, T) {
    let most = max_run(x);
    for (o, &x) in out.iter_mut().zip(x) {
        *o = (x - most).exp();
    }
    (most, sum_run(out))
}

/// Calls `row(x_row, out_row)` for every row of `width` numbers, in parallel.
fn by_rows<T: Float>(x: &[T], width: usize, out: &mut [T], row: impl Fn(&[T], &mut [T]) + Sync) {
    assert!(x.len() == out.len() && x.len().is_multiple_of(width.max(1)), "softmax: the lengths differ");
    let chunk = rows_per_task(width) * width;
    parallel_chunks(out, chunk, |i, out| {
        simd(
            #[inline(always)]
            || {
                for (x, out) in x[i * chunk..].chunks(width).zip(out.chunks_mut(width)) {
                    row(x, out);
                }
            },
        );
    });
}

/// `out = e^x / Σ e^x` for every row of `width` numbers.
///
/// # Panics
/// If the lengths differ or are no multiple of `width`.
pub fn softmax<T: Float>(x: &[T], width: usize, out: &mut [T]) {
    by_rows(
        x,
        width,
        out,
        #[inline(always)]
        |x, out| {
            let (_, sum) = exponentials(x, out);
            let scale = T::ONE / sum;
            for o in out.iter_mut() {
                *o *= scale;
            }
        },
    );
}

/// `out = x − ln Σ e^x` for every row of `width` numbers.
///
/// # Panics
/// If the lengths differ or are no multiple of `width`.
pub fn log_softmax<T: Float>(x: &[T], width: usize, out: &mut [T]) {
    by_rows(
        x,
        width,
        out,
        #[inline(always)]
        |x, out| {
            let (most, sum) = exponentials(x, out);
            let log = sum.ln();
            for (o, &x) in out.iter_mut().zip(x) {
                *o = (x - most) - log;
            }
        },
    );
}

/// Turns ∂loss/∂y into ∂loss/∂x for `y = softmax(x)`: `g = y (g − Σ g y)` for every row.
///
/// # Panics
/// If the lengths differ or are no multiple of `width`.
pub fn softmax_backward<T: Float>(y: &[T], width: usize, g: &mut [T]) {
    by_rows(
        y,
        width,
        g,
        #[inline(always)]
        |y, g| {
            for (g, &y) in g.iter_mut().zip(y) {
                *g *= y;
            }
            let sum = sum_run(g);
            for (g, &y) in g.iter_mut().zip(y) {
                *g -= y * sum;
            }
        },
    );
}

/// Turns ∂loss/∂y into ∂loss/∂x for `y = log_softmax(x)`: `g = g − e^y Σ g` for every row.
///
/// # Panics
/// If the lengths differ or are no multiple of `width`.
pub fn log_softmax_backward<T: Float>(y: &[T], width: usize, g: &mut [T]) {
    by_rows(
        y,
        width,
        g,
        #[inline(always)]
        |y, g| {
            let sum = sum_run(g);
            for (g, &y) in g.iter_mut().zip(y) {
                *g -= y.exp() * sum;
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_sum_to_one_even_for_extreme_numbers() {
        let x = [1000.0f32, 1000.0, -1000.0, -3e38, 0.0, 3e38, 5.0, 5.0, 5.0];
        let mut y = [0.0; 9];
        softmax(&x, 3, &mut y);
        assert_eq!(y[..6], [0.5, 0.5, 0.0, 0.0, 0.0, 1.0]);
        assert!(y[6..].iter().all(|p| (p - 1.0 / 3.0).abs() < 1e-7));
        log_softmax(&x, 3, &mut y);
        assert!((y[0] + 2f32.ln()).abs() < 1e-6 && y[5] == 0.0 && (y[8] + 3f32.ln()).abs() < 1e-6);
    }

    #[test]
    fn nothing_in_nothing_out() {
        softmax::<f32>(&[], 0, &mut []);
        log_softmax_backward::<f64>(&[], 5, &mut []);
    }
}
