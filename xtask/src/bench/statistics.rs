//! What a handful of measurements say.

/// The middle of some numbers, and the least and the largest.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Spread {
    pub(crate) median: f64,
    pub(crate) low: f64,
    pub(crate) high: f64,
}

impl Spread {
    /// `None` without numbers. The median of an even count is the mean of the two in the middle.
    pub(crate) fn of(numbers: &[f64]) -> Option<Spread> {
        let mut sorted = numbers.to_vec();
        sorted.sort_by(f64::total_cmp);
        let (low, high) = (*sorted.first()?, *sorted.last()?);
        let middle = sorted.len() / 2;
        let median = match sorted.len() % 2 {
            0 => f64::midpoint(sorted[middle - 1], sorted[middle]),
            _ => sorted[middle],
        };
        Some(Spread { median, low, high })
    }
}

/// The median of some numbers; not a number if there are none.
pub(crate) fn median(numbers: &[f64]) -> f64 {
    Spread::of(numbers).map_or(f64::NAN, |spread| spread.median)
}

/// exp of the mean of the logarithms: the mean of ratios that does not depend on what is divided by what.
/// `None` without numbers.
pub(crate) fn geometric_mean(ratios: &[f64]) -> Option<f64> {
    let sum: f64 = ratios.iter().map(|ratio| ratio.ln()).sum();
    (!ratios.is_empty()).then(|| (sum / ratios.len() as f64).exp())
}

/// The first place where two lists of losses differ by more than `tolerance` of the larger one, or where one has ended.
pub(crate) fn first_difference(a: &[f64], b: &[f64], tolerance: f64) -> Option<usize> {
    // What is no number agrees with nothing.
    let agree = |(x, y): (&f64, &f64)| (x - y).abs() <= tolerance * x.abs().max(y.abs());
    let both = a.len().min(b.len());
    let differs = a.iter().zip(b).position(|pair| !agree(pair));
    differs.or((a.len() != b.len()).then_some(both))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_median_is_the_middle_in_any_order() {
        assert_eq!(Spread::of(&[3.0, 1.0, 2.0]), Some(Spread { median: 2.0, low: 1.0, high: 3.0 }));
        assert_eq!(Spread::of(&[4.0, 1.0, 2.0, 3.0]), Some(Spread { median: 2.5, low: 1.0, high: 4.0 }));
        assert_eq!(Spread::of(&[]), None);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn twice_as_fast_and_half_as_fast_are_equally_fast() {
        let Some(mean) = geometric_mean(&[2.0, 0.5, 3.0, 3.0]) else { unreachable!() };
        assert!((mean - 3_f64.sqrt()).abs() < 1e-12);
        assert_eq!(geometric_mean(&[]), None);
    }

    #[test]
    fn losses_agree_within_the_tolerance_and_only_if_they_are_numbers() {
        assert_eq!(first_difference(&[2.0, 1.0], &[2.001, 1.0], 1e-3), None);
        assert_eq!(first_difference(&[2.0, 1.0], &[2.0, 1.01], 1e-3), Some(1));
        assert_eq!(first_difference(&[-2.0], &[2.0], 1e-3), Some(0));
        assert_eq!(first_difference(&[0.0], &[0.0], 1e-3), None);
        assert_eq!(first_difference(&[f64::NAN], &[f64::NAN], 1e-3), Some(0));
        assert_eq!(first_difference(&[1.0], &[1.0, 1.0], 1e-3), Some(1));
    }
}
