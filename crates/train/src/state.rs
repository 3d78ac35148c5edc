//! The tensors a training consists of: the network, what its optimiser remembers, the moving mean, the best weights.

use crate::checkpoint::{Checkpoint, Header, Progress};
use crate::error::{Failure, Result};
use crate::plan::{OptimizerKind, Plan};
use pellucid_nn::optim::{Adam, AdamOptions, Ema, Optimizer, Sgd, SgdOptions};
use pellucid_nn::state::{Named, load_named};
use pellucid_nn::{Module, Step, params};

/// What the names of tensors in a checkpoint begin with.
const MODEL: &str = "model/";
const OPTIMIZER: &str = "optimizer/";
const MEAN: &str = "ema/";
const BEST: &str = "best/";

/// Everything a training remembers beside the network.
pub(crate) struct State {
    optimizer: Box<dyn Optimizer>,
    mean: Option<Ema>,
    best: Option<Named>,
}

/// A network's parameters and buffers by their paths; shares their memory.
pub(crate) fn values(model: &dyn Module) -> Named {
    params(model).into_iter().map(|(path, param)| (path, param.value.clone())).collect()
}

impl State {
    /// The state before the first step.
    pub(crate) fn new(model: &dyn Module, plan: &Plan) -> Result<State> {
        let mean = plan.ema.map(|decay| Ema::new(model, decay)).transpose()?;
        Ok(State { optimizer: optimizer(plan), mean, best: None })
    }

    /// Changes the network by gradients. Returns their norm; `None` if it was not finite and nothing changed.
    pub(crate) fn step(&mut self, model: &mut dyn Module, step: Step, lr: f64) -> Result<Option<f64>> {
        let info = self.optimizer.step(model, step, lr)?;
        if !info.finite {
            return Ok(None);
        }
        if let Some(mean) = &mut self.mean {
            mean.update(model)?;
        }
        Ok(Some(info.grad_norm))
    }

    /// Exchanges the network's weights with their moving mean, if there is one.
    pub(crate) fn swap_mean(&mut self, model: &mut dyn Module) -> Result<()> {
        Ok(self.mean.as_mut().map_or(Ok(()), |mean| mean.swap(model))?)
    }

    /// Remembers the network's present weights as the best.
    pub(crate) fn keep_best(&mut self, model: &dyn Module) {
        self.best = Some(values(model));
    }

    /// Gives the network the best weights, if there are any yet.
    pub(crate) fn restore_best(&self, model: &mut dyn Module) -> Result<()> {
        Ok(self.best.as_ref().map_or(Ok(()), |best| load_named(model, best.clone()))?)
    }

    /// The contents of a checkpoint.
    pub(crate) fn save(
        &self,
        model: &dyn Module,
        plan: &Plan,
        data: &str,
        progress: Progress,
    ) -> Result<Checkpoint> {
        let mean = self.mean.as_ref().map(Ema::state).transpose()?.unwrap_or_default();
        let best = self.best.clone().unwrap_or_default();
        let parts =
            [(MODEL, values(model)), (OPTIMIZER, self.optimizer.state()?), (MEAN, mean), (BEST, best)];
        let tensors = parts
            .into_iter()
            .flat_map(|(prefix, named)| {
                named.into_iter().map(move |(name, t)| (format!("{prefix}{name}"), t))
            })
            .collect();
        let program = env!("CARGO_PKG_VERSION").to_owned();
        Ok(Checkpoint {
            header: Header { program, plan: plan.clone(), data: data.to_owned(), progress },
            tensors,
        })
    }

    /// Takes up a checkpoint; returns how far the training was.
    ///
    /// # Errors
    /// A checkpoint of other data, another plan or another network, saying what differs.
    pub(crate) fn load(
        &mut self,
        model: &mut dyn Module,
        plan: &Plan,
        data: &str,
        checkpoint: Checkpoint,
    ) -> Result<Progress> {
        let Checkpoint { header, mut tensors } = checkpoint;
        if header.data != data {
            return Err(Failure::OtherData {
                why: format!(
                    "the data has changed since this run began · its checkpoint was made with other data (fingerprint \
                     {:.12}, now {data:.12}) · go on with the same data, or start a new run",
                    header.data
                ),
            });
        }
        let differences = plan.differences(&header.plan)?;
        if !differences.is_empty() {
            return Err(Failure::checkpoint(format!(
                "the checkpoint was made with another training plan ({}); go on with the same plan, or start a new run",
                differences.join("; ")
            )));
        }
        let other = |e: pellucid_tensor::Error| {
            Failure::checkpoint(format!("the checkpoint is one of another network: {e}; start a new run"))
        };
        let mut take = |prefix: &str| -> Named {
            let (part, rest) = std::mem::take(&mut tensors)
                .into_iter()
                .partition::<Named, _>(|(name, _)| name.starts_with(prefix));
            tensors = rest;
            part.into_iter().map(|(name, tensor)| (name[prefix.len()..].to_owned(), tensor)).collect()
        };
        let best = take(BEST);
        if header.progress.best.is_some() {
            load_named(model, best.clone()).map_err(other)?;
            self.best = Some(best);
        }
        load_named(model, take(MODEL)).map_err(other)?;
        self.optimizer.load_state(&take(OPTIMIZER)).map_err(other)?;
        if let Some(mean) = &mut self.mean {
            mean.load_state(&take(MEAN)).map_err(other)?;
        }
        Ok(header.progress)
    }
}

/// The plan's optimiser before its first step.
fn optimizer(plan: &Plan) -> Box<dyn Optimizer> {
    let clip = (plan.clip > 0.0).then_some(plan.clip);
    let decay = plan.weight_decay;
    match plan.optimizer {
        OptimizerKind::AdamW { betas, epsilon, sparse } => {
            Box::new(Adam::new(AdamOptions { betas, epsilon, decay, decoupled: true, clip, sparse }))
        }
        OptimizerKind::Sgd { momentum, nesterov, sparse } => {
            Box::new(Sgd::new(SgdOptions { momentum, nesterov, decay, clip, sparse }))
        }
    }
}
