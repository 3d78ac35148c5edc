//! A network that several measurements share.

use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_nn::Seed;
use pellucid_nn::layers::{
    BatchNorm, Conv2d, GlobalAvgPool, Linear, MaxPool2d, Pad, Padding, Residual, Sequential,
};
use pellucid_tensor::Result;

/// Zeros around a picture, the same on every side.
fn around(zeros: usize) -> Pad {
    Pad::Exact(Padding::both(zeros, zeros))
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
///
/// # Errors
/// No memory.
pub fn resnet18(classes: usize, small_pictures: bool) -> Result<Sequential> {
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
