//! Networks for pictures.

mod efficientnet;
mod resnet;

pub use efficientnet::EfficientNetConfig;
pub use resnet::{BlockForm, ResNetConfig};

use crate::folder::PREPROCESSOR;
use crate::theirs::Theirs;
use crate::{Folder, Result};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{BatchNorm, Conv2d, Sequential};
use pellucid_nn::{Param, Seed};
use pellucid_tensor::{Error as EngineError, Result as EngineResult};
use serde::{Deserialize, Serialize};

/// What tells the classes that were learned.
const NOT_NEEDED: [&str; 1] = ["classifier."];

/// What a batch norm counts and nobody needs.
const COUNTER: &str = ".num_batches_tracked";

/// The form of a network for pictures, as the hub's `config.json` has it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "model_type", rename_all = "lowercase")]
pub enum VisionConfig {
    /// Residual networks.
    ResNet(ResNetConfig),
    /// Networks that grow evenly in width and depth.
    EfficientNet(EfficientNetConfig),
}

impl VisionConfig {
    /// The `model_type`s that are known.
    pub const TYPES: [&str; 2] = ["resnet", "efficientnet"];

    /// The form of the one that a folder holds.
    ///
    /// # Errors
    /// A folder that holds another network.
    pub fn of(folder: &Folder) -> Result<VisionConfig> {
        folder.is_one_of(&VisionConfig::TYPES)?;
        folder.config()
    }

    /// Builds one with drawn weights, for pictures `[n, height, width, channels]`; its result is `[n, width]`, where the
    /// [width](VisionConfig::width) is that of its last layer.
    ///
    /// # Errors
    /// An impossible form, and no memory.
    pub fn build(&self, seed: &Seed) -> EngineResult<Sequential> {
        self.parts(seed).map(|(net, _)| net)
    }

    /// The length of the vector it gives.
    pub fn width(&self) -> usize {
        match self {
            VisionConfig::ResNet(c) => c.width(),
            VisionConfig::EfficientNet(c) => c.width(),
        }
    }

    /// Channels of its pictures.
    pub fn channels(&self) -> usize {
        match self {
            VisionConfig::ResNet(c) => c.num_channels,
            VisionConfig::EfficientNet(c) => c.num_channels,
        }
    }

    /// Gives the parameters of a network that was [built](VisionConfig::build), in their order, the weights of a folder.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub fn read<'a>(&self, params: impl IntoIterator<Item = &'a mut Param>, folder: &Folder) -> Result<()> {
        let prefix = match self {
            VisionConfig::ResNet(_) => "resnet.",
            VisionConfig::EfficientNet(_) => "efficientnet.",
        };
        let mut theirs = Theirs::open(folder, prefix)?;
        let (_, names) = self.parts(&Seed::none()).map_err(|e| theirs.error(e.to_string()))?;
        let params: Vec<&mut Param> = params.into_iter().collect();
        if params.len() != names.len() {
            let why = format!("it has {} tensors, the network {} parameters", names.len(), params.len());
            return Err(theirs.error(why));
        }
        for (param, name) in params.into_iter().zip(names) {
            theirs.put(&name, param)?;
        }
        theirs
            .finish(|name| name.ends_with(COUNTER) || NOT_NEEDED.iter().any(|start| name.starts_with(start)))
    }

    fn parts(&self, seed: &Seed) -> EngineResult<(Sequential, Vec<String>)> {
        match self {
            VisionConfig::ResNet(c) => c.parts(seed),
            VisionConfig::EfficientNet(c) => c.parts(seed),
        }
    }
}

/// How pictures must come, as the hub's `preprocessor_config.json` has it.
#[derive(Clone, Debug, PartialEq)]
pub struct Preprocessing {
    /// The side of a picture in pixels.
    pub side: usize,
    /// For each channel, what is taken off numbers from 0 to 1, and what they are divided by then.
    pub mean: Vec<f32>,
    /// The divisors.
    pub std: Vec<f32>,
}

/// A side: a number, or named.
#[derive(Deserialize)]
#[serde(untagged)]
enum Side {
    Number(usize),
    Shortest { shortest_edge: usize },
    Both { height: usize },
}

/// One number for all channels, or one for each.
#[derive(Deserialize)]
#[serde(untagged)]
enum PerChannel {
    All(f64),
    Each(Vec<f64>),
}

