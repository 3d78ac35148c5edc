//! Statistics over positions: batch norm (Ioffe & Szegedy, arXiv 1502.03167) and group norm (Wu & He, arXiv 1803.08494).
//!
//! For x `[samples, rows, channels]`, the numbers that share a sample and a group of channels share a mean and a variance:
//!
//! z = γ (x − mean) / √(variance + ε) + β, y = activation(z)
//!
//! Batch norm is one sample with as many groups as channels.

use crate::activation::{Activation, by_activation};
use crate::buffer::OutOfMemory;
use crate::columns::Blocks;
use crate::float::Float;
use crate::isa::simd;
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, parallel, parallel_chunks};
use std::ops::Range;

/// Numbers whose slopes are held in registers or the nearest cache.
const TILE: usize = 64;

/// How numbers share statistics.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Layout {
    /// Parts with statistics of their own.
    pub samples: usize,
    /// Positions in a sample.
    pub rows: usize,
    /// Numbers at a position.
    pub channels: usize,
    /// Groups of neighbouring channels; it divides `channels`.
    pub groups: usize,
}

/// What a normalisation multiplies and adds.
#[derive(Clone, Copy)]
pub struct Parameters<'a, T> {
    /// `[samples, groups]`.
    pub mean: &'a [T],
    /// `[samples, groups]`, 1 / √(variance + ε).
    pub inverse: &'a [T],
    /// γ `[channels]`, or `[samples, channels]` where each sample has its own.
    pub gamma: &'a [T],
    /// β, as many.
    pub beta: &'a [T],
}

impl<'a, T> Parameters<'a, T> {
    /// γ and β of a sample, `[channels]` each.
    fn of(&self, sample: usize, channels: usize) -> (&'a [T], &'a [T]) {
        let at = parameters_at(self.gamma.len(), sample, channels);
        (&self.gamma[at.clone()], &self.beta[at])
    }
}

/// Where a sample's parameters lie among `count` of them.
fn parameters_at(count: usize, sample: usize, channels: usize) -> Range<usize> {
    let start = if count == channels { 0 } else { sample * channels };
    start..start + channels
}

