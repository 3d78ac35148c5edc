//! The transforms along one axis.
//!
//! A polynomial product of degree below n is known by its values at n points (Toom and Cook). F(m, 3), which makes m
//! results of a filter of 3 taps from m + 2 inputs, multiplies at the points 0, ±a, ±b … and infinity: m + 2
//! multiplications in place of 3 m. With Aᵀ, G and Bᵀ as in Lavin & Gray (arXiv 1509.09308), the results are
//!
//! y = Aᵀ [(G w) ⊙ (Bᵀ d)]
//!
//! and, since this is linear in w, the gradient of w is Gᵀ [(A ∂y) ⊙ (Bᵀ d)].

use crate::float::Float;

/// The transforms of F(`M`, 3), with `A` = `M` + 2.
pub(super) trait Scheme<const M: usize, const A: usize> {
    /// Bᵀ d.
    fn input<T: Float>(d: [T; A]) -> [T; A];
    /// G w.
    fn filter<T: Float>(w: [T; 3]) -> [T; A];
    /// Aᵀ m.
    fn output<T: Float>(m: [T; A]) -> [T; M];
    /// A y.
    fn output_back<T: Float>(y: [T; M]) -> [T; A];
    /// Gᵀ u.
    fn filter_back<T: Float>(u: [T; A]) -> [T; 3];
}

/// F(2, 3) with the points 0, ±1: 2.25 times fewer multiplications in two dimensions.
pub(super) struct Two;

impl Scheme<2, 4> for Two {
    #[inline(always)]
    fn input<T: Float>(d: [T; 4]) -> [T; 4] {
        [d[0] - d[2], d[1] + d[2], d[2] - d[1], d[3] - d[1]]
    }

    #[inline(always)]
    fn filter<T: Float>(w: [T; 3]) -> [T; 4] {
        let half = T::from_f64(0.5);
        let (even, odd) = (half * (w[0] + w[2]), half * w[1]);
        [w[0], even + odd, even - odd, w[2]]
    }

    #[inline(always)]
    fn output<T: Float>(m: [T; 4]) -> [T; 2] {
        [m[0] + m[1] + m[2], m[1] - m[2] + m[3]]
    }

    #[inline(always)]
    fn output_back<T: Float>(y: [T; 2]) -> [T; 4] {
        [y[0], y[0] + y[1], y[0] - y[1], y[1]]
    }

    #[inline(always)]
    fn filter_back<T: Float>(u: [T; 4]) -> [T; 3] {
        let half = T::from_f64(0.5);
        let even = half * (u[1] + u[2]);
        [u[0] + even, half * (u[1] - u[2]), u[3] + even]
    }
}

/// F(4, 3) with the points 0, ±1/√2, ±√2: 4 times fewer multiplications in two dimensions.
///
/// The usual points 0, ±1, ±2 lose twice as much accuracy: here a b = 1, so powers stay small on both sides.
pub(super) struct Four;

/// a and b; a² = 1/2, b² = 2.
const SMALL: f64 = std::f64::consts::FRAC_1_SQRT_2;
const LARGE: f64 = std::f64::consts::SQRT_2;

impl Scheme<4, 6> for Four {
    #[inline(always)]
    fn input<T: Float>(d: [T; 6]) -> [T; 6] {
        let [a, b, half, two, c] = [SMALL, LARGE, 0.5, 2.0, 2.5].map(T::from_f64);
        let (even_a, odd_a) = (d[4] - two * d[2], a * (d[3] - two * d[1]));
        let (even_b, odd_b) = (d[4] - half * d[2], b * (d[3] - half * d[1]));
        [
            d[0] - c * d[2] + d[4],
            even_a + odd_a,
            even_a - odd_a,
            even_b + odd_b,
            even_b - odd_b,
            d[1] - c * d[3] + d[5],
        ]
    }

    #[inline(always)]
    fn filter<T: Float>(w: [T; 3]) -> [T; 6] {
        let [half, two, third, sixth] = [0.5, 2.0, 2.0 / 3.0, 1.0 / 6.0].map(T::from_f64);
        let [third_a, sixth_b] = [SMALL * 2.0 / 3.0, LARGE / 6.0].map(T::from_f64);
        let (even_a, odd_a) = (-third * (w[0] + half * w[2]), -third_a * w[1]);
        let (even_b, odd_b) = (sixth * (w[0] + two * w[2]), sixth_b * w[1]);
        [w[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, w[2]]
    }

    #[inline(always)]
    fn output<T: Float>(m: [T; 6]) -> [T; 4] {
        let [a, b, half, two] = [SMALL, LARGE, 0.5, 2.0].map(T::from_f64);
        let (even_a, odd_a) = (m[1] + m[2], a * (m[1] - m[2]));
        let (even_b, odd_b) = (m[3] + m[4], b * (m[3] - m[4]));
        [
            m[0] + even_a + even_b,
            odd_a + odd_b,
            half * even_a + two * even_b,
            half * odd_a + two * odd_b + m[5],
        ]
    }

    #[inline(always)]
    fn output_back<T: Float>(y: [T; 4]) -> [T; 6] {
        let [a, b, half, two] = [SMALL, LARGE, 0.5, 2.0].map(T::from_f64);
        let (even_a, odd_a) = (y[0] + half * y[2], a * (y[1] + half * y[3]));
        let (even_b, odd_b) = (y[0] + two * y[2], b * (y[1] + two * y[3]));
        [y[0], even_a + odd_a, even_a - odd_a, even_b + odd_b, even_b - odd_b, y[3]]
    }

    #[inline(always)]
    fn filter_back<T: Float>(u: [T; 6]) -> [T; 3] {
        let [half, two, third, sixth] = [0.5, 2.0, 2.0 / 3.0, 1.0 / 6.0].map(T::from_f64);
        let [third_a, sixth_b] = [SMALL * 2.0 / 3.0, LARGE / 6.0].map(T::from_f64);
        let (even_a, odd_a) = (-third * (u[1] + u[2]), -third_a * (u[1] - u[2]));
        let (even_b, odd_b) = (sixth * (u[3] + u[4]), sixth_b * (u[3] - u[4]));
        [u[0] + even_a + even_b, odd_a + odd_b, half * even_a + two * even_b + u[5]]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Checks that a scheme correlates, and that its backward transforms are the adjoints of the forward ones.
    fn check<S: Scheme<M, A>, const M: usize, const A: usize>() {
        let number = |i: usize| ((i * 37 + 11) % 23) as f64 / 7.0 - 1.5;
        let d: [f64; A] = std::array::from_fn(number);
        let w: [f64; 3] = std::array::from_fn(|i| number(i + 10));
        let dy: [f64; M] = std::array::from_fn(|i| number(i + 20));
        let (u, v) = (S::filter(w), S::input(d));
        let y = S::output(std::array::from_fn(|i| u[i] * v[i]));
        for i in 0..M {
            let direct: f64 = (0..3).map(|k| d[i + k] * w[k]).sum();
            assert!((y[i] - direct).abs() < 1e-13, "result {i}: {} for {direct}", y[i]);
        }
        let spread = S::output_back(dy);
        let dw = S::filter_back(std::array::from_fn(|i| spread[i] * v[i]));
        for k in 0..3 {
            let direct: f64 = (0..M).map(|i| d[i + k] * dy[i]).sum();
            assert!((dw[k] - direct).abs() < 1e-13, "tap {k}: {} for {direct}", dw[k]);
        }
    }

    #[test]
    fn schemes_correlate_forward_and_backward() {
        check::<Two, 2, 4>();
        check::<Four, 4, 6>();
    }
}
