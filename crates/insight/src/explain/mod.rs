//! Why a network answered as it did, and how far to trust what is said about that.
//!
//! An input is a list of *parts*: the columns of a row, the words of a text, the fields of a picture or of a sound's spectrum. An
//! explanation gives each part a number, what it adds to the answer. Nothing here knows a network: [`Parts`] answers for inputs
//! of which parts are missing, and that is enough to work out explanations ([`shapley`], [`occlusion`], [`integrated`]) and to
//! measure them ([`faithfulness`], [`rank_correlation`]): an explanation is only worth showing if taking away what it names changes
//! the answer more than taking away anything else.

mod channels;
mod dependent;
mod faithful;
mod gauss;
mod learned_from;
mod occluded;
mod shapley_values;
mod similar;
mod without;

use pellucid_tensor::Stream;

pub use channels::{Driven, Said, driven, telling_channels};
pub use dependent::{MeanAnswer, partial_dependence, quantile_places};
pub use faithful::{Curve, Effort, Faithfulness, faithfulness};
pub use gauss::{Integrated, Slopes, gauss_legendre, integrated};
pub use learned_from::{Largest, cosine, push};
pub use occluded::occlusion;
pub use shapley_values::{Samples, shapley};
pub use similar::rank_correlation;
pub use without::{Missed, alignment_missed};

/// An input of which only some parts are there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Case {
    /// Which parts are there.
    pub there: Vec<bool>,
    /// The background that the others are taken from.
    pub background: usize,
}

/// An answer to one input as a function of which of its parts are there.
pub trait Parts {
    /// What can go wrong.
    type Error;

    /// How many parts there are.
    fn count(&self) -> usize;

    /// How many backgrounds there are, at least one: what stands in the place of parts that are missing.
    fn backgrounds(&self) -> usize;

    /// The answers to some cases, in their order.
    ///
    /// # Errors
    /// Whatever a network can meet.
    fn answers(&self, cases: &[Case]) -> Result<Vec<f64>, Self::Error>;
}

/// What each part of an input adds to the answer.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Attribution {
    /// By part, in the answer's unit.
    pub values: Vec<f64>,
    /// The standard error of each value, where they were sampled.
    pub errors: Option<Vec<f64>>,
    /// The answer if no part is there, the mean over backgrounds.
    pub nothing: f64,
    /// The answer if all are.
    pub everything: f64,
}

impl Attribution {
    /// The parts, the one that adds most first.
    pub fn order(&self) -> Vec<usize> {
        let mut order: Vec<usize> = (0..self.values.len()).collect();
        order.sort_by(|&a, &b| self.values[b].total_cmp(&self.values[a]).then(a.cmp(&b)));
        order
    }

    /// By how much the values fail to add up to what all parts together change, as a share of the larger of both.
    pub fn gap(&self) -> f64 {
        let (sum, change) = (self.values.iter().sum::<f64>(), self.everything - self.nothing);
        let size = f64::max(sum.abs(), change.abs());
        if size > 0.0 { (sum - change).abs() / size } else { 0.0 }
    }
}

/// Case with all parts there but those that `missing` says.
fn without(count: usize, background: usize, missing: impl Fn(usize) -> bool) -> Case {
    Case { there: (0..count).map(|part| !missing(part)).collect(), background }
}

/// The mean answer over `backgrounds`, for each of some sets of parts that are there.
fn means<P: Parts + ?Sized>(
    parts: &P,
    there: &[Vec<bool>],
    backgrounds: usize,
) -> Result<Vec<f64>, P::Error> {
    let case = |there: &Vec<bool>, background| Case { there: there.clone(), background };
    let cases: Vec<Case> =
        there.iter().flat_map(|there| (0..backgrounds).map(move |b| case(there, b))).collect();
    let answers = parts.answers(&cases)?;
    Ok(answers.chunks(backgrounds.max(1)).map(|some| some.iter().sum::<f64>() / some.len() as f64).collect())
}

/// An order of `count` parts by chance.
fn shuffled(count: usize, random: &mut Stream) -> Vec<usize> {
    let mut order: Vec<usize> = (0..count).collect();
    random.shuffle(&mut order);
    order
}

#[cfg(test)]
pub(crate) mod made {
    //! Answers that are known in closed form.
    use super::{Case, Parts};
    use std::convert::Infallible;

    /// A function of numbers, of which those that are missing are taken from a background.
    pub(crate) struct Function<F> {
        pub(crate) x: Vec<f64>,
        pub(crate) backgrounds: Vec<Vec<f64>>,
        pub(crate) f: F,
    }

    impl<F: Fn(&[f64]) -> f64> Parts for Function<F> {
        type Error = Infallible;

        fn count(&self) -> usize {
            self.x.len()
        }

        fn backgrounds(&self) -> usize {
            self.backgrounds.len()
        }

        fn answers(&self, cases: &[Case]) -> Result<Vec<f64>, Infallible> {
            let answer = |case: &Case| {
                let other = &self.backgrounds[case.background];
                let mixed = self.x.iter().zip(other).zip(&case.there);
                let mixed: Vec<f64> = mixed.map(|((x, b), there)| if *there { *x } else { *b }).collect();
                (self.f)(&mixed)
            };
            Ok(cases.iter().map(answer).collect())
        }
    }
}
