//! A model that paints: its network, in use and as a folder.

use super::flow::{Following, Ways, follow};
use super::network::{Blueprint, Painter};
use super::pictures::{bytes, numbers, stream};
use crate::generate::GOAL;
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_kinds::image::{Canvas, Pixels};
use pellucid_nn::Seed;
use pellucid_tensor::Tensor;
use serde::{Deserialize, Serialize};
use std::path::Path;

/// The kind of what it makes.
const KIND: &str = "image";

/// Pictures that are painted at once.
const TOGETHER: usize = 64;

/// The longest side of a picture that is painted anew, in pixels.
const LONGEST: usize = 512;

/// A network that has learned to paint.
pub struct Painting {
    /// The column of what it learned from.
    pub column: String,
    /// The labels by which pictures can be asked for; none if it learned from pictures without.
    pub labels: Vec<String>,
    /// The column of their labels.
    pub(crate) label: Option<String>,
    pub(crate) canvas: Canvas,
    pub(crate) network: Painter,
    pub(crate) blueprint: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    targets: [Column; 1],
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
    canvas: Canvas,
    /// The column of labels.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    label: Option<String>,
    labels: Vec<String>,
}

/// How a picture is painted.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Brush {
    /// Steps from noise to the picture; each looks at the network twice, four times with guidance.
    pub steps: usize,
    /// How strongly a label is followed: 1 as it was learned, more for pictures that show it more clearly and are more alike.
    pub guidance: f64,
    /// What the noise is derived from.
    pub seed: u64,
}

impl Default for Brush {
    fn default() -> Self {
        Brush { steps: 16, guidance: 2.0, seed: 0 }
    }
}

impl Painting {
    /// The position of a label, as [`paint`](Self::paint) takes it.
    ///
    /// # Errors
    /// A label that it did not learn, with the nearest one.
    pub fn label(&self, name: &str) -> Result<usize> {
        if let Some(found) = self.labels.iter().position(|label| label == name) {
            return Ok(found);
        }
        let labels = || self.labels.iter().map(String::as_str);
        let advice = match pellucid_base::nearest(name, labels()) {
            _ if self.labels.is_empty() => "it learned from pictures without labels".to_owned(),
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", labels().collect::<Vec<_>>().join(", ")),
        };
        Err(Error::usage(format!("it has learned no label `{name}` · {advice}")))
    }

    /// Paints a picture for each label; `None` for any. `progress` is called with the pictures done.
    ///
    /// The picture of a seed and a position is the same, however many are painted.
    ///
    /// # Errors
    /// No memory.
    pub fn paint(
        &self,
        labels: &[Option<usize>],
        brush: &Brush,
        progress: &mut dyn FnMut(usize),
    ) -> Result<Vec<Pixels>> {
        let size @ [height, width, channels] = self.canvas.size();
        let mut painted = Vec::with_capacity(labels.len());
        for (part, labels) in labels.chunks(TOGETHER).enumerate() {
            let mut noise = Vec::with_capacity(labels.len() * self.canvas.numbers());
            for i in 0..labels.len() {
                let mut random = stream(brush.seed, "paint", part * TOGETHER + i);
                noise.extend((0..self.canvas.numbers()).map(|_| random.normal()));
            }
            let x = Tensor::new(&noise, &[labels.len(), height, width, channels])?;
            let codes: Vec<u32> = labels.iter().map(|&label| code(label)).collect();
            let numbers = follow(&self.network, x, &codes, &brush.following(0.0))?;
            for one in numbers.chunks(self.canvas.numbers().max(1)) {
                painted.push(picture(one, size)?);
            }
            progress(painted.len());
        }
        Ok(painted)
    }

    /// Paints a picture anew, in the style that was learned. `change` says how much of it: near 0 almost nothing, 1 all.
    ///
    /// The picture may have another shape than those learned from; it is painted with a longer side of at most 512 pixels.
    ///
    /// # Errors
    /// A change outside of 0 to 1, and no memory.
    pub fn repaint(&self, of: &Pixels, label: Option<usize>, change: f64, brush: &Brush) -> Result<Pixels> {
        if !(change > 0.0 && change <= 1.0) {
            return Err(Error::usage(format!(
                "a picture cannot be changed by {change} · say how much, above 0 and at most 1"
            )));
        }
        let scale = (LONGEST as f64 / of.height.max(of.width) as f64).min(1.0);
        let multiple = self.network.multiple();
        let side = |length: usize| (((length as f64 * scale) as usize) / multiple * multiple).max(multiple);
        let canvas =
            Canvas { height: side(of.height), width: side(of.width), channels: self.canvas.channels };
        let size = canvas.size();
        let from = (1.0 - change) as f32;
        let mut random = stream(brush.seed, "repaint", 0);
        let ways = Ways::to(&numbers(&canvas.bring(of)), &[from], size, &mut random)?;
        let painted = follow(&self.network, ways.places, &[code(label)], &brush.following(from))?;
        picture(&painted, size)
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn save(&self, folder: &Path) -> Result<()> {
        let column = Column {
            name: self.column.clone(),
            kind: KIND.to_owned(),
            canvas: self.canvas.clone(),
            label: self.label.clone(),
            labels: self.labels.clone(),
        };
        let file = File { targets: [column], network: self.blueprint.clone() };
        Saving::default().write(folder, GOAL, &file, &self.network)
    }

    /// Whether a model's folder is one of these.
    pub(crate) fn is(stored: &Stored) -> bool {
        stored.goal == GOAL && stored.kind() == Some(KIND)
    }

    /// Reads a model's folder.
    ///
    /// # Errors
    /// Files of another form, and weights of another network.
    pub(crate) fn load(stored: &Stored) -> Result<Painting> {
        let File { targets: [Column { name, canvas, label, labels, .. }], network: blueprint } =
            stored.parse()?;
        let mut network = Painter::new(&Seed::none(), &blueprint, canvas.size(), labels.len())?;
        stored.fill(&mut network)?;
        Ok(Painting { column: name, labels, label, canvas, network, blueprint })
    }
}

impl Brush {
    fn following(&self, from: f32) -> Following {
        // A shorter way takes fewer steps.
        let steps = (self.steps as f32 * (1.0 - from)).ceil() as usize;
        Following { steps: steps.max(1), guidance: self.guidance as f32, from }
    }
}

/// A label as the network counts: 0 for none.
fn code(label: Option<usize>) -> u32 {
    label.map_or(0, |label| label as u32 + 1)
}

fn picture(numbers: &[f32], size: [usize; 3]) -> Result<Pixels> {
    let picture = Pixels::of_bytes(&bytes(numbers), size);
    picture.ok_or_else(|| Error::model("a picture of another size was painted".to_owned()))
}
