//! All tags of a row right.

use super::{Format, Metric, TagMetric};

/// `rows whose answered tags are exactly the true ones / rows`.
pub(super) const SUBSET_ACCURACY: TagMetric = TagMetric {
    metric: Metric {
        name: "subset_accuracy",
        label: "All tags right",
        meaning: "Of all rows it was asked about, the share where it answered every tag of the row and no other.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| counts.mean(|row| f64::from(u8::from(rows.all_right(row)))),
};
