//! What goes from node to node: bytes or numbers.

use super::map::wide;
use pellucid_kernels::int8::{Coding, dequantise, quantise};
use pellucid_tensor::{Result, Shape, Tensor};

/// Bytes in a shape.
#[derive(Clone)]
pub(super) struct Bytes {
    /// `[…, wide]`.
    pub(super) data: Tensor,
    /// `[n, …, channels]`.
    pub(super) shape: Shape,
    /// Channels of a pixel in memory: a multiple of four.
    pub(super) wide: usize,
    pub(super) coding: Coding,
}

/// Bytes or numbers.
#[derive(Clone)]
pub(super) enum Value {
    Bytes(Bytes),
    Numbers(Tensor),
}

impl Value {
    /// As bytes: numbers in the given coding, bytes as they are.
    pub(super) fn into_bytes(self, coding: Coding) -> Result<Bytes> {
        let numbers = match self {
            Value::Bytes(bytes) => return Ok(bytes),
            Value::Numbers(numbers) => numbers,
        };
        let shape = *numbers.shape();
        let (channels, wide) = (shape.last(), wide(shape.last()));
        let pixels = shape.elements().checked_div(channels).unwrap_or_default();
        let mut data = Tensor::unset::<u8>(&[pixels * wide])?;
        quantise(numbers.data()?, channels, coding, data.data_mut()?, wide);
        Ok(Bytes { data, shape, wide, coding })
    }

    /// As numbers.
    pub(super) fn into_numbers(self) -> Result<Tensor> {
        let bytes = match self {
            Value::Numbers(numbers) => return Ok(numbers),
            Value::Bytes(bytes) => bytes,
        };
        let mut numbers = Tensor::unset::<f32>(&bytes.shape)?;
        let (channels, data) = (bytes.shape.last(), numbers.data_mut()?);
        dequantise(bytes.data.data()?, bytes.wide, bytes.coding, data, channels);
        Ok(numbers)
    }
}
