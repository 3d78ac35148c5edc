//! The network that predicts, as people see it.

use super::Network;
use crate::networks::{Structure, end};
use pellucid_insight::report::data::End;
use pellucid_kinds::{Feature, Target};
use pellucid_tensor::Result;

/// So many names are told, others counted.
const TOLD: usize = 3;

impl Network {
    /// What goes in, its layers, and the answers to columns of these names.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub(crate) fn structure(&self, targets: &[String]) -> Result<Structure> {
        let answer =
            |(k, (name, target)): (usize, (&String, &Target))| end(name, answers(target), &[k as u32]);
        let answers = targets.iter().zip(self.batcher().targets()).enumerate().map(answer).collect();
        Ok(Structure { inputs: inputs(self.batcher().features()), layers: self.describe()?, answers })
    }
}

/// Columns as they enter: numbers together, categories together, others each by a lane of its own.
fn inputs(features: &[Feature]) -> Vec<End> {
    let (mut numbers, mut codes, mut pictures, mut texts) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for feature in features {
        match feature {
            Feature::Number { name, .. } => numbers.push(name.as_str()),
            Feature::Code { name, .. } => codes.push(name.as_str()),
            Feature::Text { name, length, .. } => {
                texts.push((name, format!("up to {length} pieces of words")))
            }
            Feature::Picture { name, height, width, channels, .. } => {
                let colours = if *channels == 1 { "grey" } else { "in colour" };
                pictures.push((name, format!("{width} × {height} pixels, {colours}")));
            }
            Feature::Sound { name, frames, bands, .. } => {
                pictures.push((name, format!("{bands} pitches at {frames} moments")));
            }
        }
    }
    let mut inputs = Vec::new();
    if !numbers.is_empty() {
        inputs.push(end(counted(&numbers, "number", "numbers"), listed(&numbers), &[]));
    }
    let mut lanes = 0..;
    if !codes.is_empty() {
        let lane = lanes.next().unwrap_or_default();
        inputs.push(end(counted(&codes, "category", "categories"), listed(&codes), &[lane]));
    }
    inputs.extend(
        pictures.into_iter().chain(texts).zip(lanes).map(|((name, what), lane)| end(name, what, &[lane])),
    );
    inputs
}

/// `4 numbers`.
fn counted(names: &[&str], one: &str, several: &str) -> String {
    format!("{} {}", names.len(), if names.len() == 1 { one } else { several })
}

/// `age, height, weight and 4 more`.
fn listed(names: &[&str]) -> String {
    let told = names.get(..TOLD).unwrap_or(names).join(", ");
    match names.len().checked_sub(TOLD) {
        Some(more) if more > 0 => format!("{told} and {more} more"),
        _ => told,
    }
}

/// What can be answered.
fn answers(target: &Target) -> String {
    match target {
        Target::Classes { names, .. } if names.len() <= TOLD => names.join(" or "),
        Target::Classes { names, .. } => format!("one of {} classes", names.len()),
        Target::Tags { names, .. } => format!("any of {} tags", names.len()),
        Target::Number { .. } => "a number".to_owned(),
    }
}
