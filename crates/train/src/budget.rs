//! Budgets of time: how they are written, and how many steps fit into one.

use crate::error::{Failure, Result};
use std::time::Duration;

/// The share of a budget kept back for what is not measured: checkpoints, the end of the run.
const RESERVE: f64 = 0.05;

/// The longest budget, one year, in seconds.
const LONGEST: f64 = 365.0 * 86_400.0;

/// Reads a span of time as people write it: `90s`, `10m`, `1h30m`, `1.5h`, `2h 5min`.
///
/// # Errors
/// Text that is none, a span of nothing, or one of more than a year.
pub fn parse(text: &str) -> Result<Duration> {
    let wrong = |why: &str| {
        Failure::plan(format!("`{text}` is no span of time: {why}; write it like 90s, 10m or 1h30m"))
    };
    let mut rest: String = text.chars().filter(|c| !c.is_whitespace()).collect();
    let mut seconds = 0.0;
    let mut last_unit = f64::INFINITY;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit() && c != '.').ok_or_else(|| wrong("no unit"))?;
        let letters = rest[digits..].find(|c: char| !c.is_alphabetic()).map_or(rest.len(), |n| digits + n);
        let number: f64 = rest[..digits].parse().map_err(|_| wrong("a number is missing"))?;
        let unit = match rest[digits..letters].to_lowercase().as_str() {
            "h" | "hour" | "hours" => 3600.0,
            "m" | "min" | "minute" | "minutes" => 60.0,
            "s" | "sec" | "second" | "seconds" => 1.0,
            other => return Err(wrong(&format!("`{other}` is no unit"))),
        };
        if unit >= last_unit {
            return Err(wrong("hours come before minutes, and minutes before seconds"));
        }
        last_unit = unit;
        seconds += number * unit;
        rest.drain(..letters);
    }
    if seconds <= 0.0 || seconds > LONGEST {
        return Err(wrong("it must be more than nothing and at most a year"));
    }
    Ok(Duration::from_secs_f64(seconds))
}

/// What training costs on this machine, as [`measure`](crate::measure) found it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Cost {
    /// Seconds per step.
    pub step: f64,
    /// Seconds per validation.
    pub validation: f64,
}

impl Cost {
    /// How many steps fit into a budget when every `validate_every`-th is followed by a validation; at least 1.
    ///
    /// `0.95 · budget / (step + validation / validate_every)`
    pub fn steps_within(&self, budget: Duration, validate_every: u64) -> u64 {
        let per_step = self.step + self.validation / validate_every.max(1) as f64;
        (((1.0 - RESERVE) * budget.as_secs_f64() / per_step) as u64).max(1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_of_time_are_read() {
        for (text, seconds) in [
            ("90s", 90.0),
            ("10m", 600.0),
            ("1h30m", 5400.0),
            ("1.5h", 5400.0),
            ("2h 5min 1 sec", 7501.0),
            ("0.5s", 0.5),
            ("10 Minutes", 600.0),
        ] {
            assert_eq!(parse(text).unwrap().as_secs_f64(), seconds, "{text}");
        }
        for text in
            ["", "10", "m", "10x", "-5m", "1m1h", "5s5s", "1..5h", "0s", "1e9h", "99999h", "10m5", "nan s"]
        {
            let why = parse(text).unwrap_err().to_string();
            assert!(why.contains(&format!("`{text}`")) && why.contains("1h30m"), "{text}: {why}");
        }
    }

    #[test]
    fn steps_fit_into_their_budget() {
        let cost = Cost { step: 0.01, validation: 0.5 };
        let steps = cost.steps_within(Duration::from_secs(60), 100);
        let spent = steps as f64 * cost.step + (steps / 100) as f64 * cost.validation;
        assert!(spent <= 60.0 && spent > 55.0);
        assert_eq!(cost.steps_within(Duration::from_nanos(1), 1), 1);
        assert!(Cost { step: 0.0, validation: 0.0 }.steps_within(Duration::from_secs(1), 0) >= 1);
    }
}
