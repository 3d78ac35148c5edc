//! The network: it sees a picture with noise in it, and says in which direction the picture lies.

use crate::networks::Placed;
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Conv2d, Dropout, Embedding, GroupNorm, Linear, Pad, TransformerBlock};
use pellucid_nn::{InWords, Init, Layer, LayerRow, Module, Param, Pass, Seed, module};
use pellucid_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// Pixels of each side that are seen as one place.
const PATCH: usize = 2;

/// Channels that are normalised together.
const GROUP: usize = 16;

/// Waves that say what time it is.
const WAVES: usize = 32;

/// Stages halve the grid of places as long as its shorter side keeps so many.
const SHORTEST: usize = 7;

/// Numbers of the vector of time and label for each channel of the first stage.
const STYLE: usize = 4;

/// Channels that a head of the attention looks at.
const HEAD: usize = 32;

/// What a [`Painter`] is built from, beside the size of its pictures.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blueprint {
    /// Channels of the first stage; the others have twice as many.
    pub(crate) channels: usize,
    /// Residual blocks of each stage on the way down, and as many on the way up.
    pub(crate) blocks: usize,
    /// Share of values dropped in training.
    pub(crate) dropout: f64,
}

/// A residual block whose second norm is set by time and label (Dhariwal & Nichol, arXiv 2105.05233).
struct Block {
    norm: GroupNorm,
    first: Conv2d,
    style: Linear,
    second: Conv2d,
    around: Option<Linear>,
    dropout: Dropout,
}

module!(Block { norm, first, style, second, around });

impl Block {
    fn new(seed: &Seed, [inputs, outputs]: [usize; 2], style: usize, dropout: f64) -> Result<Block> {
        let mut styled = Linear::new(&seed.part("style"), style, 2 * outputs, Activation::Identity)?;
        // At first the norm is plain: a scale of 1 and a shift of 0.
        let plain: Vec<f32> = (0..2 * outputs).map(|i| if i < outputs { 1.0 } else { 0.0 }).collect();
        styled.bias = Some(Param::bias(Tensor::new(&plain, &[2 * outputs])?));
        let around = (inputs != outputs)
            .then(|| Linear::new(&seed.part("around"), inputs, outputs, Activation::Identity));
        Ok(Block {
            norm: norm(inputs)?,
            first: Conv2d::new(&seed.part("first"), inputs, outputs, (3, 3))?,
            style: styled,
            second: silent(Conv2d::new(&seed.part("second"), outputs, outputs, (3, 3))?)?,
            around: around.transpose()?,
            dropout: Dropout::new(dropout)?,
        })
    }

    fn outputs(&self) -> usize {
        self.second.weight.value.shape().first().copied().unwrap_or_default()
    }

    /// For one picture on a grid of places.
    fn multiply_adds(&self, [height, width]: [usize; 2]) -> u64 {
        let inputs = self.norm.weight.value.len();
        let around = self.around.as_ref().map_or(0, |layer| layer.multiply_adds(&[height, width, inputs]));
        let convolutions = self.first.multiply_adds(&[height, width, inputs])
            + self.second.multiply_adds(&[height, width, self.outputs()]);
        convolutions + around
    }

    /// x: `[n, height, width, inputs]`, style: `[n, style]`; the result: `[n, height, width, outputs]`.
    fn forward(&self, pass: &Pass, x: &Var, style: &Var) -> Result<Var> {
        let h = self.first.forward(pass, &self.norm.forward(pass, x)?)?;
        let outputs = h.shape().last();
        let style = self.style.forward(pass, style)?;
        let [scale, shift] = [0, outputs].map(|at| ops::narrow(&style, 1, at, outputs));
        let h = ops::group_norm(&h, groups(outputs), &scale?, &shift?, 1e-5, Activation::Silu)?;
        let h = self.second.forward(pass, &self.dropout.forward(pass, &h)?)?;
        let around = match &self.around {
            Some(layer) => layer.forward(pass, x)?,
            None => x.clone(),
        };
        ops::residual(h, &around, Activation::Identity)
    }
}

