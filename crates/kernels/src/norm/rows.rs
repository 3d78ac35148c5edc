//! Statistics over each row: layer norm (Ba, Kiros & Hinton, arXiv 1607.06450).

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::reduce::{sum_pairs, sum_run};
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, parallel_chunks2};

/// Rows that make a task.
fn rows_per_task(width: usize) -> usize {
    (GRAIN / width).max(1)
}

/// `y = γ (x − mean) / √(variance + ε) + β` for each row of x `[rows, width]`; `kept` `[rows, 2]` gets each row's mean
/// and 1 / √(variance + ε).
///
/// # Panics
/// If the lengths do not fit.
pub fn forward<T: Float>(x: &[T], gamma: &[T], beta: &[T], eps: T, y: &mut [T], kept: &mut [T]) {
    let width = gamma.len();
    if width == 0 {
        return;
    }
    assert!(beta.len() == width && y.len() == x.len(), "layer norm: the lengths differ");
    assert!(kept.len() / 2 * width == x.len(), "layer norm: {} numbers, rows of {width}", x.len());
    let rows = rows_per_task(width);
    let share = T::from_f64(1.0 / width as f64);
    parallel_chunks2(y, rows * width, kept, 2 * rows, |i, y, kept| {
        let x = &x[i * rows * width..][..y.len()];
        simd(
            #[inline(always)]
            || {
                for ((x, y), kept) in
                    x.chunks_exact(width).zip(y.chunks_exact_mut(width)).zip(kept.chunks_exact_mut(2))
                {
                    let mean = sum_run(x) * share;
                    let variance = sum_pairs(
                        x,
                        x,
                        #[inline(always)]
                        |x, _| (x - mean) * (x - mean),
                    ) * share;
                    let inverse = T::ONE / (variance + eps).sqrt();
                    kept.copy_from_slice(&[mean, inverse]);
                    for (((y, &x), &g), &b) in y.iter_mut().zip(x).zip(gamma).zip(beta) {
                        *y = (x - mean) * inverse * g + b;
                    }
                }
            },
        );
    });
}

/// Turns ∂loss/∂y in `gradient` into ∂loss/∂x, and writes ∂loss/∂γ and ∂loss/∂β; `kept` is from [`forward`].
///
/// With x̂ = (x − mean) · inverse: ∂x = inverse · (γ ∂y − avg(γ ∂y) − x̂ avg(γ ∂y x̂)).
///
/// # Errors
/// No memory for the partial sums.
///
/// # Panics
/// If the lengths do not fit.
pub fn backward<T: Float>(
    x: &[T],
    gamma: &[T],
    kept: &[T],
    gradient: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) -> Result<(), OutOfMemory> {
    let width = gamma.len();
    if width == 0 {
        return Ok(());
    }
    assert!(
        dgamma.len() == width && dbeta.len() == width && gradient.len() == x.len(),
        "layer norm: the lengths differ"
    );
    assert!(kept.len() / 2 * width == x.len(), "layer norm: {} numbers, rows of {width}", x.len());
    let rows = rows_per_task(width);
    let share = T::from_f64(1.0 / width as f64);
    let tasks = (x.len() / width).div_ceil(rows);
    with_scratch(tasks * 2 * width, |partial: &mut [T]| {
        parallel_chunks2(gradient, rows * width, partial, 2 * width, |i, gradient, partial| {
            let x = &x[i * rows * width..][..gradient.len()];
            let kept = &kept[i * rows * 2..];
            simd(
                #[inline(always)]
                || {
                    partial.fill(T::ZERO);
                    let (dgamma, dbeta) = partial.split_at_mut(width);
                    let rows = x.chunks_exact(width).zip(gradient.chunks_exact_mut(width));
                    for ((x, dy), kept) in rows.zip(kept.chunks_exact(2)) {
                        let (mean, inverse) = (kept[0], kept[1]);
                        for ((s, &dy), &x) in dgamma.iter_mut().zip(&*dy).zip(x) {
                            *s += dy * ((x - mean) * inverse);
                        }
                        for ((b, dy), &g) in dbeta.iter_mut().zip(dy.iter_mut()).zip(gamma) {
                            *b += *dy;
                            *dy *= g;
                        }
                        let flat = sum_run(dy) * share;
                        let steep = sum_pairs(
                            dy,
                            x,
                            #[inline(always)]
                            |dy, x| dy * ((x - mean) * inverse),
                        ) * share;
                        for (dy, &x) in dy.iter_mut().zip(x) {
                            *dy = inverse * (*dy - flat - (x - mean) * inverse * steep);
                        }
                    }
                },
            );
        });
        let total =
            |at: usize| T::from_f64(partial.chunks_exact(2 * width).map(|block| block[at].to_f64()).sum());
        for j in 0..width {
            dgamma[j] = total(j);
            dbeta[j] = total(width + j);
        }
    })
}
