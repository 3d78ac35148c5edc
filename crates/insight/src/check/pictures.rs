//! Pictures made comparable: how each differs from what all of them have in common.
//!
//! X-rays, digits and shoes all look alike, so plain similarity accuses everyone. What counts is the detail in which
//! a picture departs from its collection: DCT coefficients minus their mean over the collection, divided by their
//! spread (which nearly whitens them, the DCT being close to the principal components of pictures; Ahmed, Natarajan
//! and Rao 1974). Two different X-rays then have a cosine around 0, a copy saved anew has one near 1.

use super::dct::{COEFFICIENTS, Dct, FREQUENCIES};

/// Width and height of a thumbnail in pixels.
pub const SIDE: usize = 32;
/// A grey 8-bit thumbnail, line by line.
pub type Thumbnail = [u8; SIDE * SIDE];

/// Fixed point of spectra (at most ±32 each) and of details (at most ±1 each).
const SPECTRUM_SCALE: f32 = 1000.0;
const DETAIL_SCALE: f32 = 16_384.0;
/// Spread of a coefficient that is put down to noise; the picture's own spread is 1 per pixel.
const NOISE: f32 = 0.3;
/// A small collection's mean and spread are pulled towards those of pictures in general, as if by so many more.
const PRIOR: f32 = 50.0;

/// Shrinks (or enlarges) a grey picture to a [`Thumbnail`] by the average over each pixel's area.
///
/// `grey: [height, width]`. `None` if a side is 0 or the pixels aren't `width · height`.
#[must_use]
pub fn thumbnail(width: usize, height: usize, grey: &[u8]) -> Option<Thumbnail> {
    if width == 0 || height == 0 || width.checked_mul(height) != Some(grey.len()) {
        return None;
    }
    let (across, down) = (coverage(width), coverage(height));
    let mut narrow = vec![[0.0_f32; SIDE]; height];
    for (line, out) in grey.chunks_exact(width).zip(&mut narrow) {
        for (value, (start, weights)) in out.iter_mut().zip(&across) {
            *value =
                line[*start..].iter().zip(weights).map(|(&pixel, weight)| f32::from(pixel) * weight).sum();
        }
    }
    let mut small = [0; SIDE * SIDE];
    for (out, (start, weights)) in small.chunks_exact_mut(SIDE).zip(&down) {
        for (x, pixel) in out.iter_mut().enumerate() {
            let sum: f32 = narrow[*start..].iter().zip(weights).map(|(line, weight)| line[x] * weight).sum();
            *pixel = (sum + 0.5) as u8;
        }
    }
    Some(small)
}

/// For each of [`SIDE`] cells: the first pixel it covers and the share of the cell that each pixel fills.
fn coverage(length: usize) -> Vec<(usize, Vec<f32>)> {
    let cell = |i: usize| {
        // In units of 1 / SIDE pixel, so that the borders are exact.
        let (from, to) = (i * length, (i + 1) * length);
        let (first, last) = (from / SIDE, (to - 1) / SIDE);
        let covered = |pixel: usize| to.min((pixel + 1) * SIDE) - from.max(pixel * SIDE);
        (first, (first..=last).map(|pixel| covered(pixel) as f32 / length as f32).collect())
    };
    (0..SIDE).map(cell).collect()
}

/// A collection of pictures by their detail; 524 bytes per picture.
pub struct PictureIndex {
    rows: Vec<usize>,
    /// `[picture, coefficient]`, each picture of length 1 in units of 1 / [`DETAIL_SCALE`].
    details: Vec<i16>,
}

impl PictureIndex {
    /// Indexes (row number, thumbnail) pairs; blank pictures are left out, since they show nothing to compare.
    ///
    /// Give every picture of the data set, of all splits, in one go: what is common is judged over all of them.
    #[must_use]
    pub fn new(pictures: impl IntoIterator<Item = (usize, Thumbnail)>) -> PictureIndex {
        let dct = Dct::new();
        let (mut rows, mut details) = (Vec::new(), Vec::new());
        for (row, picture) in pictures {
            if let Some(spectrum) = dct.transform(&picture) {
                rows.push(row);
                details.extend(spectrum.map(|value| (value * SPECTRUM_SCALE) as i16));
            }
        }
        whiten(&mut details);
        PictureIndex { rows, details }
    }

    /// Number of pictures, without the blank ones.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is no picture.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// Row numbers, in the order given.
    pub(super) fn rows(&self) -> &[usize] {
        &self.rows
    }