fn groups(channels: usize) -> usize {
    (1..=(channels / GROUP).max(1)).rev().find(|&groups| channels.is_multiple_of(groups)).unwrap_or(1)
}

fn norm(channels: usize) -> Result<GroupNorm> {
    Ok(GroupNorm::new(channels, groups(channels))?.activation(Activation::Silu))
}

/// A convolution that says nothing at first, so that a deep network begins as a shallow one.
fn silent(mut conv: Conv2d) -> Result<Conv2d> {
    let zeros = Init::Zeros.tensor(conv.weight.value.shape(), &Seed::none())?;
    conv.weight = Param::weight(zeros);
    Ok(conv)
}

/// A U-Net (Ronneberger et al., arXiv 1505.04597; Ho et al., arXiv 2006.11239) that estimates the velocity from noise to pictures. It knows
/// no places, only neighbours, so it can also see pictures of other sizes than those it learned from.
pub(crate) struct Painter {
    time: Linear,
    /// Row 0 stands for no label.
    labels: Embedding,
    style: Linear,
    stem: Conv2d,
    down: Vec<Vec<Block>>,
    shrink: Vec<Conv2d>,
    middle: TransformerBlock,
    up: Vec<Vec<Block>>,
    grow: Vec<Linear>,
    norm: GroupNorm,
    out: Conv2d,
    /// Height, width and channels of its pictures.
    size: [usize; 3],
}

module!(Painter { time, labels, style, stem, down, shrink, middle, up, grow, norm, out });

/// Stages for pictures of a height and a width.
fn stages([height, width]: [usize; 2]) -> usize {
    let (mut height, mut width, mut stages) = (height / PATCH, width / PATCH, 1);
    while height.is_multiple_of(2) && width.is_multiple_of(2) && height.min(width) / 2 >= SHORTEST {
        (height, width, stages) = (height / 2, width / 2, stages + 1);
    }
    stages
}

