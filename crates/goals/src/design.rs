//! Decisions that a configuration leaves open, with their reasons.

use crate::config::TrainingConfig;
use pellucid_nn::Schedule;
use pellucid_train::{OptimizerKind, Plan};
use serde::{Deserialize, Serialize};

/// The reason of a setting that a person chose.
pub(crate) const GIVEN: &str = "given";

/// A setting that was decided, and why: shown to the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// The setting, by its key in the configuration.
    pub setting: String,
    /// The value in words.
    pub value: String,
    /// How it was chosen.
    pub why: String,
}

/// What a goal beside prediction has decided: what is built, and how it is trained.
pub(crate) struct Design<B> {
    /// The network.
    pub(crate) blueprint: B,
    /// The training, at first without a limit by time.
    pub(crate) plan: Plan,
    /// The most seconds that training may take.
    pub(crate) seconds: f64,
    /// The decisions in words.
    pub(crate) decisions: Vec<Decision>,
}

/// Collects decisions: a given value is taken as it is.
#[derive(Default)]
pub(crate) struct Decider {
    pub(crate) decisions: Vec<Decision>,
}

impl Decider {
    /// The given value, or else the own one, for a reason.
    pub(crate) fn decide<T: Copy + std::fmt::Display>(
        &mut self,
        setting: &str,
        given: Option<T>,
        own: T,
        why: &str,
    ) -> T {
        let (value, why) = match given {
            Some(value) => (value, GIVEN),
            None => (own, why),
        };
        self.say(setting, &value.to_string(), why);
        value
    }

    /// A decision in words.
    pub(crate) fn say(&mut self, setting: &str, value: &str, why: &str) {
        self.decisions.push(Decision {
            setting: setting.to_owned(),
            value: value.to_owned(),
            why: why.to_owned(),
        });
    }
    /// The plan of a training that writes: what is validated and kept is the mean of the weights over the last twentieth, twenty times.
    pub(crate) fn plan_of_writing(&mut self, given: &TrainingConfig, chosen: Chosen) -> Plan {
        let Chosen { steps, batch, schedule, optimizer, weight_decay, patience } = chosen;
        let own_ema = 1.0 - (20.0 / steps.max(1) as f64).clamp(1e-4, 0.1);
        let why = "the mean of the weights over the last twentieth of training";
        let ema = self.decide("ema", given.ema, own_ema, why);
        let every = self.decide("validate_every", given.validate_every, (steps / 20).max(1), "twenty in all");
        let why = "validations in a row without improvement end the training";
        let patience = self.decide("patience", given.patience, patience, why);
        Plan {
            steps,
            batch,
            schedule,
            optimizer,
            weight_decay,
            clip: 1.0,
            ema: Some(ema),
            validate_every: every,
            patience: Some(patience),
            log_every: (steps / 400).max(1),
            checkpoint_every: (every / 4).max(1),
            checkpoint_seconds: 30.0,
            seed: given.seed,
        }
    }
}

/// What a goal that writes has chosen of its plan.
pub(crate) struct Chosen {
    pub(crate) steps: u64,
    pub(crate) batch: usize,
    pub(crate) schedule: Schedule,
    pub(crate) optimizer: OptimizerKind,
    pub(crate) weight_decay: f64,
    /// Validations in a row without improvement that end the training, if nothing else is said.
    pub(crate) patience: u64,
}
