//! Networks on pictures.

use super::{Classifier, Used, Workload, normal, training_optimizer, whole};
use pellucid_goals::networks;
use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_nn::Seed;
use pellucid_nn::layers::{
    BatchNorm, Conv2d, Flatten, GlobalAvgPool, Linear, MaxPool2d, Pad, Padding, Residual, Sequential,
};
use pellucid_nn::optim::{Adam, AdamOptions, Sgd, SgdOptions};
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
    Ok(Box::new(Classifier {
        net,
        x: normal("x", &[64, 28, 28, 1])?,
        classes: whole("y", 10, &[64])?,
        optimizer: || Box::new(Adam::new(AdamOptions::adam())),
    }))
}

/// Zeros around a picture, the same on every side.
fn around(zeros: usize) -> Pad {
    Pad::Exact(Padding { top: zeros, bottom: zeros, left: zeros, right: zeros })
}

/// A convolution without bias and batch norm; ReLU after it if wanted.
fn unit(
    seed: &Seed,
    (from, to): (usize, usize),
    side: usize,
    stride: usize,
    relu: bool,
) -> Result<Sequential> {
    let conv = Conv2d::new(seed, from, to, (side, side))?.stride(stride).pad(around(side / 2)).without_bias();
    Ok(Sequential::new().then(conv).then(BatchNorm::new(to, if relu { Relu } else { Identity })?))
}

/// ResNet-18 (He et al., arXiv 1512.03385); for small pictures its first convolution is 3×3 at full size.
fn resnet18(classes: usize, small_pictures: bool) -> Result<Sequential> {
    let seed = Seed::new(0);
    let stem = seed.part("stem");
    let mut net = match small_pictures {
        true => Sequential::new().then(unit(&stem, (3, 64), 3, 1, true)?),
        false => Sequential::new().then(unit(&stem, (3, 64), 7, 2, true)?).then(MaxPool2d::with(
            (3, 3),
            (2, 2),
            around(1),
        )),
    };
    let mut from = 64;
    for (stage, to) in [64, 128, 256, 512].into_iter().enumerate() {
        for block in 0..2 {
            let seed = seed.part(format!("{stage}.{block}"));
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let body = Sequential::new()
                .then(unit(&seed.part("first"), (from, to), 3, stride, true)?)
                .then(unit(&seed.part("second"), (to, to), 3, 1, false)?);
            let mut residual = Residual::new(body).activation(Relu);
            if from != to {
                residual = residual.shortcut(unit(&seed.part("shortcut"), (from, to), 1, stride, false)?);
            }
            net = net.then(residual);
            from = to;
        }
    }
    Ok(net.then(GlobalAvgPool).then(Linear::new(&seed.part("head"), 512, classes, Identity)?))
}

/// W3: ResNet-18 for 32×32, batch 32, SGD with momentum.
pub(super) fn resnet() -> Result<Box<dyn Workload>> {
    Ok(Box::new(Classifier {
        net: resnet18(10, true)?,
        x: normal("x", &[32, 32, 32, 3])?,
        classes: whole("y", 10, &[32])?,
        optimizer: || Box::new(Sgd::new(SgdOptions::default())),
    }))
}

/// W7: ResNet-18 on 224×224, only used.
pub(super) fn used_resnet(batch: usize) -> Result<Box<dyn Workload>> {
    Ok(Box::new(Used { net: resnet18(1000, false)?, x: normal("x", &[batch, 224, 224, 3])? }))
}

/// W8: the network that `pellucid train` builds for many pictures of 28×28 grey pixels in 10 classes, and its batch.
/// Dropout is left out, for the losses to agree.
pub(super) fn designed() -> Result<Box<dyn Workload>> {
    let seed = Seed::new(0);
    let (net, width) = networks::picture(&seed.part("picture0"), [28, 28, 1], 32, 1, false)?;
    Ok(Box::new(Classifier {
        net: net.then(Linear::new(&seed.part("head0"), width, 10, Identity)?),
        x: normal("x", &[128, 28, 28, 1])?,
        classes: whole("y", 10, &[128])?,
        optimizer: || training_optimizer(0.05),
    }))
}
