//! How likely chance alone gives as much: tails of the distributions that tests compare with.

use std::f64::consts::PI;

/// Terms of a series or a continued fraction, at most.
const TERMS: usize = 10_000;

/// Terms smaller than this share of their sum change nothing.
const SMALL: f64 = 1e-17;

/// Lanczos' approximation of the gamma function with g = 7 and nine terms: about fifteen digits.
const LANCZOS: [f64; 9] = [
    0.999_999_999_999_809_9,
    676.520_368_121_885_1,
    -1_259.139_216_722_402_8,
    771.323_428_777_653_1,
    -176.615_029_162_140_6,
    12.507_343_278_686_905,
    -0.138_571_095_265_720_12,
    9.984_369_578_019_572e-6,
    1.505_632_735_149_311_6e-7,
];

/// The natural logarithm of the gamma function, of x ≥ 1/2.
fn ln_gamma(x: f64) -> f64 {
    let x = x - 1.0;
    let base = x + 7.5;
    let sum = LANCZOS.iter().enumerate().skip(1).fold(LANCZOS[0], |sum, (i, c)| sum + c / (x + i as f64));
    0.5 * (2.0 * PI).ln() + (x + 0.5) * base.ln() - base + sum.ln()
}

/// The upper part Q(a, x) of the regularised incomplete gamma function: a series below a + 1, Lentz's continued fraction above.
fn gamma_above(a: f64, x: f64) -> f64 {
    if x <= 0.0 {
        return 1.0;
    }
    let front = (a * x.ln() - x - ln_gamma(a)).exp();
    if x < a + 1.0 {
        let (mut term, mut sum) = (1.0 / a, 1.0 / a);
        for i in 1..TERMS {
            term *= x / (a + i as f64);
            sum += term;
            if term < SMALL * sum {
                break;
            }
        }
        return (1.0 - front * sum).max(0.0);
    }
    let mut b = x + 1.0 - a;
    let (mut c, mut d) = (1.0 / f64::MIN_POSITIVE, 1.0 / b);
    let mut fraction = d;
    for i in 1..TERMS {
        let n = -(i as f64) * (i as f64 - a);
        b += 2.0;
        d = 1.0 / (n * d + b);
        c = b + n / c;
        fraction *= c * d;
        if (c * d - 1.0).abs() < 1e-16 {
            break;
        }
    }
    front * fraction
}

/// The share of a chi-square distribution above `x`.
pub(super) fn chi_square_tail(x: f64, degrees: f64) -> f64 {
    gamma_above(degrees / 2.0, x / 2.0)
}

/// The share of a normal distribution above `z` deviations.
pub(crate) fn normal_tail(z: f64) -> f64 {
    let outside = gamma_above(0.5, z * z / 2.0) / 2.0;
    if z >= 0.0 { outside } else { 1.0 - outside }
}

/// The share of Kolmogorov's distribution above `x`: 2 Σ (−1)ᵏ⁻¹ exp(−2 k² x²).
pub(super) fn kolmogorov_tail(x: f64) -> f64 {
    if x < 1.0 {
        // Jacobi's transform of the same series, which converges quickly here.
        let term = |k: usize| (-((2 * k - 1) as f64 * PI).powi(2) / (8.0 * x * x)).exp();
        let below = if x > 0.0 { (2.0 * PI).sqrt() / x * (1..20).map(term).sum::<f64>() } else { 0.0 };
        return 1.0 - below;
    }
    let term = |k: usize| {
        let sign = if k % 2 == 1 { 2.0 } else { -2.0 };
        sign * (-2.0 * (k * k) as f64 * x * x).exp()
    };
    (1..20).map(term).sum()
}

/// How likely at least `found` of `drawn` rows are marked, if they are drawn by chance from `all`, of which `marked` are: Fisher's exact test,
/// one-sided.
pub fn fisher_exact(found: u64, drawn: u64, marked: u64, all: u64) -> f64 {
    let most = drawn.min(marked);
    if found > most || drawn > all || marked > all {
        return 0.0;
    }
    let least = (drawn + marked).saturating_sub(all);
    if found <= least {
        return 1.0;
    }
    let choose = |n: u64, k: u64| {
        let (n, k) = (n as f64, k as f64);
        ln_gamma(n + 1.0) - ln_gamma(k + 1.0) - ln_gamma(n - k + 1.0)
    };
    let first = choose(marked, found) + choose(all - marked, drawn - found) - choose(all, drawn);
    let (mut term, mut sum) = (1.0, 1.0);
    for k in found..most {
        let (k, drawn, marked, all) = (k as f64, drawn as f64, marked as f64, all as f64);
        term *= (marked - k) * (drawn - k) / ((k + 1.0) * (all - marked - drawn + k + 1.0));
        sum += term;
        if term < SMALL * sum {
            break;
        }
    }
    (first.exp() * sum).min(1.0)
}

/// How likely the largest difference between the shares of two samples of one distribution that lie below a number reaches `d`, exactly:
/// paths through a grid that stay within it (Hodges 1958). Takes n · m steps.
pub(super) fn smirnov_tail(d: f64, n: usize, m: usize) -> f64 {
    let (n_, m_) = (n as f64, m as f64);
    // Halfway between two possible values, so that rounding decides nothing.
    let limit = (0.5 + (d * n_ * m_ - 1e-7).floor()) / (n_ * m_);
    let mut paths: Vec<f64> = (0..=m).map(|j| f64::from(u8::from(j as f64 / m_ <= limit))).collect();
    for i in 1..=n {
        let weight = i as f64 / (i + m) as f64;
        paths[0] = if i as f64 / n_ > limit { 0.0 } else { weight * paths[0] };
        for j in 1..=m {
            let apart = (i as f64 / n_ - j as f64 / m_).abs();
            paths[j] = if apart > limit { 0.0 } else { weight * paths[j] + paths[j - 1] };
        }
    }
    (1.0 - paths[m]).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn near(found: f64, expected: f64) {
        assert!((found - expected).abs() <= 1e-10 * expected.abs().max(1e-300), "{found} for {expected}");
    }

    /// Values of scipy.stats 1.15: chi2.sf, norm.sf, kstwobign.sf, hypergeom.sf.
    #[test]
    fn tails_of_what_is_certain_and_what_cannot_be() {
        near(chi_square_tail(0.0, 3.0), 1.0);
        near(chi_square_tail(2.0 * 2.0f64.ln(), 2.0), 0.5);
        near(normal_tail(0.0), 0.5);
        assert!((normal_tail(1.959_963_984_540_054) - 0.025).abs() < 1e-12);
        assert!((normal_tail(-1.959_963_984_540_054) - 0.975).abs() < 1e-12);
        assert_eq!(kolmogorov_tail(0.0), 1.0);
        assert!((kolmogorov_tail(0.999_999_9) - kolmogorov_tail(1.0)).abs() < 1e-6);
        assert_eq!(fisher_exact(0, 5, 3, 10), 1.0);
        assert_eq!(fisher_exact(4, 5, 3, 10), 0.0);
        // All three marked ones among five of ten: 10! … = (5 · 4 · 3) / (10 · 9 · 8).
        near(fisher_exact(3, 5, 3, 10), 60.0 / 720.0);
        // Two against two, as far apart as can be: two of the six orders.
        near(smirnov_tail(1.0, 2, 2), 2.0 / 6.0);
    }
}
