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

    /// The slope of a row's [`loss`](Self::loss) by its `outputs`, up to a factor that all rows of a batch share; `truth` are its numbers of a
    /// [`Record`](crate::Record). `None` where the truth is not known.
    pub fn slopes(&self, outputs: &[f32], truth: &[f64], options: &TargetOptions) -> Option<Vec<f64>> {
        let first = *truth.first().filter(|t| !t.is_nan())?;
        Some(match self {
            Target::Classes { names, .. } => {
                let weight = |class: usize| {
                    options.class_weights.as_ref().and_then(|w| w.get(class)).map_or(1.0, |&w| f64::from(w))
                };
                let (label, classes) = (first as usize, names.len().max(1) as f64);
                let own = (1.0 - options.smoothing) * weight(label);
                let all: f64 = (0..names.len()).map(weight).sum();
                let slope = |(class, p): (usize, f64)| {
                    let spread = options.smoothing / classes * (all * p - weight(class));
                    own * (p - f64::from(u8::from(class == label))) + spread
                };
                probabilities(outputs).into_iter().enumerate().map(slope).collect()
            }
            Target::Tags { .. } => {
                let slope = |(&x, &t): (&f32, &f64)| 1.0 / (1.0 + (-f64::from(x)).exp()) - t;
                outputs.iter().zip(truth).map(slope).collect()
            }
            Target::Number { mean, scale, .. } => {
                let slope = |&x: &f32| (f64::from(x) - (first - mean) / scale).clamp(-OUTLIER, OUTLIER);
                outputs.iter().take(1).map(slope).collect()
            }
        })
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

/// The softmax of outputs in double precision: what is left of a class that is nearly certain counts here.
fn probabilities(outputs: &[f32]) -> Vec<f64> {
    let most = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f64> = outputs.iter().map(|&x| f64::from(x - most).exp()).collect();
    let sum: f64 = powers.iter().sum();
    powers.into_iter().map(|power| power / sum).collect()
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
    fn slopes_of_single_rows_are_those_of_the_loss() {
        let classes =
            Target::Classes { names: ["a", "b", "c"].map(str::to_owned).to_vec(), counts: vec![1; 3] };
        let number = Target::Number { mean: 10.0, scale: 2.0, median: 9.0 };
        let weighted = TargetOptions { smoothing: 0.1, class_weights: Some(vec![0.5, 1.0, 2.5]) };
        let plain = TargetOptions::default;
        let whole = |t: &[f64]| Tensor::new(&[t[0] as u32], &[1]).unwrap();
        let several =
            |t: &[f64]| Tensor::new(&t.iter().map(|&t| t as f32).collect::<Vec<_>>(), &[1, t.len()]).unwrap();
        let standard = |t: &[f64]| Tensor::new(&[((t[0] - 10.0) / 2.0) as f32], &[1]).unwrap();
        // What the loss of one row is divided by: the weight of its class, for whichever it is.
        type Case<'a> = (&'a Target, &'a [f32], &'a [f64], TargetOptions, Tensor, f64);
        let cases: [Case<'_>; 5] = [
            (&classes, &[1.0, -0.5, 0.2], &[2.0], plain(), whole(&[2.0]), 1.0),
            (&classes, &[1.0, -0.5, 0.2], &[2.0], weighted.clone(), whole(&[2.0]), 2.5),
            (&tags(2), &[0.7, -3.0], &[1.0, 0.0], plain(), several(&[1.0, 0.0]), 1.0),
            (&number, &[0.5], &[12.0], plain(), standard(&[12.0]), 1.0),
            (&number, &[9.0], &[12.0], plain(), standard(&[12.0]), 1.0),
        ];
        for (target, outputs, truth, options, values, shared) in cases {
            let tape = pellucid_grad::Tape::new();
            let x = tape.watch(&Tensor::new(outputs, &[1, outputs.len()]).unwrap());
            let one = Tensor::new(&[1f32], &[1]).unwrap();
            let gradients = target.loss(&x, &values, &one, &options).unwrap().backward().unwrap();
            let expected = gradients.of(&x).unwrap().to_dense().unwrap().to_vec();
            let found = target.slopes(outputs, truth, &options).unwrap();
            assert_eq!(found.len(), expected.len());
            let near = |(a, b): (&f64, &f64)| (a / shared - b).abs() < 1e-6;
            assert!(found.iter().zip(&expected).all(near), "{target:?}: {found:?}, not {expected:?}");
        }
        assert_eq!(classes.slopes(&[0.0; 3], &[f64::NAN], &plain()), None);
    }

    #[test]
    fn each_target_has_its_slots() {
        let number = Target::Number { mean: 0.0, scale: 1.0, median: 0.0 };
        assert_eq!(slots(&[number.clone(), tags(3), number]), [0..1, 1..4, 4..5]);
    }
}