impl Painter {
    /// For pictures of a size `[height, width, channels]` with so many labels; sides are even.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(seed: &Seed, b: &Blueprint, size: [usize; 3], labels: usize) -> Result<Painter> {
        let [height, width, channels] = size;
        let (places, style) = (PATCH * PATCH * channels, STYLE * b.channels);
        let stages = stages([height, width]);
        let wide = |stage: usize| if stage == 0 { b.channels } else { 2 * b.channels };
        let block = |name: String, channels| Block::new(&seed.part(name), channels, style, b.dropout);
        let down = |stage: usize| {
            (0..b.blocks).map(|i| block(format!("down{stage}.{i}"), [wide(stage); 2])).collect()
        };
        // On the way up the blocks see what those on the way down saw.
        let up = |stage: usize| {
            let inputs = 2 * wide(stage);
            (0..b.blocks).map(|i| block(format!("up{stage}.{i}"), [inputs, wide(stage)])).collect()
        };
        let shrink = |stage: usize| {
            let seed = seed.part(format!("shrink{stage}"));
            Ok(Conv2d::new(&seed, wide(stage), wide(stage + 1), (2, 2))?.stride(2).pad(Pad::Valid))
        };
        let grow = |stage: usize| {
            let seed = seed.part(format!("grow{stage}"));
            Linear::new(&seed, wide(stage + 1), 4 * wide(stage), Activation::Identity)
        };
        let last = wide(stages - 1);
        Ok(Painter {
            time: Linear::new(&seed.part("time"), 2 * WAVES, style, Activation::Silu)?,
            labels: Embedding::new(&seed.part("labels"), labels + 1, style)?,
            style: Linear::new(&seed.part("style"), style, style, Activation::Silu)?,
            stem: Conv2d::new(&seed.part("stem"), places, b.channels, (3, 3))?,
            down: (0..stages).map(down).collect::<Result<_>>()?,
            shrink: (1..stages).map(|stage| shrink(stage - 1)).collect::<Result<_>>()?,
            middle: TransformerBlock::new(&seed.part("middle"), last, (last / HEAD).max(1))?,
            up: (0..stages).map(up).collect::<Result<_>>()?,
            grow: (1..stages).map(|stage| grow(stage - 1)).collect::<Result<_>>()?,
            norm: norm(b.channels)?,
            out: silent(Conv2d::new(&seed.part("out"), b.channels, places, (3, 3))?)?,
            size,
        })
    }

    /// What the sides of its pictures are multiples of.
    pub(crate) fn multiple(&self) -> usize {
        PATCH << self.shrink.len()
    }

    /// The velocity of pictures at their times.
    ///
    /// x: `[n, height, width, channels]`, times: `[n]` from 0 (noise) to 1 (picture), labels: `[n]` (`u32`), 0 for none;
    /// the result has the shape of x.
    ///
    /// # Errors
    /// Labels that are not there, and no memory.
    pub(crate) fn velocity(&self, pass: &Pass, x: &Tensor, times: &Tensor, labels: &Tensor) -> Result<Var> {
        let time = self.time.forward(pass, &pass.input(&waves(times)?))?;
        let style = ops::add(&time, &self.labels.forward(pass, &pass.input(labels))?)?;
        let style = self.style.forward(pass, &style)?;
        let mut h = self.stem.forward(pass, &gathered(&pass.input(x))?)?;
        let mut seen = Vec::new();
        for (stage, blocks) in self.down.iter().enumerate() {
            for block in blocks {
                h = block.forward(pass, &h, &style)?;
                seen.push(h.clone());
            }
            if let Some(shrink) = self.shrink.get(stage) {
                h = shrink.forward(pass, &h)?;
            }
        }
        let shape = *h.shape();
        let flat = ops::reshape(&h, &[shape[0], shape[1] * shape[2], shape[3]])?;
        h = ops::reshape(&self.middle.forward(pass, &flat)?, &shape)?;
        for (stage, blocks) in self.up.iter().enumerate().rev() {
            for block in blocks {
                let both = seen.pop().map(|seen| ops::concat(&[&h, &seen], 3)).transpose()?;
                h = block.forward(pass, both.as_ref().unwrap_or(&h), &style)?;
            }
            if stage > 0 {
                h = scattered(&self.grow[stage - 1].forward(pass, &h)?)?;
            }
        }
        scattered(&self.out.forward(pass, &self.norm.forward(pass, &h)?)?)
    }

    /// Its parts in words.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn describe(&self) -> Result<Vec<Placed>> {
        let [height, width, channels] = self.size;
        let grid = |stage: usize| [(height / PATCH) >> stage, (width / PATCH) >> stage];
        let mut layers = Vec::new();
        let mut show = |part: &str, (stage, lane): (u32, u32), row: LayerRow| {
            layers.push(Placed::new(part, stage, row).in_lane(lane));
        };
        let style = self.style.bias.as_ref().map_or(0, |bias| bias.value.len());
        let words = InWords::step(
            "Time and label",
            format!("says in {style} numbers how far the picture is, and what is asked for"),
        );
        let parts: [&dyn Module; 3] = [&self.time, &self.labels, &self.style];
        show("style", (0, 0), LayerRow::new("time and label", words, vec![style], 0, &parts));
        let stem = self.stem.multiply_adds(&[grid(0)[0], grid(0)[1], PATCH * PATCH * channels]);
        let first = [grid(0)[0], grid(0)[1], self.stem.output_shape(&[1, 1, PATCH * PATCH * channels])?[2]];
        let row = LayerRow::new(self.stem.name(), self.stem.in_words(), first.to_vec(), stem, &[&self.stem]);
        show("stem", (0, 1), row);
        let on = |stage: usize, blocks: &Vec<Block>| {
            let [height, width] = grid(stage);
            [height, width, blocks.last().map_or(0, Block::outputs)]
        };
        let cost = |stage: usize, blocks: &Vec<Block>| {
            blocks.iter().map(|block| block.multiply_adds(grid(stage))).sum::<u64>()
        };
        let does = |blocks: &Vec<Block>| format!("{} residual blocks, 3×3", blocks.len());
        let mut deepest = first;
        for (stage, blocks) in self.down.iter().enumerate() {
            deepest = on(stage, blocks);
            // What leads to the next stage counts here.
            let next = self.shrink.get(stage);
            let cost = cost(stage, blocks) + next.map_or(0, |next| next.multiply_adds(&deepest));
            let parts: Vec<&dyn Module> =
                std::iter::once(blocks as &dyn Module).chain(next.map(|next| next as &dyn Module)).collect();
            let then = if next.is_some() { ", then makes four places one" } else { "" };
            let words = InWords::step("Encoder", format!("looks for {} kinds of patterns{then}", deepest[2]));
            let row = LayerRow::new(does(blocks), words, deepest.to_vec(), cost, &parts);
            show(&format!("down {}", stage + 1), (1, 0), row);
        }
        let places = [deepest[0] * deepest[1], deepest[2]];
        let middle = &self.middle;
        let cost_of_middle = middle.multiply_adds(&places);
        let row =
            LayerRow::new(middle.name(), middle.in_words(), deepest.to_vec(), cost_of_middle, &[middle]);
        show("middle", (1, 0), row);
        for (stage, blocks) in self.up.iter().enumerate().rev() {
            let output = on(stage, blocks);
            let next = stage.checked_sub(1).and_then(|next| self.grow.get(next));
            let cost = cost(stage, blocks) + next.map_or(0, |next| next.multiply_adds(&output));
            let parts: Vec<&dyn Module> =
                std::iter::once(blocks as &dyn Module).chain(next.map(|next| next as &dyn Module)).collect();
            let then = if next.is_some() { ", then makes one place four" } else { "" };
            let words = InWords::step(
                "Decoder",
                format!(
                    "draws with {} kinds of patterns, over what was seen on the way down{then}",
                    output[2]
                ),
            );
            let row = LayerRow::new(does(blocks), words, output.to_vec(), cost, &parts);
            show(&format!("up {}", stage + 1), (1, 0), row);
        }
        let words =
            InWords::step("Pixels", "says for each pixel how it should change to look more like a picture");
        let cost = self.out.multiply_adds(&first);
        let row = LayerRow::new(self.out.name(), words, self.size.to_vec(), cost, &[&self.norm, &self.out]);
        show("out", (1, 0), row);
        Ok(layers)
    }
}

