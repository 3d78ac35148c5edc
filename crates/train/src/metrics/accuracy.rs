//! Right or wrong: accuracy, balanced accuracy and macro F1.

use super::{ClassMetric, ClassRows, Counts, Format, Metric};

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
    score: |rows, counts| {
        mean(Tally::of(rows, counts).iter().filter(|t| t.truth > 0).map(|t| t.right as f64 / t.truth as f64))
    },
};

/// The mean of `2·right / (true + predicted)` over the classes that occur as a truth or as a prediction.
pub(super) const MACRO_F1: ClassMetric = ClassMetric {
    metric: Metric {
        name: "macro_f1",
        label: "Finding each class without false alarms (F1)",
        meaning: "For each class a balance between finding all of its rows and raising no false alarm, averaged over \
                  the classes; 100 % is perfect.",
        higher_is_better: true,
        format: Format::Percent,
    },
    score: |rows, counts| {
        let present = |t: &&Tally| t.truth + t.predicted > 0;
        let f1 = |t: &Tally| 2.0 * t.right as f64 / (t.truth + t.predicted) as f64;
        mean(Tally::of(rows, counts).iter().filter(present).map(f1))
    },
};

/// How often one class was true, predicted, and both.
#[derive(Clone, Copy, Default)]
struct Tally {
    truth: u64,
    predicted: u64,
    right: u64,
}

impl Tally {
    /// One tally per class.
    fn of(rows: &ClassRows, counts: &Counts) -> Vec<Tally> {
        let mut tallies = vec![Tally::default(); rows.classes];
        for ((&label, &predicted), &times) in rows.labels.iter().zip(&rows.predicted).zip(counts.times()) {
            let times = u64::from(times);
            tallies[label as usize].truth += times;
            tallies[predicted as usize].predicted += times;
            if label == predicted {
                tallies[label as usize].right += times;
            }
        }
        tallies
    }
}

fn mean(values: impl Iterator<Item = f64>) -> Option<f64> {
    let (sum, n) = values.fold((0.0, 0_usize), |(sum, n), value| (sum + value, n + 1));
    (n > 0).then(|| sum / n as f64)
}
