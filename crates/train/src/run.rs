//! The loop.

use crate::board::Board;
use crate::changes::Before;
use crate::checkpoint::{Checkpoints, Progress};
use crate::error::{Failure, Result};
use crate::feed::{Feed, feed};
use crate::folder::RunFolder;
use crate::log::{LayersLine, Line, Log, StepLine, ValidationLine};
use crate::order::Order;
use crate::plan::Plan;
use crate::state::State;
use crate::task::{Best, Observer, Outcome, Source, StepEvent, Stopped, Task};
use pellucid_nn::{ParamId, Pass};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

/// How many steps in a row may have to be skipped.
const MAX_SKIPPED: u64 = 20;

/// How much of the displayed speed is that of the last step.
const LATEST_SHARE: f64 = 0.1;

/// Trains a network, or goes on with a training that has checkpoints in `folder`.
///
/// At the end the model has the weights of the best validation (with [`Plan::ema`], their moving mean). When
/// `stop` is set, the step under way is finished and saved, and the outcome says
/// [`Interrupted`](Stopped::Interrupted); calling again with the same arguments then goes on as if nothing had happened.
///
/// A batch whose loss or gradient is not finite changes nothing: the step is skipped. The observer is warned
/// of the first, second, fourth, eighth … of them.
///
/// # Errors
/// Failures of the task, the source and the disk; a checkpoint of another plan, network or data; 20 skipped
/// steps in a row, after which the model has the weights of the best validation so far.
pub fn train<T: Task>(
    task: &mut T,
    source: Arc<T::Source>,
    plan: &Plan,
    folder: &RunFolder,
    observer: &mut dyn Observer,
    stop: &AtomicBool,
) -> Result<Outcome> {
    plan.check()?;
    let order = Order::new(source.rows(), plan.batch, plan.seed, source.share(), |row| source.length(row))?;
    let checkpoints = Checkpoints::open(folder.checkpoints())?;
    let lock = folder.lock()?;
    if lock.is_none() {
        observer
            .warning("this file system has no locks: take care that no other training uses the run's folder");
    }
    let mut run = Run::start(task, plan, order, folder, checkpoints, observer)?;
    let stopped = match run.progress.ended {
        Some(stopped) => stopped,
        None => {
            let steps = run.progress.step..plan.steps;
            let order = run.order.clone();
            let stopped = feed(source.as_ref(), &order, plan.seed, steps, |feed| run.steps(&feed, stop))?;
            run.progress.ended = (stopped != Stopped::Interrupted).then_some(stopped);
            run.save()?;
            stopped
        }
    };
    run.state.restore_best(run.task.model_mut())?;
    if run.progress.best.is_none() && stopped != Stopped::Interrupted {
        return Err(Failure::Diverged {
            why: "no validation gave a score that is a number: try a lower learning rate, and look for extreme \
                  values in the validation rows"
                .into(),
        });
    }
    Ok(Outcome {
        steps_done: run.progress.step,
        epochs: run.order.epochs_after(run.progress.step),
        best: run.progress.best,
        stopped,
        skipped: run.progress.skipped,
        seconds: run.progress.seconds,
    })
}

/// A training under way.
struct Run<'a, T: Task> {
    task: &'a mut T,
    plan: &'a Plan,
    order: Order,
    folder: &'a RunFolder,
    observer: &'a mut dyn Observer,
    checkpoints: Checkpoints,
    log: Log,
    board: Board,
    state: State,
    progress: Progress,
    clock: Clock,
    /// The tensors of each layer.
    layers: Vec<Vec<ParamId>>,
}

/// What depends on time, and therefore must not decide anything but what is shown and when is saved.
struct Clock {
    started: Instant,
    /// Seconds spent before a resume.
    before: f64,
    first_step: u64,
    last_step: Instant,
    seconds_per_step: Option<f64>,
    saved: Instant,
}

