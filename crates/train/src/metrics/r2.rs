//! The explained share of the variation.

use super::{Format, Metric, NumberMetric};

/// `1 − Σ (predicted − true)² / Σ (true − mean of true)²`; `None` when all true numbers are equal.
pub(super) const R2: NumberMetric = NumberMetric {
    metric: Metric {
        name: "r2",
        label: "Explained variation (R²)",
        meaning: "How much of the ups and downs of the true numbers it explains: 1 is everything, 0 is no better than \
                  always answering their mean, below 0 is worse.",
        higher_is_better: true,
        format: Format::Number,
    },
    score: |rows, counts| {
        let truth = |row: usize| rows.truth[row] - rows.centre;
        let mean = counts.mean(truth)?;
        let variance = counts.mean(|row| (truth(row) - mean).powi(2))?;
        let error = counts.mean(|row| rows.error(row).powi(2))?;
        rows.varies(variance, mean).then(|| 1.0 - error / variance)
    },
};
