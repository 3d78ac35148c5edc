//! chrF: how many of the runs of one to six characters two texts share.

use super::bleu::is_space;
use super::texts::total;
use super::{Format, Metric, TextMetric};
use std::collections::HashMap;

/// `100 · 5 P R / (4 P + R)` over the whole set (chrF2; Popović 2015), with P the share of the answers' runs of characters that stand in the
/// true texts, R that of the true texts' runs that stand in the answers, both the mean over the lengths 1 to 6. As `sacrebleu` counts:
/// without spaces, upper and lower case told apart.
pub(super) const CHRF: TextMetric = TextMetric {
    metric: Metric {
        name: "chrf",
        label: "Agreement in letters (chrF)",
        meaning: "How many runs of one to six letters it shares with a text by a person: 0 to 100; a word with another ending \
                  counts in part.",
        higher_is_better: true,
        format: Format::Points,
    },
    score: |rows, counts| {
        let sum: [u64; 3 * LONGEST] = total(rows.characters.iter().map(|tally| tally.0), counts);
        (counts.total() > 0).then(|| chrf(&sum))
    },
};

/// Characters of the longest run.
const LONGEST: usize = 6;

/// Recall weighs so many times as much as precision.
const BETA: f64 = 2.0;

/// For each length the runs of the answer, those of the true text, and those they share.
#[derive(Clone, Debug)]
pub(super) struct Tally([u32; 3 * LONGEST]);

impl Tally {
    pub(super) fn of(answer: &str, truth: &str) -> Tally {
        let letters = |text: &str| text.chars().filter(|&c| !is_space(c)).collect::<Vec<_>>();
        let (answer, truth) = (letters(answer), letters(truth));
        let mut tally = [0; 3 * LONGEST];
        for (n, counts) in (1..).zip(tally.chunks_exact_mut(3)) {
            let mut there: HashMap<&[char], u32> = HashMap::new();
            for run in truth.windows(n) {
                *there.entry(run).or_default() += 1;
                counts[1] += 1;
            }
            // Where the true text has no run of this length, those of the answer do not count, either.
            if there.is_empty() {
                continue;
            }
            for run in answer.windows(n) {
                counts[0] += 1;
                if let Some(left) = there.get_mut(run).filter(|left| **left > 0) {
                    *left -= 1;
                    counts[2] += 1;
                }
            }
        }
        Tally(tally)
    }
}

/// The score of the counts of a whole set.
fn chrf(sum: &[u64; 3 * LONGEST]) -> f64 {
    let (mut precision, mut recall, mut lengths) = (0.0, 0.0, 0.0);
    for counts in sum.chunks_exact(3) {
        let [answer, truth, shared] = [counts[0] as f64, counts[1] as f64, counts[2] as f64];
        if answer > 0.0 && truth > 0.0 {
            precision += shared / answer;
            recall += shared / truth;
            lengths += 1.0;
        }
    }
    if precision + recall == 0.0 {
        return 0.0;
    }
    let (precision, recall, factor) = (precision / lengths, recall / lengths, BETA * BETA);
    100.0 * (1.0 + factor) * precision * recall / (factor * precision + recall)
}
