//! ResNet (He et al., arXiv 1512.03385).

use super::Names;
use pellucid_kernels::activation::Activation;
use pellucid_nn::Seed;
use pellucid_nn::layers::{Conv2d, GlobalAvgPool, MaxPool2d, Pad, Padding, Residual, Sequential};
use pellucid_tensor::{Error, Result};
use serde::{Deserialize, Serialize};

/// Batch norm's usual small number.
const EPSILON: f64 = 1e-5;

/// A bottleneck's inner channels are its outputs divided by this.
const REDUCTION: usize = 4;

/// The form of a residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BlockForm {
    /// Two 3×3 convolutions.
    Basic,
    /// A 3×3 convolution of few channels between two of 1×1.
    Bottleneck,
}

/// What stands after each batch norm; of what the hub knows, only this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Rectifier {
    #[default]
    Relu,
}

/// The form of a ResNet, as the hub's `config.json` names it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ResNetConfig {
    /// Channels of a picture.
    pub num_channels: usize,
    /// Channels of the first convolution.
    pub embedding_size: usize,
    /// Channels of each stage.
    pub hidden_sizes: Vec<usize>,
    /// Blocks of each stage.
    pub depths: Vec<usize>,
    /// Their form.
    pub layer_type: BlockForm,
    /// Whether the first stage halves the picture, as all others do.
    #[serde(default)]
    pub downsample_in_first_stage: bool,
    /// Whether a bottleneck's first convolution halves the picture, and not its second.
    #[serde(default)]
    pub downsample_in_bottleneck: bool,
    #[serde(default)]
    hidden_act: Rectifier,
}

/// A block: its channels, its step, and what the hub calls it.
struct Block {
    inputs: usize,
    outputs: usize,
    stride: usize,
    name: String,
}

impl ResNetConfig {
    /// The length of the vector it gives.
    pub(super) fn width(&self) -> usize {
        self.hidden_sizes.last().copied().unwrap_or_default()
    }

    /// The network, and the hub's name for each of its parameters.
    pub(super) fn parts(&self, seed: &Seed) -> Result<(Sequential, Vec<String>)> {
        if self.depths.len() != self.hidden_sizes.len() || self.depths.is_empty() || self.depths.contains(&0)
        {
            return Err(Error::argument("resnet", "`depths` and `hidden_sizes` are not one for each stage"));
        }
        let channels = self.hidden_sizes.iter().copied().chain([self.num_channels, self.embedding_size]);
        super::believable("resnet", channels, self.depths.iter().copied().fold(0, usize::saturating_add))?;
        let mut names = Names::new(EPSILON);
        let stem = Conv2d::new(&seed.part("stem"), self.num_channels, self.embedding_size, (7, 7))?.stride(2);
        let of_stem = ["convolution", "normalization"].map(|part| format!("embedder.embedder.{part}"));
        let stem = names.unit(stem, self.embedding_size, Activation::Relu, of_stem)?;
        let mut net = stem.then(MaxPool2d::with((3, 3), (2, 2), around(1)));
        let mut inputs = self.embedding_size;
        for (stage, (&outputs, &depth)) in self.hidden_sizes.iter().zip(&self.depths).enumerate() {
            for i in 0..depth {
                let halves = i == 0 && (stage > 0 || self.downsample_in_first_stage);
                let name = format!("encoder.stages.{stage}.layers.{i}");
                let block = Block { inputs, outputs, stride: if halves { 2 } else { 1 }, name };
                net =
                    net.then(self.block(&seed.part(format!("stage{stage}.block{i}")), &block, &mut names)?);
                inputs = outputs;
            }
        }
        Ok((net.then(GlobalAvgPool), names.hub))
    }

    fn block(&self, seed: &Seed, b: &Block, names: &mut Names) -> Result<Residual> {
        let mut unit = |part: &str, inputs, outputs, side, stride, activation| {
            let conv = Conv2d::new(&seed.part(part), inputs, outputs, (side, side))?.stride(stride);
            let of_unit = ["convolution", "normalization"].map(|layer| format!("{}.{part}.{layer}", b.name));
            names.unit(conv, outputs, activation, of_unit)
        };
        let (relu, none) = (Activation::Relu, Activation::Identity);
        let body = match self.layer_type {
            BlockForm::Basic => Sequential::new()
                .then(unit("layer.0", b.inputs, b.outputs, 3, b.stride, relu)?)
                .then(unit("layer.1", b.outputs, b.outputs, 3, 1, none)?),
            BlockForm::Bottleneck => {
                let inner = (b.outputs / REDUCTION).max(1);
                let (first, second) =
                    if self.downsample_in_bottleneck { (b.stride, 1) } else { (1, b.stride) };
                Sequential::new()
                    .then(unit("layer.0", b.inputs, inner, 1, first, relu)?)
                    .then(unit("layer.1", inner, inner, 3, second, relu)?)
                    .then(unit("layer.2", inner, b.outputs, 1, 1, none)?)
            }
        };
        let block = Residual::new(body).activation(relu);
        if b.inputs == b.outputs && b.stride == 1 {
            return Ok(block);
        }
        Ok(block.shortcut(unit("shortcut", b.inputs, b.outputs, 1, b.stride, none)?))
    }
}

/// So many zeros on each side.
fn around(zeros: usize) -> Pad {
    Pad::Exact(Padding { top: zeros, bottom: zeros, left: zeros, right: zeros })
}
