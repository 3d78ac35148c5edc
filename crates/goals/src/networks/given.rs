//! Networks for pictures that others have trained, fitted to pictures as they come here.

use pellucid_nn::layers::{Conv2d, Sequential};
use pellucid_nn::{Param, Seed};
use pellucid_pretrained::{Preprocessing, VisionConfig};
use pellucid_tensor::{Result, Tensor};

/// A network for pictures `[height, width, channels]` of the given form, and the length of the vector it gives. In front of it, a map of
/// each pixel by itself makes of the channels that come in those that it has learned from ([`show_as`] sets it).
///
/// # Errors
/// An impossible form, and no memory.
pub(crate) fn given_picture(
    seed: &Seed,
    [_, _, inputs]: [usize; 3],
    form: &VisionConfig,
) -> Result<(Sequential, usize)> {
    let shown = Conv2d::new(&seed.part("shown"), inputs, form.channels(), (1, 1))?;
    Ok((Sequential::new().then(shown).then(form.build(&seed.part("given"))?), form.width()))
}

/// Sets the map of each pixel, weight `[channels, 1, 1, inputs]` and bias `[channels]`, to what undoes the standardising of
/// pictures here, by a mean and a deviation for each of their channels, and does that of the given network. A grey picture is shown in
/// all channels; that each pixel comes standardised by its own picture as well is not used at first.
///
/// # Errors
/// No memory.
pub(crate) fn show_as(
    shown: &Preprocessing,
    (mean, scale): (&[f32], &[f32]),
    weight: &mut Param,
    bias: &mut Param,
) -> Result<()> {
    let inputs = 2 * mean.len();
    let (mut weights, mut biases) = (Vec::new(), Vec::new());
    for (channel, (their_mean, their_std)) in shown.mean.iter().zip(&shown.std).enumerate() {
        let own = if mean.len() == 1 { 0 } else { channel };
        let of = |numbers: &[f32]| numbers.get(own).copied().unwrap_or_default();
        weights.extend((0..inputs).map(|i| if i == own { of(scale) / their_std } else { 0.0 }));
        biases.push((of(mean) - their_mean) / their_std);
    }
    weight.value = Tensor::new(&weights, &[biases.len(), 1, 1, inputs])?;
    bias.value = Tensor::new(&biases, &[biases.len()])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use pellucid_nn::{Layer, Pass, params_mut};

    #[test]
    fn pixels_are_shown_as_the_given_network_has_seen_them() {
        let shown = Preprocessing { side: 8, mean: vec![0.5, 0.4, 0.3], std: vec![0.2, 0.25, 0.5] };
        let answer = |pixel: &[f32], mean: &[f32], scale: &[f32]| {
            let mut map = Conv2d::new(&Seed::new(1), 2 * mean.len(), 3, (1, 1)).unwrap();
            let mut params = params_mut(&mut map).into_iter().map(|(_, p)| p);
            show_as(&shown, (mean, scale), params.next().unwrap(), params.next().unwrap()).unwrap();
            drop(params);
            let standard = pixel.iter().zip(mean).zip(scale).map(|((x, m), s)| (x - m) / s);
            let both: Vec<f32> = standard.chain(std::iter::repeat(9.0)).take(2 * mean.len()).collect();
            let pass = Pass::inference();
            let x = Tensor::new(&both, &[1, 1, 1, both.len()]).unwrap();
            map.forward(&pass, &pass.input(&x)).unwrap().value().to_vec()
        };
        let near =
            |found: Vec<f64>, want: [f64; 3]| found.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5);
        assert!(near(answer(&[0.9, 0.4, 0.8], &[0.1, 0.2, 0.3], &[0.5, 0.6, 0.7]), [2.0, 0.0, 1.0]));
        assert!(near(answer(&[0.8], &[0.3], &[0.4]), [1.5, 1.6, 1.0]), "grey");
    }
}
