//! Does "90 % sure" mean right nine times in ten?

use super::{ClassMetric, ClassRows, Counts, Format, Metric};

/// How many equal bins of probability the calibration error uses.
pub const BINS: usize = 15;

/// `Σ rows in bin / rows · |share right in bin − mean probability in bin|` over 15 equal bins of the first choice's
/// probability, each open below and closed above (Guo et al., "On calibration of modern neural networks", 2017).
pub(super) const ECE: ClassMetric = ClassMetric {
    metric: Metric {
        name: "ece",
        label: "Over- or under-confidence (calibration error)",
        meaning: "How far its stated probabilities are from how often it is right, on average; 0 % means that \
                  \"90 % sure\" is right nine times in ten.",
        higher_is_better: false,
        format: Format::Percent,
    },
    score: |rows, counts| {
        let total = counts.total();
        let gap = |bin: &Sums| (bin.right as f64 - bin.confidence).abs();
        (total > 0).then(|| sums(rows, counts).iter().map(gap).sum::<f64>() / total as f64)
    },
};

/// One bar of a reliability diagram.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bin {
    /// Rows whose first choice's probability lies in the bin.
    pub rows: u64,
    /// The mean of these probabilities; 0 in an empty bin.
    pub confidence: f64,
    /// The share of these rows that was right; 0 in an empty bin.
    pub right: f64,
}

/// The reliability diagram: bin `i` of [`BINS`] holds the probabilities in `(i / BINS, (i + 1) / BINS]`.
pub fn reliability(rows: &ClassRows) -> Vec<Bin> {
    let share = |value: f64, rows: u64| if rows == 0 { 0.0 } else { value / rows as f64 };
    sums(rows, &Counts::once(rows.len()))
        .iter()
        .map(|s| Bin {
            rows: s.rows,
            confidence: share(s.confidence, s.rows),
            right: share(s.right as f64, s.rows),
        })
        .collect()
}

#[derive(Clone, Copy, Default)]
struct Sums {
    rows: u64,
    right: u64,
    confidence: f64,
}

fn sums(rows: &ClassRows, counts: &Counts) -> [Sums; BINS] {
    let mut bins = [Sums::default(); BINS];
    let answers = rows.confidence.iter().zip(rows.predicted.iter().zip(rows.labels));
    for ((&confidence, (predicted, label)), &times) in answers.zip(counts.times()) {
        // The upper edge belongs to the bin: 1/15 is in the first one.
        let upper = (f64::from(confidence) * BINS as f64).ceil() as usize;
        let bin = &mut bins[upper.clamp(1, BINS) - 1];
        bin.rows += u64::from(times);
        bin.right += u64::from(times) * u64::from(predicted == label);
        bin.confidence += f64::from(times) * f64::from(confidence);
    }
    bins
}
