//! A picture beside itself, standardised by its own mean and deviation, which light and exposure do not change.

/// A picture's own deviation counts as at least this: one of a single colour has none.
const LEAST: f32 = 0.05;

/// The mean of all pixels, and one through their deviation, if it is not too small to count.
fn own(pixels: &[f32]) -> (f32, f32, bool) {
    let count = pixels.len().max(1) as f32;
    let mean = pixels.iter().sum::<f32>() / count;
    let variance = pixels.iter().map(|x| (x - mean) * (x - mean)).sum::<f32>() / count;
    let deviation = variance.sqrt();
    (mean, 1.0 / deviation.max(LEAST), deviation > LEAST)
}

/// Writes each pixel's channels, and after them the same standardised by the picture's own mean and deviation.
pub fn beside_own_standard(pixels: &[f32], channels: usize, out: &mut [f32]) {
    let (mean, scale, _) = own(pixels);
    let width = channels.max(1);
    for (pixel, both) in pixels.chunks(width).zip(out.chunks_mut(2 * width)) {
        let (own, standard) = both.split_at_mut(width);
        own.copy_from_slice(pixel);
        standard.iter_mut().zip(pixel).for_each(|(s, x)| *s = (x - mean) * scale);
    }
}

/// The slopes by pixels of a picture, of those by what [`beside_own_standard`] makes of it.
pub fn slopes_by_pixels(pixels: &[f32], channels: usize, slopes: &[f32]) -> Vec<f32> {
    let (mean, scale, varies) = own(pixels);
    let (width, count) = (channels.max(1), pixels.len().max(1) as f32);
    let standard = |x: f32| (x - mean) * scale;
    let by_standard =
        || slopes.chunks(2 * width).flat_map(|both| both[width.min(both.len())..].iter().copied());
    let sum: f32 = by_standard().sum::<f32>() / count;
    let along: f32 = match varies {
        true => by_standard().zip(pixels).map(|(slope, &x)| slope * standard(x)).sum::<f32>() / count,
        false => 0.0,
    };
    let own = slopes.chunks(2 * width).flat_map(|both| both[..width.min(both.len())].iter().copied());
    let of = |((own, slope), &x): ((f32, f32), &f32)| own + scale * (slope - sum - standard(x) * along);
    own.zip(by_standard()).zip(pixels).map(of).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    #[test]
    fn slopes_are_those_of_small_changes() {
        let mut random = Stream::new(2, "pixels", 0);
        let mut numbers = |n: usize, size: f32| (0..n).map(|_| size * random.normal()).collect::<Vec<_>>();
        for (channels, size) in [(1, 1.0), (3, 1.0), (3, 0.01)] {
            let (pixels, weights) = (numbers(12, size), numbers(24, 1.0));
            let value = |pixels: &[f32]| {
                let mut out = vec![0.0; 24];
                beside_own_standard(pixels, channels, &mut out);
                out.iter().zip(&weights).map(|(x, w)| f64::from(x * w)).sum::<f64>()
            };
            let slopes = slopes_by_pixels(&pixels, channels, &weights);
            for i in 0..12 {
                let step = 2e-3 * size;
                let moved = |by: f32| {
                    let mut pixels = pixels.clone();
                    pixels[i] += by;
                    value(&pixels)
                };
                let expected = (moved(step) - moved(-step)) / f64::from(2.0 * step);
                let slope = f64::from(slopes[i]);
                assert!((slope - expected).abs() < 2e-2 * (1.0 + expected.abs()), "{slope} {expected}");
            }
        }
    }
}
