//! The two floating-point types, and elementary functions without branches, which the compiler turns
//! into vector code inside [`simd`](crate::isa::simd).
//!
//! `f32` is what networks use: its functions are polynomials with an error of a few units in the last
//! place. `f64` serves gradient checks and reference values: its functions are the standard library's.

use crate::buffer::Element;
use std::ops::{Add, AddAssign, Div, DivAssign, Mul, MulAssign, Neg, Sub, SubAssign};

/// `f32` or `f64`.
pub trait Float:
    Element
    + PartialOrd
    + Add<Output = Self>
    + Sub<Output = Self>
    + Mul<Output = Self>
    + Div<Output = Self>
    + Neg<Output = Self>
    + AddAssign
    + SubAssign
    + MulAssign
    + DivAssign
    + std::iter::Sum
{
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Positive infinity.
    const INFINITY: Self;
    /// Converts, rounding to nearest.
    fn from_f64(x: f64) -> Self;
    /// Converts without loss.
    fn to_f64(self) -> f64;
    /// eˣ.
    fn exp(self) -> Self;
    /// Natural logarithm.
    fn ln(self) -> Self;
    /// Hyperbolic tangent.
    fn tanh(self) -> Self;
    /// The error function 2/√π ∫₀ˣ e^(−t²) dt.
    fn erf(self) -> Self;
    /// Square root.
    fn sqrt(self) -> Self;
    /// Absolute value.
    fn abs(self) -> Self;
    /// Sine.
    fn sin(self) -> Self;
    /// Cosine.
    fn cos(self) -> Self;
    /// Whether the value is neither infinite nor NaN.
    fn finite(self) -> bool;

    /// The larger of two values; NaN if either is NaN.
    #[inline(always)]
    #[allow(clippy::eq_op)] // x != x holds for NaN alone, and stays a vector comparison
    fn larger(self, other: Self) -> Self {
        if self > other || self != self { self } else { other }
    }

    /// The smaller of two values; NaN if either is NaN.
    #[inline(always)]
    #[allow(clippy::eq_op)] // as above
    fn smaller(self, other: Self) -> Self {
        if self < other || self != self { self } else { other }
    }

    /// The logistic function 1 / (1 + e⁻ˣ).
    #[inline(always)]
    fn sigmoid(self) -> Self {
        Self::ONE / (Self::ONE + (-self).exp())
    }
}

impl Float for f64 {
    const ZERO: f64 = 0.0;
    const ONE: f64 = 1.0;
    const INFINITY: f64 = f64::INFINITY;

    #[inline(always)]
    fn from_f64(x: f64) -> f64 {
        x
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        self
    }
    #[inline(always)]
    fn exp(self) -> f64 {
        f64::exp(self)
    }
    #[inline(always)]
    fn ln(self) -> f64 {
        f64::ln(self)
    }
    #[inline(always)]
    fn tanh(self) -> f64 {
        f64::tanh(self)
    }

    /// By the series erf(x) = 2/√π e^(−x²) Σₙ 2ⁿ x^(2n+1) / (2n+1)!! (NIST DLMF 7.6.2), whose terms
    /// all have the same sign.
    fn erf(self) -> f64 {
        if self.abs() > 6.0 {
            return self.signum();
        }
        let (mut term, mut sum, mut n) = (self, self, 0.0);
        while term.abs() > 1e-17 * sum.abs() {
            n += 1.0;
            term *= 2.0 * self * self / (2.0 * n + 1.0);
            sum += term;
        }
        sum * std::f64::consts::FRAC_2_SQRT_PI * (-self * self).exp()
    }

