//! What an optimiser remembers about each parameter, and the sweep that uses it.

use super::gradients::Target;
use crate::state::{Named, integer, integer_of};
use pellucid_kernels::Float;
use pellucid_kernels::optimizer::{Rule, Segment, sweep};
use pellucid_tensor::{Error, Result, Scalar, Tensor};
use std::collections::BTreeMap;

/// `N` moments and a count of steps for each parameter, by its path.
pub(super) struct Slots<const N: usize> {
    names: [&'static str; N],
    by_path: BTreeMap<String, Slot<N>>,
}

struct Slot<const N: usize> {
    moments: [Tensor; N],
    steps: u64,
}

const STEPS: &str = "steps";

impl<const N: usize> Slots<N> {
    /// No parameters yet; the moments have these names when they are stored.
    pub(super) fn new(names: [&'static str; N]) -> Self {
        Slots { names, by_path: BTreeMap::new() }
    }

    /// Changes every target by the rule for it, given the number of its steps so far including this one.
    /// Moments start at 0.
    pub(super) fn sweep<T: Float + Scalar, R: Rule<T, N>>(
        &mut self,
        targets: &mut [Target],
        rule: impl Fn(&Target, u64) -> R,
    ) -> Result<()> {
        for target in targets.iter() {
            self.prepare::<T>(target)?;
        }
        let mut slots: BTreeMap<&str, &mut Slot<N>> =
            self.by_path.iter_mut().map(|(path, slot)| (path.as_str(), slot)).collect();
        let mut segments = Vec::with_capacity(targets.len());
        for target in targets {
            let Some(slot) = slots.remove(target.path.as_str()) else { continue };
            slot.steps += 1;
            let rule = rule(target, slot.steps);
            for moment in &mut slot.moments {
                moment.data_mut::<T>()?; // Fails here if at all; below it is known to succeed.
            }
            let moments = slot.moments.each_mut().map(|m| m.data_mut::<T>().unwrap_or_default());
            let width = target.param.value.shape().iter().skip(1).product();
            let value = target.param.value.data_mut::<T>()?;
            let segment = Segment { value, gradient: target.gradient.data::<T>()?, moments, rule };
            match &target.rows {
                None => segments.push(segment),
                Some(rows) => segments.extend(segment.rows(rows, width).ok_or_else(|| {
                    Error::argument(
                        "optimiser",
                        format!("a gradient for rows that `{}` does not have", target.path),
                    )
                })?),
            }
        }
        sweep(segments);
        Ok(())
    }

    /// Makes sure that there is a slot of the right shape for a target.
    fn prepare<T: Scalar>(&mut self, target: &Target) -> Result<()> {
        let shape = target.param.value.shape();
        if let Some(slot) = self.by_path.get(&target.path) {
            return match slot.moments.iter().find(|m| m.shape() != shape || m.dtype() != T::DTYPE) {
                None => Ok(()),
                Some(m) => Err(Error::state(format!(
                    "the optimiser's state for `{}` has the shape {}, the parameter has {shape}: it is the state of another network",
                    target.path,
                    m.shape()
                ))),
            };
        }
        let mut moments = Vec::with_capacity(N);
        for _ in 0..N {
            moments.push(Tensor::zeros(T::DTYPE, shape)?);
        }
        if let Ok(moments) = moments.try_into() {
            self.by_path.insert(target.path.clone(), Slot { moments, steps: 0 });
        }
        Ok(())
    }

    /// Everything, as `momentum/conv.weight`, `steps/conv.weight`, …
    pub(super) fn state(&self) -> Result<Named> {
        let mut named = Named::new();
        for (path, slot) in &self.by_path {
            for (name, moment) in self.names.iter().zip(&slot.moments) {
                named.insert(format!("{name}/{path}"), moment.clone());
            }
            named.insert(format!("{STEPS}/{path}"), integer(slot.steps)?);
        }
        Ok(named)
    }

    /// Takes up what [`state`](Slots::state) gave.
    pub(super) fn load(&mut self, state: &Named) -> Result<()> {
        let mut by_path = BTreeMap::new();
        let mut used = 0;
        for (key, steps) in state {
            let Some(path) = key.strip_prefix(STEPS).and_then(|k| k.strip_prefix('/')) else { continue };
            let mut moments = Vec::with_capacity(N);
            for name in self.names {
                let moment = state.get(&format!("{name}/{path}"));
                moments.push(
                    moment.cloned().ok_or_else(|| self.foreign(&format!("`{name}/{path}` is missing")))?,
                );
            }
            used += 1 + N;
            if let Ok(moments) = moments.try_into() {
                by_path.insert(path.to_owned(), Slot { moments, steps: integer_of(key, steps)? });
            }
        }
        if used != state.len() {
            return Err(self.foreign("it holds more than that"));
        }
        self.by_path = by_path;
        Ok(())
    }

    fn foreign(&self, why: &str) -> Error {
        let names = self.names.join("` and `");
        Error::state(format!(
            "not the state of this kind of optimiser, which is `{names}` and `{STEPS}`: {why}"
        ))
    }
}
