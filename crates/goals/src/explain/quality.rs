//! How far to trust an explanation: what is measured before it is shown.

use super::method::{Found, Method, Precision, find};
use super::parts::Part;
use super::question::Question;
use crate::Result;
use crate::model::Model;
use crate::predict::Network;
use pellucid_insight::explain::{Effort, faithfulness, rank_correlation};
use pellucid_insight::report::data::Quality;
use pellucid_kinds::{Encoder, Feature, Record};
use pellucid_nn::Seed;
use pellucid_tensor::Stream;

/// Multiply-adds of an answer beyond which explanations are measured less thoroughly.
const DEAR: f64 = 1e8;

/// With fewer parts two orders are alike too often by chance to say anything.
const FEWEST: usize = 10;

/// What is changed a little: numbers by so many deviations, pixels and powers by so many steps of 255.
const NUMBERS: f64 = 0.02;
const BYTES: f32 = 3.0;

/// The seed of the network that has learned nothing.
const UNLEARNED: u64 = 0x0bad;

/// Measures an explanation; `unlearned` is [the same network](unlearned) before it has learned.
///
/// # Errors
/// No memory.
pub(super) fn measure(
    method: Method,
    found: &Found,
    question: &Question<'_>,
    unlearned: &Model,
    record: &Record,
    parts: &[Part],
    seed: u64,
) -> Result<Quality> {
    let dear = question.multiply_adds > DEAR;
    let effort =
        Effort { steps: if dear { 5 } else { 10 }, orders: if dear { 9 } else { 19 }, backgrounds: 8, seed };
    let attribution = &found.attribution;
    let faithfulness = faithfulness(question, attribution, effort)?;
    let precision = if dear { Precision::Rough } else { Precision::Full };
    let again = |model: &Model, record: &Record| -> Result<f64> {
        let absent = question.absent.of(record);
        let question = Question { model, absent, ..*question };
        let other = find(method, &question, record, parts, (seed, precision))?;
        Ok(rank_correlation(&attribution.values, &other.attribution.values))
    };
    let enough = parts.len() >= FEWEST;
    let near = if enough { shaken(question.model, record, seed) } else { None };
    let stability = near.map(|near| again(question.model, &near)).transpose()?;
    let unlearned = enough.then(|| again(unlearned, record)).transpose()?.map(f64::abs);
    let gap = method.adds_up().then(|| attribution.gap());
    Ok(Quality { faithfulness, stability, unlearned, gap })
}

/// The same network before it has learned anything (Adebayo et al., arXiv 1810.03292): an explanation that stays the same does not show what
/// was learned. It answers records only, so it has no columns.
///
/// # Errors
/// No memory.
pub(super) fn unlearned(model: &Model) -> Result<Model> {
    let columns = Encoder { inputs: Vec::new(), targets: Vec::new() };
    let network = Network::build(&model.blueprint, &model.batcher, &Seed::new(UNLEARNED))?;
    Ok(Model::new(columns, model.batcher.clone(), network, model.blueprint.clone()))
}

/// The record changed so little that nobody would call it another; `None` if nothing in it can be changed a little.
fn shaken(model: &Model, record: &Record, seed: u64) -> Option<Record> {
    if record.numbers.is_empty() && record.pictures.is_empty() {
        return None;
    }
    let mut random = Stream::new(seed, "shaken", 0);
    let mut near = record.clone();
    let scales = model.batcher.features().iter().filter_map(|f| match f {
        Feature::Number { scale, .. } => Some(*scale),
        _ => None,
    });
    for (x, scale) in near.numbers.iter_mut().zip(scales) {
        *x += NUMBERS * scale * f64::from(random.normal());
    }
    for byte in &mut near.pictures {
        *byte = (f32::from(*byte) + BYTES * random.normal()).round().clamp(0.0, 255.0) as u8;
    }
    Some(near)
}
