//! What layers say of themselves to be put into bytes.

use pellucid_grad::ops::Conv2dOptions;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::window::Padding;
use pellucid_tensor::Tensor;

/// A step of a network that is only used, as its layer describes it: its numbers, without the layer.
pub enum Piece {
    /// A convolution.
    Conv {
        /// `[outputs, kernel rows, kernel columns, inputs / groups]`.
        weight: Tensor,
        /// `[outputs]`.
        bias: Option<Tensor>,
        /// How the kernel moves.
        options: Conv2dOptions,
        /// What is applied to the result.
        activation: Activation,
    },
    /// A linear map of the last axis.
    Linear {
        /// `[outputs, inputs]`.
        weight: Tensor,
        /// `[outputs]`.
        bias: Option<Tensor>,
        /// What is applied to the result.
        activation: Activation,
    },
    /// activation(x · scale + shift) for each channel.
    Affine {
        /// `[channels]`.
        scale: Vec<f32>,
        /// `[channels]`.
        shift: Vec<f32>,
        /// What is applied to the result.
        activation: Activation,
    },
    /// An activation.
    Activate(Activation),
    /// The largest number under a sliding window.
    MaxPool {
        /// Size of the window.
        window: (usize, usize),
        /// Step from one window to the next.
        stride: (usize, usize),
        /// Rows and columns around the picture that never win.
        padding: Padding,
    },
    /// The mean of each channel over the picture.
    GlobalAvgPool,
    /// Each example as one row.
    Flatten,
    /// activation(around(x) + body(x)).
    Residual {
        /// The body.
        body: Vec<Piece>,
        /// The way around; without pieces it is x itself.
        around: Vec<Piece>,
        /// What is applied to the sum.
        activation: Activation,
    },
}
