//! Networks on columns of numbers.

use super::{Classifier, Workload, normal, whole};
use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_nn::Seed;
use pellucid_nn::layers::{Linear, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions};
use pellucid_tensor::Result;

/// W1: 54 → 256 → 256 → 7, batch 256, Adam.
pub(super) fn perceptron() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let net = Sequential::new()
        .then(Linear::new(&seed.part(0), 54, 256, Relu)?)
        .then(Linear::new(&seed.part(1), 256, 256, Relu)?)
        .then(Linear::new(&seed.part(2), 256, 7, Identity)?);
    Ok(Box::new(Classifier {
        net,
        x: normal("x", &[256, 54])?,
        classes: whole("y", 7, &[256])?,
        optimizer: || Box::new(Adam::new(AdamOptions::adam())),
    }))
}