impl<'a, T: Task> Run<'a, T> {
    fn start(
        task: &'a mut T,
        plan: &'a Plan,
        order: Order,
        folder: &'a RunFolder,
        checkpoints: Checkpoints,
        observer: &'a mut dyn Observer,
    ) -> Result<Self> {
        let (checkpoint, warnings) = checkpoints.newest()?;
        warnings.iter().for_each(|text| observer.warning(text));
        let mut state = State::new(task.model(), plan)?;
        let progress = match checkpoint {
            None => Progress::default(),
            Some(checkpoint) => {
                let progress = state.load(task.model_mut(), plan, folder.data(), checkpoint)?;
                observer.resumed(progress.step);
                progress
            }
        };
        let (log, whole) = Log::open(&folder.log(), progress.log_bytes)?;
        if !whole {
            observer.warning("metrics.jsonl is shorter than the checkpoint says; its curves have a gap");
        }
        let board = Board::open(folder.path(), progress.step)?;
        let now = Instant::now();
        let clock = Clock {
            started: now,
            before: progress.seconds,
            first_step: progress.step,
            last_step: now,
            seconds_per_step: None,
            saved: now,
        };
        let layers = task.layers()?;
        Ok(Run {
            task,
            plan,
            order,
            folder,
            observer,
            checkpoints,
            log,
            board,
            state,
            progress,
            clock,
            layers,
        })
    }

    /// Does steps until the plan is fulfilled, validation stops getting better, or `stop` is set.
    fn steps(&mut self, feed: &Feed<<T::Source as Source>::Batch>, stop: &AtomicBool) -> Result<Stopped> {
        while self.progress.step < self.plan.steps {
            let batch = feed.next()?.batch;
            let next = self.progress.step + 1;
            let last = next == self.plan.steps;
            let validates = last || next.is_multiple_of(self.plan.validate_every);
            let before =
                (validates && !self.layers.is_empty()).then(|| Before::step(self.task.model(), &self.layers));
            let (loss, lr) = self.learn(&batch)?;
            drop(batch);
            self.progress.step = next;
            self.show_step(loss, lr);
            if last || self.progress.step.is_multiple_of(self.plan.log_every) {
                self.log_step(lr)?;
            }
            if let Some(before) = before {
                self.log_layers(&before)?;
            }
            if validates {
                self.validate()?;
            }
            if last {
                break;
            }
            if self.plan.patience.is_some_and(|patience| self.progress.without_better >= patience) {
                return Ok(Stopped::Early);
            }
            if stop.load(Ordering::Relaxed) {
                return Ok(Stopped::Interrupted);
            }
            if self.progress.step.is_multiple_of(self.plan.checkpoint_every)
                && self.clock.saved.elapsed() >= Duration::from_secs_f64(self.plan.checkpoint_seconds)
            {
                self.save()?;
            }
        }
        Ok(Stopped::Finished)
    }

    /// One step: returns the loss and the learning rate.
    fn learn(&mut self, batch: &<T::Source as Source>::Batch) -> Result<(f64, f64)> {
        let pass = Pass::training(self.plan.seed, self.progress.step);
        let lr = self.plan.schedule.lr(self.progress.step, self.plan.steps);
        let loss = self.task.loss(&pass, batch)?;
        let value = loss.value().item()?;
        let grad_norm = match value.is_finite() {
            true => {
                let gradients = loss.backward()?;
                // The tape shares the weights' memory; without it they can be written in place.
                drop(loss);
                self.state.step(self.task.model_mut(), pass.finish(gradients), lr)?
            }
            false => None,
        };
        match grad_norm {
            Some(grad_norm) => {
                self.progress.skipped_in_row = 0;
                self.progress.grad_norm = grad_norm;
                self.progress.loss_sum += value;
                self.progress.loss_count += 1;
            }
            None => self.skip(value, lr)?,
        }
        Ok((value, lr))
    }

    /// Counts a step that could not be used; too many in a row end the training.
    fn skip(&mut self, loss: f64, lr: f64) -> Result<()> {
        self.progress.skipped_in_row += 1;
        self.progress.skipped += 1;
        let (step, what) = (self.progress.step + 1, if loss.is_finite() { "gradient" } else { "loss" });
        let skipped = self.progress.skipped;
        if skipped.is_power_of_two() {
            let text = format!(
                "step {step} is skipped, its {what} is not a finite number ({skipped} skipped so far)"
            );
            self.observer.warning(&text);
        }
        if self.progress.skipped_in_row < MAX_SKIPPED {
            return Ok(());
        }
        self.state.restore_best(self.task.model_mut())?;
        let kept = match &self.progress.best {
            Some(best) => format!("the model has the weights of step {}, the best so far", best.step),
            None => "there was no validation before, so there are no good weights to go back to".into(),
        };
        Err(Failure::Diverged {
            why: format!(
                "training fell apart: the {what} was not a finite number {MAX_SKIPPED} times in a row, up to \
                 step {step} ({kept}). Try a lower learning rate (it is {lr:e} now), a longer warm-up or \
                 clipping (clip = 1), and look for extreme values in the data"
            ),
        })
    }

