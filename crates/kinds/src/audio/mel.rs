//! The power of a sound's frequencies over time, as people hear them.

use super::RATE;
use realfft::num_complex::Complex;
use realfft::{RealFftPlanner, RealToComplex};
use std::sync::Arc;

/// Samples of a window: 25 ms.
pub const WINDOW: usize = RATE / 40;

/// Samples from one window to the next: 10 ms.
pub const HOP: usize = RATE / 100;

/// Bands of frequencies.
pub const BANDS: usize = 64;

/// Length of the Fourier transform: windows are filled up with zeros, so that no band falls between two of its lines.
pub(super) const LINES: usize = 1024;

/// The lowest frequency of the lowest band, in Hz.
const BOTTOM: f64 = 20.0;

/// Decibels of byte 0, where the line of a sine wave at full scale is 0 dB; a band adds several lines.
pub(super) const FLOOR: f32 = -100.0;

/// Decibels from one byte to the next.
pub(super) const STEP: f32 = 0.5;

/// The mel scale as HTK has it: 2595 · log10(1 + f / 700).
fn mel(hertz: f64) -> f64 {
    2595.0 * (1.0 + hertz / 700.0).log10()
}

fn hertz(mel: f64) -> f64 {
    700.0 * (10f64.powf(mel / 2595.0) - 1.0)
}

/// A triangle over lines of the transform, as high as 1 at its middle: the first line, and its weights.
pub(super) struct Band {
    pub(super) first: usize,
    pub(super) weights: Vec<f32>,
}

/// The triangles of [`BANDS`] bands, evenly spaced on the mel scale up to `top` Hz.
pub(super) fn bands(top: f64) -> Vec<Band> {
    let (low, high) = (mel(BOTTOM), mel(top));
    let edge = |i: usize| hertz(low + (high - low) * i as f64 / (BANDS + 1) as f64);
    (0..BANDS)
        .map(|band| {
            let (left, middle, right) = (edge(band), edge(band + 1), edge(band + 2));
            let weight = |line: usize| {
                let f = line as f64 * RATE as f64 / LINES as f64;
                ((f - left) / (middle - left)).min((right - f) / (right - middle)).max(0.0)
            };
            let lines: Vec<_> = (0..=LINES / 2).filter(|&line| weight(line) > 0.0).collect();
            let weights = lines.iter().map(|&line| weight(line) as f32).collect();
            Band { first: lines.first().copied().unwrap_or(0), weights }
        })
        .collect()
}

/// A Hann window of [`WINDOW`] samples, periodic.
pub(super) fn hann(i: usize) -> f64 {
    0.5 - 0.5 * (std::f64::consts::TAU * i as f64 / WINDOW as f64).cos()
}

/// Turns samples, piece by piece, into frames of [`BANDS`] bytes: the power in each band of a Hann window, in steps of
/// [`STEP`] dB above [`FLOOR`].
pub struct LogMel {
    transform: Arc<dyn RealToComplex<f32>>,
    window: Vec<f32>,
    bands: Vec<Band>,
    waiting: Vec<f32>,
    input: Vec<f32>,
    lines: Vec<Complex<f32>>,
    scratch: Vec<Complex<f32>>,
}

impl LogMel {
    /// For samples at [`RATE`] a second; the highest band ends at `top` Hz.
    pub fn new(top: f64) -> LogMel {
        let transform = RealFftPlanner::<f32>::new().plan_fft_forward(LINES);
        // Scaled so that a sine wave at full scale has a magnitude of 1.
        let sum: f64 = (0..WINDOW).map(hann).sum();
        LogMel {
            window: (0..WINDOW).map(|i| (2.0 * hann(i) / sum) as f32).collect(),
            bands: bands(top),
            waiting: Vec::new(),
            input: transform.make_input_vec(),
            lines: transform.make_output_vec(),
            scratch: transform.make_scratch_vec(),
            transform,
        }
    }

    /// Takes more samples; appends the frames that are whole to `out`.
    pub fn push(&mut self, samples: &[f32], out: &mut Vec<u8>) {
        self.powers(samples, &mut |power| out.extend(power.iter().map(|&p| to_byte(p))));
    }

    /// As [`push`](LogMel::push), as powers, where a sine wave at full scale is 1 in the middle of a band.
    pub fn powers(&mut self, samples: &[f32], frame: &mut dyn FnMut(&[f32; BANDS])) {
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        while let Some(window) = self.waiting.get(start..start + WINDOW) {
            self.input.fill(0.0);
            for ((x, &sample), &weight) in self.input.iter_mut().zip(window).zip(&self.window) {
                *x = sample * weight;
            }
            let (input, lines) = (&mut self.input, &mut self.lines);
            // The buffers are the transform's own, so their lengths always fit.
            if self.transform.process_with_scratch(input, lines, &mut self.scratch).is_err() {
                lines.fill(Complex::default());
            }
            let power = std::array::from_fn(|b| {
                let band = &self.bands[b];
                let lines = &self.lines[band.first..];
                lines.iter().zip(&band.weights).map(|(line, weight)| line.norm_sqr() * weight).sum()
            });
            frame(&power);
            start += HOP;
        }
        self.waiting.drain(..start.min(self.waiting.len()));
    }
}

/// A power as a byte.
fn to_byte(power: f32) -> u8 {
    let decibels = 10.0 * power.max(1e-12).log10();
    ((decibels - FLOOR) / STEP).round().clamp(0.0, 255.0) as u8
}
