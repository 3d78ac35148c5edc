//! For programs: what happens, as one JSON object a line on standard output.

use crate::output;
use pellucid_goals::{Error, Finished, Watcher};
use pellucid_train::{Observer, StepEvent, Validation};
use serde_json::{Map, Value, json};
use std::io::Write;
use std::time::{Duration, Instant};

/// Pause between two events of a kind that comes often.
const PAUSE: Duration = Duration::from_millis(200);

/// Tells a program of the work.
pub(crate) struct Events {
    told: Option<Instant>,
}

impl Events {
    pub(crate) fn new() -> Events {
        Events { told: None }
    }

    /// Whether the last frequent event is long enough ago.
    fn due(&mut self) -> bool {
        let due = self.told.is_none_or(|told| told.elapsed() >= PAUSE);
        if due {
            self.told = Some(Instant::now());
        }
        due
    }
}

/// Writes one event. Who no longer listens does not end a training.
fn tell(event: &Value) {
    let _ = writeln!(std::io::stdout().lock(), "{event}");
}

/// Writes the last event.
pub(super) fn done(finished: &Finished) -> Result<(), Error> {
    let evaluation = serde_json::to_value(&finished.evaluation)
        .map_err(|e| Error::model(format!("the scores cannot be written as JSON · {e}")))?;
    let event = json!({
        "event": "done",
        "run": finished.run.path(),
        "seconds": finished.seconds,
        "unseen": finished.unseen,
        "evaluation": evaluation,
    });
    output::line(&event.to_string())
}

impl Observer for Events {
    fn step(&mut self, e: &StepEvent) {
        // However short a training is, its beginning is told.
        if self.due() || e.step == 1 || e.step == e.steps {
            tell(&json!({
                "event": "step", "step": e.step, "steps": e.steps, "epoch": e.epoch, "loss": e.loss, "lr": e.lr,
                "rows_per_second": e.rows_per_second, "seconds_left": e.seconds_left,
            }));
        }
    }

    fn validated(&mut self, step: u64, validation: &Validation, best: bool) {
        let metrics: Map<String, Value> =
            validation.metrics.iter().map(|(name, value)| (name.clone(), json!(value))).collect();
        tell(&json!({
            "event": "validation", "step": step, "best": best, "loss": validation.loss,
            "score": validation.score, "score_name": validation.score_name, "metrics": metrics,
        }));
    }

    fn checkpointed(&mut self, step: u64) {
        tell(&json!({ "event": "checkpoint", "step": step }));
    }

    fn resumed(&mut self, step: u64) {
        tell(&json!({ "event": "resumed", "step": step }));
    }

    fn warning(&mut self, text: &str) {
        tell(&json!({ "event": "warning", "text": text.trim_end() }));
    }
}

impl Watcher for Events {
    fn note(&mut self, text: &str) {
        tell(&json!({ "event": "note", "text": text }));
    }

    fn begin(&mut self, work: &str, items: usize) {
        self.told = None;
        tell(&json!({ "event": "begin", "work": work, "items": items }));
    }

    fn advance(&mut self, done: usize) {
        if self.due() {
            tell(&json!({ "event": "advance", "done": done }));
        }
    }

    fn planned(&mut self, steps: u64, seconds: f64, bytes: usize) {
        tell(&json!({ "event": "plan", "steps": steps, "seconds": seconds, "bytes": bytes }));
    }
}
