//! Networks on sequences.

use super::{Classifier, Workload, normal, whole};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation::Identity;
use pellucid_nn::layers::{Gru, Linear, Lstm, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions};
use pellucid_nn::{Layer, Pass, Seed, module};
use pellucid_tensor::Result;

const WIDTH: usize = 256;

/// The state at the last place of each sequence, `[n, hidden]`.
struct Last;

module!(Last {});

impl Layer for Last {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        let [n, time, hidden] = x.shape()[..] else { return Ok(x.clone()) };
        ops::reshape(&ops::narrow(x, 1, time.saturating_sub(1), 1)?, &[n, hidden])
    }
    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(input.iter().skip(1).copied().collect())
    }
    fn name(&self) -> String {
        "last".to_owned()
    }
}

fn recurrent(layer: impl Layer + 'static) -> Result<Box<dyn Workload>> {
    let head = Linear::new(&Seed::new(0).part("head"), WIDTH, 10, Identity)?;
    Ok(Box::new(Classifier {
        net: Sequential::new().then(layer).then(Last).then(head),
        x: normal("x", &[32, 100, 64])?,
        classes: whole("y", 10, &[32])?,
        optimizer: || Box::new(Adam::new(AdamOptions::adam())),
    }))
}

/// W5: a class from the last state over 100 steps, 64 → 256, batch 32, Adam.
pub(super) fn gru() -> Result<Box<dyn Workload>> {
    recurrent(Gru::new(&Seed::new(0).part("gru"), 64, WIDTH)?)
}

/// W5 with the other usual cell.
pub(super) fn lstm() -> Result<Box<dyn Workload>> {
    recurrent(Lstm::new(&Seed::new(0).part("lstm"), 64, WIDTH)?)
}
