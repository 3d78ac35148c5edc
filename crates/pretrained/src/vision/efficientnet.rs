//! EfficientNet (Tan & Le, arXiv 1905.11946).

use super::Names;
use pellucid_kernels::activation::Activation;
use pellucid_nn::Seed;
use pellucid_nn::layers::{Conv2d, GlobalAvgPool, Pad, Padding, Residual, Sequential, SqueezeExcite};
use pellucid_tensor::{Error, Result};
use serde::{Deserialize, Serialize};

/// Channels of the first convolution and of the last one, before they are scaled.
const FIRST: usize = 32;
const LAST: usize = 1280;

/// What stands after each batch norm; of what the hub knows, only this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Swish {
    #[default]
    #[serde(alias = "silu")]
    Swish,
}

/// What is made of all places at the end; of what the hub knows, only this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Pooling {
    #[default]
    Mean,
}

/// The form of an EfficientNet, as the hub's `config.json` names it: one entry of the lists for each stage.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct EfficientNetConfig {
    /// Channels of a picture.
    pub num_channels: usize,
    /// The factor of all channels.
    pub width_coefficient: f64,
    /// The factor of all repeats.
    pub depth_coefficient: f64,
    /// Channels are multiples of this.
    pub depth_divisor: usize,
    /// Sides of the kernels.
    pub kernel_sizes: Vec<usize>,
    /// Channels that go in.
    pub in_channels: Vec<usize>,
    /// Channels that come out.
    pub out_channels: Vec<usize>,
    /// Blocks, counted over all stages, whose kernels have as many zeros before the picture as after it.
    #[serde(default)]
    pub depthwise_padding: Vec<usize>,
    /// Steps of each first block.
    pub strides: Vec<usize>,
    /// Blocks.
    pub num_block_repeats: Vec<usize>,
    /// How many times its inputs a block has inside.
    pub expand_ratios: Vec<usize>,
    /// The share of its inputs that a block is squeezed into.
    pub squeeze_expansion_ratio: f64,
    /// Added to variances.
    pub batch_norm_eps: f64,
    #[serde(default)]
    hidden_act: Swish,
    #[serde(default)]
    pooling_type: Pooling,
}

/// A block: its channels, its kernel, its step, and what the hub calls it.
struct Block {
    inputs: usize,
    outputs: usize,
    expand: usize,
    kernel: usize,
    stride: usize,
    /// Fewer zeros before the picture than after it.
    uneven: bool,
    /// Whether what goes in is added to what comes out.
    residual: bool,
    name: String,
}

impl EfficientNetConfig {
    /// The length of the vector it gives.
    pub(super) fn width(&self) -> usize {
        self.scaled(LAST)
    }

    /// Channels times the width's factor, rounded to a multiple of the divisor, but not down by more than a tenth.
    fn scaled(&self, channels: usize) -> usize {
        let (wanted, divisor) = (channels as f64 * self.width_coefficient, self.depth_divisor.max(1));
        let near = ((wanted + divisor as f64 / 2.0) as usize / divisor * divisor).max(divisor);
        if (near as f64) < 0.9 * wanted { near.saturating_add(divisor) } else { near }
    }

    /// Blocks times the depth's factor, rounded up.
    fn repeats(&self, blocks: usize) -> usize {
        (self.depth_coefficient * blocks as f64).ceil() as usize
    }

