//! How an answer depends on a column.

use serde::{Deserialize, Serialize};

use crate::report::words;

/// A change of a probability that is too small to speak of.
const SLIGHT: f64 = 0.02;

/// The share of all that the mean changes, from which on a change from the first to the last value tells the whole.
const ALONG: f64 = 0.9;

/// The mean answer as a function of what stands in one column, all else as it is.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Dependence {
    /// The class or tag whose probability is meant; none where a number is answered.
    pub class: Option<String>,
    /// Rows over which it is the mean.
    pub rows: u64,
    /// Whether places are years of time.
    pub years: bool,
    /// The values, ascending where they have an order, else the most frequent first.
    pub points: Vec<DependencePoint>,
    /// The answers to some single rows (individual conditional expectation), for each at every value.
    pub single: Vec<Vec<f64>>,
    /// Where values have an order, the share of rows whose answer is larger at the last value than at the first.
    pub rising: Option<f64>,
}

/// The mean answer if a column has one value in every row.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct DependencePoint {
    /// The value, in words.
    pub value: String,
    /// Where it lies, where values have an order: the number, or the year of a time.
    pub place: Option<f64>,
    /// The mean answer: a probability, or the number.
    pub mean: f64,
    /// The lower end of its 95 % interval.
    pub low: f64,
    /// The upper end.
    pub high: f64,
}

impl Dependence {
    /// Whether the values have an order.
    pub fn ordered(&self) -> bool {
        !self.points.is_empty() && self.points.iter().all(|point| point.place.is_some())
    }

    /// What it says of a `column` and the answers to `target`, in words.
    pub fn says(&self, column: &str, target: &str) -> String {
        let subject = match &self.class {
            Some(class) => format!("the probability of `{class}`"),
            None => format!("`{target}`"),
        };
        let (Some(first), Some(last)) = (self.points.first(), self.points.last()) else {
            return String::new();
        };
        let by_mean = |a: &&DependencePoint, b: &&DependencePoint| a.mean.total_cmp(&b.mean);
        let least = self.points.iter().min_by(by_mean).unwrap_or(first);
        let most = self.points.iter().max_by(by_mean).unwrap_or(last);
        let at = |point: &DependencePoint| words::answer(point.mean, self.class.is_some());
        let size = if self.class.is_some() { 1.0 } else { least.mean.abs().max(most.mean.abs()) };
        if most.mean - least.mean <= SLIGHT * size {
            return format!("Whatever stands in `{column}`, {subject} is nearly the same on average.");
        }
        let along = (last.mean - first.mean).abs() >= ALONG * (most.mean - least.mean);
        if !self.ordered() || !along {
            return format!(
                "All else as it is, {subject} is highest at `{column}` = {} ({} on average) and lowest at {} ({}).",
                most.value,
                at(most),
                least.value,
                at(least)
            );
        }
        let up = last.mean > first.mean;
        let said = format!(
            "All else as it is, {subject} {} from {} at `{column}` = {} to {} at {} on average",
            if up { "rises" } else { "falls" },
            at(first),
            first.value,
            at(last),
            last.value
        );
        match self.rising.map(|rising| if up { rising } else { 1.0 - rising }) {
            Some(share) => format!("{said}; in {:.0} of 100 rows it does.", 100.0 * share),
            None => said + ".",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(means: &[f64], ordered: bool) -> Dependence {
        let point = |(i, &mean): (usize, &f64)| DependencePoint {
            value: format!("v{i}"),
            place: ordered.then_some(i as f64),
            mean,
            low: mean,
            high: mean,
        };
        let points = means.iter().enumerate().map(point).collect();
        Dependence {
            class: Some("ill".to_owned()),
            points,
            rising: ordered.then_some(0.25),
            ..Dependence::default()
        }
    }

    #[test]
    fn what_a_curve_does_is_said_in_words() {
        let says = |means: &[f64], ordered| of(means, ordered).says("age", "state");
        let falls = says(&[0.9, 0.5, 0.1], true);
        assert!(falls.contains("falls from 90.0\u{202f}% at `age` = v0 to 10.0\u{202f}% at v2"), "{falls}");
        assert!(falls.ends_with("in 75 of 100 rows it does."), "{falls}");
        let bent = says(&[0.1, 0.9, 0.2], true);
        assert!(bent.contains("highest at `age` = v1 (90.0\u{202f}% on average) and lowest at v0"), "{bent}");
        assert!(says(&[0.1, 0.9], false).contains("highest at `age` = v1"));
        assert!(says(&[0.50, 0.51], true).contains("nearly the same"));
        assert_eq!(says(&[], true), "");
        let number = Dependence { class: None, ..of(&[100.0, 101.0], true) };
        assert!(number.says("age", "rent").contains("`rent` is nearly the same"));
    }
}
