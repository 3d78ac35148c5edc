//! Everything that decides how a training goes, fixed before it starts.

use crate::error::{Failure, Result};
use pellucid_nn::Schedule;
use serde::{Deserialize, Serialize};

/// How the weights follow the gradients.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum OptimizerKind {
    /// AdamW (Loshchilov & Hutter, "Decoupled weight decay regularization", 2019).
    AdamW {
        /// How slowly the means of the gradients and of their squares follow, usually 0.9 and 0.999.
        betas: (f64, f64),
        /// Added to the root of the latter, usually 1e-8.
        epsilon: f64,
        /// Changes only the rows of an embedding that were looked up: faster for large tables.
        sparse: bool,
    },
    /// Gradient descent with momentum.
    Sgd {
        /// How slowly the direction changes, usually 0.9; 0 for none.
        momentum: f64,
        /// Whether the direction is looked up one step ahead (Nesterov 1983).
        nesterov: bool,
        /// Changes only the rows of an embedding that were looked up: faster for large tables.
        sparse: bool,
    },
}

/// A training, fully decided: the same plan over the same data gives the same weights, bit for bit,
/// however often it is interrupted and on however many threads it runs.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Plan {
    /// Batches to learn from.
    pub steps: u64,
    /// Rows in a batch.
    pub batch: usize,
    /// The learning rate and its course.
    pub schedule: Schedule,
    /// How the weights follow the gradients.
    pub optimizer: OptimizerKind,
    /// How strongly weights are pulled towards zero.
    pub weight_decay: f64,
    /// The length that gradients are clipped to; 0 for none.
    pub clip: f64,
    /// How slowly the mean of the weights follows them, such as 0.999; this mean is then what is validated and kept.
    pub ema: Option<f64>,
    /// Steps from one validation to the next; one more comes at the end.
    pub validate_every: u64,
    /// How many validations in a row may bring nothing better before training ends early.
    pub patience: Option<u64>,
    /// Steps from one line of the log to the next.
    pub log_every: u64,
    /// Steps from one checkpoint to the next; one more comes at the end.
    pub checkpoint_every: u64,
    /// The least time between two checkpoints, in seconds.
    pub checkpoint_seconds: f64,
    /// What all randomness is derived from: data order, augmentation, dropout.
    pub seed: u64,
}

impl Plan {
    /// Checks every entry's range.
    ///
    /// # Errors
    /// The first entry that makes no sense, and what it should be.
    pub fn check(&self) -> Result<()> {
        let at_least = |name: &str, value: f64, least: f64| match value.is_finite() && value >= least {
            true => Ok(()),
            false => {
                Err(Failure::plan(format!("`{name}` is {value}; it must be a number of at least {least}")))
            }
        };
        let share = |name: &str, value: f64| match (0.0..1.0).contains(&value) {
            true => Ok(()),
            false => Err(Failure::plan(format!("`{name}` is {value}; it must be at least 0 and below 1"))),
        };
        for (name, value) in [
            ("steps", self.steps),
            ("batch", self.batch as u64),
            ("validate_every", self.validate_every),
            ("log_every", self.log_every),
            ("checkpoint_every", self.checkpoint_every),
            ("patience", self.patience.unwrap_or(1)),
        ] {
            at_least(name, value as f64, 1.0)?;
        }
        for (name, value) in [
            ("schedule.peak", self.schedule.peak()),
            ("weight_decay", self.weight_decay),
            ("clip", self.clip),
            ("checkpoint_seconds", self.checkpoint_seconds),
        ] {
            at_least(name, value, 0.0)?;
        }
        share("ema", self.ema.unwrap_or(0.0))?;
        match self.optimizer {
            OptimizerKind::AdamW { betas: (first, second), epsilon, .. } => {
                share("betas[0]", first)?;
                share("betas[1]", second)?;
                at_least("epsilon", epsilon, 0.0)
            }
            OptimizerKind::Sgd { momentum, .. } => share("momentum", momentum),
        }
    }

    /// In which entries another plan differs: `batch: 32 there, 64 here`.
    pub(crate) fn differences(&self, there: &Plan) -> Result<Vec<String>> {
        let entries = |plan: &Plan| {
            serde_json::to_value(plan).map_err(|e| Failure::plan(format!("cannot be written: {e}")))
        };
        let (here, there) = (entries(self)?, entries(there)?);
        let here = here.as_object().into_iter().flatten();
        Ok(here
            .filter(|(name, value)| there[name.as_str()] != **value)
            .map(|(name, value)| format!("{name}: {} there, {value} here", there[name.as_str()]))
            .collect())
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn plan() -> Plan {
        Plan {
            steps: 100,
            batch: 32,
            schedule: Schedule::one_cycle(0.01),
            optimizer: OptimizerKind::AdamW { betas: (0.9, 0.999), epsilon: 1e-8, sparse: false },
            weight_decay: 0.01,
            clip: 1.0,
            ema: Some(0.99),
            validate_every: 10,
            patience: None,
            log_every: 10,
            checkpoint_every: 10,
            checkpoint_seconds: 30.0,
            seed: 1,
        }
    }

    #[test]
    fn entries_out_of_range_are_named() {
        let sgd = |momentum| OptimizerKind::Sgd { momentum, nesterov: false, sparse: false };
        let adam = |betas| OptimizerKind::AdamW { betas, epsilon: 1e-8, sparse: false };
        assert!(plan().check().is_ok());
        for (name, wrong) in [
            ("steps", Plan { steps: 0, ..plan() }),
            ("batch", Plan { batch: 0, ..plan() }),
            ("validate_every", Plan { validate_every: 0, ..plan() }),
            ("log_every", Plan { log_every: 0, ..plan() }),
            ("checkpoint_every", Plan { checkpoint_every: 0, ..plan() }),
            ("patience", Plan { patience: Some(0), ..plan() }),
            ("schedule.peak", Plan { schedule: Schedule::Constant { peak: f64::NAN }, ..plan() }),
            ("weight_decay", Plan { weight_decay: -0.1, ..plan() }),
            ("clip", Plan { clip: f64::INFINITY, ..plan() }),
            ("checkpoint_seconds", Plan { checkpoint_seconds: -1.0, ..plan() }),
            ("ema", Plan { ema: Some(1.0), ..plan() }),
            ("momentum", Plan { optimizer: sgd(1.0), ..plan() }),
            ("betas[0]", Plan { optimizer: adam((-0.1, 0.9)), ..plan() }),
            ("betas[1]", Plan { optimizer: adam((0.9, 1.0)), ..plan() }),
        ] {
            let why = wrong.check().unwrap_err().to_string();
            assert!(why.contains(&format!("`{name}`")), "{why}");
        }
    }

    #[test]
    fn plans_are_stored_exactly_and_compared_entry_by_entry() {
        let here = Plan { clip: 0.1 + 0.2, seed: u64::MAX, ..plan() };
        let there: Plan = serde_json::from_str(&serde_json::to_string(&here).unwrap()).unwrap();
        assert_eq!(here.differences(&there).unwrap(), Vec::<String>::new());
        assert_eq!(
            here.differences(&Plan { ema: None, steps: 7, ..there }).unwrap(),
            ["steps: 7 there, 100 here", "ema: null there, 0.99 here"]
        );
        assert!(serde_json::from_str::<Plan>("{\"stepps\": 1}").unwrap_err().to_string().contains("stepps"));
    }
}
