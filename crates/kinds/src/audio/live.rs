//! Sound that has no end: windows of it, one after the other.

use super::window::{fit_to, quiet};
use super::{BANDS, HOP, LogMel, PreparedAudio, RATE, Taken, ToRate, WINDOW};
use serde_json::Value;

/// Frames from one window to the next: 10 ms.
pub const STRIDE: usize = 1;

/// Frames of silence after the end of a sound.
const AFTER: usize = 10;

/// Turns samples, piece by piece, into windows as a fitted column shows them to its network, one each 10 ms.
pub struct Live {
    to_rate: Option<ToRate>,
    mel: LogMel,
    frames: usize,
    recent: Vec<u8>,
    /// Frames so far, and of these up to the last window.
    seen: usize,
    shown: usize,
}

impl Live {
    /// For the column with this stored state, and samples of this rate.
    ///
    /// # Errors
    /// A state that is not a sound column's, and a rate that cannot be brought to the column's.
    pub fn new(state: &Value, rate: u32) -> Result<Live, String> {
        let column = PreparedAudio::restore(state).map_err(|e| e.to_string())?;
        Ok(Live {
            to_rate: Some(ToRate::new(rate)?),
            mel: LogMel::new(column.top),
            frames: column.frames,
            recent: Vec::new(),
            seen: 0,
            shown: 0,
        })
    }

    /// Takes more samples; calls `window` with the second at which each new window ends, and its bytes `[frames, bands]`.
    ///
    /// # Errors
    /// A failure of the filter, and what `window` reports.
    pub fn push(&mut self, samples: &[f32], window: &mut dyn FnMut(f64, &[u8]) -> Taken) -> Taken {
        let mut new = Vec::new();
        if let Some(to_rate) = &mut self.to_rate {
            to_rate.push(samples, &mut |ready| self.mel.push(ready, &mut new))?;
        }
        self.take(&new, window)
    }

    /// The end of the sound: what is still in the filter, filled up to one window if the sound was shorter, and then a little silence,
    /// so that its end is heard.
    ///
    /// # Errors
    /// As [`push`](Live::push).
    pub fn finish(&mut self, window: &mut dyn FnMut(f64, &[u8]) -> Taken) -> Taken {
        let mut new = Vec::new();
        if let Some(to_rate) = self.to_rate.take() {
            to_rate.finish(&mut |ready| self.mel.push(ready, &mut new))?;
        }
        self.take(&new, window)?;
        if self.recent.is_empty() {
            return Ok(());
        }
        if self.shown == 0 {
            let all = std::mem::take(&mut self.recent);
            self.take(&fit_to(&all, self.frames), window)?;
        }
        let silence = quiet(&self.recent).repeat(AFTER);
        self.take(&silence, window)
    }

    fn take(&mut self, new: &[u8], window: &mut dyn FnMut(f64, &[u8]) -> Taken) -> Taken {
        for frame in new.chunks_exact(BANDS) {
            self.recent.extend_from_slice(frame);
            self.seen += 1;
            let full = self.recent.len().checked_sub(self.frames * BANDS);
            if let Some(start) = full.filter(|_| self.shown == 0 || self.seen >= self.shown + STRIDE) {
                self.recent.drain(..start);
                self.shown = self.seen;
                window(seconds(self.seen), &self.recent)?;
            }
        }
        Ok(())
    }
}

/// The length of so many frames.
fn seconds(frames: usize) -> f64 {
    (frames.saturating_sub(1) * HOP + WINDOW) as f64 / RATE as f64
}