    #[inline(always)]
    fn sqrt(self) -> f64 {
        f64::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> f64 {
        f64::abs(self)
    }
    #[inline(always)]
    fn sin(self) -> f64 {
        f64::sin(self)
    }
    #[inline(always)]
    fn cos(self) -> f64 {
        f64::cos(self)
    }
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
}

/// c₀ + c₁ x + c₂ x² + … (Horner's scheme).
#[inline(always)]
fn polynomial<const N: usize>(x: f32, c: [f32; N]) -> f32 {
    let mut sum = c[N - 1];
    let mut i = N - 1;
    while i > 0 {
        i -= 1;
        sum = sum * x + c[i];
    }
    sum
}

/// erf(x) / x = P(x²) / Q(x²) for |x| ≤ [`ERF_END`], fitted with the largest relative error as small as possible (Lawson's
/// algorithm on Chebyshev points; 1.8 · 10⁻⁸). That P begins with 2 / √π, rounded, is no coincidence.
#[allow(clippy::approx_constant)]
const ERF_P: [f32; 6] = [1.128_379_1, 0.190_022_2, 5.270_623e-2, 3.751_307e-3, 2.849_476e-4, 2.058_249_5e-6];
const ERF_Q: [f32; 6] = [1.0, 0.501_735_57, 0.113_957_83, 1.494_038_2e-2, 1.159_775_7e-3, 3.817_929e-5];

/// Where the error function is 1 but for half a unit in the last place.
const ERF_END: f32 = 3.91;

impl Float for f32 {
    const ZERO: f32 = 0.0;
    const ONE: f32 = 1.0;
    const INFINITY: f32 = f32::INFINITY;

    #[inline(always)]
    fn from_f64(x: f64) -> f32 {
        x as f32
    }
    #[inline(always)]
    fn to_f64(self) -> f64 {
        f64::from(self)
    }

    /// x = n ln 2 + r with |r| ≤ ln 2 / 2, and e^r by a polynomial (Moshier's Cephes, `expf`).
    /// Results below the smallest normal number become 0.
    #[inline(always)]
    fn exp(self) -> f32 {
        const ROUND: f32 = 12_582_912.0; // 1.5 · 2²³: adding and subtracting it rounds to an integer
        let x = self.clamp(-87.5, 89.0);
        // The integer n stands in the lowest bits of this sum; a conversion would not be vectorised.
        let shifted = x * std::f32::consts::LOG2_E + ROUND;
        let n = shifted - ROUND;
        let r = x - n * 0.693_359_4 + n * 2.121_944_4e-4;
        let p =
            polynomial(r, [5e-1, 1.666_666_5e-1, 4.166_579_6e-2, 8.333_452e-3, 1.398_2e-3, 1.987_569_2e-4]);
        // Adding n to the exponent multiplies by 2ⁿ.
        let y = f32::from_bits((p * r * r + r + 1.0).to_bits().wrapping_add(shifted.to_bits() << 23));
        let y = if self < -87.336_54 { 0.0 } else { y };
        let y = if self > 88.722_84 { f32::INFINITY } else { y };
        if self.is_nan() { self } else { y }
    }

    /// x = 2ᵉ m with √½ ≤ m < √2, and ln m by a polynomial (Moshier's Cephes, `logf`).
    #[inline(always)]
    fn ln(self) -> f32 {
        let tiny = self < f32::MIN_POSITIVE;
        let x = if tiny { self * 8_388_608.0 } else { self };
        let bits = x.to_bits();
        let e = ((bits >> 23) as i32 - 126) as f32;
        let m = f32::from_bits((bits & 0x007f_ffff) | 0x3f00_0000);
        let low = m < std::f32::consts::FRAC_1_SQRT_2;
        let e = if low { e - 1.0 } else { e };
        let e = if tiny { e - 23.0 } else { e };
        let m = if low { m + m - 1.0 } else { m - 1.0 };
        let p = polynomial(
            m,
            [
                3.333_333e-1,
                -2.499_999_4e-1,
                2.000_071_5e-1,
                -1.666_805_8e-1,
                1.424_932_3e-1,
                -1.242_014_1e-1,
                1.167_699_9e-1,
                -1.151_461e-1,
                7.037_684e-2,
            ],
        );
        let y = m * m * m * p - e * 2.121_944_4e-4 - 0.5 * m * m + m + e * 0.693_359_4;
        let y = if self == f32::INFINITY { self } else { y };
        let y = if self == 0.0 { f32::NEG_INFINITY } else { y };
        if self < 0.0 || self.is_nan() { f32::NAN } else { y }
    }

