//! Sets of classes and intervals of numbers that hold the truth as often as was asked.

use serde::{Deserialize, Serialize};

/// Scores that are kept; of more, evenly chosen ones, each the larger of those it stands for.
const KEPT: usize = 2_000;

/// How surprising a class is, by an answer's probabilities.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Surprise {
    /// One less its probability (LAC; Sadinle et al., arXiv 1609.00451): the smallest sets on average.
    Unlikely,
    /// The probability of all classes that are at least as likely (APS; Romano et al., arXiv 2006.02544, without its random part, so sets are rather too
    /// large): larger sets where the network is in doubt, smaller ones where it is not.
    Ranked,
}

impl Surprise {
    /// How surprising this class is.
    pub fn of(self, p: &[f32], class: usize) -> f64 {
        let own = p.get(class).copied().unwrap_or_default();
        match self {
            Surprise::Unlikely => 1.0 - f64::from(own),
            Surprise::Ranked => p.iter().filter(|&&other| other >= own).map(|&other| f64::from(other)).sum(),
        }
    }
}

/// Split conformal prediction (Vovk et al. 2005; Angelopoulos & Bates, arXiv 2107.07511): what was surprising in rows that were not learned
/// from says how far an answer must reach to hold the truth in a given share of cases, whatever the network, if new rows are like those.
/// For classes, the score is how surprising the true one is ([`Surprise`]); for numbers the absolute error, as a multiple of the usual one for such a row where
/// that is known ([`Width`](super::Width)).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Conformal {
    /// Ascending.
    scores: Vec<f64>,
}

impl Conformal {
    /// From the scores of rows that were not learned from.
    pub fn new(mut scores: Vec<f64>) -> Conformal {
        scores.retain(|score| score.is_finite());
        scores.sort_by(f64::total_cmp);
        if scores.len() > KEPT {
            let last = |i: usize| scores[(i + 1) * scores.len() / KEPT - 1];
            scores = (0..KEPT).map(last).collect();
        }
        Conformal { scores }
    }

    /// Whether nothing is known.
    pub fn is_empty(&self) -> bool {
        self.scores.is_empty()
    }

    /// The score that new rows do not exceed in this share of cases; none where too few rows are known to say.
    pub fn reach(&self, coverage: f64) -> Option<f64> {
        let n = self.scores.len();
        let rank = (coverage * (n + 1) as f64).ceil() as usize;
        self.scores.get(rank.max(1) - 1).copied()
    }

    /// The classes that an answer must name to hold the true one in this share of cases: all those whose surprise is not too large, and the
    /// likeliest in any case. All of them where too few rows are known.
    pub fn classes(&self, p: &[f32], surprise: Surprise, coverage: f64) -> Vec<bool> {
        let reach = self.reach(coverage).unwrap_or(f64::INFINITY);
        let mut named: Vec<bool> = (0..p.len()).map(|class| surprise.of(p, class) <= reach).collect();
        if !named.contains(&true) {
            let best = p.iter().enumerate().max_by(|a, b| a.1.total_cmp(b.1)).map(|(best, _)| best);
            best.into_iter().for_each(|best| named[best] = true);
        }
        named
    }

    /// The interval around a number that holds the true one in this share of cases, where answers to such rows are usually off by `width` (1 if that is
    /// not known); unbounded where too few rows are known.
    pub fn interval(&self, answer: f64, width: f64, coverage: f64) -> (f64, f64) {
        let reach = self.reach(coverage).unwrap_or(f64::INFINITY) * width;
        (answer - reach, answer + reach)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_tensor::Stream;

    /// Over a hundred splits, the truth is held as often as asked: the mean inside the interval of so many draws.
    #[test]
    fn sets_and_intervals_hold_the_truth_as_often_as_asked() {
        const SPLITS: usize = 100;
        const ROWS: usize = 500;
        let (mut held_classes, mut held_numbers, mut held_ranked) = (0, 0, 0);
        for split in 0..SPLITS {
            let mut random = Stream::new(split as u64, "rows", 0);
            // Probabilities that are far from true: coverage holds all the same.
            let mut row = || {
                let label = random.below(3);
                let mut scores = [0.0f32; 3].map(|_| 2.0 * random.normal());
                scores[label] += 1.5;
                let sum: f32 = scores.iter().map(|x| x.exp()).sum();
                (label, scores.map(|x| x.exp() / sum), random.normal() * random.normal())
            };
            let known: Vec<_> = (0..ROWS).map(|_| row()).collect();
            let of = |surprise: Surprise| {
                Conformal::new(known.iter().map(|(label, p, _)| surprise.of(p, *label)).collect())
            };
            let (classes, ranked) = (of(Surprise::Unlikely), of(Surprise::Ranked));
            let numbers = Conformal::new(known.iter().map(|(_, _, error)| f64::from(error.abs())).collect());
            for (label, p, error) in (0..ROWS).map(|_| row()) {
                held_classes += usize::from(classes.classes(&p, Surprise::Unlikely, 0.9)[label]);
                held_ranked += usize::from(ranked.classes(&p, Surprise::Ranked, 0.9)[label]);
                let (low, high) = numbers.interval(5.0, 1.0, 0.9);
                held_numbers += usize::from((low..=high).contains(&(5.0 + f64::from(error))));
            }
        }
        // New rows and known ones both vary: a deviation of √(0.9 · 0.1 · (1/500 + 1/500) / 100).
        let deviation = (0.09 * 2.0 / ROWS as f64 / SPLITS as f64).sqrt();
        for held in [held_classes, held_numbers, held_ranked] {
            let share = held as f64 / (SPLITS * ROWS) as f64;
            assert!((share - 0.9).abs() < 3.0 * deviation + 1.0 / ROWS as f64, "{share}");
        }
    }

    #[test]
    fn too_few_rows_promise_nothing_and_a_set_is_never_empty() {
        let few = Conformal::new(vec![0.1, 0.2, f64::NAN]);
        assert_eq!((few.reach(0.9), few.reach(0.5)), (None, Some(0.2)));
        assert_eq!(few.classes(&[0.9, 0.1], Surprise::Unlikely, 0.9), [true, true]);
        assert_eq!(few.interval(1.0, 1.0, 0.9), (f64::NEG_INFINITY, f64::INFINITY));
        let sure = Conformal::new(vec![0.0; 100]);
        assert_eq!(sure.classes(&[0.3, 0.6, 0.1], Surprise::Unlikely, 0.9), [false, true, false]);
        let many = Conformal::new((0..100_000).map(f64::from).collect());
        assert_eq!(many.scores.len(), KEPT);
        let reach = many.reach(0.9).unwrap_or_default();
        assert!((90_000.0..90_100.0).contains(&reach), "{reach}");
        let back: Conformal =
            serde_json::from_str(&serde_json::to_string(&few).unwrap_or_default()).unwrap_or_default();
        assert_eq!(back, few);
    }
}
