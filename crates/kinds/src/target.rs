//! What a network must produce for a target column: its loss and how outputs are read.

use pellucid_grad::{Var, ops};
use pellucid_tensor::{Result, Tensor};

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
    /// Share of the label spread over all classes (Szegedy et al. 2016).
    pub smoothing: f64,
    /// Weights of the classes, `[classes]`.
    pub class_weights: Option<Vec<f32>>,
}

/// A network's answer for one row and target.
#[derive(Clone, Debug, PartialEq)]
pub enum Answer {
    /// Probabilities of the classes.
    Class(Vec<f32>),
    /// A number in the target's own unit.
    Number(f64),
}

impl Target {
    /// How many outputs the network needs.
    pub fn outputs(&self) -> usize {
        match self {
            Target::Classes { names, .. } => names.len(),
            Target::Number { .. } => 1,
        }
    }

    /// The loss of `outputs` `[n, outputs]` against `truth` (`[n]`, classes as `u32`, standardised numbers as
    /// `f32`), a mean weighted by `weights` `[n]`: cross entropy for classes; for numbers Huber's loss on
    /// standardised values, which forgives outliers.
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
            Target::Number { mean, scale, .. } => {
                Answer::Number(f64::from(outputs.first().copied().unwrap_or(0.0)) * scale + mean)
            }
        }
    }
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
    }
}
