//! What the programs answer: a line of JSON each.

use serde_json::Value;

/// So many runs in so many seconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Timed {
    pub(crate) steps: f64,
    pub(crate) seconds: f64,
    /// The last loss, or what stands for the result.
    pub(crate) loss: f64,
}

impl Timed {
    /// Runs a second.
    pub(crate) fn rate(&self) -> f64 {
        self.steps / self.seconds
    }
}

/// A line as JSON.
pub(crate) fn parse(line: &str) -> Result<Value, String> {
    serde_json::from_str(line).map_err(|e| format!("`{}` is not JSON: {e}", line.trim()))
}

/// A number by its name.
pub(crate) fn number(answer: &Value, name: &str) -> Result<f64, String> {
    answer.get(name).and_then(Value::as_f64).ok_or_else(|| format!("{answer} has no number `{name}`"))
}

/// The answer to `time`.
pub(crate) fn timed(answer: &Value) -> Result<Timed, String> {
    let [steps, seconds, loss] = ["steps", "seconds", "loss"].map(|name| number(answer, name));
    let timed = Timed { steps: steps?, seconds: seconds?, loss: loss? };
    match timed.steps >= 1.0 && timed.seconds > 0.0 {
        true => Ok(timed),
        false => Err(format!("{answer} is no measurement")),
    }
}

/// The answer to `check`. What is no number is written as `null` or `NaN` and refused.
pub(crate) fn losses(answer: &Value) -> Result<Vec<f64>, String> {
    let list = answer.get("losses").and_then(Value::as_array);
    let numbers = list.and_then(|list| list.iter().map(Value::as_f64).collect());
    numbers.ok_or_else(|| format!("{answer} has no list `losses` of numbers"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_of_both_sides_are_read() {
        let ours = parse(r#"{"steps":1527,"seconds":3.0,"loss":1.25}"#).and_then(|a| timed(&a));
        assert_eq!(ours, Ok(Timed { steps: 1527.0, seconds: 3.0, loss: 1.25 }));
        assert_eq!(ours.map(|t| t.rate()), Ok(509.0));
        let theirs = parse("{\"losses\": [2.5, -1e-3]}\n").and_then(|a| losses(&a));
        assert_eq!(theirs, Ok(vec![2.5, -1e-3]));
    }

    #[test]
    fn what_is_no_answer_is_refused_with_the_line() {
        for line in ["", "Traceback", r#"{"losses": [NaN]}"#] {
            assert!(parse(line).is_err(), "{line}");
        }
        let refused =
            [r#"{"steps": 0, "seconds": 1, "loss": 1}"#, r#"{"steps": 3, "seconds": 1, "loss": null}"#, "{}"];
        for line in refused {
            assert!(parse(line).and_then(|a| timed(&a)).is_err(), "{line}");
        }
        assert!(parse(r#"{"losses": [1, null]}"#).and_then(|a| losses(&a)).is_err());
    }
}