impl Layout {
    /// How many numbers there are.
    pub fn len(&self) -> usize {
        self.samples * self.rows * self.channels
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many numbers share a mean.
    pub fn sharing(&self) -> usize {
        self.rows * self.per_group()
    }

    fn per_group(&self) -> usize {
        self.channels / self.groups.max(1)
    }

    fn blocks(&self) -> Blocks {
        Blocks::new(self.samples, self.rows, self.channels)
    }

    fn check<T>(&self, x: &[T], p: &Parameters<'_, T>) {
        let shared = self.samples * self.groups;
        assert!(x.len() == self.len(), "normalisation: {} numbers for {self:?}", x.len());
        assert!(self.per_group() * self.groups == self.channels, "normalisation: unequal groups in {self:?}");
        assert!(
            p.mean.len() == shared && p.inverse.len() == shared,
            "normalisation: statistics of another layout"
        );
        assert!(
            [self.channels, self.samples * self.channels].contains(&p.gamma.len())
                && p.beta.len() == p.gamma.len(),
            "normalisation: parameters of another number of channels"
        );
    }
}

/// The mean and the (biased) variance of each group, `[samples, groups]`.
///
/// Each block of rows is summed and then swept again for its squared differences while it is in the cache;
/// blocks are merged in order (Chan, Golub & LeVeque 1983).
///
/// # Errors
/// No memory for the partial results.
///
/// # Panics
/// If the lengths do not suit the layout, or there are no numbers.
pub fn statistics<T: Float>(
    x: &[T],
    layout: Layout,
    mean: &mut [T],
    variance: &mut [T],
) -> Result<(), OutOfMemory> {
    let shared = layout.samples * layout.groups;
    assert!(x.len() == layout.len() && !layout.is_empty(), "statistics: {} numbers for {layout:?}", x.len());
    assert!(mean.len() == shared && variance.len() == shared, "statistics: outputs of another layout");
    let blocks = layout.blocks();
    let wide = blocks.wide;
    with_scratch(blocks.count() * 2 * wide, |partial: &mut [T]| {
        parallel_chunks(partial, 2 * wide, |i, partial| {
            let x = &x[blocks.at(i).1];
            simd(
                #[inline(always)]
                || block_moments(x, &blocks, partial),
            );
        });
        for sample in 0..layout.samples {
            for group in 0..layout.groups {
                let mut all = Moments::default();
                for channel in group * layout.per_group()..(group + 1) * layout.per_group() {
                    for b in blocks.of(sample) {
                        let at = b * 2 * wide + channel;
                        let count = blocks.at(b).1.len() / layout.channels;
                        all.merge(count as f64, partial[at].to_f64(), partial[at + wide].to_f64());
                    }
                }
                mean[sample * layout.groups + group] = T::from_f64(all.mean);
                variance[sample * layout.groups + group] = T::from_f64(all.squares / all.count);
            }
        }
    })
}

/// The means of a block's columns, and beside them the sums of squared differences.
#[inline(always)]
fn block_moments<T: Float>(x: &[T], blocks: &Blocks, partial: &mut [T]) {
    let (mean, squares) = partial.split_at_mut(blocks.wide);
    mean.fill(T::ZERO);
    squares.fill(T::ZERO);
    for row in x.chunks(blocks.wide) {
        for (m, &v) in mean.iter_mut().zip(row) {
            *m += v;
        }
    }
    blocks.fold(mean);
    let share = T::from_f64(blocks.columns as f64 / x.len() as f64);
    for m in mean[..blocks.columns].iter_mut() {
        *m *= share;
    }
    blocks.repeat(mean);
    for row in x.chunks(blocks.wide) {
        for ((s, &m), &v) in squares.iter_mut().zip(&*mean).zip(row) {
            *s += (v - m) * (v - m);
        }
    }
    blocks.fold(squares);
}

/// Mean and sum of squared differences of the numbers so far.
#[derive(Default)]
struct Moments {
    count: f64,
    mean: f64,
    squares: f64,
}

impl Moments {
    fn merge(&mut self, count: f64, mean: f64, squares: f64) {
        let total = self.count + count;
        let apart = mean - self.mean;
        self.mean += apart * count / total;
        self.squares += squares + apart * apart * self.count * count / total;
        self.count = total;
    }
}

/// Writes for each sample and each column of the wide row what `f(sample, channel)` says.
fn spread<T: Float>(blocks: &Blocks, to: &mut [T], f: impl Fn(usize, usize) -> T) {
    for (sample, row) in to.chunks_exact_mut(blocks.wide).enumerate() {
        for (c, v) in row[..blocks.columns].iter_mut().enumerate() {
            *v = f(sample, c);
        }
        blocks.repeat(row);
    }
}

/// Mean, γ / √(variance + ε) and β for each column of the wide rows, one after the other.
fn spread_parameters<T: Float>(layout: Layout, blocks: &Blocks, p: &Parameters<'_, T>, to: &mut [T]) {
    let group = |sample, channel| sample * layout.groups + channel / layout.per_group();
    let (mean, rest) = to.split_at_mut(layout.samples * blocks.wide);
    let (scale, shift) = rest.split_at_mut(layout.samples * blocks.wide);
    spread(blocks, mean, |s, c| p.mean[group(s, c)]);
    spread(blocks, scale, |s, c| p.of(s, layout.channels).0[c] * p.inverse[group(s, c)]);
    spread(blocks, shift, |s, c| p.of(s, layout.channels).1[c]);
}

/// Whether an activation takes so few instructions that it joins the loop around it; the others are
/// vectorised better in a loop of their own.
const fn short(activation: Activation) -> bool {
    matches!(activation, Activation::Identity | Activation::Relu)
}

/// `y = f((x − mean) · scale + shift)` for as many numbers as x has.
#[inline(always)]
fn affine<T: Float>(x: &[T], mean: &[T], scale: &[T], shift: &[T], y: &mut [T], f: impl Fn(T) -> T) {
    for ((((y, &x), &m), &a), &b) in y.iter_mut().zip(x).zip(mean).zip(scale).zip(shift) {
        *y = f((x - m) * a + b);
    }
}

/// `y = activation(γ (x − mean) · inverse + β)` in one sweep.
///
/// # Errors
/// No memory for the spread parameters.
///
/// # Panics
/// If the lengths do not suit the layout.
pub fn forward<T: Float>(
    x: &[T],
    layout: Layout,
    p: Parameters<'_, T>,
    activation: Activation,
    y: &mut [T],
) -> Result<(), OutOfMemory> {
    layout.check(x, &p);
    assert!(y.len() == x.len(), "normalisation: the lengths differ");
    if layout.is_empty() {
        return Ok(());
    }
    let blocks = layout.blocks();
    let wide = blocks.wide;
    with_scratch(3 * layout.samples * wide, |spread: &mut [T]| {
        spread_parameters(layout, &blocks, &p, spread);
        let (mean, rest) = spread.split_at(layout.samples * wide);
        let (scale, shift) = rest.split_at(layout.samples * wide);
        let out = SharedMut(y.as_mut_ptr());
        parallel(blocks.count(), |i| {
            let (sample, at) = blocks.at(i);
            // SAFETY: blocks are disjoint ranges within `x`, and `y` is as long.
            let y = unsafe { out.region(at.start, at.len()) };
            let x = &x[at];
            let of = sample * wide..(sample + 1) * wide;
            let (mean, scale, shift) = (&mean[of.clone()], &scale[of.clone()], &shift[of]);
            by_activation!(activation, |F| simd(
                #[inline(always)]
                || {
                    for (y, x) in y.chunks_mut(wide).zip(x.chunks(wide)) {
                        if short(F) {
                            affine(x, mean, scale, shift, y, |z| F.value(z));
                        } else {
                            affine(x, mean, scale, shift, y, |z| z);
                            for y in y.iter_mut() {
                                *y = F.value(*y);
                            }
                        }
                    }
                }
            ));
        });
    })
}

/// Turns ∂loss/∂y in `gradient` into ∂loss/∂x, and writes ∂loss/∂γ and ∂loss/∂β.
///
/// With `fixed` statistics (running averages) only the scaling is walked back; otherwise, with x̂ = (x − mean) · inverse
/// and averages over the numbers that share a mean:
///
/// ∂x = inverse · (γ ∂z − avg(γ ∂z) − x̂ avg(γ ∂z x̂))
///
/// # Errors
/// No memory for the partial results.
///
/// # Panics
/// If the lengths do not suit the layout.
pub fn backward<T: Float>(
    x: &[T],
    layout: Layout,
    p: Parameters<'_, T>,
    activation: Activation,
    fixed: bool,
    gradient: &mut [T],
    dgamma: &mut [T],
    dbeta: &mut [T],
) -> Result<(), OutOfMemory> {
    layout.check(x, &p);
    assert!(gradient.len() == x.len(), "normalisation: the lengths differ");
    assert!(
        dgamma.len() == p.gamma.len() && dbeta.len() == p.beta.len(),
        "normalisation: outputs of another number of channels"
    );
    dgamma.fill(T::ZERO);
    dbeta.fill(T::ZERO);
    if layout.is_empty() {
        return Ok(());
    }
    let blocks = layout.blocks();
    let (samples, wide) = (layout.samples, blocks.wide);
    with_scratch(3 * samples * wide, |spread: &mut [T]| {
        spread_parameters(layout, &blocks, &p, spread);
        with_scratch(blocks.count() * 2 * wide, |partial: &mut [T]| {
            through_activation(x, &blocks, spread, activation, gradient, partial);
            // For each sample and channel: Σ ∂z and Σ ∂z (x − mean).
            let total = |sample, at: usize| -> f64 {
                blocks.of(sample).map(|b| partial[b * 2 * wide + at].to_f64()).sum()
            };
            let (mean, rest) = spread.split_at_mut(samples * wide);
            // From here on β's place holds what is added to ∂x, and this what (x − mean) is multiplied with.
            let (scale, offset) = rest.split_at_mut(samples * wide);
            with_scratch(samples * wide, |slope: &mut [T]| {
                for sample in 0..samples {
                    let row = sample * wide..sample * wide + layout.channels;
                    let (slope, offset) = (&mut slope[row.clone()], &mut offset[row]);
                    let own = parameters_at(p.gamma.len(), sample, layout.channels);
                    let (dgamma, dbeta) = (&mut dgamma[own.clone()], &mut dbeta[own]);
                    let (gamma, _) = p.of(sample, layout.channels);
                    for group in 0..layout.groups {
                        let inverse = p.inverse[sample * layout.groups + group].to_f64();
                        let members = group * layout.per_group()..(group + 1) * layout.per_group();
                        let (mut flat, mut steep) = (0.0, 0.0);
                        for c in members.clone() {
                            let (sum, product) = (total(sample, c), total(sample, wide + c) * inverse);
                            dbeta[c] += T::from_f64(sum);
                            dgamma[c] += T::from_f64(product);
                            flat += gamma[c].to_f64() * sum;
                            steep += gamma[c].to_f64() * product;
                        }
                        let share = if fixed { 0.0 } else { -inverse / layout.sharing() as f64 };
                        slope[members.clone()].fill(T::from_f64(share * steep * inverse));
                        offset[members].fill(T::from_f64(share * flat));
                    }
                }
                for of in (0..samples).map(|s| s * wide..(s + 1) * wide) {
                    blocks.repeat(&mut slope[of.clone()]);
                    blocks.repeat(&mut offset[of]);
                }
                into_input(x, &blocks, mean, scale, slope, offset, gradient);
            })
        })
    })???;
    Ok(())
}

/// Turns ∂y into ∂z in place; `partial` gets each block's Σ ∂z and Σ ∂z (x − mean) for every channel.
fn through_activation<T: Float>(
    x: &[T],
    blocks: &Blocks,
    spread: &[T],
    activation: Activation,
    gradient: &mut [T],
    partial: &mut [T],
) {
    let wide = blocks.wide;
    let (mean, rest) = spread.split_at(blocks.samples * wide);
    let (scale, shift) = rest.split_at(blocks.samples * wide);
    let gradient = SharedMut(gradient.as_mut_ptr());
    parallel_chunks(partial, 2 * wide, |i, partial| {
        let (sample, at) = blocks.at(i);
        // SAFETY: blocks are disjoint ranges within `x`, and `gradient` is as long.
        let gradient = unsafe { gradient.region(at.start, at.len()) };
        let x = &x[at];
        let of = sample * wide..(sample + 1) * wide;
        let (mean, scale, shift) = (&mean[of.clone()], &scale[of.clone()], &shift[of]);
        by_activation!(activation, |F| simd(
            #[inline(always)]
            || {
                let (sums, products) = partial.split_at_mut(wide);
                sums.fill(T::ZERO);
                products.fill(T::ZERO);
                for (g, x) in gradient.chunks_mut(wide).zip(x.chunks(wide)) {
                    if !short(F) {
                        let parameters = mean.chunks(TILE).zip(scale.chunks(TILE)).zip(shift.chunks(TILE));
                        for ((g, x), ((mean, scale), shift)) in
                            g.chunks_mut(TILE).zip(x.chunks(TILE)).zip(parameters)
                        {
                            let mut slope = [T::ZERO; TILE];
                            affine(x, mean, scale, shift, &mut slope, |z| z);
                            for s in &mut slope {
                                *s = F.slope(if F.needs_input() { *s } else { F.value(*s) });
                            }
                            for (g, &s) in g.iter_mut().zip(&slope) {
                                *g *= s;
                            }
                        }
                    }
                    let parameters = mean.iter().zip(scale).zip(shift);
                    let sums = sums.iter_mut().zip(products.iter_mut());
                    for (((g, &x), ((&m, &a), &b)), (s, p)) in g.iter_mut().zip(x).zip(parameters).zip(sums) {
                        let apart = x - m;
                        if short(F) {
                            *g *= F.slope(F.value(apart * a + b));
                        }
                        *s += *g;
                        *p += *g * apart;
                    }
                }
                blocks.fold(sums);
                blocks.fold(products);
            }
        ));
    });
}

/// Turns ∂z into ∂x in place: `scale · ∂z + slope · (x − mean) + offset`.
fn into_input<T: Float>(
    x: &[T],
    blocks: &Blocks,
    mean: &[T],
    scale: &[T],
    slope: &[T],
    offset: &[T],
    gradient: &mut [T],
) {
    let wide = blocks.wide;
    let gradient = SharedMut(gradient.as_mut_ptr());
    parallel(blocks.count(), |i| {
        let (sample, at) = blocks.at(i);
        // SAFETY: blocks are disjoint ranges within `x`, and `gradient` is as long.
        let gradient = unsafe { gradient.region(at.start, at.len()) };
        let x = &x[at];
        let [mean, scale, slope, offset] =
            [mean, scale, slope, offset].map(|all| &all[sample * wide..(sample + 1) * wide]);
        simd(
            #[inline(always)]
            || {
                for (g, x) in gradient.chunks_mut(wide).zip(x.chunks(wide)) {
                    let parameters = mean.iter().zip(scale).zip(slope.iter().zip(offset));
                    for ((g, &x), ((&m, &a), (&s, &o))) in g.iter_mut().zip(x).zip(parameters) {
                        *g = *g * a + ((x - m) * s + o);
                    }
                }
            },
        );
    });
}
