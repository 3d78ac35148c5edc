//! What a model keeps of the rows that it has learned from, to say later how like them others are.

mod measured;
mod told;

use crate::Result;
use crate::model::Model;
use crate::predict::INFERENCE_BATCH;
use pellucid_insight::trust::{Gaussians, Spread, Usual, folded};
use pellucid_kinds::{Examples, Target, slots};
use pellucid_tensor::Tensor;
use serde::{Deserialize, Serialize};

pub(crate) use measured::{COMPARED, Measure, Measured, measures};
pub use told::Drift;
pub(crate) use told::unlike_column;

/// Training rows that the shape of vectors is learned from, and validation rows that say what is usual, at most; evenly chosen.
const LEARNED: usize = 4_000;
const USUAL: usize = 2_000;

/// What is kept of the rows that were learned from: how each column is spread, and how the vectors lie by which rows are compared. No row is kept.
pub(crate) struct Likeness {
    /// How everything that is measured is spread.
    pub(crate) spreads: Vec<Spread>,
    /// How vectors lie, and how far those of rows are that were not learned from; none where these are too few.
    vectors: Option<(Gaussians, Usual)>,
}

/// The part of it that is not numbers of vectors, as a model's configuration holds it.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Kept {
    spreads: Vec<Spread>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    usual: Option<Usual>,
}

/// The names of its tensors.
pub(crate) const WHITENING: &str = "likeness.whitening";
pub(crate) const MEANS: &str = "likeness.means";

impl Likeness {
    /// Learns from training and validation records.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn learn(
        model: &Model,
        examples: &Examples,
        train: &[usize],
        validation: &[usize],
    ) -> Result<Likeness> {
        let measures = measures(&model.encoder);
        let spreads = Measured::of_records(&measures, examples, train)?.spreads();
        let (of_training, labels) = vectors(model, examples, train, LEARNED)?;
        let width = of_training.first().map_or(0, Vec::len);
        let Some(gaussians) = Gaussians::fit(&of_training.concat(), width, &labels) else {
            return Ok(Likeness { spreads, vectors: None });
        };
        let (others, _) = vectors(model, examples, validation, USUAL)?;
        let usual = Usual::new(others.iter().map(|vector| gaussians.distance(vector)).collect());
        Ok(Likeness { spreads, vectors: usual.map(|usual| (gaussians, usual)) })
    }

    /// Whether it can say how unlike a row is.
    pub(crate) fn rates(&self) -> bool {
        self.vectors.is_some()
    }

    /// How many of so many rows count as unlike by chance, at most.
    pub(crate) fn most_by_chance(&self, rows: usize) -> f64 {
        self.vectors.as_ref().map_or(0.0, |(_, usual)| usual.most_by_chance(rows))
    }

    /// For each of the vectors `[rows, width]` the share of rows that were not learned from whose vectors are more usual; NaN where it is not known.
    ///
    /// # Errors
    /// Vectors that are not `f32`.
    pub(crate) fn rate(&self, vectors: &Tensor) -> Result<Vec<f64>> {
        let rows = vectors.data::<f32>()?.chunks(vectors.shape().last().max(1));
        let Some((gaussians, usual)) = &self.vectors else { return Ok(rows.map(|_| f64::NAN).collect()) };
        Ok(rows.map(|row| usual.share_nearer(gaussians.distance(&folded(row)))).collect())
    }

    /// What is stored of it: its configuration, and its tensors by name.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn kept(&self) -> Result<(Kept, Vec<(&'static str, Tensor)>)> {
        let kept = |usual| Kept { spreads: self.spreads.clone(), usual };
        let Some((gaussians, usual)) = &self.vectors else { return Ok((kept(None), Vec::new())) };
        let width = gaussians.whitening.len().isqrt();
        let table = |numbers: &[f32]| Tensor::new(numbers, &[numbers.len() / width.max(1), width]);
        let tensors = vec![(WHITENING, table(&gaussians.whitening)?), (MEANS, table(&gaussians.means)?)];
        Ok((kept(Some(usual.clone())), tensors))
    }

    /// What was stored, of a model with so many measures whose vectors are so long; none if its parts do not fit together.
    pub(crate) fn restore(
        kept: Kept,
        tensors: [Option<Tensor>; 2],
        (measures, width): (usize, usize),
    ) -> Option<Likeness> {
        let vectors = match (kept.usual, tensors) {
            (Some(usual), [Some(whitening), Some(means)]) => {
                let width = folded(&vec![0.0; width]).len();
                let fits = |t: &Tensor| t.shape().rank() == 2 && t.shape().last() == width;
                if !fits(&whitening) || !fits(&means) || whitening.shape()[0] != width {
                    return None;
                }
                let numbers = |t: &Tensor| t.data::<f32>().ok().map(<[f32]>::to_vec);
                let gaussians = Gaussians { whitening: numbers(&whitening)?, means: numbers(&means)? };
                Some((gaussians, usual))
            }
            (None, [None, None]) => None,
            _ => return None,
        };
        (kept.spreads.len() == measures).then_some(Likeness { spreads: kept.spreads, vectors })
    }
}

/// The vectors by which some records are compared, folded, and their classes: those of the first column of classes, one class where there is none.
/// Records of which the class is not known are left out.
fn vectors(
    model: &Model,
    examples: &Examples,
    records: &[usize],
    most: usize,
) -> Result<(Vec<Vec<f32>>, Vec<usize>)> {
    let targets = model.batcher.targets();
    let slot = targets.iter().zip(slots(targets)).find(|(t, _)| matches!(t, Target::Classes { .. }));
    let label = |i: usize| match &slot {
        Some((_, slot)) => examples.targets(i).get(slot.start).filter(|x| x.is_finite()).map(|&x| x as usize),
        None => Some(0),
    };
    let step = records.len().div_ceil(most).max(1);
    let some: Vec<(usize, usize)> =
        records.iter().step_by(step).filter_map(|&i| Some((i, label(i)?))).collect();
    let (chosen, labels): (Vec<usize>, Vec<usize>) = some.into_iter().unzip();
    let mut all = Vec::with_capacity(chosen.len());
    for some in chosen.chunks(INFERENCE_BATCH) {
        let compared = model.network.compared(&model.batcher.batch(examples, some, None)?)?;
        let width = compared.shape().last().max(1);
        all.extend(compared.value().data::<f32>()?.chunks(width).map(folded));
    }
    Ok((all, labels))
}
