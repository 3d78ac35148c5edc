//! Bounds that somebody requires: `equalized_odds<=0.1`.

use serde::{Deserialize, Serialize};
use std::fmt;

use super::{Audit, CLASS_MEASURES, Measure, NUMBER_MEASURES};

/// A bound on a measure.
#[derive(Clone, Debug, PartialEq)]
pub struct Requirement {
    measure: &'static str,
    /// Whether the measure may be at most the bound, or must be at least it.
    at_most: bool,
    bound: f64,
}

/// Whether a bound is kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// It is.
    Met,
    /// It is not.
    NotMet,
    /// A group has too few rows to say. That is no pass.
    NotEnoughData,
}

impl fmt::Display for Requirement {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}{}", self.measure, if self.at_most { "<=" } else { ">=" }, self.bound)
    }
}

fn measures() -> impl Iterator<Item = &'static Measure> {
    CLASS_MEASURES.iter().chain(NUMBER_MEASURES)
}

impl Requirement {
    /// Reads a bound such as `equalized_odds<=0.1` or `worst_accuracy>=0.8`.
    ///
    /// # Errors
    /// Why it is none.
    pub fn parse(text: &str) -> Result<Requirement, String> {
        let (name, at_most, bound) = match (text.split_once("<="), text.split_once(">=")) {
            (Some((name, bound)), None) => (name, true, bound),
            (None, Some((name, bound))) => (name, false, bound),
            _ => {
                return Err("write a measure, <= or >=, and a number, such as equalized_odds<=0.1".to_owned());
            }
        };
        let name = name.trim();
        let Some(measure) = measures().find(|measure| measure.name == name) else {
            let names = || measures().map(|measure| measure.name);
            return Err(match pellucid_base::nearest(name, names()) {
                Some(near) => format!("there is no measure `{name}`; did you mean `{near}`?"),
                None => format!(
                    "there is no measure `{name}`; there are {}",
                    names().collect::<Vec<_>>().join(", ")
                ),
            });
        };
        let number = bound.trim().parse::<f64>().ok().filter(|bound| bound.is_finite());
        let bound = number.ok_or_else(|| format!("`{}` is not a number", bound.trim()))?;
        if at_most != measure.less_is_better {
            let sign = if measure.less_is_better { "<=" } else { ">=" };
            return Err(format!("`{name}` is required with {sign}"));
        }
        Ok(Requirement { measure: measure.name, at_most, bound })
    }

    /// Whether an audit keeps the bound; none if it does not measure that.
    pub fn judge(&self, audit: &Audit) -> Option<Verdict> {
        let gap = audit.gap(self.measure)?;
        let within = |value: f64| if self.at_most { value <= self.bound } else { value >= self.bound };
        Some(match gap.value {
            Some(value) if !within(value) => Verdict::NotMet,
            Some(_) if gap.lacking.is_empty() => Verdict::Met,
            _ => Verdict::NotEnoughData,
        })
    }
}
