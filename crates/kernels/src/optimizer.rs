//! Optimiser sweeps: every parameter of a network, whatever its shape, in one pass over memory.
//!
//! A [`Segment`] is a tensor with its gradient and the moments kept for it; a [`Rule`] says how one element
//! changes. [`sweep`] cuts all segments into tasks of equal size, so that a thousand small tensors cost
//! little more than one large one. Elements do not depend on each other: any number of threads gives the same bits.

use crate::float::Float;
use crate::isa::simd;
use crate::streaming;
use crate::threads::{GRAIN, parallel_chunks};

/// Elements per task: each costs some four multiply-adds and as many memory accesses.
const CHUNK: usize = GRAIN / 4;

/// Elements that change together.
const LANES: usize = 16;

/// Segments so long are stored past the caches: weights, which every thread reads. Shorter ones are rows of tables.
const STREAMED: usize = 1 << 10;

/// How one element of a parameter changes, given its gradient and its `N` moments.
pub trait Rule<T: Float, const N: usize>: Copy + Send + Sync {
    /// The new value; moments are changed in place. Mark it `#[inline(always)]`.
    fn apply(self, value: T, gradient: T, moments: &mut [T; N]) -> T;
}

/// A run of parameters under one rule. All slices have the same length.
pub struct Segment<'a, T, R, const N: usize> {
    /// The parameters.
    pub value: &'a mut [T],
    /// ∂loss/∂parameter.
    pub gradient: &'a [T],
    /// What the rule remembers about each parameter.
    pub moments: [&'a mut [T]; N],
    /// The rule.
    pub rule: R,
}

/// Splits every slice at the same place.
fn split<T, const N: usize>(slices: [&mut [T]; N], at: usize) -> ([&mut [T]; N], [&mut [T]; N]) {
    let mut pairs = slices.map(|s| s.split_at_mut(at));
    (pairs.each_mut().map(|(head, _)| std::mem::take(head)), pairs.map(|(_, tail)| tail))
}

impl<T: Float, R: Rule<T, N>, const N: usize> Segment<'_, T, R, N> {
    /// Cuts out rows of `width` elements: row `rows[i]` of the values and moments meets row `i` of the gradient.
    /// `None` unless the rows ascend strictly and exist, and the gradient has one row for each.
    pub fn rows(self, rows: &[u32], width: usize) -> Option<Vec<Self>> {
        let Segment { mut value, gradient, mut moments, rule } = self;
        let mut parts = Vec::with_capacity(rows.len());
        let mut passed = 0;
        if gradient.len() != rows.len() * width {
            return None;
        }
        for (i, &row) in rows.iter().enumerate() {
            let start = (row as usize).checked_sub(passed)? * width;
            let (head, tail) = value.split_at_mut_checked(start + width)?;
            let (moment_heads, moment_tails) = split(moments, start + width);
            parts.push(Segment {
                value: &mut head[start..],
                gradient: &gradient[i * width..][..width],
                moments: moment_heads.map(|m| &mut m[start..]),
                rule,
            });
            (value, moments, passed) = (tail, moment_tails, row as usize + 1);
        }
        Some(parts)
    }

    /// In blocks that pass through local arrays, since the compiler cannot know that the slices do not overlap.
    fn apply(&mut self) {
        simd(
            #[inline(always)]
            || {
                let whole = self.value.len() / LANES * LANES;
                let streamed = self.value.len() >= STREAMED;
                let mut start = 0;
                while start < whole {
                    self.block::<LANES>(start, streamed);
                    start += LANES;
                }
                for i in whole..self.value.len() {
                    self.block::<1>(i, false);
                }
                if streamed {
                    streaming::fence();
                }
            },
        );
    }

    /// Changes the elements `start … start + L`.
    #[inline(always)]
    fn block<const L: usize>(&mut self, start: usize, streamed: bool) {
        let value = &mut self.value[start..][..L];
        let moments = self.moments.each_mut().map(|m| &mut m[start..][..L]);
        let (mut w, mut g, mut kept) = ([T::ZERO; L], [T::ZERO; L], [[T::ZERO; L]; N]);
        w.copy_from_slice(value);
        g.copy_from_slice(&self.gradient[start..][..L]);
        for k in 0..N {
            kept[k].copy_from_slice(moments[k]);
        }
        for i in 0..L {
            let mut of_element = [T::ZERO; N];
            for k in 0..N {
                of_element[k] = kept[k][i];
            }
            w[i] = self.rule.apply(w[i], g[i], &mut of_element);
            for k in 0..N {
                kept[k][i] = of_element[k];
            }
        }
        match streamed {
            true => streaming::copy(&w, value),
            false => value.copy_from_slice(&w),
        }
        for k in 0..N {
            moments[k].copy_from_slice(&kept[k]);
        }
    }
}

