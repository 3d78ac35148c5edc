//! Do they rise and fall together?

use super::{Format, Metric, NumberMetric};

/// Pearson's coefficient `cov(predicted, true) / (σ predicted · σ true)`; `None` when either side is constant.
pub(super) const CORRELATION: NumberMetric = NumberMetric {
    metric: Metric {
        name: "correlation",
        label: "Rising and falling together (correlation)",
        meaning: "Whether its answers rise and fall with the truth, whatever their size: 1 always, 0 not at all, −1 \
                  the wrong way round.",
        higher_is_better: true,
        format: Format::Number,
    },
    score: |rows, counts| {
        let truth = |row: usize| rows.truth[row] - rows.centre;
        let answer = |row: usize| rows.predicted[row] - rows.centre;
        let (truth_mean, answer_mean) = (counts.mean(truth)?, counts.mean(answer)?);
        let truth_variance = counts.mean(|row| (truth(row) - truth_mean).powi(2))?;
        let answer_variance = counts.mean(|row| (answer(row) - answer_mean).powi(2))?;
        let together = counts.mean(|row| (truth(row) - truth_mean) * (answer(row) - answer_mean))?;
        let both_vary = rows.varies(truth_variance, truth_mean) && rows.varies(answer_variance, answer_mean);
        both_vary.then(|| (together / (truth_variance * answer_variance).sqrt()).clamp(-1.0, 1.0))
    },
};
