//! Gradients along the way from an input of which nothing is there to the whole input.

use super::Attribution;

/// The places and weights of Gauss–Legendre quadrature over 0 to 1: exact for polynomials up to degree 2 · `points` − 1.
pub fn gauss_legendre(points: usize) -> Vec<(f64, f64)> {
    let n = points.max(1);
    let mut all = Vec::with_capacity(n);
    for i in 0..n {
        // Newton's method from Tricomi's estimate of the root.
        let mut x = (std::f64::consts::PI * (i as f64 + 0.75) / (n as f64 + 0.5)).cos();
        let mut slope = 1.0;
        for _ in 0..100 {
            let (value, derivative) = legendre(n, x);
            slope = derivative;
            let step = value / derivative;
            x -= step;
            if step.abs() < 1e-15 {
                break;
            }
        }
        let weight = 2.0 / ((1.0 - x * x) * slope * slope);
        all.push(((1.0 - x) / 2.0, weight / 2.0));
    }
    all
}

/// Legendre's polynomial of degree `n` at `x`, and its slope.
fn legendre(n: usize, x: f64) -> (f64, f64) {
    let (mut before, mut value) = (1.0, x);
    for k in 2..=n {
        let k = k as f64;
        (before, value) = (value, ((2.0 * k - 1.0) * x * value - (k - 1.0) * before) / k);
    }
    (value, n as f64 * (x * value - before) / (x * x - 1.0))
}

/// For each of some places on the way, each element's slope times its change.
pub type Slopes<E> = Result<Vec<Vec<f32>>, E>;

/// Integrated gradients, by element of the input.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Integrated {
    /// What each element adds to the answer.
    pub values: Vec<f64>,
    /// By how much they fail to add up to what all elements together change, as a share of it.
    pub gap: f64,
}

/// Integrated gradients (Sundararajan et al., arXiv 1703.01365): each element's change, times the mean slope of the answer along
/// the straight way from the baseline to the input. `along` gives, for some places on that way (0 the baseline, 1 the input), each element's slope times its
/// change there; `ends` are the answers at both.
///
/// # Errors
/// Those of `along`.
pub fn integrated<E>(
    points: usize,
    together: usize,
    (nothing, everything): (f64, f64),
    along: &mut dyn FnMut(&[f64]) -> Slopes<E>,
) -> Result<Integrated, E> {
    let mut values: Vec<f64> = Vec::new();
    for some in gauss_legendre(points).chunks(together.max(1)) {
        let places: Vec<f64> = some.iter().map(|(place, _)| *place).collect();
        for (slopes, (_, weight)) in along(&places)?.iter().zip(some) {
            values.resize(slopes.len(), 0.0);
            values.iter_mut().zip(slopes).for_each(|(sum, &x)| *sum += weight * f64::from(x));
        }
    }
    let whole = Attribution { values, errors: None, nothing, everything };
    Ok(Integrated { gap: whole.gap(), values: whole.values })
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::convert::Infallible;

    #[test]
    fn polynomials_are_integrated_exactly() {
        for points in [1, 2, 5, 16, 33] {
            let rule = gauss_legendre(points);
            assert!((rule.iter().map(|(_, w)| w).sum::<f64>() - 1.0).abs() < 1e-12);
            assert!(rule.windows(2).all(|two| two[0].0 < two[1].0));
            let degree = 2 * points as i32 - 1;
            let found: f64 = rule.iter().map(|(x, w)| w * x.powi(degree)).sum();
            assert!((found - 1.0 / f64::from(degree + 1)).abs() < 1e-12, "{points} points: {found}");
        }
    }

    #[test]
    fn values_add_up_to_the_change() {
        // f(x, y) = sin(x) y², from (0, 0) to (1, 2).
        let along = |places: &[f64]| {
            let slopes = |&t: &f64| vec![(t.cos() * 4.0 * t * t) as f32, (t.sin() * 4.0 * t * 2.0) as f32];
            Ok::<_, Infallible>(places.iter().map(slopes).collect())
        };
        let Ok(found) = integrated(12, 5, (0.0, 4.0 * 1f64.sin()), &mut { along });
        // ∫ 4 t² cos t dt over 0 to 1.
        let x = 4.0 * (2.0 * 1f64.cos() - 1f64.sin());
        assert!((found.values[0] - x).abs() < 1e-6 && found.gap < 1e-6, "{found:?}, expected {x}");
    }
}
