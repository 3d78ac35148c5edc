//! The network: an encoder for each sort of column, one trunk that joins them, a head for each target.

use super::Blueprint;
use crate::{Error, Result};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_kinds::image::Mirroring;
use pellucid_kinds::{Batch, Batcher, Target};
use pellucid_nn::layers::{
    Activate, BatchNorm, Conv2d, Dropout, Embedding, Flatten, LayerNorm, Linear, MaxPool2d, Pad, Residual,
    Sequential,
};
use pellucid_nn::{Int8Network, Layer, LayerRow, Pass, Seed, describe, module, parse_layers};
use pellucid_tensor::Result as EngineResult;

/// Pictures longer than this are halved by the first convolution, twice as long ones by another halving, and so on.
const FULL_SIDE: usize = 64;

/// Stages go on until the picture's longer side is at most this.
const LAST_SIDE: usize = 5;

/// All stages but the first have this many times its channels.
const WIDER: usize = 4;

/// A network from columns to answers.
pub struct Network {
    pictures: Vec<Sequential>,
    codes: Option<Embedding>,
    trunk: Sequential,
    heads: Vec<Linear>,
    mirror: Mirroring,
    batcher: Batcher,
    /// The networks for pictures in bytes, if they are to be used in place of those in numbers.
    in_bytes: Vec<Int8Network>,
}

module!(Network { pictures, codes, trunk, heads });

/// The length of a category's vector: it grows slowly with the number of values.
fn code_width(sizes: &[usize]) -> usize {
    let most = sizes.iter().copied().max().unwrap_or(0) as f64;
    (1.6 * most.powf(0.56)).round().clamp(4.0, 32.0) as usize
}

