//! Pictures on their way out of noise as batches, and how well the network knows the way.

use super::flow::{Ways, time};
use super::gallery::Gallery;
use super::model::{Brush, Painting};
use super::network::Painter;
use super::pictures::{Pictures, stream};
use super::sheet::sheet;
use crate::Result;
use crate::glimpse::kept;
use crate::networks::{Structure, end, tensors_of};
use pellucid_data::Part;
use pellucid_grad::{Var, ops};
use pellucid_insight::report::data::Glimpse;
use pellucid_kinds::image::{Augment, augment};
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::{Failure, Glimpse as Kept, Source, Task, Validation};
use std::sync::Arc;

/// Pictures that a validation looks at, at most.
const VALIDATED: usize = 1024;

/// Pictures that are looked at at once.
const TOGETHER: usize = 64;

/// The share of pictures whose label is hidden, so that the network also learns of pictures in general (Ho & Salimans, arXiv 2207.12598).
const HIDDEN: f32 = 0.15;

/// Pictures that are painted after each validation: one of each label, but no fewer and no more than these; and the steps for them.
const PAINTED: (usize, usize) = (8, 12);
const PAINTED_IN: usize = 8;

/// Training pictures from which the trivial painter learns, at most.
const COUNTED: usize = 10_000;

/// Steps of this share of the way, beginning anew at its end, are spread evenly however many there are (Weyl 1916).
const GOLDEN: f64 = 0.618_033_988_749_895;

/// Training pictures, each with noise in it.
pub(crate) struct PaintSource {
    gallery: Arc<Gallery>,
    augment: Augment,
}

/// Pictures made ready for the network.
pub(crate) struct PaintBatch {
    ways: Ways,
    /// `[n]` (`u32`), 0 for none.
    labels: Tensor,
}

impl PaintSource {
    /// Of the training pictures, changed in these ways.
    pub(crate) fn new(gallery: Arc<Gallery>, augment: Augment) -> PaintSource {
        PaintSource { gallery, augment }
    }

    fn read(&self, rows: &[usize], random: &mut Stream) -> Result<PaintBatch> {
        let (gallery, pictures) = (&self.gallery, &self.gallery.pictures);
        let size = pictures.canvas.size();
        let (mut shown, mut times, mut labels) = (Vec::new(), Vec::new(), Vec::new());
        let mut changed = vec![0.0; pictures.canvas.numbers()];
        for &row in rows {
            let record = gallery.part(Part::Train)[row];
            augment(&self.augment, &pictures.shown(record, random)?, size, random, &mut changed);
            shown.extend_from_slice(&changed);
            times.push(time(random));
            labels.push(if random.uniform() < HIDDEN { 0 } else { pictures.code(record) });
        }
        let ways = Ways::to(&shown, &times, size, random)?;
        Ok(PaintBatch { ways, labels: Tensor::new(&labels, &[labels.len()])? })
    }
}

impl Source for PaintSource {
    type Batch = PaintBatch;

    fn rows(&self) -> usize {
        self.gallery.part(Part::Train).len()
    }

    fn batch(&self, rows: &[usize], random: &mut Stream) -> std::result::Result<PaintBatch, Failure> {
        self.read(rows, random).map_err(Failure::source)
    }
}

/// A network that learns to paint.
pub(crate) struct PaintTask {
    pub(crate) model: Painting,
    gallery: Arc<Gallery>,
    /// The validation pictures that are looked at.
    validated: Vec<usize>,
    seed: u64,
}

impl PaintTask {
    pub(crate) fn new(model: Painting, gallery: Arc<Gallery>, seed: u64) -> PaintTask {
        let validated = gallery.some(Part::Validation, VALIDATED);
        PaintTask { model, gallery, validated, seed }
    }
}

impl PaintTask {
    /// What it paints with.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn structure(&self) -> pellucid_tensor::Result<Structure> {
        let Painting { canvas, label, network, .. } = &self.model;
        let pixels = format!("{} × {} pixels", canvas.height, canvas.width);
        let asked =
            label.as_ref().map_or_else(|| "how far it is".to_owned(), |l| format!("how far it is, and {l}"));
        Ok(Structure {
            inputs: vec![end("Time", asked, &[0]), end("Noise", &pixels, &[1])],
            layers: network.describe()?,
            answers: vec![end("A picture", pixels, &[0])],
        })
    }
}

impl Task for PaintTask {
    type Source = PaintSource;

    fn model(&self) -> &dyn Module {
        &self.model.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.model.network
    }

    fn layers(&self) -> std::result::Result<Vec<Vec<ParamId>>, Failure> {
        Ok(tensors_of(self.structure()?.layers))
    }

    fn loss(&self, pass: &Pass, batch: &PaintBatch) -> std::result::Result<Var, Failure> {
        let ways = &batch.ways;
        let velocity = self.model.network.velocity(pass, &ways.places, &ways.times, &batch.labels)?;
        Ok(ops::mse(&velocity, &ways.velocities, None)?)
    }

