//! What is trained, as the loop sees it: rows become batches, batches become a loss.

use crate::error::{Failure, Result};
use pellucid_grad::Var;
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::Stream;
use serde::{Deserialize, Serialize};

/// What batches have in common.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Share {
    /// As many rows each.
    #[default]
    Rows,
    /// About the same sum of their rows' lengths; the mean number of rows is the plan's.
    Lengths,
}

/// The training rows. It is used from a thread of its own, a few batches ahead of the training.
pub trait Source: Send + Sync {
    /// Rows made ready for the network.
    type Batch: Send;

    /// How many rows there are to learn from.
    fn rows(&self) -> usize;

    /// How long a row is, where that differs from row to row: rows of like length are then put into the same batch. All 0: no such
    /// thing.
    fn length(&self, _row: usize) -> usize {
        0
    }

    /// What batches have in common.
    fn share(&self) -> Share {
        Share::Rows
    }

    /// Reads and prepares rows, given by their positions (`< self.rows()`).
    ///
    /// The result may depend on nothing but the rows and the numbers drawn from `augment`, which is a stream
    /// of its own in every step. Whoever prepares rows in parallel draws one number per row first and
    /// derives the rows' streams from these.
    ///
    /// # Errors
    /// Data that cannot be read: [`Failure::source`]. It ends the training.
    fn batch(&self, rows: &[usize], augment: &mut Stream) -> std::result::Result<Self::Batch, Failure>;
}

/// A network with what it is to learn.
pub trait Task {
    /// Where its batches come from.
    type Source: Source;

    /// The network.
    fn model(&self) -> &dyn Module;

    /// The network, to be changed.
    fn model_mut(&mut self) -> &mut dyn Module;

    /// The tensors of each layer, in the order in which layers are shown to people: how much they change is told at each validation.
    ///
    /// # Errors
    /// Those of the engine.
    fn layers(&self) -> Result<Vec<Vec<ParamId>>> {
        Ok(Vec::new())
    }

    /// The loss of a batch: a scalar on the pass's tape.
    ///
    /// # Errors
    /// Those of the engine.
    fn loss(&self, pass: &Pass, batch: &<Self::Source as Source>::Batch) -> Result<Var>;

    /// How good the network is now on the validation rows.
    ///
    /// # Errors
    /// Those of the engine and of reading the rows.
    fn validate(&self) -> Result<Validation>;

    /// Something that shows people what the network does now; asked after each validation. It may depend on nothing but the weights.
    ///
    /// # Errors
    /// Those of the engine and of reading the rows.
    fn glimpse(&self) -> Result<Option<Glimpse>> {
        Ok(None)
    }
}

/// What a network does at one moment of its training, to be looked at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glimpse {
    /// JSON of whoever shows it.
    pub json: Vec<u8>,
    /// Whether earlier ones stay beside it, because they show how it came to be; else it takes their place.
    pub stays: bool,
}

/// How good a network was on the validation rows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Validation {
    /// The mean loss.
    #[serde(with = "crate::exact::number")]
    pub loss: f64,
    /// All metrics by name.
    #[serde(with = "crate::exact::named_numbers")]
    pub metrics: Vec<(String, f64)>,
    /// The number that early stopping and the best weights follow; higher is better.
    #[serde(with = "crate::exact::number")]
    pub score: f64,
    /// What the score is.
    pub score_name: String,
}

/// The best validation so far.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Best {
    /// After how many steps.
    pub step: u64,
    /// The result.
    pub validation: Validation,
}

/// Why a training ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stopped {
    /// All steps of the plan are done.
    Finished,
    /// Validation did not get better for as long as the plan allows.
    Early,
    /// It was asked to stop; it can be resumed.
    Interrupted,
}

/// What a training came to.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// Steps done, those before a resume included.
    pub steps_done: u64,
    /// Passes through the data done, in fractions.
    pub epochs: f64,
    /// The validation whose weights the model now has; `None` if it was interrupted before the first.
    pub best: Option<Best>,
    /// Why it ended.
    pub stopped: Stopped,
    /// Steps left out because loss or gradients were no numbers.
    pub skipped: u64,
    /// Time spent, in seconds, that before a resume included.
    pub seconds: f64,
}

/// One step, as an [`Observer`] sees it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct StepEvent {
    /// Steps done, this one included.
    pub step: u64,
    /// Steps planned.
    pub steps: u64,
    /// Passes through the data done, in fractions.
    pub epoch: f64,
    /// The loss of this batch.
    pub loss: f64,
    /// The learning rate of this step.
    pub lr: f64,
    /// Rows learned from per second, over the last steps.
    pub rows_per_second: f64,
    /// The time the remaining steps and validations will take, in seconds, judged by those so far.
    pub seconds_left: f64,
}

/// Who watches a training: a progress bar, lines of text, nobody. Nothing an observer does changes the result.
pub trait Observer {
    /// A step was done.
    fn step(&mut self, _event: &StepEvent) {}

    /// A validation was done after so many steps; `best` if none was better before.
    fn validated(&mut self, _step: u64, _validation: &Validation, _best: bool) {}

    /// The state after so many steps was saved.
    fn checkpointed(&mut self, _step: u64) {}

    /// The training goes on from a checkpoint.
    fn resumed(&mut self, _step: u64) {}

    /// Something a person should know that does not end the training.
    fn warning(&mut self, text: &str);
}
