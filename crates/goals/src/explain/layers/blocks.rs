//! The layers of a network for pictures, and how strongly pictures excite their channels.

use crate::Result;
use pellucid_grad::Var;
use pellucid_nn::layers::Sequential;
use pellucid_nn::{Layer, Pass, Reach};
use pellucid_tensor::Tensor;

/// A layer that learns, with what follows it and learns nothing: a pool, a norm, an activation.
pub(super) struct Block<'a> {
    layers: Vec<&'a dyn Layer>,
    /// What each of its places sees of the picture, along height and width.
    pub(super) reach: [Reach; 2],
    /// Height, width and channels of what it gives.
    pub(super) map: [usize; 3],
}

impl<'a> Block<'a> {
    /// The blocks of a network for pictures `[height, width, channels]`, as far as their results say where something is, and whether others
    /// follow that see all of a picture at each place.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub(super) fn all(net: &'a Sequential, input: &[usize]) -> Result<(Vec<Block<'a>>, bool)> {
        let (mut blocks, mut shape): (Vec<Block<'_>>, _) = (Vec::new(), input.to_vec());
        let mut reach = [Reach::PLACE; 2];
        for layer in net.flat() {
            let next = layer.output_shape(&shape)?;
            let map = <[usize; 3]>::try_from(next.as_slice()).ok().filter(|[h, w, _]| h * w > 1);
            let (Some([rows, cols]), Some(map)) = (layer.reach(), map) else {
                return Ok((blocks, map.is_some()));
            };
            reach = [reach[0].then(rows), reach[1].then(cols)];
            let learns = layer.multiply_adds(&shape) > 0;
            match blocks.last_mut().filter(|_| !learns) {
                Some(block) => {
                    block.layers.push(layer);
                    (block.reach, block.map) = (reach, map);
                }
                None => blocks.push(Block { layers: vec![layer], reach, map }),
            }
            shape = next;
        }
        Ok((blocks, false))
    }

    /// What it is, in words.
    pub(super) fn does(&self) -> String {
        self.layers.iter().map(|layer| layer.name()).collect::<Vec<_>>().join(" → ")
    }

    /// Its channels over pictures, `[rows, height, width, channels]`.
    ///
    /// # Errors
    /// No memory.
    pub(super) fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        Ok(self.layers.iter().try_fold(x.clone(), |x, layer| layer.forward(pass, &x))?)
    }
}

/// How strongly each picture excites each channel of a block where it does so most, and where that is.
#[derive(Clone, Default)]
pub(super) struct Peaks {
    /// `[channels, pictures]`.
    pub(super) values: Vec<Vec<f64>>,
    /// The place in the block's map, of the same.
    pub(super) places: Vec<Vec<usize>>,
}

impl Peaks {
    /// Adds some pictures, by the block's channels over them.
    ///
    /// # Errors
    /// Other numbers than single precision.
    pub(super) fn add(&mut self, [height, width, channels]: [usize; 3], maps: &Tensor) -> Result<()> {
        self.values.resize_with(channels, Vec::new);
        self.places.resize_with(channels, Vec::new);
        let (mut best, mut at) = (vec![0f32; channels], vec![0; channels]);
        for map in maps.data::<f32>()?.chunks_exact((height * width * channels).max(1)) {
            best.fill(f32::NEG_INFINITY);
            for (place, numbers) in map.chunks_exact(channels).enumerate() {
                for ((best, at), &x) in best.iter_mut().zip(&mut at).zip(numbers) {
                    if x > *best {
                        (*best, *at) = (x, place);
                    }
                }
            }
            for (channel, (best, at)) in best.iter().zip(&at).enumerate() {
                self.values[channel].push(f64::from(*best));
                self.places[channel].push(*at);
            }
        }
        Ok(())
    }
}
