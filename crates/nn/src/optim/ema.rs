//! A moving average of a network's weights.

use crate::state::{Named, integer, integer_of};
use crate::{Module, Param, params, params_mut};
use pellucid_kernels::Float;
use pellucid_kernels::optimizer::{Average, Segment, sweep};
use pellucid_tensor::{DType, Error, Result, Scalar, Tensor};
use std::collections::BTreeMap;

/// An exponential moving average of all parameters and buffers of a network that are not frozen, which often predicts better than
/// the last weights (Polyak & Juditsky 1992).
///
/// a ← a + (1 − dₜ) (w − a) with dₜ = min(decay, (1 + t) / (10 + t)), t counting the updates from 0: the average
/// soon forgets the initial weights.
pub struct Ema {
    decay: f64,
    updates: u64,
    average: Named,
}

/// What can change in training.
fn moving(model: &dyn Module) -> impl Iterator<Item = (String, &Param)> {
    params(model).into_iter().filter(|(_, param)| !param.frozen)
}

const UPDATES: &str = "updates";
const AVERAGE: &str = "average/";

impl Ema {
    /// An average that starts as a copy of the network. Typical decays are 0.99 to 0.9999.
    ///
    /// # Errors
    /// A decay outside of [0, 1).
    pub fn new(model: &dyn Module, decay: f64) -> Result<Ema> {
        if !(0.0..1.0).contains(&decay) {
            return Err(Error::argument("ema", format!("a decay of {decay}; it lies between 0 and 1")));
        }
        let average = moving(model).map(|(path, param)| (path, param.value.clone())).collect();
        Ok(Ema { decay, updates: 0, average })
    }

    /// Moves the average towards the network's present weights: once after every step of the optimiser.
    ///
    /// # Errors
    /// A network with other parameters than the one the average was made of, or no memory.
    pub fn update(&mut self, model: &dyn Module) -> Result<()> {
        let t = self.updates as f64;
        let weight = 1.0 - self.decay.min((1.0 + t) / (10.0 + t));
        let mut present = BTreeMap::new();
        for (path, param) in moving(model) {
            self.check(&path, &param.value)?;
            present.insert(path, &param.value);
        }
        self.blend::<f32>(&present, weight)?;
        self.blend::<f64>(&present, weight)?;
        for (path, average) in &mut self.average {
            if let (DType::U32, Some(&value)) = (average.dtype(), present.get(path)) {
                *average = value.clone();
            }
        }
        self.updates += 1;
        Ok(())
    }

    fn blend<T: Float + Scalar>(&mut self, present: &BTreeMap<String, &Tensor>, weight: f64) -> Result<()> {
        let rule = Average { weight: T::from_f64(weight) };
        let mut segments = Vec::new();
        for (path, average) in self.average.iter_mut().filter(|(_, a)| a.dtype() == T::DTYPE) {
            if let Some(value) = present.get(path) {
                let gradient = value.data::<T>()?;
                segments.push(Segment { value: average.data_mut::<T>()?, gradient, moments: [], rule });
            }
        }
        sweep(segments);
        Ok(())
    }

    /// Exchanges the network's weights with the average: once to evaluate the average, once more to train on.
    ///
    /// # Errors
    /// A network with other parameters than the one the average was made of; nothing has changed then.
    pub fn swap(&mut self, model: &mut dyn Module) -> Result<()> {
        for (path, param) in moving(model) {
            self.check(&path, &param.value)?;
        }
        for (path, param) in params_mut(model) {
            if let Some(average) = self.average.get_mut(&path) {
                std::mem::swap(average, &mut param.value);
            }
        }
        Ok(())
    }

    fn check(&self, path: &str, value: &Tensor) -> Result<()> {
        match self.average.get(path) {
            Some(a) if a.shape() == value.shape() && a.dtype() == value.dtype() => Ok(()),
            _ => Err(Error::state(format!(
                "the average was made of another network: it has no `{path}` of shape {}",
                value.shape()
            ))),
        }
    }

    /// The averages, and how often they were updated.
    ///
    /// # Errors
    /// No memory.
    pub fn state(&self) -> Result<Named> {
        let average = self.average.iter().map(|(path, a)| (format!("{AVERAGE}{path}"), a.clone()));
        let mut named: Named = average.collect();
        named.insert(UPDATES.to_owned(), integer(self.updates)?);
        Ok(named)
    }

    /// Takes up what [`state`](Ema::state) gave.
    ///
    /// # Errors
    /// Something else than the state of an average of the same network.
    pub fn load_state(&mut self, state: &Named) -> Result<()> {
        let updates =
            state.get(UPDATES).ok_or_else(|| Error::state("not the state of an average of weights"))?;
        let mut average = Named::new();
        for (key, value) in state {
            if let Some(path) = key.strip_prefix(AVERAGE) {
                self.check(path, value)?;
                average.insert(path.to_owned(), value.clone());
            }
        }
        if average.len() != self.average.len() || state.len() != average.len() + 1 {
            return Err(Error::state("the average was made of a network with other parameters"));
        }
        self.updates = integer_of(UPDATES, updates)?;
        self.average = average;
        Ok(())
    }
}