/// Applies each segment's rule to all its elements, in parallel.
///
/// # Panics
/// If the slices of a segment differ in length.
pub fn sweep<T: Float, R: Rule<T, N>, const N: usize>(segments: Vec<Segment<'_, T, R, N>>) {
    let mut tasks: Vec<Vec<Segment<'_, T, R, N>>> = Vec::new();
    let mut room = 0;
    for Segment { mut value, mut gradient, mut moments, rule } in segments {
        assert!(
            gradient.len() == value.len() && moments.iter().all(|m| m.len() == value.len()),
            "sweep: the lengths differ"
        );
        while !value.is_empty() {
            if room == 0 {
                tasks.push(Vec::new());
                room = CHUNK;
            }
            let at = value.len().min(room);
            let (value_head, value_tail) = value.split_at_mut(at);
            let (gradient_head, gradient_tail) = gradient.split_at(at);
            let (moment_heads, moment_tails) = split(moments, at);
            let part = Segment { value: value_head, gradient: gradient_head, moments: moment_heads, rule };
            if let Some(task) = tasks.last_mut() {
                task.push(part);
            }
            (value, gradient, moments) = (value_tail, gradient_tail, moment_tails);
            room -= at;
        }
    }
    parallel_chunks(&mut tasks, 1, |_, task| task[0].iter_mut().for_each(Segment::apply));
}

/// Σ x² over all slices, in double precision; not finite if any x is not.
pub fn sum_of_squares<T: Float>(slices: &[&[T]]) -> f64 {
    let pieces: Vec<&[T]> = slices.iter().flat_map(|s| s.chunks(GRAIN)).collect();
    let mut sums = vec![0f64; pieces.len()];
    parallel_chunks(&mut sums, 1, |i, sum| sum[0] = squares(pieces[i]));
    sums.iter().sum()
}

/// Σ x² in sixteen interleaved sums.
fn squares<T: Float>(x: &[T]) -> f64 {
    let mut sums = [0f64; LANES];
    simd(
        #[inline(always)]
        || {
            let (blocks, rest) = x.as_chunks::<LANES>();
            for block in blocks {
                for j in 0..LANES {
                    let v = block[j].to_f64();
                    sums[j] += v * v;
                }
            }
            for (sum, &v) in sums.iter_mut().zip(rest) {
                *sum += v.to_f64() * v.to_f64();
            }
        },
    );
    sums.iter().sum()
}

/// Stochastic gradient descent with momentum (Sutskever et al. 2013, in the form without dampening):
/// g ← s g + λ w; v ← μ v + g; w ← w − η (g + μ v) with Nesterov's correction, w − η v without.
#[derive(Clone, Copy, Debug)]
pub struct Momentum<T> {
    /// η, the learning rate.
    pub rate: T,
    /// μ.
    pub momentum: T,
    /// λ, the L2 penalty.
    pub decay: T,
    /// s, what gradients are multiplied by.
    pub scale: T,
    /// Whether to look ahead.
    pub nesterov: bool,
}

impl<T: Float> Rule<T, 1> for Momentum<T> {
    #[inline(always)]
    fn apply(self, value: T, gradient: T, [velocity]: &mut [T; 1]) -> T {
        let gradient = gradient * self.scale + self.decay * value;
        *velocity = self.momentum * *velocity + gradient;
        let direction = if self.nesterov { gradient + self.momentum * *velocity } else { *velocity };
        value - self.rate * direction
    }
}

/// Adam (Kingma & Ba, arXiv 1412.6980) and AdamW (Loshchilov & Hutter, arXiv 1711.05101):
/// g ← s g + λ w; w ← κ w; m ← β₁ m + (1 − β₁) g; v ← β₂ v + (1 − β₂) g²; w ← w − η̂ m / (√v / c + ε).
#[derive(Clone, Copy, Debug)]
pub struct Adaptive<T> {
    /// η̂ = η / (1 − β₁ᵗ).
    pub rate: T,
    /// 1 − β₁.
    pub first: T,
    /// 1 − β₂.
    pub second: T,
    /// 1/c with c = √(1 − β₂ᵗ).
    pub correction: T,
    /// ε.
    pub epsilon: T,
    /// κ = 1 − η · decoupled decay.
    pub keep: T,
    /// λ, the L2 penalty.
    pub penalty: T,
    /// s, what gradients are multiplied by.
    pub scale: T,
}

