//! The networks that training builds where a person gives no layers: one for pictures, one for texts, one for vectors.

mod given;
mod placed;
mod text;

use pellucid_kernels::activation::Activation;
use pellucid_nn::Seed;
use pellucid_nn::layers::{
    Activate, BatchNorm, Conv2d, Dropout, Flatten, LayerNorm, Linear, MaxPool2d, Pad, Residual, Sequential,
};
use pellucid_tensor::Result;

pub(crate) use given::{given_picture, show_as};
pub use placed::Placed;
pub(crate) use placed::{Structure, end, tensors_of};
pub use text::TextBlueprint;
pub(crate) use text::TextNetwork;

/// Pictures longer than this are halved by the first convolution, twice as long ones by another halving, and so on.
const FULL_SIDE: usize = 64;

/// Stages go on until the picture's longer side is at most this.
const LAST_SIDE: usize = 5;

/// All stages but the first have this many times its channels.
const WIDER: usize = 4;

/// The length of a category's vector: it grows slowly with the number of values.
pub fn code_width(sizes: &[usize]) -> usize {
    let most = sizes.iter().copied().max().unwrap_or(0) as f64;
    (1.6 * most.powf(0.56)).round().clamp(4.0, 32.0) as usize
}

/// A stage of a picture network.
#[derive(Clone, Copy)]
pub(crate) struct Stage {
    /// Channels of its output.
    pub(crate) outputs: usize,
    /// Step of its first convolution or window of its pool.
    pub(crate) shrink: (usize, usize),
    /// Height and width of its output.
    pub(crate) size: (usize, usize),
}

/// The first convolution of a network for pictures of this height and width, and the stages after it; the first stage has
/// `channels` channels.
pub(crate) fn stages([height, width]: [usize; 2], channels: usize) -> (Stage, Vec<Stage>) {
    let halve = if height.max(width) > FULL_SIDE { 2 } else { 1 };
    let size = (height.div_ceil(halve), width.div_ceil(halve));
    let stem = Stage { outputs: (3 * channels).div_ceil(4), shrink: (halve, halve), size };
    let (mut stages, (mut height, mut width)) = (Vec::new(), size);
    while height.max(width) > LAST_SIDE || stages.is_empty() {
        let outputs = if stages.is_empty() { channels } else { channels * WIDER };
        let shrink = (height.min(2), width.min(2));
        (height, width) = (height / shrink.0, width / shrink.1);
        stages.push(Stage { outputs, shrink, size: (height, width) });
    }
    (stem, stages)
}

/// A 3×3 convolution without bias, over whose output `then` lays what comes between it and the activation, batch
/// norm and ReLU.
fn unit(seed: &Seed, inputs: usize, outputs: usize, then: Option<MaxPool2d>) -> Result<Sequential> {
    let conv = Conv2d::new(seed, inputs, outputs, (3, 3))?.without_bias();
    let net = Sequential::new().then(conv);
    let net = match then {
        Some(pool) => net.then(pool),
        None => net,
    };
    Ok(net.then(BatchNorm::new(outputs, Activation::Relu)?))
}

/// A compact convolutional network for pictures `[height, width, channels]`, and the length of the vector it gives.
///
/// A stage is a convolution whose output is halved by taking the largest of 2×2 pixels, and more convolutions at that
/// size, of which all but the first are residual. One narrow stage at full size, wide ones below it and a maximum at
/// the end learn more in a few passes over the data than deeper or evenly widening networks of the same cost (Jordan,
/// arXiv 2404.00498). With `places`, the vector says where in the picture things are, not only whether they are there.
///
/// The first stage has `channels` channels, the others four times as many; each has `blocks` convolutions after the one
/// that halves the picture.
///
/// # Errors
/// A size that does not fit, and no memory.
pub fn picture(
    seed: &Seed,
    size: [usize; 3],
    channels: usize,
    blocks: usize,
    places: bool,
) -> Result<(Sequential, usize)> {
    let [height, width, inputs] = size;
    let (first, stages) = stages([height, width], channels);
    let stem = Conv2d::new(&seed.part("stem"), inputs, first.outputs, (3, 3))?;
    let stem = stem.stride(first.shrink.0).without_bias();
    let mut net = Sequential::new().then(stem).then(BatchNorm::new(first.outputs, Activation::Relu)?);
    let mut last = first;
    for (number, stage) in stages.into_iter().enumerate() {
        let wide = stage.outputs;
        let pool = MaxPool2d::with(stage.shrink, stage.shrink, Pad::Valid);
        let seed = |part: String| seed.part(format!("stage{number}.{part}"));
        net = net.then(unit(&seed("pooled".to_owned()), last.outputs, wide, Some(pool))?);
        for i in 0..blocks.max(1) {
            let body = unit(&seed(format!("block{i}")), wide, wide, None)?;
            net = if i == 0 { net.then(body) } else { net.then(Residual::new(body)) };
        }
        last = stage;
    }
    if places {
        return Ok((net.then(Flatten), last.size.0 * last.size.1 * last.outputs));
    }
    let whole = MaxPool2d::with(last.size, last.size, Pad::Valid);
    Ok((net.then(whole).then(Flatten), last.outputs))
}

/// A residual network on vectors (Gorishniy et al., arXiv 2106.11959): width → width in blocks of norm, linear,
/// ReLU, dropout, linear.
///
/// # Errors
/// A share of dropped values outside of 0 to 1, and no memory.
pub fn vector(seed: &Seed, inputs: usize, width: usize, depth: usize, dropout: f64) -> Result<Sequential> {
    let linear = |part: String, i, o, a| Linear::new(&seed.part(part), i, o, a);
    let mut net = Sequential::new().then(linear("first".to_owned(), inputs, width, Activation::Identity)?);
    for i in 0..depth {
        let body = Sequential::new()
            .then(LayerNorm::new(width)?)
            .then(linear(format!("block{i}.first"), width, width, Activation::Relu)?)
            .then(Dropout::new(dropout)?)
            .then(linear(format!("block{i}.second"), width, width, Activation::Identity)?)
            .then(Dropout::new(dropout / 2.0)?);
        net = net.then(Residual::new(body));
    }
    Ok(net.then(LayerNorm::new(width)?).then(Activate(Activation::Relu)))
}
