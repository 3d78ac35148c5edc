//! How far off: mean absolute and root mean square error.

use super::{Format, Metric, NumberMetric};

/// `mean |predicted − true|`.
pub(super) const MAE: NumberMetric = NumberMetric {
    metric: Metric {
        name: "mae",
        label: "Typical error",
        meaning: "By how much its answers are off on average, in the unit of the answer.",
        higher_is_better: false,
        format: Format::TargetUnit,
    },
    score: |rows, counts| counts.mean(|row| rows.error(row).abs()),
};

/// `√ mean (predicted − true)²`.
pub(super) const RMSE: NumberMetric = NumberMetric {
    metric: Metric {
        name: "rmse",
        label: "Error, large ones weighing more (RMSE)",
        meaning: "Like the typical error, but a few large errors raise it strongly; in the unit of the answer.",
        higher_is_better: false,
        format: Format::TargetUnit,
    },
    score: |rows, counts| counts.mean(|row| rows.error(row).powi(2)).map(f64::sqrt),
};
