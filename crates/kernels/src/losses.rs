//! Losses with their gradients, computed in one sweep.
//!
//! A loss is a weighted mean over rows, Σ wᵢ lossᵢ / Σ wᵢ. Rows of weight 0 are left out entirely, whatever they
//! hold; if all are, the loss is 0.

use crate::buffer::OutOfMemory;
use crate::elementwise::{ELEMENTARY, softplus};
use crate::float::Float;
use crate::isa::simd;
use crate::reduce::{sum_pairs, sum_run};
use crate::scratch::with_scratch;
use crate::softmax::exponentials;
use crate::threads::{GRAIN, parallel_chunks2};

/// What a cross entropy is computed from, beside the logits.
#[derive(Clone, Copy)]
pub struct Classes<'a, T> {
    /// The right class of every row, less than `count`.
    pub labels: &'a [u32],
    /// How many classes there are.
    pub count: usize,
    /// The share of the target that is spread evenly over all classes, 0 … 1.
    pub smoothing: T,
    /// A weight per class.
    pub class_weights: Option<&'a [T]>,
    /// A weight per row.
    pub row_weights: Option<&'a [T]>,
}

impl<T: Float> Classes<'_, T> {
    #[inline(always)]
    fn row_weight(&self, row: usize) -> T {
        self.row_weights.map_or(T::ONE, |w| w[row])
    }

    #[inline(always)]
    fn class_weight(&self, class: usize) -> T {
        self.class_weights.map_or(T::ONE, |w| w[class])
    }

    /// Σ_c w_c (−ln p_c) of a row, given its largest logit and ln Σ e^(x − largest).
    #[inline(always)]
    fn missed(&self, x: &[T], most: T, log: T) -> T {
        match self.class_weights {
            None => sum_pairs(
                x,
                x,
                #[inline(always)]
                |x, _| log + (most - x),
            ),
            Some(w) => sum_pairs(
                x,
                w,
                #[inline(always)]
                |x, w| w * (log + (most - x)),
            ),
        }
    }
}

/// 1 / Σ w, or 0 if the sum is 0.
fn inverse(total: f64) -> f64 {
    if total == 0.0 { 0.0 } else { 1.0 / total }
}

/// Cross entropy of logits `[n, count]` against classes: the weighted mean of
/// `(1 − s) w_y (−ln p_y) + s / count · Σ_c w_c (−ln p_c)` with p = softmax(logits), divided by the mean weight
/// Σ r w_y of the right classes, where s is the smoothing, w are class weights and r row weights. Writes its
/// gradient with respect to the logits, and returns the loss.
///
/// # Errors
/// No memory for the rows' losses.
///
/// # Panics
/// If lengths differ or a label is not less than `count`.
pub fn cross_entropy<T: Float>(logits: &[T], of: Classes<T>, gradient: &mut [T]) -> Result<T, OutOfMemory> {
    let (rows, count) = (of.labels.len(), of.count);
    assert!(logits.len() == rows * count && gradient.len() == rows * count, "cross entropy: lengths differ");
    if logits.is_empty() {
        return Ok(T::ZERO);
    }
    let total: f64 =
        (0..rows).map(|i| of.row_weight(i).to_f64() * of.class_weight(of.labels[i] as usize).to_f64()).sum();
    let inverse = T::from_f64(inverse(total));
    let share = of.smoothing * T::from_f64(1.0 / count as f64);
    let all_classes: T = (0..count).map(|c| of.class_weight(c)).sum();
    let per_task = (GRAIN / ELEMENTARY / count).max(1);
    with_scratch(rows, |losses: &mut [T]| {
        parallel_chunks2(losses, per_task, gradient, per_task * count, |task, losses, gradient| {
            simd(
                #[inline(always)]
                || {
                    for (i, (loss, g)) in losses.iter_mut().zip(gradient.chunks_mut(count)).enumerate() {
                        let row = task * per_task + i;
                        let weight = of.row_weight(row) * inverse;
                        if weight == T::ZERO {
                            *loss = T::ZERO;
                            g.fill(T::ZERO);
                            continue;
                        }
                        let x = &logits[row * count..][..count];
                        let label = of.labels[row] as usize;
                        let (most, sum) = exponentials(x, g);
                        let log = sum.ln();
                        // The target as a whole, and its part for the right class.
                        let right = (T::ONE - of.smoothing) * of.class_weight(label);
                        let whole = right + share * all_classes;
                        let mut missed = right * (log + (most - x[label]));
                        if share != T::ZERO {
                            missed += share * of.missed(x, most, log);
                        }
                        *loss = weight * missed;
                        let scale = weight * whole / sum;
                        for g in g.iter_mut() {
                            *g *= scale;
                        }
                        match of.class_weights {
                            _ if share == T::ZERO => {}
                            None => {
                                for g in g.iter_mut() {
                                    *g -= weight * share;
                                }
                            }
                            Some(w) => {
                                for (g, &w) in g.iter_mut().zip(w) {
                                    *g -= weight * share * w;
                                }
                            }
                        }
                        g[label] -= weight * right;
                    }
                },
            );
        });
        simd(
            #[inline(always)]
            || sum_run(losses),
        )
    })
}

