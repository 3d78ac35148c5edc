//! What more rows would bring.

use pellucid_train::metrics::{Metric, by_name};
use serde::{Deserialize, Serialize};

use crate::trust::{LearningCurve, Reached};

/// How many times as many rows are asked about.
const MORE: [f64; 2] = [2.0, 4.0];

/// What more rows would bring.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Forecast {
    /// The column that is answered.
    pub target: String,
    /// The metric, of the validation rows; 1 is the best.
    pub metric: String,
    /// The rows that the run learned from.
    pub rows: usize,
    /// What was reached: rows learned from, and the metric's value. The run itself is the last.
    pub reached: Vec<(usize, f64)>,
    /// What would be reached with more rows.
    pub foreseen: Vec<Expected>,
    /// Training rows whose label looks wrong to networks that have not learned from them, each of one half of the rows; nothing is known of columns without
    /// classes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub doubted: Option<usize>,
    /// What would have been foreseen for the run itself from the others, to be compared with what it reached.
    pub checked: Expected,
}

/// The metric that is foreseen for so many rows.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Expected {
    /// Rows learned from.
    pub rows: usize,
    /// As likely too high as too low.
    pub value: f64,
    /// Eight in ten trainings would reach more than this
    pub low: f64,
    /// and less than this.
    pub high: f64,
}

impl Forecast {
    /// From what was reached with parts of the rows, and what a run reached with all of them. None where no curve goes through that: fewer
    /// than two sizes of parts, or errors of 0.
    pub fn from(
        target: String,
        metric: &str,
        parts: Vec<(usize, f64)>,
        run: (usize, f64),
    ) -> Option<Forecast> {
        let checked = expected(&through(&parts)?, run.0);
        let mut reached = parts;
        reached.push(run);
        let curve = through(&reached)?;
        let foreseen = MORE.iter().map(|times| expected(&curve, (times * run.0 as f64) as usize)).collect();
        Some(Forecast {
            target,
            metric: metric.to_owned(),
            rows: run.0,
            reached,
            foreseen,
            doubted: None,
            checked,
        })
    }

    /// What is known of its metric.
    pub fn about(&self) -> Option<&'static Metric> {
        by_name(&self.metric)
    }

    /// What the run itself reached.
    pub fn now(&self) -> f64 {
        self.reached.last().map_or(f64::NAN, |(_, value)| *value)
    }

    /// Whether what the run reached lies in the band that its smaller parts foresee for it.
    pub fn holds(&self) -> bool {
        (self.checked.low..=self.checked.high).contains(&self.now())
    }

    /// The curve through what was reached, from the fewest rows to the most that are foreseen.
    pub fn curve(&self) -> Vec<Expected> {
        const PLACES: usize = 40;
        let (Some(curve), Some(first), Some(last)) =
            (through(&self.reached), self.reached.first(), self.foreseen.last())
        else {
            return Vec::new();
        };
        let (first, last) = (first.0 as f64, last.rows as f64);
        let at = |i: usize| first * (last / first).powf(i as f64 / (PLACES - 1) as f64);
        (0..PLACES).map(|i| expected(&curve, at(i).round() as usize)).collect()
    }
}

/// The curve through values of a metric of which 1 is the best.
fn through(reached: &[(usize, f64)]) -> Option<LearningCurve> {
    let points: Vec<Reached> =
        reached.iter().map(|&(rows, value)| Reached { rows: rows as f64, error: 1.0 - value }).collect();
    LearningCurve::through(&points)
}

fn expected(curve: &LearningCurve, rows: usize) -> Expected {
    let error = curve.at(rows as f64);
    Expected { rows, value: 1.0 - error.middle, low: 1.0 - error.high, high: 1.0 - error.low }
}
