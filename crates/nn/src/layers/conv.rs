use super::{activation_suffix, expect_picture, window_reach};
use crate::check::Sample;
use crate::{Init, InWords, Layer, Param, Pass, Piece, Reach, Seed, module};
use pellucid_grad::{Var, in_use, ops};
use pellucid_kernels::activation::Activation;
use pellucid_kernels::conv;
use pellucid_kernels::window::Impossible;
use pellucid_tensor::{Error, Result};

pub use pellucid_kernels::window::Padding;

/// Zeros around a picture before a window slides over it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pad {
    /// As many as give ⌈size / stride⌉ results: of the d (k − 1) that a window of k taps, d apart, needs, half
    /// before the picture and half (the larger one) after it, whatever the picture's size.
    Same,
    /// None.
    Valid,
    /// These.
    Exact(Padding),
}

impl Pad {
    /// The zeros for a window.
    pub(crate) fn resolve(self, kernel: (usize, usize), dilation: usize) -> Padding {
        let needed = |k: usize| k.saturating_sub(1).saturating_mul(dilation);
        match self {
            Pad::Same => {
                let (rows, cols) = (needed(kernel.0), needed(kernel.1));
                let (top, left) = (rows / 2, cols / 2);
                Padding { top, bottom: rows - top, left, right: cols - left }
            }
            Pad::Valid => Padding::default(),
            Pad::Exact(padding) => padding,
        }
    }
}

/// A convolution of pictures with an activation.
///
/// x: `[n, height, width, inputs]`, weight: `[outputs, kernel rows, kernel columns, inputs / groups]`, bias:
/// `[outputs]`, result: `[n, height', width', outputs]` with
/// height' = ⌊(height + padding − dilation (kernel − 1) − 1) / stride⌋ + 1. Pairs are (vertical, horizontal).
pub struct Conv2d {
    /// The kernels.
    pub weight: Param,
    /// A number to add for each output channel.
    pub bias: Option<Param>,
    stride: usize,
    pad: Pad,
    dilation: usize,
    groups: usize,
    activation: Activation,
}

module!(Conv2d { weight, bias });

impl Conv2d {
    /// A convolution with bias, stride 1, [`Pad::Same`] and no activation. The kernels start as
    /// [`Init::KaimingNormal`], the bias as 0.
    ///
    /// # Errors
    /// An impossible size, or no memory.
    pub fn new(seed: &Seed, inputs: usize, outputs: usize, kernel: (usize, usize)) -> Result<Conv2d> {
        Conv2d::grouped(seed, inputs, outputs, kernel, 1)
    }

    /// As [`new`](Conv2d::new), one group for each channel: every channel is filtered by itself.
    ///
    /// # Errors
    /// An impossible size, or no memory.
    pub fn depthwise(seed: &Seed, channels: usize, kernel: (usize, usize)) -> Result<Conv2d> {
        Conv2d::grouped(seed, channels, channels, kernel, channels)
    }

    /// As [`new`](Conv2d::new), with the channels in `groups` that do not see each other.
    ///
    /// # Errors
    /// Channels that cannot be dealt out evenly to the groups, an impossible size, or no memory.
    pub fn grouped(
        seed: &Seed,
        inputs: usize,
        outputs: usize,
        kernel: (usize, usize),
        groups: usize,
    ) -> Result<Conv2d> {
        if inputs.checked_rem(groups) != Some(0) || outputs.checked_rem(groups) != Some(0) {
            let why = format!("{inputs} and {outputs} channels cannot be dealt out evenly to {groups} groups");
            return Err(Error::argument("conv", why));
        }
        let shape = [outputs, kernel.0, kernel.1, inputs / groups];
        Ok(Conv2d {
            weight: Param::weight(Init::KaimingNormal.tensor(&shape, &seed.part("weight"))?),
            bias: Some(Param::bias(Init::Zeros.tensor(&[outputs], seed)?)),
            stride: 1,
            pad: Pad::Same,
            dilation: 1,
            groups,
            activation: Activation::Identity,
        })
    }

    /// Steps of this many rows and columns from one result to the next.
    #[must_use]
    pub fn stride(self, stride: usize) -> Conv2d {
        Conv2d { stride, ..self }
    }

    /// Other zeros around the picture.
    #[must_use]
    pub fn pad(self, pad: Pad) -> Conv2d {
        Conv2d { pad, ..self }
    }

    /// Taps of the kernel this many rows and columns apart.
    #[must_use]
    pub fn dilation(self, dilation: usize) -> Conv2d {
        Conv2d { dilation, ..self }
    }

    /// An activation on the result.
    #[must_use]
    pub fn activation(self, activation: Activation) -> Conv2d {
        Conv2d { activation, ..self }
    }

    /// No bias: for use before a norm, which has a shift of its own.
    #[must_use]
    pub fn without_bias(self) -> Conv2d {
        Conv2d { bias: None, ..self }
    }