    fn validate(&self) -> std::result::Result<Validation, Failure> {
        let mut own = |ways: &Ways, labels: &[u32]| velocities(&self.model.network, ways, labels);
        let found = errors(&self.gallery.pictures, &self.validated, self.seed, &mut own, &mut |_| {});
        let found = found.map_err(Failure::source)?;
        let loss = found.iter().sum::<f64>() / found.len().max(1) as f64;
        Ok(Validation {
            loss,
            metrics: vec![("flow_error".to_owned(), loss)],
            score: -loss,
            score_name: "flow_error".to_owned(),
        })
    }

    fn glimpse(&self) -> std::result::Result<Option<Kept>, Failure> {
        let labels = self.model.labels.len();
        let count = labels.clamp(PAINTED.0, PAINTED.1);
        let wanted: Vec<Option<usize>> = (0..count).map(|i| (labels > 0).then(|| i % labels)).collect();
        let brush = Brush { steps: PAINTED_IN, seed: self.seed, ..Brush::default() };
        let painted = self.model.paint(&wanted, &brush, &mut |_| {}).map_err(Failure::source)?;
        kept(&Glimpse::Pictures(Some(sheet(&painted, count).map_err(Failure::source)?)))
    }
}

/// What somebody says of the velocities of ways, with their labels.
type Guess<'a> = dyn FnMut(&Ways, &[u32]) -> Result<Vec<f32>> + 'a;

/// How far off velocities are, as the mean squared error of a number, at times that are spread evenly over the way.
///
/// # Errors
/// Those of the network and of reading the pictures.
pub(super) fn errors(
    pictures: &Pictures,
    records: &[usize],
    seed: u64,
    of: &mut Guess<'_>,
    progress: &mut dyn FnMut(usize),
) -> Result<Vec<f64>> {
    let (size, numbers_of_one) = (pictures.canvas.size(), pictures.canvas.numbers().max(1));
    let mut errors = Vec::with_capacity(records.len());
    for (part, some) in records.chunks(TOGETHER).enumerate() {
        let mut ways = Vec::with_capacity(some.len());
        let mut labels = Vec::with_capacity(some.len());
        for (i, &record) in some.iter().enumerate() {
            let time = ((part * TOGETHER + i) as f64 * GOLDEN).fract() as f32;
            ways.push(Ways::to(&pictures.numbers(record)?, &[time], size, &mut stream(seed, "way", record))?);
            labels.push(pictures.code(record));
        }
        let ways = Ways::together(&ways)?;
        let found = of(&ways, &labels)?;
        let truth = ways.velocities.data::<f32>()?;
        for (found, truth) in found.chunks(numbers_of_one).zip(truth.chunks(numbers_of_one)) {
            let squares = found.iter().zip(truth).map(|(a, b)| f64::from(a - b).powi(2));
            errors.push(squares.sum::<f64>() / numbers_of_one as f64);
        }
        progress(part * TOGETHER + some.len());
    }
    Ok(errors)
}

/// What the network says of ways.
pub(super) fn velocities(network: &Painter, ways: &Ways, labels: &[u32]) -> Result<Vec<f32>> {
    let labels = Tensor::new(labels, &[labels.len()])?;
    let velocity = network.velocity(&Pass::inference(), &ways.places, &ways.times, &labels)?;
    Ok(velocity.value().data::<f32>()?.to_vec())
}

/// The trivial painter: it knows every pixel by itself, by its mean and variance over the training pictures, and nothing of its neighbours.
pub(super) struct PixelByPixel {
    /// Mean and variance of each number.
    known: Vec<(f64, f64)>,
}

impl PixelByPixel {
    /// Learns from training pictures.
    ///
    /// # Errors
    /// A failure of reading the pictures.
    pub(super) fn of(gallery: &Gallery) -> Result<PixelByPixel> {
        let mut sums = vec![(0.0, 0.0); gallery.pictures.canvas.numbers()];
        let some = gallery.some(Part::Train, COUNTED);
        for &record in &some {
            for (sum, x) in sums.iter_mut().zip(gallery.pictures.numbers(record)?) {
                let x = f64::from(x);
                *sum = (sum.0 + x, sum.1 + x * x);
            }
        }
        let n = some.len().max(1) as f64;
        let known =
            sums.into_iter().map(|(sum, squares)| (sum / n, (squares / n - (sum / n).powi(2)).max(0.0)));
        Ok(PixelByPixel { known: known.collect() })
    }

    /// The mean velocity through each place, if all pixels were normally distributed and knew nothing of each other.
    ///
    /// # Errors
    /// Ways of another type.
    pub(super) fn velocities(&self, ways: &Ways) -> Result<Vec<f32>> {
        let mut out = Vec::with_capacity(ways.places.len());
        let places = ways.places.data::<f32>()?.chunks(self.known.len().max(1));
        for (place, &time) in places.zip(ways.times.data::<f32>()?) {
            let time = f64::from(time);
            for (&x, &(mean, variance)) in place.iter().zip(&self.known) {
                let shared = time * variance - (1.0 - time);
                let spread = time * time * variance + (1.0 - time).powi(2);
                out.push((mean + shared / spread.max(1e-9) * (f64::from(x) - time * mean)) as f32);
            }
        }
        Ok(out)
    }
}
