//! How an answer depends on one column, over many rows.

use crate::intervals::{Plan, percentiles};

/// The mean answer if a column has one value in every row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct MeanAnswer {
    /// The mean over rows.
    pub mean: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

/// Partial dependence (Friedman 2001, "Greedy function approximation: a gradient boosting machine"): `answers: [values, rows]` are those to
/// each row if the column has each value and all else stays as it is; their means over rows are the curve, with intervals from drawing the
/// rows again. With fewer than two rows an interval is the mean itself.
pub fn partial_dependence(answers: &[Vec<f64>], seed: u64) -> Vec<MeanAnswer> {
    let rows = answers.iter().map(Vec::len).min().unwrap_or_default();
    let mean = |times: &[u32], of: &[f64]| {
        let all: u64 = times.iter().map(|&t| u64::from(t)).sum();
        let sum: f64 = of.iter().zip(times).map(|(x, &t)| f64::from(t) * x).sum();
        (all > 0).then(|| sum / all as f64)
    };
    let once = vec![1; rows];
    let drawn = match rows {
        0 | 1 => Vec::new(),
        _ => Plan::new(rows, None, seed)
            .run(rows * answers.len(), |counts| answers.iter().map(|of| mean(counts.times(), of)).collect()),
    };
    let of_value = |(value, of): (usize, &Vec<f64>)| {
        let mean = mean(&once, of).unwrap_or_default();
        let means = drawn.iter().filter_map(|all| all[value]).collect();
        let (low, high) = percentiles(means, drawn.len()).unwrap_or((mean, mean));
        MeanAnswer { mean, low, high }
    };
    answers.iter().enumerate().map(of_value).collect()
}

/// The places of about `count` values among `length` sorted ones: at even steps from the 2.5th to the 97.5th percentile, each once.
pub fn quantile_places(length: usize, count: usize) -> Vec<usize> {
    const LEFT_OUT: f64 = 0.025;
    let (last, steps) = (length.saturating_sub(1) as f64, count.saturating_sub(1).max(1) as f64);
    let at = |i: usize| LEFT_OUT + (1.0 - 2.0 * LEFT_OUT) * i as f64 / steps;
    let mut places: Vec<usize> = (0..count.min(length)).map(|i| (at(i) * last).round() as usize).collect();
    if length <= count {
        places = (0..length).collect();
    }
    places.dedup();
    places
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interval_is_that_of_a_mean() {
        let answers: Vec<f64> = (0..400).map(|i| f64::from(i % 2)).collect();
        let found = partial_dependence(&[answers, vec![3.0; 400]], 1);
        // The standard error of the mean of 400 fair coins is 1/40.
        let MeanAnswer { mean, low, high } = found[0];
        assert!(mean == 0.5 && (low - 0.451).abs() < 0.01 && (high - 0.549).abs() < 0.01, "{found:?}");
        assert_eq!(found[1], MeanAnswer { mean: 3.0, low: 3.0, high: 3.0 });
        let alone = partial_dependence(&[vec![2.0]], 1);
        assert_eq!(alone, [MeanAnswer { mean: 2.0, low: 2.0, high: 2.0 }]);
        assert_eq!(partial_dependence(&[], 1), []);
    }

    #[test]
    fn places_spread_from_end_to_end_and_stand_once() {
        assert_eq!(quantile_places(3, 20), [0, 1, 2]);
        assert_eq!(quantile_places(1001, 3), [25, 500, 975]);
        assert!(quantile_places(0, 5).is_empty() && quantile_places(5, 0).is_empty());
        let places = quantile_places(30, 20);
        assert!(places.len() == 20 && places.windows(2).all(|pair| pair[0] < pair[1]), "{places:?}");
    }
}