impl PerChannel {
    fn each(self, channels: usize) -> Vec<f64> {
        match self {
            PerChannel::All(x) => vec![x; channels],
            PerChannel::Each(all) => all,
        }
    }
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Stored {
    size: Option<Side>,
    crop_size: Option<Side>,
    do_center_crop: Option<bool>,
    do_rescale: Option<bool>,
    rescale_factor: Option<f64>,
    rescale_offset: Option<bool>,
    do_normalize: Option<bool>,
    image_mean: Option<PerChannel>,
    image_std: Option<PerChannel>,
    /// Divides by the deviations once more.
    include_top: Option<bool>,
    #[serde(alias = "feature_extractor_type")]
    image_processor_type: String,
}

/// The usual side, and the means and deviations of ImageNet's pictures (Deng et al. 2009), on which most have learned.
const USUAL: (usize, [f64; 3], [f64; 3]) = (224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

impl Preprocessing {
    /// That of a folder; the usual one for colour pictures where the folder says nothing.
    ///
    /// # Errors
    /// A file that is damaged, and means or deviations that are not one for each of the `channels`.
    pub fn of(folder: &Folder, channels: usize) -> Result<Preprocessing> {
        let stored: Option<Stored> = folder.optional(PREPROCESSOR)?;
        let stored = stored.unwrap_or_default();
        let (side, mean, std) = USUAL;
        let (size, crop) = (stored.size.map(side_of), stored.crop_size.map(side_of));
        let side = crop.filter(|_| stored.do_center_crop == Some(true)).or(size).unwrap_or(side);
        let usual =
            |own: Option<PerChannel>, usual: [f64; 3]| own.map_or(usual.to_vec(), |own| own.each(channels));
        let (mut mean, mut std) = (usual(stored.image_mean, mean), usual(stored.image_std, std));
        let again = stored.include_top.unwrap_or(stored.image_processor_type.starts_with("EfficientNet"));
        let last = if again { std.clone() } else { vec![1.0; std.len()] };
        if stored.do_normalize == Some(false) {
            (mean, std) = (vec![0.0; channels], vec![1.0; channels]);
        }
        // Theirs: ((255 x · factor − offset) − mean) / std / last, for an x from 0 to 1.
        let factor = match stored.do_rescale {
            Some(false) => 255.0,
            _ => 255.0 * stored.rescale_factor.unwrap_or(1.0 / 255.0),
        };
        let offset = if stored.rescale_offset == Some(true) { 1.0 } else { 0.0 };
        let p = Preprocessing {
            side,
            mean: mean.iter().map(|m| ((offset + m) / factor) as f32).collect(),
            std: std.iter().zip(&last).map(|(s, last)| (s * last / factor) as f32).collect(),
        };
        let finite = p.mean.iter().all(|x| x.is_finite()) && p.std.iter().all(|&x| x > 0.0 && x.is_finite());
        if p.mean.len() != channels || p.std.len() != channels || !(1..=MOST).contains(&p.side) || !finite {
            let why = format!(
                "it must give a side up to {MOST}, and a mean and a deviation above 0 for each of {channels} channels"
            );
            return Err(folder.error(PREPROCESSOR, why));
        }
        Ok(p)
    }
}

/// The longest side of pictures that is believed.
const MOST: usize = 4096;

fn side_of(side: Side) -> usize {
    match side {
        Side::Number(side) | Side::Shortest { shortest_edge: side } | Side::Both { height: side } => side,
    }
}

/// The most channels and the most blocks of a network that are believed.
const MOST_CHANNELS: usize = 1 << 16;
const MOST_BLOCKS: usize = 1000;

/// Refuses forms that no network has and that would fill the memory.
fn believable(
    kind: &'static str,
    channels: impl IntoIterator<Item = usize>,
    blocks: usize,
) -> EngineResult<()> {
    match channels.into_iter().all(|n| (1..=MOST_CHANNELS).contains(&n))
        && (1..=MOST_BLOCKS).contains(&blocks)
    {
        true => Ok(()),
        false => Err(EngineError::argument(
            kind,
            format!("channels must be from 1 to {MOST_CHANNELS}, and blocks from 1 to {MOST_BLOCKS}"),
        )),
    }
}

/// Collects the hub's names of parameters in the order in which the layers are made.
struct Names {
    hub: Vec<String>,
    epsilon: f64,
}

impl Names {
    fn new(epsilon: f64) -> Names {
        Names { hub: Vec::new(), epsilon }
    }

    /// A convolution of so many outputs without bias, and its batch norm.
    fn unit(
        &mut self,
        conv: Conv2d,
        outputs: usize,
        activation: Activation,
        [conv_name, norm_name]: [String; 2],
    ) -> EngineResult<Sequential> {
        self.hub.push(format!("{conv_name}.weight"));
        let norm = ["weight", "bias", "running_mean", "running_var"];
        self.hub.extend(norm.map(|part| format!("{norm_name}.{part}")));
        let norm = BatchNorm::new(outputs, activation)?.epsilon(self.epsilon);
        Ok(Sequential::new().then(conv.without_bias()).then(norm))
    }
}
