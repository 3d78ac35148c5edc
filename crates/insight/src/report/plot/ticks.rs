//! Round numbers along an axis.

/// A range of values with round marks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Range {
    pub(super) low: f64,
    pub(super) high: f64,
    pub(super) ticks: Vec<f64>,
    step: f64,
}

impl Range {
    /// The smallest range with about `marks` round steps of 1, 2 or 5 times a power of ten that holds the finite ones
    /// of `values`; 0 to 1 when there are none.
    pub(super) fn around(values: impl Iterator<Item = f64>, marks: usize) -> Self {
        let (low, high) = match ends(values) {
            (l, h) if l > h => (0.0, 1.0),
            (l, h) if h - l > 1e-9 * l.abs().max(h.abs()) => (l, h),
            (0.0, _) => (0.0, 1.0),
            (l, _) => (l - l.abs() * 0.1, l + l.abs() * 0.1),
        };
        let step = round_step((high - low) / marks.max(1) as f64);
        let (first, last) = ((low / step + 1e-9).floor(), (high / step - 1e-9).ceil());
        let count = (last - first).clamp(1.0, 100.0) as i64;
        let ticks: Vec<f64> = (0..=count).map(|i| (first + i as f64) * step).collect();
        Self { low: first * step, high: (first + count as f64) * step, ticks, step }
    }

    /// Like [`Range::around`], but ends at the values and not at round numbers: for positions such as steps.
    pub(super) fn exactly(values: impl Iterator<Item = f64> + Clone, marks: usize) -> Self {
        let round = Self::around(values.clone(), marks);
        let (low, high) = ends(values);
        if low >= high {
            return round;
        }
        let ticks = round.ticks.into_iter().filter(|t| (low..=high).contains(t)).collect();
        Self { low, high, ticks, step: round.step }
    }

    /// Like [`Range::exactly`], without marks: whoever draws writes its own.
    pub(super) fn unmarked(values: impl Iterator<Item = f64> + Clone) -> Self {
        Self { ticks: Vec::new(), ..Self::exactly(values, 1) }
    }

    /// Shares from 0 to 1 in fifths.
    pub(super) fn shares() -> Self {
        Self { low: 0.0, high: 1.0, ticks: (0..=5).map(|i| f64::from(i) / 5.0).collect(), step: 0.2 }
    }

    /// Where a value lies between the ends, as a share; outside ones at the nearest end.
    pub(super) fn share(&self, value: f64) -> f64 {
        let share = (value - self.low) / (self.high - self.low);
        if share.is_finite() { share.clamp(0.0, 1.0) } else { 0.0 }
    }

    /// A mark's text: as many decimals as the steps need, thousands as `k`.
    pub(super) fn label(&self, tick: f64) -> String {
        let size = self.low.abs().max(self.high.abs());
        let (unit, suffix) = match size {
            s if s >= 1e16 => return format!("{tick:.1e}"),
            s if s >= 1e10 => (1e9, " bn"),
            s if s >= 1e7 => (1e6, " M"),
            s if s >= 1e4 => (1e3, "k"),
            s if s < 1e-4 => return format!("{tick:.0e}"),
            _ => (1.0, ""),
        };
        let decimals = (-(self.step / unit).log10().floor()).clamp(0.0, 6.0) as usize;
        let text = format!("{:.decimals$}", tick / unit + 0.0);
        if tick == 0.0 { "0".to_owned() } else { format!("{}{suffix}", text.replace('-', "−")) }
    }
}

/// The least and the greatest of the usable values; the least is greater when there are none.
fn ends(values: impl Iterator<Item = f64>) -> (f64, f64) {
    // Beyond this the distance between the ends would overflow.
    let usable = values.filter(|v| v.abs() < 1e300);
    usable.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), v| (low.min(v), high.max(v)))
}

/// The smallest of 1, 2, 5 times a power of ten that is not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10_f64.powf(least.log10().floor());
    let step =
        [1.0, 2.0, 5.0, 10.0].map(|m| m * power).into_iter().find(|&step| step >= least * (1.0 - 1e-9));
    step.unwrap_or(10.0 * power)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(range: &Range) -> Vec<String> {
        range.ticks.iter().map(|&t| range.label(t)).collect()
    }

    #[test]
    fn marks_are_round() {
        assert_eq!(
            labels(&Range::around([0.03, 0.97].into_iter(), 5)),
            ["0", "0.2", "0.4", "0.6", "0.8", "1.0"]
        );
        assert_eq!(labels(&Range::around([-7.0, 12.0].into_iter(), 4)), ["−10", "−5", "0", "5", "10", "15"]);
        assert_eq!(
            labels(&Range::around([0.0, 48_000.0].into_iter(), 5)),
            ["0", "10k", "20k", "30k", "40k", "50k"]
        );
        assert_eq!(labels(&Range::unmarked([5.3, 10.3].into_iter())), [""; 0]);
        assert_eq!(labels(&Range::exactly([1.0, 23.0].into_iter(), 5)), ["5", "10", "15", "20"]);
    }

    #[test]
    fn any_values_give_a_finite_range() {
        let cases: [&[f64]; 9] = [
            &[],
            &[0.0],
            &[5.0, 5.0],
            &[-3.0],
            &[f64::NAN, 2.0, f64::INFINITY],
            &[1e-300, 2e-300],
            &[-1e299, 1e299],
            &[1.0, 1.0 + 1e-15],
            &[f64::MAX, f64::MIN],
        ];
        for values in cases {
            for range in [Range::around(values.iter().copied(), 5), Range::exactly(values.iter().copied(), 5)]
            {
                assert!(
                    range.low.is_finite() && range.high.is_finite() && range.low < range.high,
                    "{values:?}"
                );
                assert!(range.ticks.len() <= 101 && range.ticks.iter().all(|t| t.is_finite()), "{values:?}");
                for value in values.iter().chain(&[f64::NAN]) {
                    assert!((0.0..=1.0).contains(&range.share(*value)), "{values:?}");
                }
            }
        }
    }
}
