//! The tensors of a folder by the names that the hub has for them; each is taken once.

use crate::folder::WEIGHTS;
use crate::{Error, Folder, Result};
use pellucid_nn::{Module, Param, params_mut};
use pellucid_tensor::Tensor;
use std::collections::BTreeMap;

/// Tensors that are still to be taken.
pub(crate) struct Theirs<'a> {
    folder: &'a Folder,
    tensors: BTreeMap<String, Tensor>,
}

impl<'a> Theirs<'a> {
    /// Those of a folder, without `prefix`, which the names have where the network is part of a larger one.
    pub(crate) fn open(folder: &'a Folder, prefix: &str) -> Result<Theirs<'a>> {
        let bare = |name: String| match name.strip_prefix(prefix) {
            Some(bare) => bare.to_owned(),
            None => name,
        };
        let tensors = folder.tensors()?.into_iter().map(|(name, tensor)| (bare(name), tensor)).collect();
        Ok(Theirs { folder, tensors })
    }

    /// An error about the weights.
    pub(crate) fn error(&self, why: impl Into<String>) -> Error {
        self.folder.error(WEIGHTS, why)
    }

    /// Takes one. Norms of old have other names for their weight and bias.
    pub(crate) fn take(&mut self, name: &str) -> Result<Tensor> {
        let old = || match name.rsplit_once('.') {
            Some((layer, "weight")) => format!("{layer}.gamma"),
            Some((layer, "bias")) => format!("{layer}.beta"),
            _ => String::new(),
        };
        let found = self.tensors.remove(name).or_else(|| self.tensors.remove(&old()));
        found.ok_or_else(|| self.error(format!("there is no tensor `{name}`")))
    }

    /// Takes one into a parameter. Kernels `[outputs, inputs, rows, columns]` become `[outputs, rows, columns, inputs]`, or a
    /// matrix where they are a single number each.
    pub(crate) fn put(&mut self, name: &str, param: &mut Param) -> Result<()> {
        let tensor = self.take(name)?;
        let own = |e: pellucid_tensor::Error| e.to_string();
        let tensor = match (&tensor.shape()[..], &param.value.shape()[..]) {
            (&[_, _, rows, columns], &[_, ours, _, _]) if ours == rows => {
                channels_last(&tensor, rows * columns)
            }
            (&[outputs, inputs, 1, 1], &[_, _]) => tensor.reshape(&[outputs, inputs]).map_err(own),
            _ => Ok(tensor),
        };
        let tensor = tensor.map_err(|e| self.error(format!("tensor `{name}`: {e}")))?;
        self.set(name, tensor, param)
    }

    /// Takes the tensors of a layer into its parameters, whose names are the same.
    pub(crate) fn put_layer(&mut self, name: &str, layer: &mut dyn Module) -> Result<()> {
        params_mut(layer).into_iter().try_for_each(|(part, param)| self.put(&format!("{name}.{part}"), param))
    }

    /// Gives a parameter its value, if it has the right shape.
    pub(crate) fn set(&self, name: &str, tensor: Tensor, param: &mut Param) -> Result<()> {
        if tensor.shape() != param.value.shape() {
            let (theirs, ours) = (tensor.shape(), param.value.shape());
            return Err(self.error(format!("`{name}` is {theirs}, the configuration says {ours}")));
        }
        param.value = tensor;
        Ok(())
    }

    /// Makes sure that nothing is left but what is not needed.
    pub(crate) fn finish(self, not_needed: impl Fn(&str) -> bool) -> Result<()> {
        match self.tensors.keys().find(|name| !not_needed(name)) {
            None => Ok(()),
            Some(name) => Err(self.error(format!("`{name}` is no tensor of such a network"))),
        }
    }
}

/// Kernels with their `taps` before their inputs.
fn channels_last(tensor: &Tensor, taps: usize) -> std::result::Result<Tensor, String> {
    let own = |e: pellucid_tensor::Error| e.to_string();
    let &[outputs, inputs, rows, columns] = &tensor.shape()[..] else { return Ok(tensor.clone()) };
    let numbers = tensor.data::<f32>().map_err(own)?;
    let mut out = Vec::with_capacity(numbers.len());
    for kernel in numbers.chunks_exact((inputs * taps).max(1)) {
        for tap in 0..taps {
            out.extend(kernel.iter().skip(tap).step_by(taps).copied());
        }
    }
    Tensor::new(&out, &[outputs, rows, columns, inputs]).map_err(own)
}
