//! Networks and other state as bytes in the safetensors format: data, never a program.

use crate::{Module, params, params_mut};
use pellucid_tensor::{DType, Error, Result, Scalar, Shape, Tensor};
use safetensors::{Dtype, SafeTensors, View, serialize};
use std::borrow::Cow;
use std::collections::BTreeMap;

/// Tensors by name: what optimisers and averages remember, and the contents of a safetensors file.
pub type Named = BTreeMap<String, Tensor>;

/// An integer as a tensor, to stand among others in a [`Named`].
///
/// # Errors
/// No memory.
pub fn integer(value: u64) -> Result<Tensor> {
    Tensor::new(&[value as u32, (value >> 32) as u32], &[2])
}

/// The integer that [`integer`] stored under a name.
///
/// # Errors
/// A tensor that is not such an integer.
pub fn integer_of(name: &str, tensor: &Tensor) -> Result<u64> {
    match tensor.data::<u32>() {
        Ok(&[low, high]) => Ok(u64::from(high) << 32 | u64::from(low)),
        _ => Err(Error::state(format!("`{name}` is not a stored integer"))),
    }
}

struct Stored<'a>(&'a Tensor);

impl View for Stored<'_> {
    fn dtype(&self) -> Dtype {
        match self.0.dtype() {
            DType::F32 => Dtype::F32,
            DType::F64 => Dtype::F64,
            DType::U32 => Dtype::U32,
            DType::I8 => Dtype::I8,
            DType::U8 => Dtype::U8,
        }
    }
    fn shape(&self) -> &[usize] {
        self.0.shape()
    }
    fn data(&self) -> Cow<'_, [u8]> {
        let bytes = match self.0.dtype() {
            DType::F32 => encode(self.0, f32::to_le_bytes),
            DType::F64 => encode(self.0, f64::to_le_bytes),
            DType::U32 => encode(self.0, u32::to_le_bytes),
            DType::I8 => encode(self.0, i8::to_le_bytes),
            DType::U8 => encode(self.0, u8::to_le_bytes),
        };
        Cow::Owned(bytes)
    }
    fn data_len(&self) -> usize {
        self.0.len() * self.0.dtype().size()
    }
}

fn encode<T: Scalar, const N: usize>(tensor: &Tensor, bytes: impl Fn(T) -> [u8; N]) -> Vec<u8> {
    let numbers = tensor.data::<T>().unwrap_or_default();
    let mut out = Vec::with_capacity(numbers.len() * N);
    numbers.iter().for_each(|&x| out.extend_from_slice(&bytes(x)));
    out
}

fn decode<T: Scalar, const N: usize>(
    data: &[u8],
    shape: &[usize],
    number: impl Fn([u8; N]) -> T,
) -> Result<Tensor> {
    let mut tensor = Tensor::unset::<T>(shape)?;
    let (numbers, rest) = data.as_chunks::<N>();
    if numbers.len() != tensor.len() || !rest.is_empty() {
        return Err(Error::state("damaged: the length of a tensor's data does not suit its shape"));
    }
    tensor.data_mut::<T>()?.iter_mut().zip(numbers).for_each(|(x, &b)| *x = number(b));
    Ok(tensor)
}

/// The bytes of a safetensors file. Equal tensors give equal bytes.
///
/// # Errors
/// Names that fill more than the format's header can hold (100 MB).
pub fn named_to_bytes(named: &Named) -> Result<Vec<u8>> {
    bytes(named.iter().map(|(name, tensor)| (name.as_str(), tensor)))
}

fn bytes<'a>(tensors: impl Iterator<Item = (&'a str, &'a Tensor)>) -> Result<Vec<u8>> {
    serialize(tensors.map(|(name, tensor)| (name, Stored(tensor))), None)
        .map_err(|why| Error::state(format!("the tensors cannot be stored: {why}")))
}

/// The tensors of a safetensors file.
///
/// # Errors
/// Bytes that are not such a file, or that hold a type other than `F32`, `F64`, `U32`, `I8` and `U8`.
pub fn named_from_bytes(bytes: &[u8]) -> Result<Named> {
    let file = SafeTensors::deserialize(bytes)
        .map_err(|why| Error::state(format!("not a safetensors file, or a damaged one: {why}")))?;
    let mut named = Named::new();
    for (name, view) in file.iter() {
        let (data, shape) = (view.data(), view.shape());
        let tensor = match view.dtype() {
            Dtype::F32 => decode(data, shape, f32::from_le_bytes),
            Dtype::F64 => decode(data, shape, f64::from_le_bytes),
            Dtype::U32 => decode(data, shape, u32::from_le_bytes),
            Dtype::I8 => decode(data, shape, i8::from_le_bytes),
            Dtype::U8 => decode(data, shape, u8::from_le_bytes),
            other => Err(Error::state(format!("the element type {other:?} is not supported"))),
        };
        named.insert(name.to_owned(), tensor.map_err(|e| Error::state(format!("tensor `{name}`: {e}")))?);
    }
    Ok(named)
}