impl<T: Float> Rule<T, 2> for Adaptive<T> {
    #[inline(always)]
    fn apply(self, value: T, gradient: T, [m, v]: &mut [T; 2]) -> T {
        let gradient = gradient * self.scale + self.penalty * value;
        *m += (gradient - *m) * self.first;
        *v += (gradient * gradient - *v) * self.second;
        value * self.keep - self.rate * *m / (v.sqrt() * self.correction + self.epsilon)
    }
}

/// A moving average: a ← a + w (x − a), with x in place of the gradient.
#[derive(Clone, Copy, Debug)]
pub struct Average<T> {
    /// w.
    pub weight: T,
}

impl<T: Float> Rule<T, 0> for Average<T> {
    #[inline(always)]
    fn apply(self, value: T, gradient: T, _: &mut [T; 0]) -> T {
        value + self.weight * (gradient - value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::threads::set_threads;

    fn wave(n: usize, k: f32) -> Vec<f32> {
        (0..n).map(|i| (i as f32 * k).sin()).collect()
    }

    const RULE: Adaptive<f32> = Adaptive {
        rate: 0.01,
        first: 0.1,
        second: 0.001,
        correction: 3.0,
        epsilon: 1e-8,
        keep: 0.999,
        penalty: 0.0,
        scale: 0.5,
    };

    #[test]
    fn every_element_changes_once_for_any_number_of_threads() {
        let lengths = [0, 1, 7, CHUNK - 8, CHUNK, 1, 3 * CHUNK + 5];
        for threads in [1, 2, 4] {
            set_threads(threads);
            let mut tensors: Vec<_> = lengths.map(|n| [wave(n, 0.7), wave(n, 0.3), vec![0.1; n]]).into();
            let gradients = lengths.map(|n| wave(n, 1.1));
            let segments = tensors.iter_mut().zip(&gradients).map(|([value, m, v], gradient)| Segment {
                value,
                gradient,
                moments: [m, v],
                rule: RULE,
            });
            sweep(segments.collect());
            for (n, [value, m, v]) in lengths.into_iter().zip(&tensors) {
                let (value0, gradient, m0) = (wave(n, 0.7), wave(n, 1.1), wave(n, 0.3));
                for i in 0..n {
                    let mut moments = [m0[i], 0.1];
                    assert_eq!(value[i], RULE.apply(value0[i], gradient[i], &mut moments));
                    assert_eq!([m[i], v[i]], moments);
                }
            }
        }
    }

    #[test]
    fn rows_meet_their_gradients_and_impossible_rows_are_refused() {
        let gradient = [1f32, 2.0, 3.0, 4.0];
        let rule = Average { weight: 1.0 };
        let rows = |rows: &[u32]| {
            let mut value = [0f32; 8];
            let segment = Segment { value: &mut value, gradient: &gradient, moments: [], rule };
            segment.rows(rows, 2).map(sweep).map(|()| value)
        };
        assert_eq!(rows(&[1, 3]), Some([0.0, 0.0, 1.0, 2.0, 0.0, 0.0, 3.0, 4.0]));
        for wrong in [&[1, 1][..], &[3, 1], &[1, 4], &[1], &[0, 1, 2]] {
            assert_eq!(rows(wrong), None, "{wrong:?}");
        }
    }

    #[test]
    fn squares_add_up_exactly_alike_for_any_number_of_threads() {
        let (a, b) = (wave(3 * GRAIN + 17, 0.1), wave(5, 0.2));
        let naive: f64 = a.iter().chain(&b).map(|&x| f64::from(x) * f64::from(x)).sum();
        set_threads(1);
        let one = sum_of_squares(&[&a, &b]);
        assert!((one - naive).abs() < 1e-9 * naive);
        for threads in [2, 4] {
            set_threads(threads);
            assert_eq!(sum_of_squares(&[&a, &b]).to_bits(), one.to_bits());
        }
        assert!(!sum_of_squares(&[&[1.0, f32::NAN][..]]).is_finite());
        assert!(!sum_of_squares(&[&[f32::NEG_INFINITY][..]]).is_finite());
        assert!(sum_of_squares(&[&[f32::MAX; 100][..]]).is_finite());
    }
}
