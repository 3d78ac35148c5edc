//! Networks for pictures.

mod efficientnet;
mod resnet;

pub use efficientnet::EfficientNetConfig;
pub use resnet::{BlockForm, ResNetConfig};

use crate::theirs::Theirs;
use crate::{Folder, Result};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{BatchNorm, Conv2d, Sequential};
use pellucid_nn::{Param, Seed};
use pellucid_tensor::Result as EngineResult;
use serde::{Deserialize, Serialize};

/// What only served training, or the classes that were learned.
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

#[derive(Deserialize)]
struct Stored {
    size: Option<Side>,
    do_normalize: Option<bool>,
    image_mean: Option<Vec<f32>>,
    image_std: Option<Vec<f32>>,
}

/// The usual side, and the means and deviations of ImageNet's pictures (Deng et al. 2009), on which most have learned.
const USUAL: (usize, [f32; 3], [f32; 3]) = (224, [0.485, 0.456, 0.406], [0.229, 0.224, 0.225]);

impl Preprocessing {
    /// That of a folder; the usual one for colour pictures where the folder says nothing.
    ///
    /// # Errors
    /// A file that is damaged, and means or deviations that are not one for each of the `channels`.
    pub fn of(folder: &Folder, channels: usize) -> Result<Preprocessing> {
        const FILE: &str = "preprocessor_config.json";
        let stored: Option<Stored> = folder.optional(FILE)?;
        let (side, mean, std) = USUAL;
        let mut p = Preprocessing { side, mean: mean.to_vec(), std: std.to_vec() };
        if let Some(stored) = stored {
            p.side = match stored.size {
                Some(
                    Side::Number(side) | Side::Shortest { shortest_edge: side } | Side::Both { height: side },
                ) => side,
                None => side,
            };
            if stored.do_normalize == Some(false) {
                (p.mean, p.std) = (vec![0.0; channels], vec![1.0; channels]);
            } else {
                p.mean = stored.image_mean.unwrap_or(p.mean);
                p.std = stored.image_std.unwrap_or(p.std);
            }
        }
        let finite = p.mean.iter().all(|x| x.is_finite()) && p.std.iter().all(|&x| x > 0.0 && x.is_finite());
        if p.mean.len() != channels || p.std.len() != channels || p.side == 0 || !finite {
            let why = format!(
                "it must give a side, and a mean and a deviation above 0 for each of {channels} channels"
            );
            return Err(folder.error(FILE, why));
        }
        Ok(p)
    }
}

/// Collects the hub's names of parameters in the order in which the layers are made.
struct Names {
    names: Vec<String>,
    epsilon: f64,
}

impl Names {
    fn new(epsilon: f64) -> Names {
        Names { names: Vec::new(), epsilon }
    }

    /// A convolution of so many outputs without bias, and its batch norm.
    fn unit(
        &mut self,
        conv: Conv2d,
        outputs: usize,
        activation: Activation,
        [conv_name, norm_name]: [String; 2],
    ) -> EngineResult<Sequential> {
        self.names.push(format!("{conv_name}.weight"));
        let norm = ["weight", "bias", "running_mean", "running_var"];
        self.names.extend(norm.map(|part| format!("{norm_name}.{part}")));
        let norm = BatchNorm::new(outputs, activation)?.epsilon(self.epsilon);
        Ok(Sequential::new().then(conv.without_bias()).then(norm))
    }
}
