//! Convolutions and linear maps, in numbers or in bytes.

use super::node::Range;
use super::value::{Bytes, Value};
use pellucid_grad::ops::Conv2dOptions;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::conv::Conv2d;
use pellucid_kernels::int8::{Around, Coding, Finish, MAX_TERMS, Out, conv2d, pack, packed_len};
use pellucid_tensor::{Error, Result, Shape, Tensor};

const OP: &str = "int8";

/// The largest weight in bytes; −128 is not used, so that weights are symmetric.
const LARGEST: f32 = 127.0;

/// activation(x ∗ weight + bias).
pub(super) struct Map {
    /// Outputs, kernel rows, kernel columns, inputs of a group.
    pub(super) shape: [usize; 4],
    /// How the kernel moves; `None` for a linear map of the last axis.
    pub(super) options: Option<Conv2dOptions>,
    pub(super) activation: Activation,
    pub(super) form: Form,
    /// What came in and went out.
    pub(super) from: Range,
    pub(super) to: Range,
    /// Stays in numbers whatever its shape.
    pub(super) exact: bool,
}

/// The weights.
pub(super) enum Form {
    Numbers {
        weight: Tensor,
        bias: Tensor,
    },
    Bytes {
        /// `[outputs, …]`: weight / step, rounded.
        weight: Tensor,
        /// `[outputs]`.
        steps: Tensor,
        /// `[outputs]`.
        bias: Tensor,
        ready: Option<Box<Ready>>,
    },
}

/// What the kernel takes.
pub(super) struct Ready {
    from: Coding,
    to: Option<Coding>,
    /// Channels of a pixel in memory: those of x and of the result.
    wide: (usize, usize),
    packed: Tensor,
    scale: Vec<f32>,
    bias: Vec<f32>,
    floor: f32,
    /// Scale and shift for what comes around.
    around: (f32, f32),
}

/// Channels of a pixel in memory.
pub(super) fn wide(channels: usize) -> usize {
    channels.next_multiple_of(4)
}

impl Map {
    pub(super) fn new(
        shape: [usize; 4],
        options: Option<Conv2dOptions>,
        weight: Tensor,
        bias: Option<Tensor>,
        activation: Activation,
    ) -> Result<Map> {
        let bias = match bias {
            Some(bias) => bias,
            None => Tensor::full(0f32, &[shape[0]])?,
        };
        weight.data::<f32>()?;
        let form = Form::Numbers { weight, bias };
        Ok(Map { shape, options, activation, form, from: Range::EMPTY, to: Range::EMPTY, exact: false })
    }

    /// Whether it can be computed in bytes.
    pub(super) fn fits_bytes(&self) -> bool {
        let [_, rows, cols, inputs] = self.shape;
        let grouped = self.options.is_some_and(|o| o.groups != 1);
        !self.exact && !grouped && rows * cols * wide(inputs) <= MAX_TERMS
    }

    /// Whether the activation is what happens to a sum that is cut off to fit a byte.
    pub(super) fn cuts_off(&self) -> bool {
        matches!(self.activation, Activation::Identity | Activation::Relu)
    }

    /// Whether the pixels of its result have as many bytes as channels.
    pub(super) fn fills_pixels(&self) -> bool {
        wide(self.shape[0]) == self.shape[0]
    }

    /// Rounds the weights, if that is not done, and makes ready what the kernel takes: for bytes that come in as `from` and go
    /// out as `to` (`None`: as numbers), reversed where a pooling wants the `smallest`; with something coming `around`.
    pub(super) fn prepare(
        &mut self,
        from: Coding,
        to: Option<Coding>,
        smallest: &[u8],
        around: Option<Coding>,
    ) -> Result<()> {
        if let Form::Numbers { weight, bias } = &self.form {
            let (weight, steps) = round(weight, self.shape[0])?;
            self.form = Form::Bytes { weight, steps, bias: bias.clone(), ready: None };
        }
        let conv = self.conv(1, 0, 0, to.is_some());
        let Form::Bytes { weight, steps, bias, ready } = &mut self.form else { return Ok(()) };
        let [out, rows, cols, inputs] = self.shape;
        let filter = rows * cols * inputs;
        let plain = weight.data::<i8>()?;
        let mut padded = vec![0i8; conv.out * rows * cols * conv.channels];
        if inputs > 0 {
            for (to, from) in padded.chunks_exact_mut(conv.channels).zip(plain.chunks_exact(inputs)) {
                to[..inputs].copy_from_slice(from);
            }
        }
        let mut packed = Tensor::unset::<i8>(&[packed_len(&conv)])?;
        pack(&conv, &padded, packed.data_mut()?);
        // In units of the result: its scale and its zero, or those of plain numbers.
        let unit = to.map_or(1.0, |to| f64::from(to.scale));
        let zero = to.map_or(0.0, |to| f64::from(to.zero));
        let (mut scales, mut biases) = (vec![0.0; conv.out], vec![0.0; conv.out]);
        let (steps, bias) = (steps.data::<f32>()?, bias.data::<f32>()?);
        for o in 0..out {
            let sum: i64 = plain[o * filter..][..filter].iter().map(|&w| i64::from(w)).sum();
            let scale = f64::from(steps[o]) * f64::from(from.scale) / unit;
            let bias = f64::from(bias[o]) / unit - scale * f64::from(from.zero) * sum as f64;
            let (scale, bias) = match (around, smallest.get(o)) {
                (Some(_), _) => (scale, bias),
                (None, Some(1)) => (-scale, 255.0 - zero - bias),
                (None, _) => (scale, bias + zero),
            };
            (scales[o], biases[o]) = (scale as f32, bias as f32);
        }
        let floors = self.activation == Activation::Relu && (around.is_some() || to.is_none());
        *ready = Some(Box::new(Ready {
            from,
            to,
            wide: (conv.channels, conv.out),
            packed,
            scale: scales,
            bias: biases,
            floor: if floors { 0.0 } else { f32::NEG_INFINITY },
            around: around.map_or((0.0, 0.0), |around| {
                let scale = f64::from(around.scale) / unit;
                (scale as f32, (zero - scale * f64::from(around.zero)) as f32)
            }),
        }));
        Ok(())
    }

