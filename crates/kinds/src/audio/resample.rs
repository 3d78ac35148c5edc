//! To one number of samples a second.

use super::RATE;
use rubato::audioadapter_buffers::direct::InterleavedSlice;
use rubato::{Fft, FixedSync, Resampler};

/// Samples that the filter takes at once, or a few more.
const CHUNK: usize = 1024;

/// Brings samples, piece by piece, to [`RATE`] a second, by a band-limited filter; the delay of the filter is taken out.
pub struct ToRate {
    /// `None` if the samples have the rate already.
    filter: Option<Fft<f32>>,
    waiting: Vec<f32>,
    /// Results that are only the filter's delay.
    delay: usize,
    ratio: f64,
    taken: u64,
    given: u64,
}

impl ToRate {
    /// For samples of this rate.
    ///
    /// # Errors
    /// A rate that cannot be brought to the other.
    pub fn new(from: u32) -> Result<ToRate, String> {
        let filter = match from as usize {
            RATE => None,
            from => Some(
                Fft::new(from, RATE, CHUNK, 1, FixedSync::Input)
                    .map_err(|e| format!("{from} samples a second cannot be changed: {e}"))?,
            ),
        };
        let delay = filter.as_ref().map_or(0, |f| f.output_delay());
        let ratio = RATE as f64 / f64::from(from.max(1));
        Ok(ToRate { filter, waiting: Vec::new(), delay, ratio, taken: 0, given: 0 })
    }

    /// Takes more samples, and gives those that are ready to `out`.
    ///
    /// # Errors
    /// A failure of the filter.
    pub fn push(&mut self, samples: &[f32], out: &mut dyn FnMut(&[f32])) -> Result<(), String> {
        self.taken += samples.len() as u64;
        let Some(filter) = &mut self.filter else {
            self.given += samples.len() as u64;
            out(samples);
            return Ok(());
        };
        self.waiting.extend_from_slice(samples);
        let mut start = 0;
        while self.waiting.len() - start >= filter.input_frames_next() {
            let size = filter.input_frames_next();
            let chunk = InterleavedSlice::new(&self.waiting[start..start + size], 1, size);
            let chunk =
                chunk.map_err(|e| format!("the samples cannot be brought to {RATE} a second: {e}"))?;
            let made = filter
                .process(&chunk, None)
                .map_err(|e| format!("the samples cannot be brought to {RATE} a second: {e}"))?
                .take_data();
            start += size;
            let late = self.delay.min(made.len());
            self.delay -= late;
            self.given += (made.len() - late) as u64;
            out(&made[late..]);
        }
        self.waiting.drain(..start);
        Ok(())
    }

    /// Gives what is still in the filter: in all as many samples as the time of all that were taken.
    ///
    /// # Errors
    /// A failure of the filter.
    pub fn finish(mut self, out: &mut dyn FnMut(&[f32])) -> Result<(), String> {
        let Some(filter) = &self.filter else { return Ok(()) };
        let silence = vec![0.0; filter.input_frames_max()];
        let wanted = (self.taken as f64 * self.ratio).ceil() as u64;
        let mut left = wanted.saturating_sub(self.given) as usize;
        while left > 0 {
            self.push(&silence, &mut |made| {
                let some = made.len().min(left);
                left -= some;
                out(&made[..some]);
            })?;
        }
        Ok(())
    }
}
