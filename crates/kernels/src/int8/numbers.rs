//! From numbers to bytes and back.

use super::finish::to_byte;
use crate::isa::simd;
use crate::threads::{GRAIN, parallel_chunks};

/// What bytes stand for: q for (q − zero) · scale.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Coding {
    /// The distance of neighbouring bytes; larger than 0.
    pub scale: f32,
    /// The byte for 0.
    pub zero: u8,
}

impl Coding {
    /// The finest coding of the numbers from `low` to `high`, widened to include 0, for which there is a byte.
    pub fn of_range(low: f32, high: f32) -> Coding {
        let (low, high) = (low.min(0.0), high.max(0.0));
        let scale = (high - low) / 255.0;
        match scale.is_normal() {
            true => Coding { scale, zero: to_byte(-low / scale) },
            false => Coding { scale: 1.0, zero: 0 },
        }
    }
}

/// The nearest bytes to the numbers of x: `x: [pixels, channels]`, `y: [pixels, wide]` with wide ≥ channels; the bytes of the
/// channels that x has not are those for 0.
///
/// # Panics
/// If the slices have not these shapes.
pub fn quantise(x: &[f32], channels: usize, coding: Coding, y: &mut [u8], wide: usize) {
    assert!(channels <= wide && (channels > 0 || x.is_empty()), "bytes: {channels} channels in {wide}");
    let pixels = x.len() / channels.max(1);
    assert!(
        x.len() == pixels * channels && y.len() == pixels * wide,
        "bytes: x and y are of different shapes"
    );
    let factor = coding.scale.recip();
    let zero = f32::from(coding.zero);
    let together = (GRAIN / wide.max(1)).max(1);
    parallel_chunks(y, together * wide, |chunk, y| {
        let x = &x[chunk * together * channels..];
        simd(
            #[inline(always)]
            || match (channels, wide) {
                (3, 4) => some::<3, 4>(x, factor, zero, y),
                _ if channels == wide => {
                    for (to, x) in y.iter_mut().zip(x) {
                        *to = to_byte(x * factor + zero);
                    }
                }
                _ => {
                    for (to, x) in y.chunks_exact_mut(wide).zip(x.chunks_exact(channels)) {
                        to.fill(coding.zero);
                        for (to, x) in to.iter_mut().zip(x) {
                            *to = to_byte(x * factor + zero);
                        }
                    }
                }
            },
        );
    });
}

/// [`quantise`] for numbers of channels that are known: pixels of colour.
#[inline(always)]
fn some<const C: usize, const W: usize>(x: &[f32], factor: f32, zero: f32, y: &mut [u8]) {
    for (to, x) in y.as_chunks_mut::<W>().0.iter_mut().zip(x.as_chunks::<C>().0) {
        *to = std::array::from_fn(|i| to_byte(if i < C { x[i] * factor + zero } else { zero }));
    }
}

/// The numbers that bytes stand for: `x: [pixels, wide]`, `y: [pixels, channels]` with wide ≥ channels.
///
/// # Panics
/// If the slices have not these shapes.
pub fn dequantise(x: &[u8], wide: usize, coding: Coding, y: &mut [f32], channels: usize) {
    assert!(channels <= wide && (channels > 0 || y.is_empty()), "bytes: {channels} channels in {wide}");
    let pixels = y.len() / channels.max(1);
    assert!(
        y.len() == pixels * channels && x.len() == pixels * wide,
        "bytes: x and y are of different shapes"
    );
    let together = (GRAIN / wide.max(1)).max(1);
    let zero = f32::from(coding.zero);
    parallel_chunks(y, together * channels, |chunk, y| {
        let x = &x[chunk * together * wide..];
        simd(
            #[inline(always)]
            || {
                if channels == wide {
                    for (to, &q) in y.iter_mut().zip(x) {
                        *to = (f32::from(q) - zero) * coding.scale;
                    }
                    return;
                }
                for (to, x) in y.chunks_exact_mut(channels.max(1)).zip(x.chunks_exact(wide.max(1))) {
                    for (to, &q) in to.iter_mut().zip(x) {
                        *to = (f32::from(q) - zero) * coding.scale;
                    }
                }
            },
        );
    });
}
