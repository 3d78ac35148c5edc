//! Networks on pictures.

use super::{OneInput, Workload, classifier, normal, training_optimizer, whole};
use pellucid_goals::networks;
use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_nn::Seed;
use pellucid_nn::layers::{Conv2d, Flatten, Linear, MaxPool2d, Pad, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions, Sgd, SgdOptions};
use pellucid_peers::resnet18;
use pellucid_tensor::Result;

/// W2: two convolutions and a pooling on 28×28, batch 64, Adam.
pub(super) fn small() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let conv = |i: usize, from, to| -> Result<Conv2d> {
        Ok(Conv2d::new(&seed.part(i), from, to, (3, 3))?.pad(Pad::Valid).activation(Relu))
    };
    let net = Sequential::new()
        .then(conv(0, 1, 32)?)
        .then(conv(1, 32, 64)?)
        .then(MaxPool2d::new(2))
        .then(Flatten)
        .then(Linear::new(&seed.part(2), 12 * 12 * 64, 128, Relu)?)
        .then(Linear::new(&seed.part(3), 128, 10, Identity)?);
    classifier(net, normal("x", &[64, 28, 28, 1])?, whole("y", 10, &[64])?, || {
        Box::new(Adam::new(AdamOptions::adam()))
    })
}

/// W3: ResNet-18 for 32×32, batch 32, SGD with momentum.
pub(super) fn resnet() -> Result<Box<dyn Workload>> {
    classifier(resnet18(10, true)?, normal("x", &[32, 32, 32, 3])?, whole("y", 10, &[32])?, || {
        Box::new(Sgd::new(SgdOptions::default()))
    })
}

/// W7: ResNet-18 on 224×224, only used.
pub(super) fn used_resnet(batch: usize) -> Result<Box<dyn Workload>> {
    Ok(Box::new(OneInput {
        net: resnet18(1000, false)?,
        x: normal("x", &[batch, 224, 224, 3])?,
        training: None,
    }))
}

/// W8: the network that `pellucid train` builds for many pictures of 28×28 grey pixels in 10 classes, and its batch.
/// Dropout is left out, for the losses to agree.
pub(super) fn designed() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let (net, width) = networks::picture(&seed.part("picture0"), [28, 28, 1], 32, 1, false)?;
    classifier(
        net.then(Linear::new(&seed.part("head0"), width, 10, Identity)?),
        normal("x", &[128, 28, 28, 1])?,
        whole("y", 10, &[128])?,
        || training_optimizer(0.05),
    )
}