/// A loss of one number against its target, with its derivative by the number.
pub trait Pointwise: Copy + Sync {
    /// The loss of `x` against the target `t`.
    fn value<T: Float>(self, x: T, t: T) -> T;
    /// Its derivative by `x`.
    fn slope<T: Float>(self, x: T, t: T) -> T;
}

/// (x − t)².
#[derive(Clone, Copy)]
pub struct Squared;

/// |x − t|.
#[derive(Clone, Copy)]
pub struct Absolute;

/// ½ d² for |d| ≤ δ, else δ (|d| − ½ δ), with d = x − t (Huber 1964).
#[derive(Clone, Copy)]
pub struct Huber {
    /// δ > 0: where the square turns into a line.
    pub delta: f64,
}

/// −p t ln σ(x) − (1 − t) ln(1 − σ(x)) for a logit x and a target t in 0 … 1.
#[derive(Clone, Copy)]
pub struct BinaryCrossEntropy {
    /// p: the weight of the positive side.
    pub positive_weight: f64,
}

impl Pointwise for Squared {
    #[inline(always)]
    fn value<T: Float>(self, x: T, t: T) -> T {
        (x - t) * (x - t)
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T, t: T) -> T {
        (x - t) + (x - t)
    }
}

impl Pointwise for Absolute {
    #[inline(always)]
    fn value<T: Float>(self, x: T, t: T) -> T {
        (x - t).abs()
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T, t: T) -> T {
        if x > t {
            T::ONE
        } else if x < t {
            -T::ONE
        } else {
            x - t
        }
    }
}

impl Pointwise for Huber {
    #[inline(always)]
    fn value<T: Float>(self, x: T, t: T) -> T {
        let (d, delta, half) = ((x - t).abs(), T::from_f64(self.delta), T::from_f64(0.5));
        if d <= delta { half * d * d } else { delta * (d - half * delta) }
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T, t: T) -> T {
        let delta = T::from_f64(self.delta);
        (x - t).larger(-delta).smaller(delta)
    }
}

impl Pointwise for BinaryCrossEntropy {
    #[inline(always)]
    fn value<T: Float>(self, x: T, t: T) -> T {
        T::from_f64(self.positive_weight) * t * softplus(-x) + (T::ONE - t) * softplus(x)
    }
    #[inline(always)]
    fn slope<T: Float>(self, x: T, t: T) -> T {
        (T::ONE - t) * x.sigmoid() - T::from_f64(self.positive_weight) * t * (-x).sigmoid()
    }
}

/// Numbers and targets in rows, with a weight per row.
#[derive(Clone, Copy)]
struct Rows<'a, T> {
    x: &'a [T],
    targets: &'a [T],
    width: usize,
    weights: Option<&'a [T]>,
    /// What every weight is multiplied by.
    scale: T,
}

impl<T: Float> Rows<'_, T> {
    /// `out = weight · f(x, target)` for the numbers from `start` on, and 0 where the weight is 0.
    #[inline(always)]
    fn sweep(&self, start: usize, out: &mut [T], f: impl Fn(T, T) -> T) {
        let mut at = 0;
        while at < out.len() {
            let here = start + at;
            let (row, column) = (here / self.width, here % self.width);
            let n = (self.width - column).min(out.len() - at);
            let weight = self.weights.map_or(T::ONE, |w| w[row]) * self.scale;
            let pairs = self.x[here..here + n].iter().zip(&self.targets[here..here + n]);
            if weight == T::ZERO {
                out[at..at + n].fill(T::ZERO);
            } else {
                for (o, (&x, &t)) in out[at..at + n].iter_mut().zip(pairs) {
                    *o = weight * f(x, t);
                }
            }
            at += n;
        }
    }
}