    /// The network, and the hub's name for each of its parameters.
    pub(super) fn parts(&self, seed: &Seed) -> Result<(Sequential, Vec<String>)> {
        let stages = self.in_channels.len();
        let lists = [
            &self.kernel_sizes,
            &self.out_channels,
            &self.strides,
            &self.num_block_repeats,
            &self.expand_ratios,
        ];
        let positive = lists.iter().all(|list| list.iter().all(|&n| n > 0));
        if stages == 0 || lists.iter().any(|list| list.len() != stages) || !positive {
            return Err(Error::argument(
                "efficientnet",
                "its lists are not of one positive number for each stage",
            ));
        }
        if self.strides.iter().any(|&stride| stride > 2) {
            return Err(Error::argument("efficientnet", "its `strides` must be 1 or 2"));
        }
        let inside = self.in_channels.iter().zip(&self.expand_ratios);
        let inside = inside.map(|(&n, &expand)| self.scaled(n).saturating_mul(expand));
        let channels = self.out_channels.iter().map(|&n| self.scaled(n)).chain(inside);
        let channels = channels.chain([self.num_channels, self.scaled(FIRST), self.width()]);
        let repeats = self.num_block_repeats.iter().map(|&n| self.repeats(n));
        super::believable("efficientnet", channels, repeats.fold(0, usize::saturating_add))?;
        let mut names = Names::new(self.batch_norm_eps);
        let first = self.scaled(FIRST);
        let stem =
            Conv2d::new(&seed.part("stem"), self.num_channels, first, (3, 3))?.stride(2).pad(uneven(3));
        let of = |conv: &str, norm: &str| [conv, norm].map(str::to_owned);
        let of_stem = of("embeddings.convolution", "embeddings.batchnorm");
        let mut net = names.unit(stem, first, Activation::Silu, of_stem)?;
        let mut number = 0;
        for stage in 0..stages {
            let outputs = self.scaled(self.out_channels[stage]);
            for i in 0..self.repeats(self.num_block_repeats[stage]) {
                let block = Block {
                    inputs: if i == 0 { self.scaled(self.in_channels[stage]) } else { outputs },
                    outputs,
                    expand: self.expand_ratios[stage],
                    kernel: self.kernel_sizes[stage],
                    stride: if i == 0 { self.strides[stage] } else { 1 },
                    uneven: !self.depthwise_padding.contains(&number),
                    residual: i > 0,
                    name: format!("encoder.blocks.{number}"),
                };
                let body = self.block(&seed.part(format!("block{number}")), &block, &mut names)?;
                net = if block.residual { net.then(Residual::new(body)) } else { net.then(body) };
                number += 1;
            }
        }
        let (inputs, outputs) = (self.scaled(self.out_channels[stages - 1]), self.width());
        let top = Conv2d::new(&seed.part("top"), inputs, outputs, (1, 1))?;
        let top = names.unit(top, outputs, Activation::Silu, of("encoder.top_conv", "encoder.top_bn"))?;
        Ok((net.then(top).then(GlobalAvgPool), names.hub))
    }

    /// Expanded, each channel filtered by itself, scaled by what the whole picture calls for, and projected.
    fn block(&self, seed: &Seed, b: &Block, names: &mut Names) -> Result<Sequential> {
        let of = |part: &str, conv: &str, norm: &str| {
            [conv, norm].map(|layer| format!("{}.{part}.{layer}", b.name))
        };
        let (inner, mut net) = (b.inputs * b.expand, Sequential::new());
        if b.expand > 1 {
            let expand = Conv2d::new(&seed.part("expand"), b.inputs, inner, (1, 1))?;
            net = net.then(names.unit(
                expand,
                inner,
                Activation::Silu,
                of("expansion", "expand_conv", "expand_bn"),
            )?);
        }
        let filter = Conv2d::depthwise(&seed.part("filter"), inner, (b.kernel, b.kernel))?.stride(b.stride);
        let filter = if b.stride == 2 && b.uneven { filter.pad(uneven(b.kernel)) } else { filter };
        let of_filter = of("depthwise_conv", "depthwise_conv", "depthwise_norm");
        net = net.then(names.unit(filter, inner, Activation::Silu, of_filter)?);
        let squeezed = ((b.inputs as f64 * self.squeeze_expansion_ratio) as usize).max(1);
        let scale = SqueezeExcite::with(&seed.part("scale"), inner, squeezed, Activation::Silu)?;
        for part in ["reduce", "expand"] {
            names
                .hub
                .extend(["weight", "bias"].map(|kind| format!("{}.squeeze_excite.{part}.{kind}", b.name)));
        }
        let project = Conv2d::new(&seed.part("project"), inner, b.outputs, (1, 1))?;
        let of_project = of("projection", "project_conv", "project_bn");
        Ok(net.then(scale).then(names.unit(project, b.outputs, Activation::Identity, of_project)?))
    }
}

/// The zeros with which pictures of an even side are halved as in the original: one fewer before than after.
fn uneven(kernel: usize) -> Pad {
    let (before, after) = ((kernel / 2).saturating_sub(1), kernel / 2);
    Pad::Exact(Padding { top: before, bottom: after, left: before, right: after })
}
