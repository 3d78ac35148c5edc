//! How well a network foresees what people wrote: the likelihood that it gave to it.

use super::rows::check_row_count;
use super::{Counts, Format, LikelihoodMetric, Metric, MetricError};
use std::f64::consts::LN_2;

/// Stretches of something that is written step by step, and how likely a network held them to be.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct LikelihoodRows {
    stretches: Vec<Stretch>,
}

/// One stretch.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Stretch {
    /// What it cost the network: the negative logarithm of its probability, in nats; of a picture, the squared error of the way to it.
    pub cost: f64,
    /// Steps in which it is written: pieces of words, or characters.
    pub steps: u32,
    /// What is counted of it: characters, numbers of a picture.
    pub units: u32,
}

impl LikelihoodRows {
    /// Checks the stretches.
    ///
    /// # Errors
    /// [`MetricError`] when a likelihood is not finite.
    pub fn new(stretches: Vec<Stretch>) -> Result<Self, MetricError> {
        check_row_count(stretches.len())?;
        match stretches.iter().position(|stretch| !stretch.cost.is_finite()) {
            Some(row) => Err(MetricError::Value { row, value: stretches[row].cost }),
            None => Ok(Self { stretches }),
        }
    }

    /// How many stretches there are.
    pub fn len(&self) -> usize {
        self.stretches.len()
    }

    /// True without stretches.
    pub fn is_empty(&self) -> bool {
        self.stretches.is_empty()
    }

    /// All of the cost by all of what is counted; `None` without any.
    fn per(&self, counts: &Counts, of: fn(&Stretch) -> u32) -> Option<f64> {
        let (mut nats, mut all) = (0.0, 0.0);
        for (stretch, &times) in self.stretches.iter().zip(counts.times()) {
            nats += f64::from(times) * stretch.cost;
            all += f64::from(times) * f64::from(of(stretch));
        }
        (all > 0.0).then(|| nats / all)
    }
}

fn units(stretch: &Stretch) -> u32 {
    stretch.units
}

/// −log₂ of the probability of the whole text, by its characters: what a compressor with this network would need (Shannon 1951,
/// "Prediction and entropy of printed English").
pub(super) const BITS_PER_CHARACTER: LikelihoodMetric = LikelihoodMetric {
    metric: Metric {
        name: "bits_per_character",
        label: "Surprise by a character (bits)",
        meaning: "How surprised it is, on average, by the next character of texts that people wrote: 1 bit is a guess between two \
                  equally likely characters, and so many bits a character would a compressor need that uses this network.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| rows.per(counts, units).map(|nats| nats / LN_2),
};

/// The same in nats, as the loss of language models is stated.
pub(super) const NATS_PER_CHARACTER: LikelihoodMetric = LikelihoodMetric {
    metric: Metric {
        name: "nats_per_character",
        label: "Surprise by a character (nats)",
        meaning: "The same in the unit of the loss: 1 nat is 1.443 bits.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| rows.per(counts, units),
};

/// −ln of the probability of all that happens in a frame, a sixteenth: the unit of the literature on polyphonic music
/// (Boulanger-Lewandowski et al., arXiv 1206.6392).
pub(super) const NATS_PER_FRAME: LikelihoodMetric = LikelihoodMetric {
    metric: Metric {
        name: "nats_per_frame",
        label: "Surprise by a sixteenth (nats)",
        meaning: "How surprised it is, on average, by what ends and begins in the next sixteenth of melodies that people wrote: \
                  0.693 nats are a guess between two things that are equally likely.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| rows.per(counts, units),
};

/// The mean squared error of the velocity from noise to a picture, by number of the picture (Lipman et al., arXiv 2210.02747); weighted over
/// time it bounds the likelihood (Kingma & Gao, arXiv 2303.00848).
pub(super) const FLOW_ERROR: LikelihoodMetric = LikelihoodMetric {
    metric: Metric {
        name: "flow_error",
        label: "Error of the way from noise to a picture",
        meaning: "How far off it is, on average, about the way from noise to pictures that it never saw, as a mean square over pixels: \
                  smaller means that it knows better what pictures look like, but never 0, because noise cannot be foreseen.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| rows.per(counts, units),
};

/// e to the mean nats of a step: among how many equally likely pieces it seems to choose (Jelinek et al. 1977).
pub(super) const PERPLEXITY: LikelihoodMetric = LikelihoodMetric {
    metric: Metric {
        name: "perplexity",
        label: "Perplexity",
        meaning: "Among how many equally likely pieces it seems to choose each time; only networks with the same pieces can be compared.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| rows.per(counts, |stretch| stretch.steps).map(f64::exp),
};

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::super::{WRITING_METRICS, score_likelihood};
    use super::*;

    #[test]
    fn equally_likely_pieces_are_as_many_as_they_are() {
        // Eight pieces, each as likely, of two characters each.
        let stretch = |steps: u32| Stretch { cost: f64::from(steps) * 8f64.ln(), steps, units: 2 * steps };
        let rows = LikelihoodRows::new(vec![stretch(3), stretch(50)]).unwrap();
        let scores: Vec<f64> =
            score_likelihood(&rows, &WRITING_METRICS).into_iter().map(|(_, value)| value.unwrap()).collect();
        let want = [1.5, 1.5 * LN_2, 8.0];
        assert!(scores.iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-12), "{scores:?}");
    }

    #[test]
    fn long_stretches_weigh_more_and_nothing_has_no_score() {
        let stretch = |cost: f64, units: u32| Stretch { cost, steps: units, units };
        let rows = LikelihoodRows::new(vec![stretch(1.0, 1), stretch(0.0, 3)]).unwrap();
        assert_eq!((NATS_PER_CHARACTER.score)(&rows, &Counts::once(2)), Some(0.25));
        assert_eq!((NATS_PER_CHARACTER.score)(&rows, &Counts::new(vec![0, 2])), Some(0.0));
        let none = LikelihoodRows::default();
        assert!(
            none.is_empty()
                && score_likelihood(&none, &WRITING_METRICS).iter().all(|(_, value)| value.is_none())
        );
        let wrong = LikelihoodRows::new(vec![stretch(1.0, 1), stretch(f64::NAN, 1)]).unwrap_err();
        assert!(matches!(wrong, MetricError::Value { row: 1, .. }));
    }
}
