//! Numbers: standardised, and encoded piecewise linearly between quantiles.

use crate::cells::{cell_number, cell_text};
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, Target, TrainingCells};
use pellucid_data::{Cell, DataError, Files, Result, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// Bins at quantiles of the rows, and as many at quantiles of the distinct values, which tell apart the rare large
/// ones of a number that is mostly 0; Gorishniy et al. 2022 ("On embeddings for numerical features in tabular deep
/// learning") find a few dozen enough.
const BINS: usize = 24;

/// Quantiles are taken from at most this many evenly spread training values.
const SAMPLE: usize = 200_000;

/// Numbers whose difference is a smaller share of their size differ by rounding only.
const ROUNDING: f64 = 4.0 * f64::EPSILON;

/// Measured or counted quantities.
pub(crate) struct Number;

/// The fitted state of a number column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct PreparedNumber {
    pub(crate) name: String,
    pub(crate) edges: Vec<f64>,
    pub(crate) mean: f64,
    pub(crate) scale: f64,
    pub(crate) median: f64,
    /// Whether training cells were missing: then a second feature says so.
    pub(crate) missing: bool,
}

impl Kind for Number {
    fn name(&self) -> &'static str {
        "number"
    }

    fn about(&self) -> &'static str {
        "a measured or counted quantity; more is more"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        let (low, high) = profile.range?;
        if !matches!(profile.storage, Storage::Integer | Storage::Number) {
            return None;
        }
        let mut guess = Guess::new(0.6, format!("{} values from {low} to {high}", profile.distinct()));
        if !profile.all_counted {
            guess.reason = format!("more than {} values from {low} to {high}", profile.distinct());
        }
        let scale_like = profile.storage == Storage::Integer && (3..=10).contains(&profile.distinct());
        if scale_like && role == Role::Input {
            guess.or = Some("category");
        }
        Some(guess)
    }

    fn fit(&self, cells: &TrainingCells<'_>, _: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        let mut values = Vec::new();
        let mut missing = false;
        cells.each(|_, cell| {
            match cell_number(cell) {
                Some(x) => values.push(x),
                None => missing = true,
            }
            Ok(())
        })?;
        PreparedNumber::fit(cells.name, values, missing).map(|p| Box::new(p) as Box<dyn Prepared>).ok_or_else(
            || {
                cells
                    .error("no training row has a finite number here")
                    .advise("leave the column out with --ignore")
            },
        )
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(restore::<PreparedNumber>(state)?))
    }
}

/// Reads a stored state; damage is an error that says so.
pub(crate) fn restore<T: serde::de::DeserializeOwned>(state: &Value) -> Result<T> {
    T::deserialize(state).map_err(|e| {
        DataError::unreadable("the stored preparation of a column cannot be read").because(e.to_string())
    })
}

/// The edges of [`BINS`] bins that hold equally many of the sorted values.
fn quantiles(sorted: &[f64]) -> Vec<f64> {
    let last = sorted.len().saturating_sub(1);
    let at = |i: usize| sorted.get((i * last + BINS / 2) / BINS).copied();
    (0..=BINS).filter_map(at).collect()
}

impl PreparedNumber {
    /// Learns from training values; `None` if there are none.
    pub(crate) fn fit(name: &str, mut values: Vec<f64>, missing: bool) -> Option<PreparedNumber> {
        let count = values.len() as f64;
        // Summed from the first value on, so that a large offset costs the mean and the variance no digits.
        let first = *values.first()?;
        let mean = first + values.iter().map(|x| x - first).sum::<f64>() / count;
        let variance = values.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / count;
        if values.len() > SAMPLE {
            let step = values.len() as f64 / SAMPLE as f64;
            values = (0..SAMPLE).map(|i| values[(i as f64 * step) as usize]).collect();
        }
        values.sort_unstable_by(f64::total_cmp);
        let median = *values.get(values.len() / 2)?;
        let mut edges = quantiles(&values);
        values.dedup();
        edges.extend(quantiles(&values));
        edges.sort_unstable_by(f64::total_cmp);
        edges.dedup_by(|b, a| *b - *a <= ROUNDING * b.abs());
        Some(PreparedNumber {
            name: name.to_owned(),
            edges,
            mean,
            scale: variance.sqrt().max(ROUNDING * mean.abs()).max(1e-12),
            median,
            missing,
        })
    }

