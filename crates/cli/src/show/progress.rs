//! Where a training is, in words.

use super::{count, duration};
use pellucid_train::metrics::by_name;
use pellucid_train::{StepEvent, Validation};

/// What is known of a training under way.
#[derive(Default)]
pub(crate) struct Progress {
    step: Option<StepEvent>,
    loss: Option<f64>,
    validation: Option<Validation>,
}

/// The weight of the newest batch in the loss shown: single batches differ too much to be read.
const NEWEST: f64 = 0.05;

impl Progress {
    /// Takes in a step.
    pub(crate) fn step(&mut self, event: &StepEvent) {
        let loss = self.loss.filter(|l| l.is_finite()).map_or(event.loss, |l| l + NEWEST * (event.loss - l));
        self.loss = Some(loss);
        self.step = Some(*event);
    }

    /// Takes in a validation.
    pub(crate) fn validated(&mut self, validation: &Validation) {
        self.validation = Some(validation.clone());
    }

    /// Steps done, and steps planned.
    pub(crate) fn steps(&self) -> Option<(u64, u64)> {
        self.step.map(|s| (s.step, s.steps))
    }

    /// `loss 0.312 · validation: loss 0.351, accuracy 92.1 %`
    pub(crate) fn figures(&self) -> String {
        let mut parts = Vec::new();
        parts.extend(self.loss.map(|loss| format!("loss {loss:.3}")));
        if let Some(v) = &self.validation {
            let metric = v.metrics.iter().find(|(name, _)| *name == v.score_name);
            let metric = metric.and_then(|(name, value)| {
                let metric = by_name(name)?;
                Some(format!(", {} {}", metric.name.replace('_', " "), metric.format.show(*value)))
            });
            parts.push(format!("validation: loss {:.3}{}", v.loss, metric.unwrap_or_default()));
        }
        parts.join(" · ")
    }

    /// `1 min 10 s left`
    pub(crate) fn left(&self) -> String {
        self.step.map_or_else(String::new, |s| format!("{} left", duration(s.seconds_left)))
    }

    /// The whole in one line.
    pub(crate) fn line(&self) -> String {
        let Some((step, steps)) = self.steps() else { return self.figures() };
        format!("step {} of {} · {} · {}", count(step), count(steps), self.figures(), self.left())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_both_sides_and_the_time_left() {
        let mut progress = Progress::default();
        assert_eq!(progress.line(), "");
        let event = StepEvent {
            step: 1200,
            steps: 2000,
            epoch: 1.5,
            loss: 0.5,
            lr: 1e-3,
            rows_per_second: 1e4,
            seconds_left: 70.0,
        };
        progress.step(&event);
        assert_eq!(progress.line(), "step 1,200 of 2,000 · loss 0.500 · 1 min 10 s left");
        let metrics = vec![("log_loss".to_owned(), 0.4), ("accuracy".to_owned(), 0.921)];
        progress.validated(&Validation {
            loss: 0.35,
            metrics,
            score: 0.9,
            score_name: "accuracy".to_owned(),
        });
        assert_eq!(progress.figures(), "loss 0.500 · validation: loss 0.350, accuracy 92.1 %");
        progress.step(&StepEvent { loss: f64::NAN, ..event });
        progress.step(&StepEvent { loss: 0.2, ..event });
        assert!(
            progress.figures().starts_with("loss 0.200"),
            "a loss that was no number is not dragged along"
        );
    }
}
