//! The low frequencies of a thumbnail: what survives saving anew, scaling, and a change of brightness or contrast.

use super::pictures::{SIDE, Thumbnail};

/// Frequencies kept in each direction.
pub(super) const FREQUENCIES: usize = 16;
/// Coefficients of a thumbnail; the first, its mean, is always 0.
pub(super) const COEFFICIENTS: usize = FREQUENCIES * FREQUENCIES;
/// Standard deviation, in grey levels, below which a picture counts as blank.
const BLANK: f32 = 2.0;

/// The orthonormal DCT-II of thumbnails brought to mean 0 and standard deviation 1.
pub(super) struct Dct {
    /// `basis[frequency][position]`.
    basis: [[f32; SIDE]; FREQUENCIES],
}

impl Dct {
    pub(super) fn new() -> Dct {
        let mut basis = [[0.0; SIDE]; FREQUENCIES];
        for (frequency, wave) in basis.iter_mut().enumerate() {
            let scale = if frequency == 0 { 1.0 } else { 2.0_f64 };
            for (position, value) in wave.iter_mut().enumerate() {
                let angle = std::f64::consts::PI * (position as f64 + 0.5) * frequency as f64 / SIDE as f64;
                *value = ((scale / SIDE as f64).sqrt() * angle.cos()) as f32;
            }
        }
        Dct { basis }
    }

    /// Coefficients, row frequency first; `None` for a blank picture. Their squares sum to at most `SIDE²`.
    pub(super) fn transform(&self, picture: &Thumbnail) -> Option<[f32; COEFFICIENTS]> {
        let sum: u32 = picture.iter().map(|&grey| u32::from(grey)).sum();
        let mean = sum as f32 / picture.len() as f32;
        let variance =
            picture.iter().map(|&grey| (f32::from(grey) - mean).powi(2)).sum::<f32>() / picture.len() as f32;
        if variance < BLANK * BLANK {
            return None;
        }
        let scale = variance.sqrt().recip();

        let mut down = [[0.0_f32; SIDE]; FREQUENCIES];
        for (y, line) in picture.chunks_exact(SIDE).enumerate() {
            for (wave, sums) in self.basis.iter().zip(&mut down) {
                for (sum, &grey) in sums.iter_mut().zip(line) {
                    *sum += wave[y] * (f32::from(grey) - mean) * scale;
                }
            }
        }
        let mut coefficients = [0.0; COEFFICIENTS];
        for (sums, out) in down.iter().zip(coefficients.chunks_exact_mut(FREQUENCIES)) {
            for (wave, value) in self.basis.iter().zip(out) {
                *value = wave.iter().zip(sums).map(|(a, b)| a * b).sum();
            }
        }
        coefficients[0] = 0.0;
        Some(coefficients)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn equals_the_definition() {
        let picture: Thumbnail = std::array::from_fn(|i| (i * i % 251) as u8);
        let fast = Dct::new().transform(&picture).unwrap();
        let values: Vec<f64> = picture.iter().map(|&grey| f64::from(grey)).collect();
        let mean = values.iter().sum::<f64>() / 1024.0;
        let deviation = (values.iter().map(|v| (v - mean).powi(2)).sum::<f64>() / 1024.0).sqrt();
        let wave = |frequency: usize, x: usize| {
            let scale = if frequency == 0 { (1.0_f64 / 32.0).sqrt() } else { (2.0_f64 / 32.0).sqrt() };
            scale * (std::f64::consts::PI * (x as f64 + 0.5) * frequency as f64 / 32.0).cos()
        };
        for (u, v) in [(0, 1), (1, 0), (3, 5), (15, 15), (0, 15), (8, 2)] {
            let mut sum = 0.0;
            for y in 0..32 {
                for x in 0..32 {
                    sum += wave(u, y) * wave(v, x) * (values[y * 32 + x] - mean) / deviation;
                }
            }
            assert!((f64::from(fast[u * FREQUENCIES + v]) - sum).abs() < 1e-4, "{u} {v}");
        }
        assert_eq!(fast[0], 0.0);
    }

    #[test]
    fn brightness_and_contrast_make_no_difference_and_blank_pictures_have_no_content() {
        let picture: Thumbnail = std::array::from_fn(|i| (i * 7 % 100) as u8);
        let brighter = picture.map(|grey| 2 * grey + 30);
        let dct = Dct::new();
        let (a, b) = (dct.transform(&picture).unwrap(), dct.transform(&brighter).unwrap());
        assert!(a.iter().zip(&b).all(|(a, b)| (a - b).abs() < 1e-3));
        assert!(dct.transform(&[200; SIDE * SIDE]).is_none());
    }
}
