//! The area under the ROC curve, and the curve itself (Fawcett, "An introduction to ROC analysis", 2006).

use super::accuracy::mean;
use super::{ClassMetric, ClassRows, Counts, Format, Metric, TagMetric};

/// The chance that a random row of the class gets a higher probability of it than a random row of another class,
/// equal probabilities counting half. Two classes: that of the second class. More: the mean over the classes
/// that have rows inside and outside (one against the rest). `None` when no class has both.
pub(super) const AUC: ClassMetric = ClassMetric {
    metric: Metric {
        name: "auc",
        label: "Ranking (AUC)",
        meaning: "How often a random row of a class (or with a tag) gets a higher probability for it than a random row \
                  outside; 0.5 is guessing, 1 is perfect.",
        higher_is_better: true,
        format: Format::Number,
    },
    score: |rows, counts| mean(rows.ranked().iter().filter_map(|ranked| ranked.area(counts))),
};

/// The same for tags: the mean over the tags that some rows have and some have not.
pub(super) const TAG_AUC: TagMetric = TagMetric {
    metric: AUC.metric,
    score: |rows, counts| mean(rows.ranked().iter().filter_map(|ranked| ranked.area(counts))),
};

/// Rows in ascending order of one class's probability, ties marked, sorted once for any number of resamples.
pub(super) struct RankedRows {
    rows: Vec<u32>,
    marks: Vec<Mark>,
}

#[derive(Clone, Copy)]
struct Mark {
    positive: bool,
    /// The next row has a higher probability.
    last_of_tie: bool,
}

impl RankedRows {
    pub(super) fn new(scores: impl Iterator<Item = f32>, positive: impl Iterator<Item = bool>) -> Self {
        let mut sorted: Vec<(f32, u32, bool)> =
            scores.zip(0..).zip(positive).map(|((score, row), positive)| (score, row, positive)).collect();
        sorted.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
        let marks = (0..sorted.len())
            .map(|i| Mark {
                positive: sorted[i].2,
                last_of_tie: sorted.get(i + 1).is_none_or(|next| next.0 > sorted[i].0),
            })
            .collect();
        Self { rows: sorted.iter().map(|s| s.1).collect(), marks }
    }

    /// The area, exact in whole numbers until the last division; `None` without rows on both sides.
    fn area(&self, counts: &Counts) -> Option<f64> {
        let times = counts.times();
        let (mut below, mut positives, mut twice) = (0_u64, 0_u64, 0_u128);
        let mut tie = [0_u64; 2];
        for (&row, mark) in self.rows.iter().zip(&self.marks) {
            tie[usize::from(mark.positive)] += u64::from(times[row as usize]);
            if mark.last_of_tie {
                let [negative, positive] = std::mem::take(&mut tie);
                twice += u128::from(positive) * u128::from(2 * below + negative);
                below += negative;
                positives += positive;
            }
        }
        let pairs = u128::from(below) * u128::from(positives);
        (pairs > 0).then(|| twice as f64 / (2 * pairs) as f64)
    }
}

/// A ROC curve: the share of false alarms against the share of finds, from the strictest threshold to the loosest.
#[derive(Clone, Debug, PartialEq)]
pub struct RocCurve {
    /// `(false alarms / negatives, finds / positives)`, starting at (0, 0) and ending at (1, 1).
    pub points: Vec<(f64, f64)>,
    /// The share at the usual threshold: called positive from one half on.
    pub at_half: (f64, f64),
}

/// The ROC curve of one class against the rest, corners only (points on a straight line left out);
/// `None` when the class has no rows or all of them.
pub fn roc_curve(rows: &ClassRows, class: usize) -> Option<RocCurve> {
    if class >= rows.classes {
        return None;
    }
    let is_positive = |row: usize| rows.labels[row] as usize == class;
    let mut sorted: Vec<(f32, bool)> =
        rows.column(class).enumerate().map(|(r, p)| (p, is_positive(r))).collect();
    sorted.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
    let positives = sorted.iter().filter(|s| s.1).count();
    let negatives = sorted.len() - positives;
    if positives == 0 || negatives == 0 {
        return None;
    }
    let share =
        |(alarms, finds): (usize, usize)| (alarms as f64 / negatives as f64, finds as f64 / positives as f64);
    let mut corners = vec![(0, 0)];
    let (mut here, mut at_half) = ((0, 0), (0, 0));
    for (i, &(score, positive)) in sorted.iter().enumerate() {
        if positive {
            here.1 += 1
        } else {
            here.0 += 1
        }
        if score >= 0.5 {
            at_half = here;
        }
        if sorted.get(i + 1).is_none_or(|next| next.0 < score) {
            push_corner(&mut corners, here);
        }
    }
    Some(RocCurve { points: corners.into_iter().map(share).collect(), at_half: share(at_half) })
}

/// Appends a point, dropping the one before when it lies on the line between its neighbours.
fn push_corner(corners: &mut Vec<(usize, usize)>, next: (usize, usize)) {
    if let [.., a, b] = corners.as_slice() {
        let (ab, bn) = ((b.0 - a.0, b.1 - a.1), (next.0 - b.0, next.1 - b.1));
        if ab.0 * bn.1 == ab.1 * bn.0 {
            corners.pop();
        }
    }
    corners.push(next);
}