    /// An odd polynomial near 0, 1 − 2 / (e²ˣ + 1) elsewhere (Moshier's Cephes, `tanhf`).
    #[inline(always)]
    fn tanh(self) -> f32 {
        let a = f32::abs(self);
        let s = self * self;
        let near = self
            + self
                * s
                * polynomial(
                    s,
                    [-3.333_328_3e-1, 1.333_144_2e-1, -5.373_971_6e-2, 2.063_909e-2, -5.704_988_7e-3],
                );
        let far = (1.0 - 2.0 / (Float::exp(2.0 * a) + 1.0)).copysign(self);
        if a < 0.625 { near } else { far }
    }

    /// A quotient of two polynomials, without an exponential.
    #[inline(always)]
    fn erf(self) -> f32 {
        let x = self.clamp(-ERF_END, ERF_END);
        let s = x * x;
        (x * polynomial(s, ERF_P) / polynomial(s, ERF_Q)).clamp(-1.0, 1.0)
    }

    #[inline(always)]
    fn sqrt(self) -> f32 {
        f32::sqrt(self)
    }
    #[inline(always)]
    fn abs(self) -> f32 {
        f32::abs(self)
    }
    #[inline(always)]
    fn sin(self) -> f32 {
        f32::sin(self)
    }
    #[inline(always)]
    fn cos(self) -> f32 {
        f32::cos(self)
    }
    #[inline(always)]
    fn finite(self) -> bool {
        self.is_finite()
    }
}

#[cfg(test)]
mod tests {
    use super::Float;

    /// The largest error of `f` against `g` over a dense grid, relative to max(|g|, floor).
    fn worst(f: impl Fn(f32) -> f32, g: impl Fn(f64) -> f64, low: f64, high: f64, floor: f64) -> f64 {
        (0..200_000)
            .map(|i| {
                let x = (low + (high - low) * f64::from(i) / 200_000.0) as f32;
                let want = g(f64::from(x));
                (f64::from(f(x)) - want).abs() / want.abs().max(floor)
            })
            .fold(0.0, f64::max)
    }

    #[test]
    fn elementary_functions_agree_with_double_precision() {
        let tiny = f64::from(f32::MIN_POSITIVE);
        assert!(worst(Float::exp, f64::exp, -87.3, 88.7, tiny) < 2e-7);
        assert!(worst(Float::ln, f64::ln, 1e-30, 10.0, 1e-6) < 2e-7);
        assert!(worst(Float::tanh, f64::tanh, -12.0, 12.0, 1e-30) < 3e-7);
        assert!(worst(Float::erf, Float::erf, -5.0, 5.0, 1e-30) < 4e-7);
        assert!(worst(|x| x.sigmoid(), |x| 1.0 / (1.0 + (-x).exp()), -80.0, 80.0, tiny) < 4e-7);
    }

    #[test]
    fn double_precision_erf_has_its_published_values() {
        // Abramowitz & Stegun, table 7.1.
        for (x, want) in [(0.5, 0.520_499_877_8), (1.0, 0.842_700_792_9), (2.0, 0.995_322_265_0)] {
            assert!((Float::erf(x) - want).abs() < 1e-10);
            assert!((Float::erf(-x) + want).abs() < 1e-10);
        }
    }

    #[test]
    fn limits_and_nan_are_kept() {
        let inf = f32::INFINITY;
        assert_eq!(Float::exp(-inf), 0.0);
        assert_eq!(Float::exp(inf), inf);
        assert_eq!(Float::exp(0.0f32), 1.0);
        assert_eq!(Float::ln(0.0f32), -inf);
        assert_eq!(Float::ln(inf), inf);
        assert_eq!(Float::tanh(inf), 1.0);
        assert_eq!(Float::erf(-inf), -1.0);
        assert_eq!((-inf).sigmoid(), 0.0);
        for f in [Float::exp, Float::ln, Float::tanh, Float::erf] {
            assert!(f(f32::NAN).is_nan());
        }
        assert!(Float::ln(-1.0f32).is_nan());
        assert!(f32::NAN.larger(1.0).is_nan() && 1f32.larger(f32::NAN).is_nan());
    }
}
