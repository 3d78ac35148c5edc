//! Finding tags without false alarms.

use super::accuracy::{MACRO_F1, mean};
use super::tags::share;
use super::{Format, Metric, TagMetric, Tally};

/// The mean of the tags' F1 over the tags that occur as a truth or as an answer.
pub(super) const TAG_MACRO_F1: TagMetric = TagMetric {
    metric: MACRO_F1.metric,
    score: |rows, counts| mean(Tally::of(rows, counts).iter().filter_map(Tally::f1)),
};

/// `2·right / (true + answered)`, each summed over all tags.
pub(super) const MICRO_F1: TagMetric = TagMetric {
    metric: Metric {
        name: "micro_f1",
        label: "Finding tags without false alarms, common ones counting more (F1)",
        meaning: "A balance between finding all tags of all rows and raising no false alarm; a tag counts as often as it \
                  occurs, 100 % is perfect.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| {
        let tallies = Tally::of(rows, counts);
        let right: u64 = tallies.iter().map(|t| t.right).sum();
        share(2 * right, tallies.iter().map(|t| t.truth + t.answered).sum())
    },
};