/// All parameters and buffers of a network as a safetensors file, by their dotted paths.
///
/// # Errors
/// Those of [`named_to_bytes`].
pub fn to_bytes(module: &dyn Module) -> Result<Vec<u8>> {
    let params = params(module);
    bytes(params.iter().map(|(path, param)| (path.as_str(), &param.value)))
}

/// Gives a network the parameters and buffers stored by [`to_bytes`].
///
/// # Errors
/// Bytes that are not a safetensors file; a tensor that is missing, too many, or of another shape or type than
/// the network's. The network has not changed then.
pub fn load_bytes(module: &mut dyn Module, bytes: &[u8]) -> Result<()> {
    load_named(module, named_from_bytes(bytes)?)
}

/// As [`load_bytes`], from tensors.
///
/// # Errors
/// A tensor that is missing, too many, or of another shape or type than the network's. The network has not
/// changed then.
pub fn load_named(module: &mut dyn Module, mut named: Named) -> Result<()> {
    let mut loaded = Vec::new();
    for (path, param) in params(module) {
        let tensor = named.remove(&path).ok_or_else(|| {
            Error::state(format!("the stored weights have no tensor `{path}`, which this network needs"))
        })?;
        if (tensor.shape(), tensor.dtype()) != (param.value.shape(), param.value.dtype()) {
            let describe = |t: DType, s: &Shape| format!("{} {s}", t.name());
            return Err(Error::state(format!(
                "the stored tensor `{path}` is {}, this network needs {}",
                describe(tensor.dtype(), tensor.shape()),
                describe(param.value.dtype(), param.value.shape())
            )));
        }
        loaded.push(tensor);
    }
    if let Some(extra) = named.keys().next() {
        return Err(Error::state(format!(
            "the stored weights hold a tensor `{extra}`, which this network does not have"
        )));
    }
    params_mut(module).into_iter().zip(loaded).for_each(|((_, param), tensor)| param.value = tensor);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Param, module};

    struct Net {
        weight: Param,
        seen: Param,
    }
    module!(Net { weight, seen });

    fn net(x: f32) -> Net {
        Net {
            weight: Param::weight(Tensor::new(&[x, -0.0, f32::MIN_POSITIVE / 2.0, 1e30], &[2, 2]).unwrap()),
            seen: Param::buffer(Tensor::new(&[7u32], &[1]).unwrap()),
        }
    }

    #[test]
    fn what_is_stored_comes_back_bit_by_bit() {
        let (a, mut b) = (net(0.1), net(5.0));
        load_bytes(&mut b, &to_bytes(&a).unwrap()).unwrap();
        let bits =
            |n: &Net| n.weight.value.data::<f32>().unwrap().iter().map(|x| x.to_bits()).collect::<Vec<_>>();
        assert_eq!((bits(&a), &a.seen.value), (bits(&b), &b.seen.value));
        let mut named = Named::new();
        named.insert("n".into(), integer(u64::MAX - 5).unwrap());
        named.insert("f".into(), Tensor::new(&[std::f64::consts::PI], &[]).unwrap());
        named.insert("none".into(), Tensor::zeros(DType::F32, &[0, 3]).unwrap());
        let bytes = named_to_bytes(&named).unwrap();
        assert_eq!(bytes, named_to_bytes(&named).unwrap());
        let back = named_from_bytes(&bytes).unwrap();
        assert_eq!(back, named);
        assert_eq!(integer_of("n", &back["n"]), Ok(u64::MAX - 5));
        assert!(integer_of("f", &back["f"]).is_err());
    }

    #[test]
    fn errors_name_the_tensor_and_leave_the_network_alone() {
        let mut target = net(3.0);
        let mut refuse = |change: &dyn Fn(&mut Named)| {
            let mut named = named_from_bytes(&to_bytes(&net(9.0)).unwrap()).unwrap();
            change(&mut named);
            let why = load_named(&mut target, named).unwrap_err().to_string();
            assert_eq!(target.weight.value.to_vec()[0], 3.0);
            why
        };
        let scalar = || Tensor::scalar(1f32).unwrap();
        assert!(refuse(&|n| drop(n.remove("seen"))).contains("no tensor `seen`"));
        assert!(refuse(&|n| drop(n.insert("other".into(), scalar()))).contains("`other`"));
        let why = refuse(&|n| drop(n.insert("weight".into(), scalar())));
        assert!(why.contains("`weight` is f32 [], this network needs f32 [2, 2]"), "{why}");
        let why = refuse(&|n| drop(n.insert("seen".into(), Tensor::zeros(DType::F32, &[1]).unwrap())));
        assert!(why.contains("`seen` is f32 [1], this network needs u32 [1]"), "{why}");
    }

    #[test]
    fn damaged_bytes_are_errors() {
        let good = to_bytes(&net(1.0)).unwrap();
        for end in 0..good.len() {
            assert!(named_from_bytes(&good[..end]).is_err(), "cut at {end}");
        }
        let header = u64::from_le_bytes(good[..8].try_into().unwrap()) as usize;
        for i in 0..8 + header {
            for bit in 0..8 {
                let mut bad = good.clone();
                bad[i] ^= 1 << bit;
                let _ = load_bytes(&mut net(1.0), &bad); // Any result but a panic.
            }
        }
    }
}