/// The weighted mean of a loss over rows of `width` numbers (a row's loss is the mean over it). Writes its gradient
/// with respect to `x`, and returns the loss.
///
/// # Errors
/// No memory for partial sums.
///
/// # Panics
/// If lengths differ or are no multiple of `width`.
pub fn pointwise<T: Float>(
    loss: impl Pointwise,
    x: &[T],
    targets: &[T],
    width: usize,
    row_weights: Option<&[T]>,
    gradient: &mut [T],
) -> Result<T, OutOfMemory> {
    assert!(x.len() == targets.len() && x.len() == gradient.len(), "loss: the lengths differ");
    assert!(row_weights.is_none_or(|w| w.len() * width == x.len()), "loss: the lengths differ");
    if x.is_empty() {
        return Ok(T::ZERO);
    }
    let total = match row_weights {
        Some(weights) => width as f64 * weights.iter().map(|w| w.to_f64()).sum::<f64>(),
        None => x.len() as f64,
    };
    // Without weights everything is one row.
    let width = if row_weights.is_some() { width } else { x.len() };
    let rows = Rows { x, targets, width, weights: row_weights, scale: T::from_f64(inverse(total)) };
    let chunk = GRAIN / ELEMENTARY;
    with_scratch(x.len().div_ceil(chunk), |sums: &mut [T]| {
        parallel_chunks2(sums, 1, gradient, chunk, |task, sum, gradient| {
            simd(
                #[inline(always)]
                || {
                    // The losses stand where the gradient will, until they are added up.
                    rows.sweep(
                        task * chunk,
                        gradient,
                        #[inline(always)]
                        |x, t| loss.value(x, t),
                    );
                    sum[0] = sum_run(gradient);
                    rows.sweep(
                        task * chunk,
                        gradient,
                        #[inline(always)]
                        |x, t| loss.slope(x, t),
                    );
                },
            );
        });
        simd(
            #[inline(always)]
            || sum_run(sums),
        )
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]

    use super::*;

    fn classes<'a>(labels: &'a [u32], row_weights: Option<&'a [f64]>) -> Classes<'a, f64> {
        Classes { labels, count: 2, smoothing: 0.0, class_weights: None, row_weights }
    }

    #[test]
    fn a_certain_right_answer_costs_nothing_and_a_certain_wrong_one_its_margin() {
        let mut g = [0.0; 2];
        assert_eq!(cross_entropy(&[80.0, -80.0], classes(&[0], None), &mut g).unwrap(), 0.0);
        assert_eq!(cross_entropy(&[80.0, -80.0], classes(&[1], None), &mut g).unwrap(), 160.0);
        assert_eq!(g, [1.0, -1.0]);
    }

    #[test]
    fn rows_of_weight_zero_may_hold_anything() {
        let mut g = [1.0; 4];
        let x = [f64::NAN, f64::INFINITY, 0.0, 0.0];
        let loss = cross_entropy(&x, classes(&[0, 1], Some(&[0.0, 3.0])), &mut g).unwrap();
        assert!((loss - 2f64.ln()).abs() < 1e-15);
        assert_eq!(g, [0.0, 0.0, 0.5, -0.5]);
        assert_eq!(cross_entropy(&x, classes(&[0, 1], Some(&[0.0, 0.0])), &mut g).unwrap(), 0.0);
        assert_eq!(g, [0.0; 4]);
        let loss = pointwise(Squared, &x, &[1.0; 4], 2, Some(&[0.0, 1.0]), &mut g).unwrap();
        assert_eq!((loss, g), (1.0, [0.0, 0.0, -1.0, -1.0]));
        assert_eq!(pointwise(Squared, &x, &[1.0; 4], 2, Some(&[0.0, 0.0]), &mut g).unwrap(), 0.0);
    }

    #[test]
    fn nan_in_a_counted_row_is_not_hidden() {
        let mut g = [0.0];
        for t in [0.0, f64::NAN] {
            for x in [0.5, f64::NAN] {
                let hidden = !(t + x).is_nan();
                assert_eq!(!pointwise(Absolute, &[x], &[t], 1, None, &mut g).unwrap().is_nan(), hidden);
                assert_eq!(!g[0].is_nan(), hidden);
                assert_eq!(
                    !pointwise(Huber { delta: 1.0 }, &[x], &[t], 1, None, &mut g).unwrap().is_nan(),
                    hidden
                );
                assert_eq!(!g[0].is_nan(), hidden);
            }
        }
    }
}
