//! One number in, one number out: functions over whole slices, in parallel.
//!
//! The functions passed in must be `#[inline(always)]`, so that they are compiled for the vector family
//! in use. `cost` is their rough price in multiply-adds; it decides how many numbers make a task.

use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// The rough price of an elementary function such as eˣ.
pub const ELEMENTARY: usize = 8;

/// `out = f(x)`.
///
/// # Panics
/// If the lengths differ.
pub fn map<T: Float>(x: &[T], out: &mut [T], cost: usize, f: impl Fn(T) -> T + Sync) {
    assert_eq!(x.len(), out.len(), "map: the lengths differ");
    let chunk = GRAIN / cost.max(1);
    parallel_chunks(out, chunk, |i, out| {
        simd(
            #[inline(always)]
            || {
                for (o, &x) in out.iter_mut().zip(&x[i * chunk..]) {
                    *o = f(x);
                }
            },
        );
    });
}

/// `x = f(x)`.
pub fn map_in_place<T: Float>(x: &mut [T], cost: usize, f: impl Fn(T) -> T + Sync) {
    parallel_chunks(x, GRAIN / cost.max(1), |_, x| {
        simd(
            #[inline(always)]
            || {
                for x in x.iter_mut() {
                    *x = f(*x);
                }
            },
        );
    });
}

/// `x = f(x, y)`.
///
/// # Panics
/// If the lengths differ.
pub fn zip_in_place<T: Float>(x: &mut [T], y: &[T], cost: usize, f: impl Fn(T, T) -> T + Sync) {
    assert_eq!(x.len(), y.len(), "zip: the lengths differ");
    let chunk = GRAIN / cost.max(1);
    parallel_chunks(x, chunk, |i, x| {
        simd(
            #[inline(always)]
            || {
                for (x, &y) in x.iter_mut().zip(&y[i * chunk..]) {
                    *x = f(*x, y);
                }
            },
        );
    });
}

/// ln(1 + eˣ) = max(x, 0) + ln(1 + e^(−|x|)), without overflow, and exact to rounding where it is tiny.
#[inline(always)]
pub fn softplus<T: Float>(x: T) -> T {
    let e = (-x.abs()).exp();
    let u = T::ONE + e;
    // Kahan's ln(1 + e): the rounding error of u is cancelled by that of u − 1.
    let small = u - T::ONE;
    let log = if small > T::ZERO { u.ln() * (e / small) } else { e };
    x.larger(T::ZERO) + log
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_of_every_length_are_mapped_whole() {
        for n in [0, 1, 17, GRAIN - 1, GRAIN, GRAIN + 1, 3 * GRAIN + 5] {
            let x: Vec<f32> = (0..n).map(|i| i as f32).collect();
            let mut y = vec![0.0; n];
            map(&x, &mut y, ELEMENTARY, |v| v + 1.0);
            zip_in_place(&mut y, &x, 1, |a, b| a - b);
            map_in_place(&mut y, 1, |v| v * 3.0);
            assert!(y.iter().all(|&v| v == 3.0));
        }
    }

    #[test]
    fn softplus_is_accurate_where_it_is_tiny_and_where_it_is_large() {
        for x in [-80.0, -20.0, -1.0, 0.0, 0.5, 20.0, 80.0f64] {
            let want = if x < 0.0 { x.exp().ln_1p() } else { x + (-x).exp().ln_1p() };
            assert!((softplus(x) - want).abs() <= 1e-15 * want);
            assert!((f64::from(softplus(x as f32)) - want).abs() <= 1e-6 * want);
        }
        assert!(softplus(f32::NAN).is_nan());
    }
}