/// Sine and cosine waves of times `[n]`, `[n, 2 · WAVES]` (Vaswani et al., arXiv 1706.03762).
fn waves(times: &Tensor) -> Result<Tensor> {
    let mut waves = Vec::with_capacity(2 * WAVES * times.len());
    for &time in times.data::<f32>()? {
        let angle = |wave: usize| 1000.0 * time * 1e-4f32.powf(wave as f32 / WAVES as f32);
        waves.extend((0..WAVES).map(|wave| angle(wave).sin()));
        waves.extend((0..WAVES).map(|wave| angle(wave).cos()));
    }
    Tensor::new(&waves, &[times.len(), 2 * WAVES])
}

/// The pixels of each patch as channels of one place: `[n, height, width, c]` as `[n, height / 2, width / 2, 4 c]`.
fn gathered(x: &Var) -> Result<Var> {
    let [n, height, width, channels] = sizes(x);
    let (rows, columns) = (height / PATCH, width / PATCH);
    let split = ops::reshape(x, &[n, rows, PATCH, columns, PATCH, channels])?;
    let together = ops::permute(&split, &[0, 1, 3, 2, 4, 5])?;
    ops::reshape(&together, &[n, rows, columns, PATCH * PATCH * channels])
}

/// The way back: channels as pixels (Shi et al., arXiv 1609.05158), `[n, height, width, 4 c]` as `[n, 2 height, 2 width, c]`.
fn scattered(x: &Var) -> Result<Var> {
    let [n, height, width, channels] = sizes(x);
    let channels = channels / (PATCH * PATCH);
    let split = ops::reshape(x, &[n, height, width, PATCH, PATCH, channels])?;
    let apart = ops::permute(&split, &[0, 1, 3, 2, 4, 5])?;
    ops::reshape(&apart, &[n, PATCH * height, PATCH * width, channels])
}

