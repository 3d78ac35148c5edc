//! What it costs to serve groups more equally.

use serde::{Deserialize, Serialize};

/// A network that was learned again so that groups are served more equally, and what it came to on rows that it did not learn from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Mitigation {
    /// The way, as `--fair` takes it; none for the network as it is.
    pub way: Option<String>,
    /// How much it counted.
    pub strength: f64,
    /// The share of right answers.
    pub accuracy: f64,
    /// The gaps between groups, by the measure's name; the widest where several classes are judged.
    pub gaps: Vec<(String, f64)>,
}

impl Mitigation {
    /// The gap of a measure.
    pub fn gap(&self, measure: &str) -> Option<f64> {
        self.gaps.iter().find(|(name, _)| name == measure).map(|(_, gap)| *gap)
    }

    /// What it is called by people.
    pub fn name(&self) -> String {
        match &self.way {
            None => "as it is".to_owned(),
            Some(way) => format!("{} × {}", way.replace('_', " "), self.strength),
        }
    }
}
