//! What a network must produce for a target column: its loss and how outputs are read.

use pellucid_grad::{Var, ops};
use pellucid_tensor::{Result, Tensor};
use std::ops::Range;

/// Errors beyond this many standard deviations of the answers count linearly, smaller ones squared.
const OUTLIER: f64 = 3.0;

/// What has to be answered.
#[derive(Clone, Debug, PartialEq)]
pub enum Target {
    /// One of several classes.
    Classes {
        /// Their names, by code.
        names: Vec<String>,
        /// Training rows of each.
        counts: Vec<usize>,
    },
    /// Any number of tags.
    Tags {
        /// Their names, by position.
        names: Vec<String>,
        /// Training rows of each.
        counts: Vec<usize>,
        /// Training rows whose tags are known.
        rows: usize,
        /// Rare tags that are not learned.
        left_out: usize,
        /// Whether every training row has a tag.
        always: bool,
        /// The most frequent combination: positions, ascending.
        commonest: Vec<usize>,
        /// What is written between tags.
        separator: String,
    },
    /// A number.
    Number {
        /// Training mean.
        mean: f64,
        /// Training standard deviation.
        scale: f64,
        /// Training median.
        median: f64,
    },
}

/// How a target is learned.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TargetOptions {
    /// For classes, share of the label spread over all of them (Szegedy et al. 2016).
    pub smoothing: f64,
    /// Weights of the classes, `[classes]`.
    pub class_weights: Option<Vec<f32>>,
}

/// A network's answer for one row and target.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Probabilities of the classes.
    Class(Vec<f32>),
    /// Probabilities of the tags, each by itself.
    Tags(Vec<f32>),
    /// A number in the target's own unit.
    Number(f64),
}

impl Target {
    /// How many outputs the network needs.
    pub fn outputs(&self) -> usize {
        match self {
            Target::Classes { names, .. } | Target::Tags { names, .. } => names.len(),
            Target::Number { .. } => 1,
        }
    }

    /// How many numbers of a [`Record`](crate::Record) hold its answer: one for each tag, else one.
    pub fn slots(&self) -> usize {
        match self {
            Target::Tags { names, .. } => names.len(),
            Target::Classes { .. } | Target::Number { .. } => 1,
        }
    }

    /// The loss of `outputs` `[n, outputs]` against `truth` (`[n]`, classes as `u32`, standardised numbers as
    /// `f32`; `[n, tags]`, 0 or 1 as `f32`), a mean weighted by `weights` `[n]`: cross entropy for classes; for tags the sum of
    /// their binary cross entropies, which is that of the whole answer if tags are independent, given the inputs; for numbers
    /// Huber's loss on standardised values, which forgives outliers.
    ///
    /// # Errors
    /// Shapes that do not fit.
    pub fn loss(
        &self,
        outputs: &Var,
        truth: &Tensor,
        weights: &Tensor,
        options: &TargetOptions,
    ) -> Result<Var> {
        match self {
            Target::Classes { .. } => {
                let classes = match &options.class_weights {
                    Some(w) => Some(Tensor::new(w, &[w.len()])?),
                    None => None,
                };
                ops::cross_entropy(outputs, truth, options.smoothing, classes.as_ref(), Some(weights))
            }
            Target::Tags { names, .. } => {
                let mean = ops::binary_cross_entropy(outputs, truth, 1.0, Some(weights))?;
                ops::scale(&mean, names.len() as f64)
            }
            Target::Number { .. } => {
                let outputs = ops::reshape(outputs, &[truth.len()])?;
                ops::huber(&outputs, truth, OUTLIER, Some(weights))
            }
        }
    }

    /// The answer that one row of outputs stands for.
    pub fn answer(&self, outputs: &[f32]) -> Answer {
        match self {
            Target::Classes { .. } => {
                let max = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
                let powers: Vec<f32> = outputs.iter().map(|o| (o - max).exp()).collect();
                let sum: f32 = powers.iter().sum();
                Answer::Class(powers.iter().map(|p| p / sum).collect())
            }
            Target::Tags { .. } => Answer::Tags(outputs.iter().map(|x| 1.0 / (1.0 + (-x).exp())).collect()),
            Target::Number { mean, scale, .. } => {
                Answer::Number(f64::from(outputs.first().copied().unwrap_or(0.0)) * scale + mean)
            }
        }
    }
}

/// Where the numbers of each target stand among all of a record, in order.
pub fn slots(targets: &[Target]) -> Vec<Range<usize>> {
    let mut start = 0;
    let next = |target: &Target| {
        let range = start..start + target.slots();
        start = range.end;
        range
    };
    targets.iter().map(next).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_probabilities_and_own_units() {
        let classes = Target::Classes { names: vec!["a".into(), "b".into()], counts: vec![1, 1] };
        let Answer::Class(p) = classes.answer(&[1000.0, 1000.0 + 3f32.ln()]) else { unreachable!() };
        assert!((p[0] - 0.25).abs() < 1e-4 && (p[1] - 0.75).abs() < 1e-4);
        let number = Target::Number { mean: 10.0, scale: 2.0, median: 9.0 };
        assert_eq!(number.answer(&[0.5]), Answer::Number(11.0));
        let Answer::Tags(p) = tags(3).answer(&[0.0, 3f32.ln(), -200.0]) else { unreachable!() };
        assert!((p[0] - 0.5).abs() < 1e-6 && (p[1] - 0.75).abs() < 1e-6 && (0.0..1e-6).contains(&p[2]));
    }

    fn tags(n: usize) -> Target {
        Target::Tags {
            names: (0..n).map(|i| i.to_string()).collect(),
            counts: vec![1; n],
            rows: n,
            left_out: 0,
            always: true,
            commonest: vec![0],
            separator: " ".into(),
        }
    }

    #[test]
    fn the_loss_of_tags_is_the_surprise_at_the_whole_answer() {
        let tape = pellucid_grad::Tape::idle();
        let outputs = tape.constant(&Tensor::new(&[3f32.ln(), 0.0, -9.0, 9.0], &[2, 2]).unwrap());
        let truth = Tensor::new(&[1f32, 0.0, 0.0, 0.0], &[2, 2]).unwrap();
        let weights = Tensor::new(&[1f32, 0.0], &[2]).unwrap();
        let loss = tags(2).loss(&outputs, &truth, &weights, &TargetOptions::default()).unwrap();
        let expected = -(0.75f64.ln() + 0.5f64.ln());
        assert!((loss.value().item().unwrap() - expected).abs() < 1e-6, "the second row is not known");
    }

    #[test]
    fn each_target_has_its_slots() {
        let number = Target::Number { mean: 0.0, scale: 1.0, median: 0.0 };
        assert_eq!(slots(&[number.clone(), tags(3), number]), [0..1, 1..4, 4..5]);
    }
}
