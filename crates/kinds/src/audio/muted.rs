//! Sounds of which only some fields of time and frequency are left to be heard.

use super::mel::{LINES, bands, hann};
use super::{BANDS, HOP, WINDOW};
use realfft::RealFftPlanner;

/// Samples at [`RATE`](super::RATE) a second, of which each field is as loud as `gains` (`[frames, BANDS]`, from 0 to 1, of bands up to `top` Hz)
/// says. Each line of the short-time Fourier transform is multiplied by the gain of its band, between two bands by what lies between; then
/// the signal is taken whose transform is nearest to that (Griffin & Lim 1984): overlapping frames are added, weighted by the window, and
/// divided by the sum of the windows' squares. So phases stay, and where all gains are 1, the samples come back.
///
/// # Errors
/// A failure of the transform.
pub fn muted(samples: &[f32], gains: &[f32], top: f64) -> Result<Vec<f32>, String> {
    let mut planner = RealFftPlanner::<f32>::new();
    let (forward, back) = (planner.plan_fft_forward(LINES), planner.plan_fft_inverse(LINES));
    let (mut input, mut lines) = (forward.make_input_vec(), forward.make_output_vec());
    let window: Vec<f32> = (0..WINDOW).map(|i| hann(i) as f32).collect();
    let shares = shares(top);
    let (mut sum, mut weight) = (vec![0f32; samples.len()], vec![0f32; samples.len()]);
    // Frames that begin before the first sample or end after the last, so that both lie under several windows.
    let early = WINDOW.div_ceil(HOP) as isize - 1;
    for frame in -early..samples.len().div_ceil(HOP) as isize {
        let last = (gains.len() / BANDS).saturating_sub(1);
        let row = (frame.max(0) as usize).min(last) * BANDS;
        let gains = gains.get(row..row + BANDS).unwrap_or_default();
        let start = frame * HOP as isize;
        let at = |i: usize| usize::try_from(start + i as isize).ok().filter(|&at| at < samples.len());
        input.fill(0.0);
        for (i, weight) in window.iter().enumerate() {
            input[i] = at(i).map_or(0.0, |at| samples[at]) * weight;
        }
        forward.process(&mut input, &mut lines).map_err(|e| e.to_string())?;
        for (line, shares) in lines.iter_mut().zip(&shares) {
            let gain = |&(band, share): &(usize, f32)| share * gains.get(band).copied().unwrap_or_default();
            *line *= shares.iter().map(gain).sum::<f32>() / LINES as f32;
        }
        back.process(&mut lines, &mut input).map_err(|e| e.to_string())?;
        for (i, w) in window.iter().enumerate() {
            if let Some(at) = at(i) {
                sum[at] += input[i] * w;
                weight[at] += w * w;
            }
        }
    }
    Ok(sum.iter().zip(&weight).map(|(sum, weight)| sum / weight).collect())
}

/// For each line of the transform the bands that it belongs to, and by how much, which adds up to 1; lines outside of all bands belong to the
/// nearest.
fn shares(top: f64) -> Vec<Vec<(usize, f32)>> {
    let mut shares: Vec<Vec<(usize, f32)>> = vec![Vec::new(); LINES / 2 + 1];
    for (number, band) in bands(top).iter().enumerate() {
        for (i, &weight) in band.weights.iter().enumerate() {
            shares[band.first + i].push((number, weight));
        }
    }
    let lowest = shares.iter().position(|of| !of.is_empty()).unwrap_or_default();
    for (line, of) in shares.iter_mut().enumerate() {
        match of.is_empty() {
            true => of.push((if line < lowest { 0 } else { BANDS - 1 }, 1.0)),
            false => {
                let whole: f32 = of.iter().map(|(_, weight)| weight).sum();
                of.iter_mut().for_each(|(_, weight)| *weight /= whole);
            }
        }
    }
    shares
}
