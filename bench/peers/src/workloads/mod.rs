//! The workloads, in files by what they work on.

mod pictures;
mod ratings;
mod sequences;
mod tables;

use pellucid_grad::{Var, ops};
use pellucid_nn::layers::Sequential;
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::state::Named;
use pellucid_nn::{Layer, Module, Pass};
use pellucid_peers::normal;
use pellucid_tensor::{Result, Stream, Tensor};

/// A network, a fixed batch, and what is done with them.
pub(crate) trait Workload {
    fn model(&self) -> &dyn Module;
    fn model_mut(&mut self) -> &mut dyn Module;
    /// The batch, by names that the peer knows.
    fn batch(&self) -> Named;
    /// The loss of the batch, or the sum of the answers of a network that is only used.
    fn loss(&self, pass: &Pass) -> Result<Var>;
    /// `None` for a network that is only used.
    fn optimizer(&self) -> Option<Box<dyn Optimizer>>;
    /// Multiply-adds of one forward pass.
    fn multiply_adds(&self) -> u64;
}

/// A workload by name.
pub(crate) struct Entry {
    pub(crate) name: &'static str,
    pub(crate) build: fn() -> Result<Box<dyn Workload>>,
}

pub(crate) const WORKLOADS: &[Entry] = &[
    Entry { name: "W1", build: tables::perceptron },
    Entry { name: "W2", build: pictures::small },
    Entry { name: "W3", build: pictures::resnet },
    Entry { name: "W4", build: sequences::language },
    Entry { name: "W5-gru", build: sequences::gru },
    Entry { name: "W5-lstm", build: sequences::lstm },
    Entry { name: "W6", build: ratings::factors },
    Entry { name: "W7-1", build: || pictures::used_resnet(1) },
    Entry { name: "W7-16", build: || pictures::used_resnet(16) },
    Entry { name: "W8-table", build: tables::columns },
    Entry { name: "W8-picture", build: pictures::designed },
];

/// A network and a batch for it: to tell classes apart in training, or only used.
struct OneInput {
    net: Sequential,
    x: Tensor,
    training: Option<Training>,
}

/// The right classes, and how they are learned.
struct Training {
    classes: Tensor,
    optimizer: fn() -> Box<dyn Optimizer>,
}

impl Workload for OneInput {
    fn model(&self) -> &dyn Module {
        &self.net
    }
    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.net
    }
    fn batch(&self) -> Named {
        let classes = self.training.as_ref().map(|training| &training.classes);
        let named = [("x", Some(&self.x)), ("y", classes)].into_iter();
        named.filter_map(|(name, tensor)| Some((name.to_owned(), tensor?.clone()))).collect()
    }
    fn loss(&self, pass: &Pass) -> Result<Var> {
        let scores = self.net.forward(pass, &pass.input(&self.x))?;
        let Some(Training { classes, .. }) = &self.training else { return ops::sum(&scores) };
        let scores = ops::reshape(&scores, &[classes.len(), scores.shape().last()])?;
        ops::cross_entropy(&scores, classes, 0.0, None, None)
    }
    fn optimizer(&self) -> Option<Box<dyn Optimizer>> {
        self.training.as_ref().map(|training| (training.optimizer)())
    }
    fn multiply_adds(&self) -> u64 {
        let shape = self.x.shape();
        shape.first().map_or(0, |&n| n as u64 * self.net.multiply_adds(&shape[1..]))
    }
}

/// Training a network to tell classes apart.
fn classifier(
    net: Sequential,
    x: Tensor,
    classes: Tensor,
    optimizer: fn() -> Box<dyn Optimizer>,
) -> Result<Box<dyn Workload>> {
    Ok(Box::new(OneInput { net, x, training: Some(Training { classes, optimizer }) }))
}

/// AdamW as `pellucid train` uses it.
fn training_optimizer(decay: f64) -> Box<dyn Optimizer> {
    Box::new(Adam::new(AdamOptions { betas: (0.9, 0.99), decay, ..AdamOptions::adamw() }))
}

/// Whole numbers below `most`.
fn whole(purpose: &str, most: usize, shape: &[usize]) -> Result<Tensor> {
    let mut stream = Stream::new(0, purpose, 0);
    let mut tensor = Tensor::unset::<u32>(shape)?;
    tensor.data_mut::<u32>()?.iter_mut().for_each(|x| *x = stream.below(most) as u32);
    Ok(tensor)
}
