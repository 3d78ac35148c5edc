//! Two-dimensional convolution of channels-last pictures, forward and both backward passes.
//!
//! y[n, oy, ox, o] = Σ x[n, oy·sy + ky·dy − top, ox·sx + kx·dx − left, c] · w[o, ky, kx, c]
//!
//! with zeros outside the picture (cross-correlation, as every deep-learning library does it). All passes but
//! the depthwise ones run on the micro-kernel of matrix products, on rows gathered where they lie.

mod depthwise;
pub(crate) mod gather;
mod geometry;
pub(crate) mod padded;
mod rows;
mod weight;
mod winograd;

pub use geometry::Conv2d;
pub use winograd::TileSide;

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::isa;
use crate::matmul::{Epilogue, Mat, matmul_by};
use crate::product::finish::Finish;
use crate::product::micro::{Kernel, kernel};
use crate::threads::SharedMut;
use crate::window::Padding;

/// The weights of a convolution: as they are, or packed.
#[derive(Clone, Copy, Debug)]
pub enum Weight<'a, T> {
    /// `[out, ky, kx, channels / groups]`.
    Plain(&'a [T]),
    /// What [`pack`] made of them, for convolutions that differ in the number and size of the pictures alone.
    Packed(&'a [T]),
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Algorithm {
    /// One matrix product: kernel 1×1, stride 1, no padding, one group.
    Pointwise,
    /// Each channel by itself, vectorised over the channels.
    Depthwise,
    /// Few channels: the numbers under one row of the kernel are neighbours in a padded copy of the picture.
    Shallow,
    /// One small product per tap of the kernel, on rows of the picture where they lie.
    Taps,
    /// Tiles and patches transformed so that one product per frequency remains: 3×3 kernels with stride 1.
    Winograd(TileSide),
}

/// The most channels for which [`Algorithm::Shallow`] pays.
pub(crate) const SHALLOW: usize = 12;

/// The fastest algorithm for a shape, by the costs that were measured.
pub fn algorithm(conv: &Conv2d) -> Algorithm {
    let fewer = [TileSide::Four, TileSide::Two].into_iter().filter(|_| winograd::applies(conv));
    let fewer = fewer.map(|side| (winograd::cost(side, conv), Algorithm::Winograd(side)));
    let fastest = fewer.min_by(|a, b| a.0.total_cmp(&b.0));
    match fastest {
        Some((cost, winograd)) if cost < conv.multiply_adds() as f64 => winograd,
        _ => direct(conv),
    }
}

/// The fastest algorithm that multiplies every pair of numbers.
fn direct(conv: &Conv2d) -> Algorithm {
    let Padding { top, bottom, left, right } = conv.padding;
    let unpadded = top + bottom + left + right == 0;
    if conv.kernel == (1, 1) && conv.stride == (1, 1) && unpadded && conv.groups == 1 {
        Algorithm::Pointwise
    } else if conv.groups == conv.channels && conv.groups == conv.out && conv.groups > 1 {
        Algorithm::Depthwise
    } else if conv.groups == 1 && conv.channels <= SHALLOW && conv.kernel.1 > 1 && conv.dilation.1 == 1 {
        Algorithm::Shallow
    } else {
        Algorithm::Taps
    }
}

/// The algorithms that exist for a shape, the preferred one first.
pub fn algorithms(conv: &Conv2d) -> Vec<Algorithm> {
    let first = algorithm(conv);
    let mut all = vec![first];
    let direct = direct(conv);
    let winograd = [TileSide::Four, TileSide::Two].map(Algorithm::Winograd);
    all.extend(
        winograd.into_iter().filter(|_| winograd::applies(conv)).chain([direct]).filter(|&a| a != first),
    );
    all
}

/// Numbers that [`pack`] writes; none where packing does not help.
pub fn packed_len<T: Float>(conv: &Conv2d) -> usize {
    match direct(conv) {
        Algorithm::Depthwise => 0,
        _ => rows::packed_len::<T>(kernel(isa()), conv),
    }
}

/// Packs weights for [`forward`], which does it in every call otherwise: for networks that are used and not changed.
///
/// # Panics
/// If a slice has another length than it should.
pub fn pack<T: Float>(conv: &Conv2d, weight: &[T], packed: &mut [T]) {
    assert_eq!(weight.len(), conv.weights(), "convolution: weights of another shape");
    assert_eq!(packed.len(), packed_len::<T>(conv), "convolution: packed weights of another length");
    if !packed.is_empty() {
        rows::pack(kernel(isa()), conv, weight, &SharedMut(packed.as_mut_ptr()));
    }
}

/// y = act(((y +) x ∗ w) · scale + bias), with `x: [n, height, width, channels]`, `weight: [out, ky, kx, channels / groups]`,
/// `y: [n, oh, ow, out]`, `scale: [out]`, `bias: [out]`.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for working copies (of the weights; of x if it has few channels).
///
/// # Panics
/// If the geometry is impossible or a slice has another length than its shape.
pub fn forward<T: Float>(
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<(), OutOfMemory> {
    forward_with(algorithm(conv), conv, x, weight, y, epilogue)
}

/// dx = (dx +) the gradient of x, from `dy: [n, oh, ow, out]`.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for a working copy of the weights.
///
/// # Panics
/// As [`forward`].
pub fn backward_input<T: Float>(
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    backward_input_with(algorithm(conv), conv, dy, weight, dx, accumulate)
}

/// dw = (dw +) the gradient of the weights, from `x` and `dy`. (The gradient of the bias is the sum of the rows of dy.)
///
/// # Errors
/// [`OutOfMemory`] if there is no room for partial sums (at most some 16 MB for `f32`).
///
/// # Panics
/// As [`forward`].
pub fn backward_weight<T: Float>(
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    backward_weight_with(algorithm(conv), conv, x, dy, dw, accumulate)
}

/// As [`forward`], by one of the [`algorithms`] for the shape.
///
/// # Errors
/// As [`forward`].
///
/// # Panics
/// As [`forward`].
pub fn forward_with<T: Float>(
    algorithm: Algorithm,
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<(), OutOfMemory> {
    forward_by(kernel(isa()), algorithm, conv, x, weight, y, epilogue)
}

/// As [`backward_input`], by one of the [`algorithms`] for the shape.
///
/// # Errors
/// As [`backward_input`].
///
/// # Panics
/// As [`forward`].
pub fn backward_input_with<T: Float>(
    algorithm: Algorithm,
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    backward_input_by(kernel(isa()), algorithm, conv, dy, weight, dx, accumulate)
}

/// As [`backward_weight`], by one of the [`algorithms`] for the shape.
///
/// # Errors
/// As [`backward_weight`].
///
/// # Panics
/// As [`forward`].
pub fn backward_weight_with<T: Float>(
    algorithm: Algorithm,
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    backward_weight_by(kernel(isa()), algorithm, conv, x, dy, dw, accumulate)
}

fn forward_by<T: Float>(
    kernel: &'static Kernel<T>,
    algorithm: Algorithm,
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<(), OutOfMemory> {
    let weight_len = match weight {
        Weight::Plain(weight) => weight.len(),
        Weight::Packed(packed) => {
            let len = rows::packed_len(kernel, conv);
            assert_eq!(packed.len(), len, "convolution: packed weights of another length");
            conv.weights()
        }
    };
    conv.check(x.len(), weight_len, y.len());
    assert!(
        [epilogue.scale, epilogue.bias].into_iter().flatten().all(|numbers| numbers.len() == conv.out),
        "convolution: scale or bias has not `out` numbers"
    );
    assert!(epilogue.pre.as_ref().is_none_or(|p| p.len() == y.len()), "convolution: `pre` differs from y");
    if y.is_empty() {
        return Ok(());
    }
    if let (Algorithm::Pointwise, Weight::Plain(weight)) = (algorithm, weight) {
        let rows = y.len() / conv.out;
        let weight = Mat::new(weight, conv.out, conv.channels).t();
        return matmul_by(kernel, 1, (Mat::new(x, rows, conv.channels), 0), (weight, 0), y, epilogue);
    }
    let Epilogue { accumulate, scale, bias, activation, pre } = epilogue;
    let finish = Finish { scale, bias, activation, pre: pre.map(|p| SharedMut(p.as_mut_ptr())) };
    match (algorithm, weight) {
        (Algorithm::Depthwise, Weight::Plain(weight)) => {
            depthwise::forward(conv, x, weight, y, accumulate, &finish)
        }
        (Algorithm::Shallow, _) => rows::forward_shallow(kernel, conv, x, weight, y, accumulate, finish),
        (Algorithm::Winograd(side), _) => {
            winograd::forward(side, kernel, conv, x, weight, y, accumulate, finish)
        }
        _ => rows::forward(kernel, conv, x, weight, y, accumulate, finish),
    }
}

fn backward_input_by<T: Float>(
    kernel: &'static Kernel<T>,
    algorithm: Algorithm,
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    conv.check(dx.len(), weight.len(), dy.len());
    if dx.is_empty() {
        return Ok(());
    }
    match algorithm {
        Algorithm::Pointwise => {
            let rows = dx.len() / conv.channels;
            let weight = Mat::new(weight, conv.out, conv.channels);
            let epilogue = Epilogue { accumulate, ..Epilogue::default() };
            matmul_by(kernel, 1, (Mat::new(dy, rows, conv.out), 0), (weight, 0), dx, epilogue)
        }
        Algorithm::Depthwise => depthwise::backward_input(conv, dy, weight, dx, accumulate),
        Algorithm::Winograd(side) => winograd::backward_input(side, kernel, conv, dy, weight, dx, accumulate),
        _ => rows::backward_input(kernel, conv, dy, weight, dx, accumulate),
    }
}

fn backward_weight_by<T: Float>(
    kernel: &'static Kernel<T>,
    algorithm: Algorithm,
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    conv.check(x.len(), dw.len(), dy.len());
    if dw.is_empty() {
        return Ok(());
    }
    match algorithm {
        Algorithm::Pointwise => {
            let rows = x.len() / conv.channels;
            let dy = Mat::new(dy, rows, conv.out).t();
            let epilogue = Epilogue { accumulate, ..Epilogue::default() };
            matmul_by(kernel, 1, (dy, 0), (Mat::new(x, rows, conv.channels), 0), dw, epilogue)
        }
        Algorithm::Depthwise => depthwise::backward_weight(conv, x, dy, dw, accumulate),
        Algorithm::Winograd(side) => winograd::backward_weight(side, kernel, conv, x, dy, dw, accumulate),
        _ => weight::backward_weight(kernel, conv, x, dy, dw, accumulate),
    }
}

#[cfg(test)]
mod tests;
