//! Right or wrong: accuracy, balanced accuracy and macro F1.

use super::{ClassMetric, ClassRows, Counts, Format, Metric, Tally};

/// `right / rows`.
pub(super) const ACCURACY: ClassMetric = ClassMetric {
    metric: Metric {
        name: "accuracy",
        label: "Right answers",
        meaning: "Of all rows it was asked about, the share where its first choice was right.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| counts.mean(|row| f64::from(u8::from(rows.predicted[row] == rows.labels[row]))),
};

/// The mean over the classes that occur of `right answers of the class / rows of the class`.
pub(super) const BALANCED_ACCURACY: ClassMetric = ClassMetric {
    metric: Metric {
        name: "balanced_accuracy",
        label: "Right answers, every class counting the same",
        meaning: "The share of right answers within each class, averaged, so that a rare class weighs as much as a \
                  common one.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| mean(tallies(rows, counts).iter().filter_map(Tally::recall)),
};

/// The mean of `2·right / (true + predicted)` over the classes that occur as a truth or as a prediction.
pub(super) const MACRO_F1: ClassMetric = ClassMetric {
    metric: Metric {
        name: "macro_f1",
        label: "Finding each class or tag without false alarms (F1)",
        meaning: "For each class or tag a balance between finding all of its rows and raising no false alarm, averaged over \
                  all of them; 100 % is perfect.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| mean(tallies(rows, counts).iter().filter_map(Tally::f1)),
};

/// One tally per class.
fn tallies(rows: &ClassRows, counts: &Counts) -> Vec<Tally> {
    let mut tallies = vec![Tally::default(); rows.classes];
    for ((&label, &predicted), &times) in rows.labels.iter().zip(&rows.predicted).zip(counts.times()) {
        let times = u64::from(times);
        tallies[label as usize].truth += times;
        tallies[predicted as usize].answered += times;
        if label == predicted {
            tallies[label as usize].right += times;
        }
    }
    tallies
}

/// `None` of no values.
pub(super) fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}
