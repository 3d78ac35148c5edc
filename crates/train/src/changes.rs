//! How much each layer of a network changes in a step.

use crate::error::Result;
use pellucid_nn::{Module, ParamId, params};
use pellucid_tensor::{DType, Tensor};
use std::collections::HashMap;

/// The layers of a network before a step; shares their memory until the step writes it.
pub(crate) struct Before(Vec<Vec<(ParamId, Tensor)>>);

impl Before {
    /// The numbers of these layers now. What is not in the network is left out.
    pub(crate) fn step(model: &dyn Module, layers: &[Vec<ParamId>]) -> Before {
        let now = by_id(model);
        let one = |id: &ParamId| Some((*id, Tensor::clone(now.get(id)?)));
        Before(layers.iter().map(|layer| layer.iter().filter_map(one).collect()).collect())
    }

    /// For each layer ‖w − w₀‖ / max(‖w₀‖, ‖w‖), over all its numbers w and what they were before, w₀: from 0, for a layer that stayed as it was,
    /// to 2. None for a layer without numbers, or with nothing but zeros.
    ///
    /// # Errors
    /// Numbers of no floating-point type.
    pub(crate) fn changes(&self, model: &dyn Module) -> Result<Vec<Option<f64>>> {
        let now = by_id(model);
        let change = |layer: &Vec<(ParamId, Tensor)>| -> Result<Option<f64>> {
            let mut sums = [0.0; 3];
            for (id, before) in layer {
                let Some(after) = now.get(id) else { continue };
                let more = squares(before, after)?;
                sums.iter_mut().zip(more).for_each(|(sum, more)| *sum += more);
            }
            let [apart, before, after] = sums.map(f64::sqrt);
            let size = before.max(after);
            Ok((size > 0.0 && apart.is_finite()).then(|| apart / size))
        };
        self.0.iter().map(change).collect()
    }
}

fn by_id(model: &dyn Module) -> HashMap<ParamId, &Tensor> {
    params(model).into_iter().map(|(_, param)| (param.id(), &param.value)).collect()
}

/// The sums of the squares of b − a, of a and of b.
fn squares(a: &Tensor, b: &Tensor) -> Result<[f64; 3]> {
    Ok(match a.dtype() {
        DType::F32 => sums(a.data::<f32>()?, b.data::<f32>()?),
        _ => sums(a.data::<f64>()?, b.data::<f64>()?),
    })
}

/// Blocks of numbers are added up side by side, and then one after the other: always in the same order.
fn sums<T: Copy + Into<f64>>(a: &[T], b: &[T]) -> [f64; 3] {
    const SIDE_BY_SIDE: usize = 8;
    let mut lanes = [[0f64; SIDE_BY_SIDE]; 3];
    for (a, b) in a.chunks(SIDE_BY_SIDE).zip(b.chunks(SIDE_BY_SIDE)) {
        for (i, (&a, &b)) in a.iter().zip(b).enumerate() {
            let (a, b): (f64, f64) = (a.into(), b.into());
            lanes[0][i] += (b - a) * (b - a);
            lanes[1][i] += a * a;
            lanes[2][i] += b * b;
        }
    }
    lanes.map(|lane| lane.iter().sum())
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_nn::{Param, module, set_frozen};

    struct Net {
        first: Param,
        second: Vec<Pair>,
    }
    module!(Net { first, second });

    struct Pair {
        weight: Param,
        bias: Param,
    }
    module!(Pair { weight, bias });

    #[test]
    fn a_change_is_measured_beside_the_larger_of_what_was_and_what_is() {
        let param = |numbers: &[f32]| Param::weight(Tensor::new(numbers, &[numbers.len()]).unwrap());
        let pair = |w: &[f32], b: &[f32]| Pair { weight: param(w), bias: param(b) };
        let mut net = Net {
            first: param(&[3.0, 4.0]),
            second: vec![pair(&[0.0; 9], &[2.0]), pair(&[0.0], &[0.0]), pair(&[1.0], &[])],
        };
        let ids = |parts: &[&Param]| parts.iter().map(|p| p.id()).collect::<Vec<_>>();
        let mut layers = vec![ids(&[&net.first])];
        layers.extend(net.second.iter().map(|p| ids(&[&p.weight, &p.bias])));
        layers.push(Vec::new());
        let before = Before::step(&net, &layers);
        // (3, 4) → (3, 4.5): 0.5 beside √(9 + 20.25).
        net.first.value.data_mut::<f32>().unwrap()[1] = 4.5;
        // Nine zeros and a 2: the eighth and the ninth become 1, the 2 becomes 1.
        net.second[0].weight.value.data_mut::<f32>().unwrap()[7..].fill(1.0);
        net.second[0].bias.value.data_mut::<f32>().unwrap()[0] = 1.0;
        set_frozen(&mut net.second[2], true);
        let near = |found: Option<f64>, want: f64| (found.unwrap() - want).abs() < 1e-12;
        let found = before.changes(&net).unwrap();
        assert!(near(found[0], 0.5 / 29.25f64.sqrt()), "{found:?}");
        assert!(near(found[1], 3f64.sqrt() / 2.0), "{found:?}");
        assert_eq!(found[2..], [None, Some(0.0), None], "only zeros, as it was, nothing to learn");
    }
}
