//! Places of a sequence as rotations (Su et al., arXiv 2104.09864).

use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// The angles of `time` places for heads of `2 · half` numbers: cosines and sines, `[time, half]` each.
pub struct Angles<T> {
    /// Numbers of a head, halved.
    pub half: usize,
    /// Cosines.
    pub cos: Vec<T>,
    /// Sines.
    pub sin: Vec<T>,
}

impl<T: Float> Angles<T> {
    /// Place p turns pair i of `half` by p · base^(−i / half), where p counts from `first` on.
    pub fn new(first: usize, time: usize, half: usize, base: f64) -> Angles<T> {
        let angles = (first..first + time)
            .flat_map(|p| (0..half).map(move |i| p as f64 * base.powf(-(i as f64) / half.max(1) as f64)));
        let (cos, sin) = angles.map(|a| (T::from_f64(a.cos()), T::from_f64(a.sin()))).unzip();
        Angles { half, cos, sin }
    }
}

/// In each row of `x` `[batch · time, columns]`, turns the heads in the first `turned` columns by the angles of the row's place: number
/// i of a head and number i + half become (a cos − b sin, a sin + b cos). `back` turns the other way, which undoes it.
///
/// # Panics
/// If the lengths do not fit.
pub fn turn<T: Float>(x: &mut [T], columns: usize, turned: usize, angles: &Angles<T>, back: bool) {
    let half = angles.half;
    if half == 0 || columns == 0 || angles.cos.is_empty() {
        return;
    }
    let time = angles.cos.len() / half;
    assert!(turned <= columns && turned.is_multiple_of(2 * half), "rotary: {turned} of {columns} columns");
    assert!(x.len().is_multiple_of(columns * time), "rotary: {} numbers, {time} places", x.len());
    let sign = if back { T::ZERO - T::ONE } else { T::ONE };
    let rows = (GRAIN / columns).max(1);
    parallel_chunks(x, rows * columns, |task, x| {
        simd(
            #[inline(always)]
            || {
                for (i, row) in x.chunks_exact_mut(columns).enumerate() {
                    let place = (task * rows + i) % time * half;
                    let (cos, sin) = (&angles.cos[place..place + half], &angles.sin[place..place + half]);
                    for head in row[..turned].chunks_exact_mut(2 * half) {
                        let (a, b) = head.split_at_mut(half);
                        for (((a, b), &cos), &sin) in a.iter_mut().zip(b).zip(cos).zip(sin) {
                            let sin = sin * sign;
                            (*a, *b) = (*a * cos - *b * sin, *a * sin + *b * cos);
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
    fn turning_back_undoes_it_and_lengths_stay() {
        let (time, half, columns) = (5, 3, 15);
        let angles = Angles::<f64>::new(2, time, half, 100.0);
        let x: Vec<f64> = (0..2 * time * columns).map(|i| (i as f64 * 0.7).sin()).collect();
        let mut y = x.clone();
        turn(&mut y, columns, 12, &angles, false);
        let length = |x: &[f64]| x.iter().map(|x| x * x).sum::<f64>();
        for (x, y) in x.chunks(columns).zip(y.chunks(columns)) {
            assert!((length(&x[..6]) - length(&y[..6])).abs() < 1e-12 && x[..6] != y[..6]);
            assert_eq!(x[12..], y[12..], "what is no head stays");
        }
        turn(&mut y, columns, 12, &angles, true);
        assert!(x.iter().zip(&y).all(|(x, y)| (x - y).abs() < 1e-12));
    }

    #[test]
    fn products_depend_on_how_far_places_are_apart() {
        let product = |p: usize, q: usize| {
            let mut a = vec![0.3f64, -1.0, 0.5, 2.0];
            let mut b = vec![1.1f64, 0.2, -0.7, 0.4];
            turn(&mut a, 4, 4, &Angles::new(p, 1, 2, 10.0), false);
            turn(&mut b, 4, 4, &Angles::new(q, 1, 2, 10.0), false);
            a.iter().zip(&b).map(|(a, b)| a * b).sum::<f64>()
        };
        assert!((product(3, 7) - product(13, 17)).abs() < 1e-12);
        assert!((product(3, 7) - product(3, 8)).abs() > 1e-3);
    }
}
