//! Trainings of a run's data that nothing is kept of: with fewer rows, or with another aim.

use crate::config::Config;
use crate::learning::{Learning, learning};
use crate::predict::{Design, PredictSource, PredictTask};
use crate::train::Ready;
use crate::{Result, Watcher};
use pellucid_data::DataError;
use pellucid_train::{Observer, Outcome, RunFolder, StepEvent, Stopped, Validation, train as run_plan};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// Several trainings, one after the other.
#[derive(Default)]
pub(crate) struct Again {
    /// Steps of those before.
    before: u64,
}

/// A training that came to its end.
pub(crate) struct Relearned {
    /// The network, with its best weights.
    pub(crate) task: PredictTask,
    pub(crate) outcome: Outcome,
}

impl Again {
    /// Learns as a design says, from these training records, or from all. None where it was stopped.
    ///
    /// # Errors
    /// Failures of training, and no temporary folder.
    pub(crate) fn learn(
        &mut self,
        ready: &Ready,
        config: &Config,
        design: &Design,
        records: Option<Vec<usize>>,
        watcher: &mut dyn Watcher,
        stop: &AtomicBool,
    ) -> Result<Option<Relearned>> {
        let Learning { mut task, mut source, .. } =
            learning(&ready.prepared, ready.frozen.as_ref(), config, design)?;
        if let Some(records) = records {
            source = Arc::new(PredictSource { records, ..(*source).clone() });
        }
        let place = tempfile::tempdir()
            .map_err(|e| DataError::io("no temporary folder can be made", std::env::temp_dir(), &e))?;
        let folder = RunFolder::new(place.path(), "");
        let mut counted = Counted { watcher, before: self.before };
        let outcome = run_plan(&mut task, source, &design.plan, &folder, &mut counted, stop)?;
        self.before += design.plan.steps;
        Ok((outcome.stopped != Stopped::Interrupted).then_some(Relearned { task, outcome }))
    }
}

/// Counts the steps of all trainings together; of what a single one tells, only warnings are passed on.
struct Counted<'a> {
    watcher: &'a mut dyn Watcher,
    before: u64,
}

impl Observer for Counted<'_> {
    fn step(&mut self, event: &StepEvent) {
        self.watcher.advance((self.before + event.step) as usize);
    }

    fn validated(&mut self, _: u64, _: &Validation, _: bool) {}

    fn warning(&mut self, text: &str) {
        self.watcher.warning(text);
    }
}