    /// Outputs, kernel rows, kernel columns, inputs / groups.
    fn sizes(&self) -> [usize; 4] {
        <[usize; 4]>::try_from(&self.weight.value.shape()[..]).unwrap_or_default()
    }

    fn options(&self) -> ops::Conv2dOptions {
        ops::Conv2dOptions {
            stride: (self.stride, self.stride),
            padding: self.padding(),
            dilation: (self.dilation, self.dilation),
            groups: self.groups,
        }
    }

    fn padding(&self) -> Padding {
        let [_, rows, cols, _] = self.sizes();
        self.pad.resolve((rows, cols), self.dilation)
    }

    fn geometry(&self, input: &[usize]) -> Result<conv::Conv2d> {
        let (height, width, channels) = expect_picture("conv", input)?;
        let [out, rows, cols, group] = self.sizes();
        let wanted = group * self.groups;
        if channels != wanted {
            let why = format!("the input must have {wanted} channels, it is {input:?}");
            return Err(Error::shape("conv", why));
        }
        Ok(conv::Conv2d {
            batch: 1,
            height,
            width,
            channels,
            out,
            kernel: (rows, cols),
            stride: (self.stride, self.stride),
            padding: self.padding(),
            dilation: (self.dilation, self.dilation),
            groups: self.groups,
        })
    }
}

impl Layer for Conv2d {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let bias = self.bias.as_ref().map(|b| pass.param(b));
        ops::conv2d(x, &pass.param(&self.weight), bias.as_ref(), &self.options(), self.activation)
    }

    fn forward_with(&self, pass: &Pass, x: &Var, next: &dyn Layer) -> Result<Option<Var>> {
        if self.bias.is_some() || self.activation != Activation::Identity {
            return Ok(None);
        }
        let both = |then| in_use::conv2d_then(x, &pass.param(&self.weight), &self.options(), &then);
        next.per_channel(pass)?.map(both).transpose()
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        let why = |e: Impossible| Error::shape("conv", format!("the input is {input:?}: {e}"));
        let geometry = self.geometry(input)?;
        let (height, width) = geometry.out_size().map_err(why)?;
        Ok(vec![height, width, geometry.out])
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        let [_, rows, cols, _] = self.sizes();
        Some(window_reach((rows, cols), self.dilation, (self.stride, self.stride), self.padding()))
    }

    fn name(&self) -> String {
        let [outputs, rows, cols, _] = self.sizes();
        let mut name = format!("conv {rows}×{cols}, {outputs}");
        if self.stride > 1 {
            name += &format!(", stride {}", self.stride);
        }
        if self.groups > 1 {
            name += &format!(", {} groups", self.groups);
        }
        name + &activation_suffix(self.activation)
    }

    fn in_words(&self) -> InWords {
        let [outputs, rows, cols, inputs] = self.sizes();
        let does = if self.groups > 1 && inputs == 1 {
            format!("looks for a pattern in each of {outputs} channels by itself, {rows} × {cols} places large")
        } else if rows * cols == 1 {
            format!("mixes the channels of each place anew, in {outputs} ways")
        } else {
            format!("looks for {outputs} kinds of patterns, {rows} × {cols} places large")
        };
        let steps = match self.stride {
            1 => String::new(),
            n => format!(", moving on by {n} places at a time"),
        };
        InWords::step("Convolution", does + &steps)
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        self.geometry(input).map_or(0, |g| g.multiply_adds() as u64)
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(vec![Piece::Conv {
            weight: self.weight.value.clone(),
            bias: self.bias.as_ref().map(|b| b.value.clone()),
            options: self.options(),
            activation: self.activation,
        }])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let wrong: &[&[usize]] = &[&[4], &[5, 6], &[5, 6, 3], &[5, 6, 4, 1]];
    let exact = Pad::Exact(Padding { top: 1, bottom: 0, left: 0, right: 2 });
    let tanh = Activation::Tanh;
    Ok(vec![
        Sample::new("same", Conv2d::new(&seed, 4, 3, (3, 3))?, &[5, 6, 4], wrong),
        Sample::new("even window", Conv2d::new(&seed, 4, 3, (2, 4))?.activation(tanh), &[5, 6, 4], wrong),
        Sample::new("stride", Conv2d::new(&seed, 4, 3, (3, 3))?.stride(2).without_bias(), &[5, 6, 4], wrong),
        Sample::new(
            "valid, dilated",
            Conv2d::new(&seed, 4, 3, (3, 2))?.pad(Pad::Valid).dilation(2),
            &[5, 6, 4],
            &[&[4, 6, 4], &[5, 2, 4]],
        ),
        Sample::new("groups", Conv2d::grouped(&seed, 4, 6, (3, 3), 2)?.pad(exact), &[5, 6, 4], wrong),
        Sample::new("depthwise", Conv2d::depthwise(&seed, 4, (3, 3))?, &[5, 6, 4], wrong),
    ])
}
