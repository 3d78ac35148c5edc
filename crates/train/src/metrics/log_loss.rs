//! Surprise at the truth.

use super::{ClassMetric, Format, Metric};

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
    score: |rows, counts| {
        counts.mean(|row| -f64::from(rows.of_truth(row).clamp(f32::EPSILON, 1.0 - f32::EPSILON)).ln())
    },
};
