//! Pictures to paint like: brought to one size without borders.

use super::{Pixels, Sampled, decode, median_size, picture_bytes, sampled};
use crate::{Feature, Prepared, Record, TrainingCells};
use pellucid_data::{Cell, Files, Result};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Sides are a multiple of this, so that a network can halve them twice.
const MULTIPLE: usize = 4;

/// The shortest side.
const SHORTEST: usize = 8;

/// The size of all pictures: each is scaled until it covers the canvas, and what juts out is cut off evenly.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Canvas {
    /// Rows of pixels.
    pub height: usize,
    /// Columns of pixels.
    pub width: usize,
    /// 1 for grey, 3 for red, green and blue.
    pub channels: usize,
}

impl Canvas {
    /// The usual size of the training pictures, but no side longer than `max_side`; grey if all of a sample are. Beside it: how many times as
    /// large they usually are.
    ///
    /// # Errors
    /// No picture that can be read, and failures of reading.
    pub fn fit(cells: &TrainingCells<'_>, files: Option<&Files>, max_side: usize) -> Result<(Canvas, f64)> {
        let (sample, problem) = sampled(cells, files, max_side)?;
        let Some((height, width)) = median_size(&sample) else {
            let error = cells.error("none of the pictures can be read");
            return Err(problem.into_iter().fold(error, |e, why| e.because(why)));
        };
        let scale = (max_side as f64 / height.max(width) as f64).min(1.0);
        let side = |length: usize| {
            let steps = (length as f64 * scale / MULTIPLE as f64).round() as usize;
            (steps * MULTIPLE).max(SHORTEST)
        };
        let grey = sample.iter().all(|p: &Sampled| p.pixels.is_grey());
        let channels = if grey { 1 } else { 3 };
        Ok((Canvas { height: side(height), width: side(width), channels }, 1.0 / scale))
    }

    /// The same shape, so many times as large.
    #[must_use]
    pub fn times(&self, n: usize) -> Canvas {
        Canvas { height: n * self.height, width: n * self.width, channels: self.channels }
    }

    /// Height, width and channels.
    pub fn size(&self) -> [usize; 3] {
        [self.height, self.width, self.channels]
    }

    /// Numbers of a picture.
    pub fn numbers(&self) -> usize {
        self.size().iter().product()
    }

    /// The bytes of a picture on this canvas, `[height, width, channels]`.
    pub fn bring(&self, picture: &Pixels) -> Vec<u8> {
        picture.resize_over(self.height, self.width).channels(self.channels)
    }

    /// The picture of these bytes, `[height, width, channels]`; `None` if they are not as many.
    pub fn picture(&self, bytes: &[u8]) -> Option<Pixels> {
        Pixels::of_bytes(bytes, self.size())
    }
}

impl Prepared for Canvas {
    fn state(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        vec![Feature::Picture {
            name: String::new(),
            height: self.height,
            width: self.width,
            channels: self.channels,
            mean: vec![0.5; self.channels],
            scale: vec![0.5; self.channels],
        }]
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        files: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        record.pictures.extend(self.bring(&decode(&picture_bytes(cell, files)?)?));
        Ok(())
    }

    fn describe(&self) -> String {
        let colour = if self.channels == 1 { "grey" } else { "colour" };
        format!("{} × {} pixels, {colour}, cut to this shape", self.width, self.height)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_picture_covers_the_canvas_and_its_middle_is_kept() {
        let canvas = Canvas { height: 4, width: 8, channels: 1 };
        // Ten rows of which the middle five are seen, twice as wide as the canvas.
        let bytes: Vec<u8> = (0..16).flat_map(|row| [row; 16]).collect();
        let picture = Pixels::of_bytes(&bytes, [16, 16, 1]).unwrap();
        let seen = canvas.bring(&picture);
        assert_eq!(seen.len(), canvas.numbers());
        // Eight rows, 4 to 11, as four: the mean of two each.
        for (row, seen) in seen.chunks(8).enumerate() {
            let want = 4.5 + 2.0 * row as f64;
            assert!(seen.iter().all(|&x| (f64::from(x) - want).abs() <= 0.5), "{seen:?}, not {want}");
        }
        assert_eq!(canvas.picture(&seen).unwrap().channels(1), seen);
        assert!(canvas.picture(&seen[1..]).is_none());
        assert_eq!(canvas.times(2), Canvas { height: 8, width: 16, channels: 1 });
    }
}