/// A 3×3 convolution without bias, over whose output `then` lays what comes between it and the activation, batch
/// norm and ReLU.
fn unit(seed: &Seed, inputs: usize, outputs: usize, then: Option<MaxPool2d>) -> EngineResult<Sequential> {
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
fn picture_network(
    seed: &Seed,
    size: [usize; 3],
    b: &Blueprint,
    places: bool,
) -> EngineResult<(Sequential, usize)> {
    let [mut height, mut width, inputs] = size;
    let (halve, narrow) = (if height.max(width) > FULL_SIDE { 2 } else { 1 }, (3 * b.channels).div_ceil(4));
    let stem = Conv2d::new(&seed.part("stem"), inputs, narrow, (3, 3))?.stride(halve).without_bias();
    let mut net = Sequential::new().then(stem).then(BatchNorm::new(narrow, Activation::Relu)?);
    (height, width) = (height.div_ceil(halve), width.div_ceil(halve));
    let (mut channels, mut stage) = (narrow, 0);
    while height.max(width) > LAST_SIDE || stage == 0 {
        let wide = if stage == 0 { b.channels } else { b.channels * WIDER };
        let (down, right) = (height.min(2), width.min(2));
        let pool = MaxPool2d::with((down, right), (down, right), Pad::Valid);
        let seed = |part: String| seed.part(format!("stage{stage}.{part}"));
        net = net.then(unit(&seed("pooled".to_owned()), channels, wide, Some(pool))?);
        for i in 0..b.blocks.max(1) {
            let body = unit(&seed(format!("block{i}")), wide, wide, None)?;
            net = if i == 0 { net.then(body) } else { net.then(Residual::new(body)) };
        }
        (height, width) = (height / down, width / right);
        (channels, stage) = (wide, stage + 1);
    }
    if places {
        return Ok((net.then(Flatten), height * width * channels));
    }
    let whole = MaxPool2d::with((height, width), (height, width), Pad::Valid);
    Ok((net.then(whole).then(Flatten), channels))
}

/// A residual network on vectors (Gorishniy et al., arXiv 2106.11959): width → width in blocks of norm, linear,
/// ReLU, dropout, linear.
fn vector_network(seed: &Seed, inputs: usize, b: &Blueprint) -> EngineResult<Sequential> {
    let linear = |part: String, i, o, a| Linear::new(&seed.part(part), i, o, a);
    let mut net = Sequential::new().then(linear("first".to_owned(), inputs, b.width, Activation::Identity)?);
    for i in 0..b.depth {
        let body = Sequential::new()
            .then(LayerNorm::new(b.width)?)
            .then(linear(format!("block{i}.first"), b.width, b.width, Activation::Relu)?)
            .then(Dropout::new(b.dropout)?)
            .then(linear(format!("block{i}.second"), b.width, b.width, Activation::Identity)?)
            .then(Dropout::new(b.dropout / 2.0)?);
        net = net.then(Residual::new(body));
    }
    Ok(net.then(LayerNorm::new(b.width)?).then(Activate(Activation::Relu)))
}

impl Network {
    /// Builds a network for what the batcher gives and wants.
    ///
    /// # Errors
    /// A person's own layers that do not fit, and no memory.
    pub fn build(blueprint: &Blueprint, batcher: &Batcher, seed: u64) -> Result<Network> {
        let seed = Seed::new(seed);
        let sizes = batcher.network_sizes();
        let code_sizes = batcher.code_sizes();
        let vector = batcher.numbers_width() + code_sizes.len() * code_width(&code_sizes);
        let only_picture = sizes.len() == 1 && vector == 0;
        let places = batcher.targets().iter().any(|t| matches!(t, Target::Number { .. }));
        let (mut pictures, mut joined) = (Vec::new(), vector);
        for (i, &size) in sizes.iter().enumerate() {
            let seed = seed.part(format!("picture{i}"));
            let (net, width) = match (&blueprint.layers, only_picture) {
                (Some(own), true) => own_layers(own, &size, &seed)?,
                _ => picture_network(&seed, size, blueprint, places)?,
            };
            pictures.push(net);
            joined += width;
        }
        let codes = match code_sizes.is_empty() {
            true => None,
            false => {
                Some(Embedding::new(&seed.part("codes"), code_sizes.iter().sum(), code_width(&code_sizes))?)
            }
        };
        let (trunk, width) = match (&blueprint.layers, only_picture) {
            (Some(_), true) => (Sequential::new(), joined),
            (None, true) => (Sequential::new().then(Dropout::new(blueprint.dropout)?), joined),
            (Some(own), false) => own_layers(own, &[joined], &seed.part("trunk"))?,
            (None, false) => (vector_network(&seed.part("trunk"), joined, blueprint)?, blueprint.width),
        };
        let head = |(k, t): (usize, &Target)| {
            Linear::new(&seed.part(format!("head{k}")), width, t.outputs(), Activation::Identity)
        };
        let heads = batcher.targets().iter().enumerate().map(head).collect::<EngineResult<_>>()?;
        Ok(Network {
            pictures,
            codes,
            trunk,
            heads,
            mirror: blueprint.mirror,
            batcher: batcher.clone(),
            in_bytes: Vec::new(),
        })
    }

    /// The outputs for each target, `[rows, outputs]`.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub fn forward(&self, pass: &Pass, batch: &Batch) -> EngineResult<Vec<Var>> {
        let mut parts = Vec::new();
        if let Some(numbers) = &batch.numbers {
            parts.push(pass.input(numbers));
        }
        if let (Some(codes), Some(table)) = (&batch.codes, &self.codes) {
            let vectors = table.forward(pass, &pass.input(codes))?;
            let width = vectors.shape().last() * codes.shape().last();
            parts.push(ops::reshape(&vectors, &[batch.rows, width])?);
        }
        for (i, (net, picture)) in self.pictures.iter().zip(&batch.pictures).enumerate() {
            parts.push(match self.in_bytes.get(i) {
                Some(bytes) => pass.input(&bytes.forward(picture)?),
                None => net.forward(pass, &pass.input(picture))?,
            });
        }
        let joined = match parts.as_slice() {
            [one] => one.clone(),
            several => ops::concat(&several.iter().collect::<Vec<_>>(), 1)?,
        };
        let features = self.trunk.forward(pass, &joined)?;
        self.heads.iter().map(|head| head.forward(pass, &features)).collect()
    }

    /// The answers' outputs, `[rows, outputs]` for each target: without training, and where mirroring keeps (or negates)
    /// answers, the mean over the pictures and their mirror images.
    ///
    /// # Errors
    /// A batch of other columns, and no memory.
    pub fn answer(&self, batch: &Batch) -> EngineResult<Vec<Var>> {
        let plain = self.forward(&Pass::inference(), batch)?;
        if self.mirror == Mirroring::Never || batch.pictures.is_empty() {
            return Ok(plain);
        }
        let mirrored = self.forward(&Pass::inference(), &batch.mirrored()?)?;
        let mean = |((a, b), target): ((&Var, &Var), &Target)| match (self.mirror, target) {
            // −(b · scale + mean) in standardised units.
            (Mirroring::Negates, Target::Number { mean, scale, .. }) => {
                ops::shift(&ops::scale(&ops::sub(a, b)?, 0.5)?, -mean / scale)
            }
            _ => ops::scale(&ops::add(a, b)?, 0.5),
        };
        plain.iter().zip(&mirrored).zip(self.batcher.targets()).map(mean).collect()
    }

    /// From now on, pictures go through networks in bytes, whose ranges are those of some batches.
    ///
    /// # Errors
    /// No network for pictures, layers without a form in bytes, and no memory.
    pub fn put_into_bytes(&mut self, batches: &[Batch]) -> Result<()> {
        if self.pictures.is_empty() {
            return Err(Error::usage("there is no network for pictures that could be put into bytes"));
        }
        let in_bytes = |(i, net): (usize, &Sequential)| {
            let samples: Vec<_> = batches.iter().filter_map(|batch| batch.pictures.get(i).cloned()).collect();
            Int8Network::new(net, &samples)
        };
        self.in_bytes = self.pictures.iter().enumerate().map(in_bytes).collect::<EngineResult<_>>()?;
        Ok(())
    }

    /// The network layer by layer: the part, and its row.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn describe(&self) -> EngineResult<Vec<(String, LayerRow)>> {
        let mut rows = Vec::new();
        let mut show = |part: String, layer: &dyn Layer, input: &[usize]| -> EngineResult<usize> {
            let described = describe(layer, input)?;
            rows.extend(described.into_iter().map(|row| (part.clone(), row)));
            Ok(layer.output_shape(input)?.iter().product())
        };
        let mut joined = self.batcher.numbers_width();
        if let Some(codes) = &self.codes {
            joined += show("categories".to_owned(), codes, &[self.batcher.code_sizes().len()])?;
        }
        for (i, (net, size)) in self.pictures.iter().zip(self.batcher.network_sizes()).enumerate() {
            let part =
                if self.pictures.len() == 1 { "picture".to_owned() } else { format!("picture {}", i + 1) };
            joined += show(part, net, &size)?;
        }
        let width = show("joined".to_owned(), &self.trunk, &[joined])?;
        for (k, head) in self.heads.iter().enumerate() {
            let part = if self.heads.len() == 1 { "answer".to_owned() } else { format!("answer {}", k + 1) };
            show(part, head, &[width])?;
        }
        Ok(rows)
    }
}

/// A person's own layers, and the length of the vector they end in.
fn own_layers(layers: &[String], input: &[usize], seed: &Seed) -> Result<(Sequential, usize)> {
    let net =
        parse_layers(layers, input, seed).map_err(|e| Error::usage(format!("[network] layers · {e}")))?;
    let shape = net.output_shape(input)?;
    match shape.as_slice() {
        [width] => Ok((net, *width)),
        other => Err(Error::usage(format!(
            "[network] layers · the last layer gives the shape {other:?}, but a vector is needed · end with \"global pool\" \
             or \"flatten\""
        ))),
    }
}
