//! The layers, one file each.
//!
//! Pictures are channels last: `[n, height, width, channels]`. To add a layer: write `layers/<name>.rs` with
//! the struct, its [`Layer`](crate::Layer) and a `pub(crate) fn samples`, and add its line to the list below.
//! The shared test then checks its shapes, gradients, storage and behaviour in training and use.

use crate::Reach;
use crate::check::LayerKind;
use pellucid_kernels::pool2d::Pool2d;
use pellucid_kernels::window::Impossible;
use pellucid_tensor::{Error, Result};

macro_rules! layers {
    ($($name:ident),* $(,)?) => {
        $(mod $name; pub use $name::*;)*

        /// Every kind of layer, with its samples.
        pub static LAYERS: &[LayerKind] = &[$(LayerKind { name: stringify!($name), samples: $name::samples }),*];
    };
}

layers![
    activate,
    attention,
    avg_pool,
    batch_norm,
    conv,
    drop_path,
    dropout,
    embedding,
    flatten,
    global_avg_pool,
    group_norm,
    gru,
    layer_norm,
    linear,
    lstm,
    max_pool,
    residual,
    sequential,
    squeeze_excite,
    transformer,
];

/// Makes sure that the last axis of an example has the length a layer was made for.
fn expect_last(layer: &'static str, input: &[usize], want: usize) -> Result<()> {
    match input.last() {
        Some(&last) if last == want => Ok(()),
        _ => {
            Err(Error::shape(layer, format!("the input's last axis must be {want}, the input is {input:?}")))
        }
    }
}

/// The (height, width, channels) of an example that must be a picture.
fn expect_picture(layer: &'static str, input: &[usize]) -> Result<(usize, usize, usize)> {
    match *input {
        [height, width, channels] => Ok((height, width, channels)),
        _ => {
            Err(Error::shape(layer, format!("the input must be [height, width, channels], it is {input:?}")))
        }
    }
}

/// What a sliding window makes of a picture's shape.
fn pooled_shape(
    layer: &'static str,
    input: &[usize],
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
) -> Result<Vec<usize>> {
    let (height, width, channels) = expect_picture(layer, input)?;
    let pool = Pool2d { batch: 1, height, width, channels, kernel: window, stride, padding };
    let why = |e: Impossible| Error::shape(layer, format!("the input is {input:?}: {e}"));
    let (height, width) = pool.out_size().map_err(why)?;
    Ok(vec![height, width, channels])
}

/// What each place under a sliding window depends on, along height and width.
fn window_reach(
    taps: (usize, usize),
    dilation: usize,
    stride: (usize, usize),
    padding: Padding,
) -> [Reach; 2] {
    [
        Reach::window(taps.0, dilation, stride.0, padding.top),
        Reach::window(taps.1, dilation, stride.1, padding.left),
    ]
}

/// A probability of dropping something.
fn expect_probability(layer: &'static str, p: f64) -> Result<f64> {
    match (0.0..1.0).contains(&p) {
        true => Ok(p),
        false => Err(Error::argument(layer, format!("a probability of {p}; it must lie in [0, 1)"))),
    }
}
