//! Surprise at the truth.

use super::{ClassMetric, Format, Metric, TagMetric};

/// `−mean ln p(true class)` with `p` kept within `[ε, 1 − ε]`, `ε = 2⁻²³`, so that one certain mistake costs 15.9
/// and not infinity.
pub(super) const LOG_LOSS: ClassMetric = ClassMetric {
    metric: Metric {
        name: "log_loss",
        label: "Surprise (log loss)",
        meaning: "How surprised it was by the true answers, given the probabilities it had stated; 0 is best, and \
                  being surely wrong costs most.",
        higher_is_better: false,
        format: Format::Number,
    },
    score: |rows, counts| counts.mean(|row| surprise(rows.of_truth(row))),
};

/// The same for tags: for each tag of a row the probability of what is true, there or not; the mean over the tags.
pub(super) const TAG_LOG_LOSS: TagMetric = TagMetric {
    metric: LOG_LOSS.metric,
    score: |rows, counts| {
        let of_truth = |i: usize| if rows.truth[i] { rows.p[i] } else { 1.0 - rows.p[i] };
        let tags = rows.tags;
        counts.mean(|row| {
            (row * tags..(row + 1) * tags).map(|i| surprise(of_truth(i))).sum::<f64>() / tags as f64
        })
    },
};

/// `−ln p` within bounds.
fn surprise(p: f32) -> f64 {
    -f64::from(p.clamp(f32::EPSILON, 1.0 - f32::EPSILON)).ln()
}
