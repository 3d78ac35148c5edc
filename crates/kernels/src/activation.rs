//! Activation functions: what stands after a linear map, with their derivatives.

use crate::elementwise::{ELEMENTARY, zip_in_place};
use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// A function applied to every number after a linear map.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Activation {
    /// x.
    #[default]
    Identity,
    /// max(x, 0); NaN stays NaN.
    Relu,
    /// x Φ(x) with the normal distribution function Φ (Hendrycks & Gimpel, arXiv 1606.08415), by erf.
    Gelu,
    /// x σ(x) with the logistic function σ (arXiv 1702.03118).
    Silu,
    /// σ(x) = 1 / (1 + e⁻ˣ).
    Sigmoid,
    /// tanh x.
    Tanh,
}

/// Runs `$body` with `$f` standing for the value or slope of one activation: the choice is made outside the loop.
macro_rules! by_activation {
    ($activation:expr, |$f:ident| $body:expr) => {
        match $activation {
            Activation::Identity => by_activation!(@ Identity, $f, $body),
            Activation::Relu => by_activation!(@ Relu, $f, $body),
            Activation::Gelu => by_activation!(@ Gelu, $f, $body),
            Activation::Silu => by_activation!(@ Silu, $f, $body),
            Activation::Sigmoid => by_activation!(@ Sigmoid, $f, $body),
            Activation::Tanh => by_activation!(@ Tanh, $f, $body),
        }
    };
    (@ $name:ident, $f:ident, $body:expr) => {{
        const $f: Activation = Activation::$name;
        $body
    }};
}

pub(crate) use by_activation;

impl Activation {
    /// Whether the derivative needs x itself; for the others the value suffices.
    pub fn needs_input(self) -> bool {
        matches!(self, Activation::Gelu | Activation::Silu)
    }

    /// The value at x.
    #[inline(always)]
    pub fn value<T: Float>(self, x: T) -> T {
        match self {
            Activation::Identity => x,
            Activation::Relu => x.larger(T::ZERO),
            Activation::Gelu => x * normal_cdf(x),
            Activation::Silu => x * x.sigmoid(),
            Activation::Sigmoid => x.sigmoid(),
            Activation::Tanh => x.tanh(),
        }
    }

    /// The derivative, from what the forward pass kept: x if [`needs_input`](Self::needs_input), else the value at x.
    #[inline(always)]
    pub fn slope<T: Float>(self, kept: T) -> T {
        match self {
            Activation::Identity => T::ONE,
            Activation::Relu => {
                if kept > T::ZERO {
                    T::ONE
                } else {
                    T::ZERO
                }
            }
            Activation::Gelu => {
                let density = T::from_f64(0.398_942_280_401_432_7) * (T::from_f64(-0.5) * kept * kept).exp();
                normal_cdf(kept) + kept * density
            }
            Activation::Silu => {
                let s = kept.sigmoid();
                s * (T::ONE + kept * (T::ONE - s))
            }
            Activation::Sigmoid => kept * (T::ONE - kept),
            Activation::Tanh => T::ONE - kept * kept,
        }
    }

    /// Replaces every number by its value, on the calling thread.
    pub fn apply<T: Float>(self, x: &mut [T]) {
        by_activation!(self, |F| simd(
            #[inline(always)]
            || for v in x.iter_mut() {
                *v = F.value(*v);
            }
        ));
    }

    /// `x = value(x + y)`, in parallel.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn of_sum<T: Float>(self, x: &mut [T], y: &[T]) {
        assert_eq!(x.len(), y.len(), "activation of a sum: the lengths differ");
        by_activation!(self, |F| zip_in_place(
            x,
            y,
            ELEMENTARY,
            #[inline(always)]
            |x, y| F.value(x + y)
        ));
    }

    /// `dx = dy · slope(kept)`, in parallel.
    ///
    /// # Panics
    /// If the lengths differ.
    pub fn backward<T: Float>(self, kept: &[T], dy: &[T], dx: &mut [T]) {
        assert!(kept.len() == dx.len() && dy.len() == dx.len(), "activation: the lengths differ");
        parallel_chunks(dx, GRAIN, |i, dx| {
            let (kept, dy) = (&kept[i * GRAIN..], &dy[i * GRAIN..]);
            by_activation!(self, |F| simd(
                #[inline(always)]
                || {
                    for ((d, &k), &g) in dx.iter_mut().zip(kept).zip(dy) {
                        *d = g * F.slope(k);
                    }
                }
            ));
        });
    }
}

/// Φ(x) = (1 + erf(x / √2)) / 2.
#[inline(always)]
fn normal_cdf<T: Float>(x: T) -> T {
    T::from_f64(0.5) * (T::ONE + (x * T::from_f64(std::f64::consts::FRAC_1_SQRT_2)).erf())
}

#[cfg(test)]
mod tests {
    use super::Activation::{self, *};

    const ALL: [Activation; 6] = [Identity, Relu, Gelu, Silu, Sigmoid, Tanh];

    #[test]
    fn values_agree_with_the_formulas() {
        // torch.nn.functional.{relu, gelu, silu, sigmoid, tanh} at -1.5 and 0.75, float64.
        let want = [
            (-1.5, 0.75),
            (0.0, 0.75),
            (-0.100_210_801_903_287_04, 0.580_029_485_717_348_9),
            (-0.273_638_285_709_534_5, 0.509_384_024_381_544_7),
            (0.182_425_523_806_356_35, 0.679_178_699_175_393),
            (-0.905_148_253_644_866_4, 0.635_148_952_387_287_3),
        ];
        for (f, (low, high)) in ALL.into_iter().zip(want) {
            assert!((f.value(-1.5f64) - low).abs() < 1e-8, "{f:?}");
            assert!((f.value(0.75f64) - high).abs() < 1e-8, "{f:?}");
            assert!((f64::from(f.value(0.75f32)) - high).abs() < 3e-7, "{f:?}");
        }
    }

    #[test]
    fn slopes_agree_with_differences() {
        for f in ALL {
            for i in -40..40 {
                let x = f64::from(i) / 8.0 + 0.01;
                let kept = if f.needs_input() { x } else { f.value(x) };
                let difference = (f.value(x + 1e-6) - f.value(x - 1e-6)) / 2e-6;
                assert!((f.slope(kept) - difference).abs() < 1e-8, "{f:?} at {x}");
            }
        }
    }

    #[test]
    fn slices_agree_with_scalars() {
        let x: Vec<f32> = (0..100).map(|i| i as f32 * 0.1 - 5.0).collect();
        for f in ALL {
            let (mut y, mut dx) = (x.clone(), vec![0.0; 100]);
            f.apply(&mut y);
            f.backward(&x, &x, &mut dx);
            for i in 0..100 {
                assert!((y[i] - f.value(x[i])).abs() <= 1e-6);
                assert!((dx[i] - x[i] * f.slope(x[i])).abs() <= 1e-5);
            }
        }
    }

    #[test]
    fn nan_stays_nan() {
        for f in ALL {
            assert!(f.value(f32::NAN).is_nan(), "{f:?}");
        }
    }
}
