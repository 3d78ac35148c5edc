//! Flow matching (Lipman et al., arXiv 2210.02747; Liu et al., arXiv 2209.03003): from noise straight to pictures.
//!
//! On the way from noise z to a picture x, time t has come to (1 − t) z + t x, and the velocity is x − z. Of all ways through a place the network
//! learns the mean velocity; whoever follows that from any noise arrives at a picture like those learned from.

use super::network::Painter;
use crate::Result;
use pellucid_grad::{Var, ops};
use pellucid_nn::Pass;
use pellucid_tensor::{Stream, Tensor};

/// Places on ways from noise to pictures.
pub(super) struct Ways {
    /// `[n, height, width, channels]`.
    pub(super) places: Tensor,
    /// `[n]`.
    pub(super) times: Tensor,
    /// `[n, height, width, channels]`.
    pub(super) velocities: Tensor,
}

impl Ways {
    /// Goes from noise that `random` draws towards `pictures`, one after the other in numbers from −1 to 1, as far as the times say.
    ///
    /// # Errors
    /// Numbers that are not as many as the size says, and no memory.
    pub(super) fn to(pictures: &[f32], times: &[f32], size: [usize; 3], random: &mut Stream) -> Result<Ways> {
        let numbers = size.iter().product::<usize>().max(1);
        let (mut places, mut velocities) =
            (Vec::with_capacity(pictures.len()), Vec::with_capacity(pictures.len()));
        for (picture, &time) in pictures.chunks(numbers).zip(times) {
            for &x in picture {
                let noise = random.normal();
                places.push((1.0 - time) * noise + time * x);
                velocities.push(x - noise);
            }
        }
        let shape = [times.len(), size[0], size[1], size[2]];
        Ok(Ways {
            places: Tensor::new(&places, &shape)?,
            times: Tensor::new(times, &[times.len()])?,
            velocities: Tensor::new(&velocities, &shape)?,
        })
    }

    /// Several, one at least, as one.
    ///
    /// # Errors
    /// Pictures of different sizes, and no memory.
    pub(super) fn together(all: &[Ways]) -> Result<Ways> {
        let pass = Pass::inference();
        let one = |of: fn(&Ways) -> &Tensor| -> Result<Tensor> {
            let parts: Vec<Var> = all.iter().map(|ways| pass.input(of(ways))).collect();
            Ok(ops::concat(&parts.iter().collect::<Vec<_>>(), 0)?.value().clone())
        };
        Ok(Ways {
            places: one(|ways| &ways.places)?,
            times: one(|ways| &ways.times)?,
            velocities: one(|ways| &ways.velocities)?,
        })
    }
}

/// A time to learn from: mostly in the middle of the way, where it is decided what becomes of the noise (Esser et al., arXiv 2403.03206).
pub(super) fn time(random: &mut Stream) -> f32 {
    1.0 / (1.0 + (-random.normal()).exp())
}

/// How a way is followed.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Following {
    /// Steps, each with two looks at the network (Heun's method).
    pub(super) steps: usize,
    /// How far beyond the velocity without a label, in the direction of that with it (Ho & Salimans, arXiv 2207.12598): 1 takes the label as
    /// it was learned.
    pub(super) guidance: f32,
    /// The time from which on: 0 from noise, more from a picture in which some noise is.
    pub(super) from: f32,
}

/// Follows the ways of places to their ends.
///
/// x: `[n, height, width, channels]` at the time `how.from`, labels: `[n]`, 0 for none; the result has the numbers of n pictures.
///
/// # Errors
/// Those of the network.
pub(super) fn follow(network: &Painter, mut x: Tensor, labels: &[u32], how: &Following) -> Result<Vec<f32>> {
    let step = (1.0 - how.from) / how.steps.max(1) as f32;
    let moved = |x: &Tensor, velocity: &[f32], by: f32| -> Result<Tensor> {
        let places = x.data::<f32>()?.iter().zip(velocity).map(|(x, v)| x + by * v);
        Ok(Tensor::new(&places.collect::<Vec<_>>(), x.shape())?)
    };
    for i in 0..how.steps {
        let time = how.from + i as f32 * step;
        let here = velocity(network, &x, time, labels, how.guidance)?;
        let there = moved(&x, &here, step)?;
        if i + 1 == how.steps {
            // At the very end, nothing lies beyond.
            x = there;
            continue;
        }
        let beyond = velocity(network, &there, time + step, labels, how.guidance)?;
        let mean: Vec<f32> = here.iter().zip(&beyond).map(|(a, b)| 0.5 * (a + b)).collect();
        x = moved(&x, &mean, step)?;
    }
    Ok(x.data::<f32>()?.to_vec())
}

/// The velocity of places `[n, height, width, channels]` at one time.
fn velocity(network: &Painter, x: &Tensor, time: f32, labels: &[u32], guidance: f32) -> Result<Vec<f32>> {
    let of = |labels: &[u32]| -> Result<Tensor> {
        let n = labels.len();
        let (times, labels) = (Tensor::full(time, &[n])?, Tensor::new(labels, &[n])?);
        Ok(network.velocity(&Pass::inference(), x, &times, &labels)?.value().clone())
    };
    let own = of(labels)?;
    let own = own.data::<f32>()?;
    if guidance == 1.0 || labels.iter().all(|&label| label == 0) {
        return Ok(own.to_vec());
    }
    let plain = of(&vec![0; labels.len()])?;
    Ok(plain.data::<f32>()?.iter().zip(own).map(|(p, o)| p + guidance * (o - p)).collect())
}

#[cfg(test)]
mod tests {
    use super::super::network::Blueprint;
    use super::*;
    use pellucid_nn::Seed;

    #[test]
    fn a_way_begins_in_noise_and_ends_in_the_picture() {
        let (picture, size) = ([0.5f32, -0.25, 1.0, 0.0], [2, 2, 1]);
        let to = |time: f32| Ways::to(&picture, &[time], size, &mut Stream::new(1, "way", 0)).unwrap();
        let [start, middle, end] = [0.0, 0.25, 1.0].map(to);
        assert_eq!(end.places.to_vec(), picture.map(f64::from));
        let velocity = start.velocities.to_vec();
        for i in 0..4 {
            let along = |share: f64| start.places.to_vec()[i] + share * velocity[i];
            assert!((along(1.0) - f64::from(picture[i])).abs() < 1e-6);
            assert!((along(0.25) - middle.places.to_vec()[i]).abs() < 1e-6);
        }
        let both = Ways::together(&[start, end]).unwrap();
        assert_eq!(both.places.shape()[..], [2, 2, 2, 1]);
        assert_eq!(both.times.to_vec(), [0.0, 1.0]);
    }

    #[test]
    fn an_untrained_network_says_nothing_and_labels_make_no_difference_where_there_are_none() {
        let b = Blueprint { channels: 16, blocks: 1, dropout: 0.0 };
        let network = Painter::new(&Seed::new(1), &b, [8, 8, 1], 2).unwrap();
        let noise =
            Tensor::new(&(0..64).map(|i| (i as f32).sin()).collect::<Vec<_>>(), &[1, 8, 8, 1]).unwrap();
        let how = Following { steps: 3, guidance: 2.0, from: 0.4 };
        for label in [0, 2] {
            let end = follow(&network, noise.clone(), &[label], &how).unwrap();
            assert_eq!(end, noise.data::<f32>().unwrap());
        }
        assert!(follow(&network, noise, &[3], &how).is_err(), "there is no label 3");
    }
}
