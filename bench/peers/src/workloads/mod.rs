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

/// A network that tells classes apart, and a batch for it.
struct Classifier {
    net: Sequential,
    x: Tensor,
    classes: Tensor,
    optimizer: fn() -> Box<dyn Optimizer>,
}

impl Workload for Classifier {
    fn model(&self) -> &dyn Module {
        &self.net
    }
    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.net
    }
    fn batch(&self) -> Named {
        Named::from([("x".to_owned(), self.x.clone()), ("y".to_owned(), self.classes.clone())])
    }
    fn loss(&self, pass: &Pass) -> Result<Var> {
        let scores = self.net.forward(pass, &pass.input(&self.x))?;
        let scores = ops::reshape(&scores, &[self.classes.len(), scores.shape().last()])?;
        ops::cross_entropy(&scores, &self.classes, 0.0, None, None)
    }
    fn optimizer(&self) -> Option<Box<dyn Optimizer>> {
        Some((self.optimizer)())
    }
    fn multiply_adds(&self) -> u64 {
        let shape = self.x.shape();
        shape.first().map_or(0, |&n| n as u64 * self.net.multiply_adds(&shape[1..]))
    }
}

/// A network that is only used.
struct Used {
    net: Sequential,
    x: Tensor,
}

impl Workload for Used {
    fn model(&self) -> &dyn Module {
        &self.net
    }
    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.net
    }
    fn batch(&self) -> Named {
        Named::from([("x".to_owned(), self.x.clone())])
    }
    fn loss(&self, pass: &Pass) -> Result<Var> {
        ops::sum(&self.net.forward(pass, &pass.input(&self.x))?)
    }
    fn optimizer(&self) -> Option<Box<dyn Optimizer>> {
        None
    }
    fn multiply_adds(&self) -> u64 {
        let shape = self.x.shape();
        shape.first().map_or(0, |&n| n as u64 * self.net.multiply_adds(&shape[1..]))
    }
}

/// Normal numbers.
fn normal(purpose: &str, shape: &[usize]) -> Result<Tensor> {
    let mut stream = Stream::new(0, purpose, 0);
    let mut tensor = Tensor::unset::<f32>(shape)?;
    tensor.data_mut::<f32>()?.iter_mut().for_each(|x| *x = stream.normal());
    Ok(tensor)
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