    /// Detail of the picture at a position below [`PictureIndex::len`].
    pub(super) fn detail(&self, at: usize) -> &[i16] {
        &self.details[at * COEFFICIENTS..(at + 1) * COEFFICIENTS]
    }

    /// Cosine between two pictures' details: 1 for the same picture, around 0 for two different ones.
    pub(super) fn similarity(&self, a: usize, b: usize) -> f32 {
        let products = self.detail(a).iter().zip(self.detail(b)).map(|(&a, &b)| i32::from(a) * i32::from(b));
        products.sum::<i32>() as f32 / (DETAIL_SCALE * DETAIL_SCALE)
    }
}

/// Turns spectra into details in place.
fn whiten(spectra: &mut [i16]) {
    let n = (spectra.len() / COEFFICIENTS) as f64;
    let (mut sums, mut squares) = ([0.0_f64; COEFFICIENTS], [0.0_f64; COEFFICIENTS]);
    for spectrum in spectra.chunks_exact(COEFFICIENTS) {
        for ((&value, sum), square) in spectrum.iter().zip(&mut sums).zip(&mut squares) {
            let value = f64::from(value) / f64::from(SPECTRUM_SCALE);
            *sum += value;
            *square += value * value;
        }
    }
    // Pictures in general: power falls with the square of the frequency.
    let falloff = |k: usize| 1.0 / (((k / FREQUENCIES).pow(2) + (k % FREQUENCIES).pow(2)).max(1) as f64);
    let power = squares.iter().sum::<f64>() / n.max(1.0) / (1..COEFFICIENTS).map(falloff).sum::<f64>();
    let mut mean = [0.0_f32; COEFFICIENTS];
    let mut scale = [0.0_f32; COEFFICIENTS];
    for k in 1..COEFFICIENTS {
        let prior = f64::from(PRIOR);
        let m = sums[k] / (n + prior);
        let spread = (squares[k] - 2.0 * m * sums[k] + n * m * m + prior * power * falloff(k)) / (n + prior);
        mean[k] = m as f32;
        scale[k] = (spread as f32 + NOISE * NOISE).sqrt().recip();
    }
    for spectrum in spectra.chunks_exact_mut(COEFFICIENTS) {
        let mut detail = [0.0_f32; COEFFICIENTS];
        for (k, out) in detail.iter_mut().enumerate() {
            *out = (f32::from(spectrum[k]) / SPECTRUM_SCALE - mean[k]) * scale[k];
        }
        let length = detail.iter().map(|value| value * value).sum::<f32>().sqrt();
        let unit = if length > 0.0 { DETAIL_SCALE / length } else { 0.0 };
        for (out, value) in spectrum.iter_mut().zip(detail) {
            *out = (value * unit).round() as i16;
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn thumbnails_average_areas() {
        let picture: Vec<u8> = (0..64 * 96).map(|i| (i % 253) as u8).collect();
        let small = thumbnail(64, 96, &picture).unwrap();
        for (x, y) in [(0, 0), (31, 31), (7, 20)] {
            let sum: u32 = (0..6).map(|i| u32::from(picture[(3 * y + i / 2) * 64 + 2 * x + i % 2])).sum();
            assert_eq!(u32::from(small[y * SIDE + x]), (sum + 3) / 6);
        }
        let same: Vec<u8> = (0..SIDE * SIDE).map(|i| (i % 256) as u8).collect();
        assert_eq!(thumbnail(SIDE, SIDE, &same).unwrap().to_vec(), same);
        assert_eq!(thumbnail(1, 1, &[77]).unwrap(), [77; SIDE * SIDE]);
        assert_eq!(thumbnail(45, 7, &[255; 45 * 7]).unwrap(), [255; SIDE * SIDE]);
        assert!(thumbnail(0, 5, &[]).is_none());
        assert!(thumbnail(3, 3, &[0; 8]).is_none());
    }

    #[test]
    fn the_similarity_of_a_picture_with_itself_is_one_and_blank_pictures_are_left_out() {
        let noisy = |seed: usize| -> Thumbnail {
            std::array::from_fn(|i| ((i * 31 + 7 * seed) * (i + seed) % 241) as u8)
        };
        let index = PictureIndex::new([(5, noisy(1)), (6, [9; SIDE * SIDE]), (7, noisy(2)), (9, noisy(1))]);
        assert_eq!(index.rows(), [5, 7, 9]);
        assert!((index.similarity(0, 2) - 1.0).abs() < 0.01);
        assert!(index.similarity(0, 1) < 0.5);
        assert!(PictureIndex::new([]).is_empty());
    }
}
