//! Products of a vector and a matrix: bound by memory, so they read the matrix once and in order.

use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// Columns of y that one pass keeps in the nearest cache.
const COLUMNS: usize = 4096;

/// Rows of the matrix that one pass over y adds.
const ROWS: usize = 8;

/// Running sums of a dot product.
const SUMS: usize = 64;

/// A matrix of `[k, y]` by the distances between its rows and columns.
#[derive(Clone, Copy)]
pub(crate) struct Matrix<'a, T> {
    pub(crate) data: &'a [T],
    pub(crate) row: usize,
    pub(crate) col: usize,
}

/// y (+)= xᵀ M.
pub(crate) fn vector_matrix<T: Float>(x: &[T], m: Matrix<T>, y: &mut [T], accumulate: bool) {
    let chunk = (4 * GRAIN / x.len().max(1)).clamp(64, COLUMNS).next_multiple_of(64);
    parallel_chunks(y, chunk, |i, y| {
        if !accumulate {
            y.fill(T::ZERO);
        }
        let m = Matrix { data: m.data.get(i * chunk * m.col..).unwrap_or_default(), ..m };
        simd(
            #[inline(always)]
            || match m {
                Matrix { col: 1, .. } => add_rows(x, m, y),
                Matrix { row: 1, .. } => add_dots(x, m, y),
                _ => {
                    for (j, y) in y.iter_mut().enumerate() {
                        *y += x.iter().enumerate().map(|(p, &x)| x * m.data[p * m.row + j * m.col]).sum();
                    }
                }
            },
        );
    });
}

/// y += Σ_p x[p] · row p.
#[inline(always)]
fn add_rows<T: Float>(x: &[T], m: Matrix<T>, y: &mut [T]) {
    let n = y.len();
    let (groups, rest) = x.as_chunks::<ROWS>();
    for (g, x) in groups.iter().enumerate() {
        let rows: [&[T]; ROWS] = std::array::from_fn(|i| &m.data[(g * ROWS + i) * m.row..][..n]);
        for j in 0..n {
            let mut sum = y[j];
            for i in 0..ROWS {
                sum += x[i] * rows[i][j];
            }
            y[j] = sum;
        }
    }
    for (i, &x) in rest.iter().enumerate() {
        let row = &m.data[(groups.len() * ROWS + i) * m.row..][..n];
        for (y, &b) in y.iter_mut().zip(row) {
            *y += x * b;
        }
    }
}

/// y[j] += x · column j.
#[inline(always)]
fn add_dots<T: Float>(x: &[T], m: Matrix<T>, y: &mut [T]) {
    for (j, y) in y.iter_mut().enumerate() {
        let column = &m.data[j * m.col..][..x.len()];
        *y += dot(x, column);
    }
}

/// Σ x[i] · y[i], in an order that depends on the length only.
#[inline(always)]
fn dot<T: Float>(x: &[T], y: &[T]) -> T {
    let (xs, x_rest) = x.as_chunks::<SUMS>();
    let (ys, y_rest) = y.as_chunks::<SUMS>();
    let mut sums = [T::ZERO; SUMS];
    for (x, y) in xs.iter().zip(ys) {
        for i in 0..SUMS {
            sums[i] += x[i] * y[i];
        }
    }
    let mut half = SUMS / 2;
    while half > 0 {
        for i in 0..half {
            let other = sums[i + half];
            sums[i] += other;
        }
        half /= 2;
    }
    x_rest.iter().zip(y_rest).map(|(&x, &y)| x * y).sum::<T>() + sums[0]
}
