//! Small changes that leave a sound's meaning as it is.

use super::mel::STEP;
use crate::image::Augment;
use pellucid_tensor::Stream;

/// Masks in time, and as many in frequency.
const MASKS: usize = 2;

/// Noise is added in this share of the cases.
const NOISY: f32 = 0.5;

/// The range of the noise's level, in decibels from each band's training mean.
const NOISE: (f32, f32) = (-25.0, 5.0);

/// Writes a changed copy of the standardised frames `[frames, bands]` to `out`; `scale` holds each band's standard
/// deviation, in bytes / 255.
///
/// The sound is moved in time by up to `shift` of its length, played faster or slower and higher or lower by up to `zoom`
/// (what comes in from outside repeats the edge), and louder or softer, with more or less contrast, by up to `light`
/// standard deviations. Coloured noise is added to the powers if `light` is not 0. At the end, two spans of frames and two
/// of bands, each up to half of `erase`, are blanked (SpecAugment: Park et al., arXiv 1904.08779). Sounds are never turned or
/// mirrored.
pub fn augment(
    a: &Augment,
    pixels: &[f32],
    [frames, bands]: [usize; 2],
    scale: &[f32],
    random: &mut Stream,
    out: &mut [f32],
) {
    let mut symmetric = |limit: f32| random.between(-limit, limit);
    let (pace, pitch) = (1.0 + symmetric(a.zoom), symmetric(a.zoom) * bands as f32 / 2.0);
    let moved = symmetric(a.shift) * frames as f32;
    let (gain, offset) = (1.0 + symmetric(a.light) / 2.0, symmetric(a.light));
    let middle = (frames as f32 - 1.0) / 2.0;
    for t in 0..frames {
        let from = ((t as f32 - middle - moved) * pace + middle).clamp(0.0, frames as f32 - 1.0);
        let (t0, ft) = (from as usize, from.fract());
        let t1 = (t0 + 1).min(frames - 1);
        for b in 0..bands {
            let from = (b as f32 - pitch).clamp(0.0, bands as f32 - 1.0);
            let (b0, fb) = (from as usize, from.fract());
            let b1 = (b0 + 1).min(bands - 1);
            let at = |t: usize, b: usize| pixels[t * bands + b];
            let early = at(t0, b0) + fb * (at(t0, b1) - at(t0, b0));
            let late = at(t1, b0) + fb * (at(t1, b1) - at(t1, b0));
            out[t * bands + b] = (early + ft * (late - early)) * gain + offset;
        }
    }
    add_noise(a, bands, scale, random, out);
    mask(a.erase, [frames, bands], random, out);
}

/// Adds noise whose power rises or falls with the frequency, in half of the cases.
fn add_noise(a: &Augment, bands: usize, scale: &[f32], random: &mut Stream, out: &mut [f32]) {
    let [chance, level, tilt] =
        [random.uniform(), random.between(NOISE.0, NOISE.1), random.between(-10.0, 10.0)];
    if a.light <= 0.0 || chance >= NOISY {
        return;
    }
    for (i, x) in out.iter_mut().enumerate() {
        let band = i % bands;
        // Decibels of a standard deviation.
        let unit = scale[band] * 255.0 * STEP;
        let across = band as f32 / bands as f32 - 0.5;
        let noise = level + tilt * across + random.between(-3.0, 3.0);
        let sound = *x * unit;
        // The sum of both powers.
        let (more, less) = if sound > noise { (sound, noise) } else { (noise, sound) };
        *x = (more + 10.0 * (1.0 + 10f32.powf((less - more) / 10.0)).log10()) / unit;
    }
}

/// Blanks (sets to the mean, 0) spans of frames and of bands.
fn mask(most: f32, [frames, bands]: [usize; 2], random: &mut Stream, out: &mut [f32]) {
    for _ in 0..MASKS {
        let mut span = |length: usize| {
            let wide = (random.uniform() * most / 2.0 * length as f32) as usize;
            let start = random.below(length - wide.min(length - 1));
            start..(start + wide).min(length)
        };
        let (time, frequency) = (span(frames), span(bands));
        out[time.start * bands..time.end * bands].fill(0.0);
        out.chunks_exact_mut(bands).for_each(|frame| frame[frequency.clone()].fill(0.0));
    }
}