fn sizes(x: &Var) -> [usize; 4] {
    <[usize; 4]>::try_from(&x.shape()[..]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn painter(size: [usize; 3]) -> Painter {
        let b = Blueprint { channels: 16, blocks: 2, dropout: 0.1 };
        let mut painter = Painter::new(&Seed::new(1), &b, size, 3).unwrap();
        // It says nothing before it has learned: let it.
        let speak = |conv: &mut Conv2d| {
            let drawn = Init::Normal(0.1).tensor(conv.weight.value.shape(), &Seed::new(2)).unwrap();
            conv.weight = Param::weight(drawn);
        };
        painter.down.iter_mut().chain(&mut painter.up).flatten().for_each(|block| speak(&mut block.second));
        speak(&mut painter.out);
        painter
    }

    fn velocity(painter: &Painter, shape: &[usize], time: f32, label: u32) -> Vec<f64> {
        let n = shape.iter().product::<usize>();
        let x = Tensor::new(&(0..n).map(|i| (i as f32 * 0.7).sin()).collect::<Vec<_>>(), shape).unwrap();
        let (times, labels) =
            (Tensor::full(time, &[shape[0]]).unwrap(), Tensor::full(label, &[shape[0]]).unwrap());
        let y = painter.velocity(&Pass::inference(), &x, &times, &labels).unwrap();
        assert_eq!(y.shape()[..], *shape);
        y.value().to_vec()
    }

    #[test]
    fn stages_halve_the_grid_while_it_is_large_enough() {
        assert_eq!(
            [[28, 28], [64, 64], [64, 48], [12, 12], [60, 60], [64, 36]].map(stages),
            [2, 3, 2, 1, 2, 2]
        );
    }

    #[test]
    fn pictures_of_other_sizes_are_seen_too_and_time_and_label_matter() {
        let painter = painter([28, 28, 3]);
        assert_eq!(painter.multiple(), 4);
        for shape in [[2, 28, 28, 3], [1, 16, 40, 3], [1, 4, 4, 3]] {
            let plain = velocity(&painter, &shape, 0.5, 0);
            assert!(plain.iter().all(|v| v.is_finite()) && plain.iter().any(|&v| v != 0.0));
            assert!(
                velocity(&painter, &shape, 0.9, 0) != plain && velocity(&painter, &shape, 0.5, 2) != plain
            );
        }
    }

    #[test]
    fn patches_are_gathered_and_scattered() {
        let pass = Pass::inference();
        let x = Tensor::new(&(0..48).map(|i| i as f32).collect::<Vec<_>>(), &[1, 4, 6, 2]).unwrap();
        let places = gathered(&pass.input(&x)).unwrap();
        assert_eq!(places.shape()[..], [1, 2, 3, 8]);
        // The first place: two pixels of the first row, and the two below.
        assert_eq!(places.value().to_vec()[..8], [0.0, 1.0, 2.0, 3.0, 12.0, 13.0, 14.0, 15.0]);
        assert_eq!(scattered(&places).unwrap().value().to_vec(), x.to_vec());
    }

    #[test]
    fn its_parts_hold_all_of_its_numbers() {
        let painter = painter([64, 64, 3]);
        let rows = painter.describe().unwrap();
        let drawing = crate::drawing::tests::complete(rows.clone(), &painter);
        assert!(drawing.contains("Encoder") && drawing.contains("Time and label"), "{drawing}");
        let first = &rows.iter().find(|layer| layer.part == "down 1").unwrap().row;
        // Two blocks of two convolutions of 16 channels on 32 by 32 places, and one that makes four places one of 32 channels.
        assert_eq!(first.multiply_adds, 32 * 32 * 16 * (4 * 16 * 9 + 32));
    }
}