    /// Appends the number (the median for a missing one) and, if training had gaps, whether it was missing.
    pub(crate) fn push(&self, value: Option<f64>, record: &mut Record) {
        record.numbers.push(value.unwrap_or(self.median));
        if self.missing {
            record.numbers.push(f64::from(u8::from(value.is_none())));
        }
    }
}

impl Prepared for PreparedNumber {
    fn state(&self) -> Value {
        serde_json::to_value(self).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        let mut features = vec![Feature::Number {
            name: self.name.clone(),
            edges: self.edges.clone(),
            mean: self.mean,
            scale: self.scale,
        }];
        if self.missing {
            features.push(Feature::Number {
                name: format!("{} is missing", self.name),
                edges: vec![0.0, 1.0],
                mean: 0.0,
                scale: 1.0,
            });
        }
        features
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        _: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        self.push(cell_number(cell), record);
        Ok(())
    }

    fn counts_as_missing(&self, cell: Cell<'_>) -> Option<String> {
        let text = cell_text(cell).filter(|_| cell_number(cell).is_none())?;
        Some(match text.parse::<f64>() {
            Ok(x) if x.is_finite() => format!("`{text}` is too large a number"),
            _ => format!("`{text}` is not a finite number"),
        })
    }

    fn target(&self) -> Option<Target> {
        Some(Target::Number { mean: self.mean, scale: self.scale, median: self.median })
    }

    fn encode_target(&self, cell: Cell<'_>) -> Option<f64> {
        cell_number(cell)
    }

    fn describe(&self) -> String {
        let gaps =
            if self.missing { "; missing values become the median, and the network is told" } else { "" };
        format!(
            "standardised (mean {:.4}, deviation {:.4}), {} bins{gaps}",
            self.mean,
            self.scale,
            self.edges.len().max(2) - 1
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_moments_and_quantiles() {
        let p = PreparedNumber::fit("x", (0..1001).map(f64::from).collect(), false).unwrap();
        assert!((p.mean - 500.0).abs() < 1e-9 && (p.median - 500.0).abs() < 1e-9);
        assert_eq!(p.edges.len(), BINS + 1);
        assert_eq!((p.edges[0], p.edges[BINS]), (0.0, 1000.0));
        assert!((p.edges[BINS / 2] - 500.0).abs() <= 1.0);
        assert!(PreparedNumber::fit("x", vec![], true).is_none());
    }

    #[test]
    fn rare_values_beside_many_equal_ones_get_bins() {
        let values = (0..1000).map(|i| if i < 950 { 0.0 } else { f64::from(i) }).collect();
        let p = PreparedNumber::fit("x", values, false).unwrap();
        assert!(p.edges.iter().filter(|&&e| e > 900.0).count() >= BINS - 1);
    }

    #[test]
    fn gaps_become_the_median_and_are_told() {
        let p = PreparedNumber::fit("x", vec![1.0, 2.0, 9.0], true).unwrap();
        let mut record = Record::default();
        p.encode(Cell::Missing, None, &mut record).unwrap();
        p.encode(Cell::Number(f64::INFINITY), None, &mut record).unwrap();
        p.encode(Cell::Integer(9), None, &mut record).unwrap();
        assert_eq!(record.numbers, [2.0, 1.0, 2.0, 1.0, 9.0, 0.0]);
        assert_eq!(p.features().len(), 2);
        let why = |cell| p.counts_as_missing(cell);
        assert_eq!(why(Cell::Number(f64::INFINITY)).unwrap(), "`inf` is not a finite number");
        assert_eq!(why(Cell::Text("ten")).unwrap(), "`ten` is not a finite number");
        assert!(why(Cell::Number(1e300)).unwrap().ends_with("is too large a number"));
        assert_eq!([why(Cell::Missing), why(Cell::Integer(9)), why(Cell::Text("9"))], [None, None, None]);
        let back: PreparedNumber = restore(&p.state()).unwrap();
        assert_eq!(back, p);
    }
}
