//! Where the last convolution saw what speaks for the answer.

use super::method::{Found, of_pixels};
use super::parts::Part;
use super::question::Question;
use crate::{Error, Result};
use pellucid_grad::{Var, ops};
use pellucid_kinds::Record;
use pellucid_nn::Pass;

/// Grad-CAM (Selvaraju et al., arXiv 1610.02391) on the last maps of each picture's network: each channel's map, weighted by the mean slope
/// of the answer's output by it; what speaks against the answer is 0. Enlarged to the picture's size, and averaged over members
/// and mirror images.
pub(super) fn gradcam(question: &Question<'_>, record: &Record, parts: &[Part]) -> Result<Found> {
    let sizes = question.model.batcher.picture_sizes();
    if sizes.is_empty() {
        return Err(Error::usage(
            "Grad-CAM explains pictures and sounds, and this network sees none · choose another --method",
        ));
    }
    let batch = question.model.batcher.assemble(std::slice::from_ref(record), None)?;
    let network = &question.model.network;
    let asked = question.asked;
    let output = |outputs: &[Var]| ops::sum(&ops::narrow(&outputs[asked.target], 1, asked.output, 1)?);
    let mut pixels: Vec<Vec<f64>> =
        sizes.iter().map(|[height, width, _]| vec![0.0; height * width]).collect();
    let ways = if network.mirrors() { 2 } else { 1 };
    for way in 0..ways {
        let batch = if way == 0 { batch.clone() } else { batch.mirrored()? };
        for member in network.members() {
            let pass = Pass::of_inputs();
            let (maps, outputs) = member.forward_with_maps(&pass, &batch)?;
            let gradients = output(&outputs)?.backward()?;
            for (i, map) in maps.iter().enumerate() {
                let Some(slopes) = gradients.of(map) else { continue };
                let slopes = slopes.to_dense()?;
                let heat = weighted(map.value().data::<f32>()?, slopes.data::<f32>()?, map.shape().last());
                let [height, width, _] = sizes[i];
                let from = [map.shape()[1], map.shape()[2]];
                let mirrored = way == 1 && batch.sounds.get(i) != Some(&true);
                for y in 0..height {
                    for x in 0..width {
                        let at = if mirrored { width - 1 - x } else { x };
                        pixels[i][y * width + x] += between(&heat, from, [y, at], [height, width]);
                    }
                }
            }
        }
    }
    let widths: Vec<usize> = sizes.iter().map(|[_, width, _]| *width).collect();
    of_pixels(question, parts, pixels, &widths)
}

/// The sum over channels of each map times its mean slope, at least 0.
fn weighted(maps: &[f32], slopes: &[f32], channels: usize) -> Vec<f64> {
    let places = (maps.len() / channels.max(1)).max(1);
    let mut weights = vec![0.0f64; channels];
    for slopes in slopes.chunks(channels.max(1)) {
        weights.iter_mut().zip(slopes).for_each(|(sum, &slope)| *sum += f64::from(slope) / places as f64);
    }
    let of_place = |map: &[f32]| {
        map.iter().zip(&weights).map(|(&x, weight)| f64::from(x) * weight).sum::<f64>().max(0.0)
    };
    maps.chunks(channels.max(1)).map(of_place).collect()
}

/// A small map's value at a place of the large picture, between its four neighbours.
pub(super) fn between(
    map: &[f64],
    [rows, columns]: [usize; 2],
    [y, x]: [usize; 2],
    [height, width]: [usize; 2],
) -> f64 {
    let place = |at: usize, size: usize, small: usize| {
        let place = ((at as f64 + 0.5) / size as f64 * small as f64 - 0.5).clamp(0.0, (small - 1) as f64);
        let low = place.floor() as usize;
        (low, (low + 1).min(small - 1), place - low as f64)
    };
    let ((top, bottom, down), (left, right, across)) = (place(y, height, rows), place(x, width, columns));
    let at = |y: usize, x: usize| map[y * columns + x];
    (1.0 - down) * ((1.0 - across) * at(top, left) + across * at(top, right))
        + down * ((1.0 - across) * at(bottom, left) + across * at(bottom, right))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn maps_are_weighted_by_their_mean_slope() {
        // Two places, two channels: means of slopes are 1 and −2.
        let heat = weighted(&[3.0, 1.0, 1.0, 2.0], &[2.0, -1.0, 0.0, -3.0], 2);
        assert_eq!(heat, [1.0, 0.0]);
    }

    #[test]
    fn between_places_values_are_between() {
        let map = [0.0, 1.0, 2.0, 3.0];
        let large: Vec<f64> = (0..16).map(|i| between(&map, [2, 2], [i / 4, i % 4], [4, 4])).collect();
        assert_eq!([large[0], large[3], large[12], large[15]], [0.0, 1.0, 2.0, 3.0]);
        assert!((large[5] - 0.75).abs() < 1e-12 && large.iter().all(|x| (0.0..=3.0).contains(x)));
        assert_eq!(between(&[7.0], [1, 1], [2, 2], [3, 3]), 7.0);
    }
}