    /// The convolution of pictures in memory.
    fn conv(&self, batch: usize, height: usize, width: usize, bytes_out: bool) -> Conv2d {
        let [out, rows, cols, inputs] = self.shape;
        let Conv2dOptions { stride, padding, dilation, groups } = self.options.unwrap_or_default();
        let out = if bytes_out { wide(out) } else { out };
        let (channels, kernel) = (wide(inputs), (rows, cols));
        Conv2d { batch, height, width, channels, out, kernel, stride, padding, dilation, groups }
    }

    /// The result in bytes, or as numbers if that is how it goes out.
    pub(super) fn run(&self, x: Value, around: Option<&Bytes>) -> Result<Value> {
        let Form::Bytes { ready: Some(ready), .. } = &self.form else {
            return Err(Error::state("int8: a map is used before it was put into bytes"));
        };
        let x = x.into_bytes(ready.from)?;
        let [out, _, _, inputs] = self.shape;
        let wrong = || Error::shape(OP, format!("the input is {}, expected {inputs} channels", x.shape));
        if x.shape.last() != inputs || x.wide != ready.wide.0 || x.shape.rank() < 2 {
            return Err(wrong());
        }
        let (conv, shape) = match (&self.options, &x.shape[..]) {
            (None, _) => {
                let rows = x.shape.elements().checked_div(inputs).unwrap_or_default();
                let shape = x.shape.with(x.shape.rank() - 1, out);
                (self.conv(rows, 1, 1, ready.to.is_some()), shape)
            }
            (Some(_), &[batch, height, width, _]) => {
                let conv = self.conv(batch, height, width, ready.to.is_some());
                let (oh, ow) = conv
                    .out_size()
                    .map_err(|why| Error::shape(OP, format!("the input is {}: {why}", x.shape)))?;
                (conv, Shape::new(&[batch, oh, ow, out])?)
            }
            _ => return Err(wrong()),
        };
        if let Some(around) = around.filter(|a| a.shape != shape || a.wide != wide(out)) {
            return Err(Error::mismatch(OP, &around.shape, &shape));
        }
        let data = around.map(|around| around.data.data::<u8>()).transpose()?;
        let finish = Finish {
            scale: &ready.scale,
            bias: &ready.bias,
            floor: ready.floor,
            around: data.map(|data| Around { data, scale: ready.around.0, shift: ready.around.1 }),
        };
        let pixels = shape.elements().checked_div(out).unwrap_or_default();
        let bytes = x.data.data::<u8>()?;
        let packed = ready.packed.data::<i8>()?;
        match ready.to {
            Some(coding) => {
                let mut data = Tensor::unset::<u8>(&[pixels * ready.wide.1])?;
                conv2d(&conv, bytes, x.coding.zero, packed, &finish, Out::Bytes(data.data_mut()?))?;
                Ok(Value::Bytes(Bytes { data, shape, wide: ready.wide.1, coding }))
            }
            None => {
                let mut y = Tensor::unset::<f32>(&shape)?;
                conv2d(&conv, bytes, x.coding.zero, packed, &finish, Out::Numbers(y.data_mut()?))?;
                if !self.cuts_off() {
                    self.activation.apply(y.data_mut::<f32>()?);
                }
                Ok(Value::Numbers(y))
            }
        }
    }
}

/// Weights in units of a step for each output, and the steps: the largest weight of an output becomes ±127.
fn round(weight: &Tensor, out: usize) -> Result<(Tensor, Tensor)> {
    let numbers = weight.data::<f32>()?;
    let filter = numbers.len().checked_div(out).unwrap_or_default().max(1);
    let mut rounded = Tensor::unset::<i8>(weight.shape())?;
    let mut steps = Tensor::full(0f32, &[out])?;
    let rows = rounded.data_mut::<i8>()?.chunks_mut(filter).zip(numbers.chunks(filter));
    for ((to, from), step) in rows.zip(steps.data_mut::<f32>()?) {
        let most = from.iter().fold(0f32, |most, w| most.max(w.abs()));
        *step = most / LARGEST;
        let factor = if step.is_normal() { step.recip() } else { 0.0 };
        to.iter_mut().zip(from).for_each(|(q, w)| *q = (w * factor).round_ties_even() as i8);
    }
    Ok((rounded, steps))
}