    fn show_step(&mut self, loss: f64, lr: f64) {
        let clock = &mut self.clock;
        let latest = clock.last_step.elapsed().as_secs_f64();
        clock.last_step = Instant::now();
        let usual = clock.seconds_per_step.unwrap_or(latest);
        let seconds_per_step = usual + LATEST_SHARE * (latest - usual);
        clock.seconds_per_step = Some(seconds_per_step);
        let done = self.progress.step - clock.first_step;
        let mean = clock.started.elapsed().as_secs_f64() / done as f64;
        self.observer.step(&StepEvent {
            step: self.progress.step,
            steps: self.plan.steps,
            epoch: self.order.epochs_after(self.progress.step),
            loss,
            lr,
            rows_per_second: self.order.batch() as f64 / seconds_per_step.max(f64::MIN_POSITIVE),
            seconds_left: mean * (self.plan.steps - self.progress.step) as f64,
        });
    }

    fn log_step(&mut self, lr: f64) -> Result<()> {
        let progress = &mut self.progress;
        let loss = (progress.loss_count > 0).then(|| progress.loss_sum / progress.loss_count as f64);
        (progress.loss_sum, progress.loss_count) = (0.0, 0);
        self.append(&Line::Step(StepLine {
            step: self.progress.step,
            epoch: self.order.epochs_after(self.progress.step),
            loss,
            lr,
            grad_norm: self.progress.grad_norm,
            skipped: self.progress.skipped,
            seconds: self.seconds(),
        }))
    }

    /// Says how much the last step has changed each layer; nothing if the step was skipped.
    fn log_layers(&mut self, before: &Before) -> Result<()> {
        if self.progress.skipped_in_row > 0 {
            return Ok(());
        }
        let changes = before.changes(self.task.model())?;
        self.append(&Line::Layers(LayersLine { step: self.progress.step, changes }))
    }

    /// Validates the weights (their moving mean, if there is one) and keeps them if they are the best so far.
    fn validate(&mut self) -> Result<()> {
        self.state.swap_mean(self.task.model_mut())?;
        let validation = self.task.validate()?;
        let best = &self.progress.best;
        let better = validation.score.is_finite()
            && best.as_ref().is_none_or(|best| validation.score > best.validation.score);
        if better {
            self.state.keep_best(self.task.model());
        }
        let glimpse = self.task.glimpse()?;
        self.state.swap_mean(self.task.model_mut())?;
        let step = self.progress.step;
        if let Some(glimpse) = &glimpse {
            self.folder.keep(step, glimpse)?;
        }
        self.observer.validated(step, &validation, better);
        if !validation.score.is_finite() {
            self.observer.warning(&format!(
                "the validation after step {step} gave no usable {}: {}",
                validation.score_name, validation.score
            ));
        }
        let epoch = self.order.epochs_after(step);
        let line = ValidationLine::new(step, epoch, &validation, better, self.seconds());
        self.append(&Line::Validation(line))?;
        match better {
            true => (self.progress.best, self.progress.without_better) = (Some(Best { step, validation }), 0),
            false => self.progress.without_better += 1,
        }
        Ok(())
    }

    fn append(&mut self, line: &Line) -> Result<()> {
        self.log.append(line)?;
        self.board.append(line)
    }

    fn save(&mut self) -> Result<()> {
        self.progress.log_bytes = self.log.sync()?;
        self.board.flush()?;
        self.progress.seconds = self.seconds();
        let (data, progress) = (self.folder.data(), self.progress.clone());
        self.checkpoints.save(&self.state.save(self.task.model(), self.plan, data, progress)?)?;
        self.clock.saved = Instant::now();
        self.observer.checkpointed(self.progress.step);
        Ok(())
    }

    fn seconds(&self) -> f64 {
        self.clock.before + self.clock.started.elapsed().as_secs_f64()
    }
}
