//! Group normalisation (Wu & He, arXiv 1803.08494).

use crate::Var;
use crate::check::Case;
use crate::normalise::{Statistics, normalise};
use pellucid_kernels::activation::Activation;
use pellucid_kernels::norm::channels::Layout;
use pellucid_tensor::{Error, Result, with_float};

const OP: &str = "group_norm";

/// `activation(γ (x − mean) / √(variance + eps) + β)`, the mean and (biased) variance being those of a sample's group of
/// neighbouring channels over all its positions.
///
/// x: `[samples, .., channels]`, such as `[n, h, w, c]`; gamma, beta: `[channels]`, or `[samples, channels]` where something else
/// decides them for each sample (Perez et al., arXiv 1709.07871); `groups` divides the number of channels; the result has
/// the shape of x.
///
/// # Errors
/// Shapes other than these, an `eps` that is not positive, a type that is not floating point, or no memory.
pub fn group_norm(
    x: &Var,
    groups: usize,
    gamma: &Var,
    beta: &Var,
    eps: f64,
    activation: Activation,
) -> Result<Var> {
    let [samples, positions @ .., channels] = &x.shape()[..] else {
        return Err(Error::shape(OP, format!("x is {}, expected [samples, .., channels]", x.shape())));
    };
    if groups == 0 || !channels.is_multiple_of(groups) {
        return Err(Error::argument(
            OP,
            format!("{channels} channels cannot be cut into {groups} equal groups (x is {})", x.shape()),
        ));
    }
    let rows = positions.iter().product();
    let layout = Layout { samples: *samples, rows, channels: *channels, groups };
    with_float!(OP, x.dtype(), T => {
        let statistics = Statistics::of::<T>(x.value(), layout)?;
        normalise::<T>(OP, x, layout, statistics, gamma, beta, eps, activation)
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |x: [usize; 4], groups: usize| {
        let name = format!("group_norm/{x:?} in {groups}");
        Case::new(name, &[&x, &[x[3]], &[x[3]]], move |v| {
            group_norm(&v[0], groups, &v[1], &v[2], 1e-3, Activation::Identity)
        })
    };
    let own = |x: [usize; 4], groups: usize, activation| {
        let (name, each) = (format!("group_norm/{x:?} in {groups}, each its own, {activation:?}"), [x[0], x[3]]);
        Case::new(name, &[&x, &each, &each], move |v| {
            group_norm(&v[0], groups, &v[1], &v[2], 1e-3, activation)
        })
    };
    let mut cases = vec![
        case([0, 2, 3, 4], 2)?,
        case([1, 1, 1, 4], 2)?,
        case([2, 3, 3, 1], 1)?,
        case([2, 3, 4, 6], 1)?,
        case([2, 3, 4, 6], 2)?,
        case([2, 3, 4, 6], 6)?,
        case([3, 5, 5, 33], 11)?,
        case([2, 17, 16, 130], 10)?,
        own([0, 2, 3, 4], 2, Activation::Silu)?,
        own([1, 2, 3, 4], 2, Activation::Silu)?,
        own([3, 5, 5, 33], 11, Activation::Silu)?,
        own([2, 17, 16, 130], 10, Activation::Relu)?,
    ];
    cases.push(Case::new("group_norm/rows without positions", &[&[3, 4], &[4], &[4]], |v| {
        group_norm(&v[0], 2, &v[1], &v[2], 1e-3, Activation::Identity)
    })?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;
    use pellucid_tensor::Tensor;

    #[test]
    fn unequal_groups_and_wrong_shapes_are_errors() {
        let tape = Tape::idle();
        let x = tape.constant(&Tensor::full(1f32, &[2, 3, 3, 4]).unwrap());
        let four = tape.constant(&Tensor::full(1f32, &[4]).unwrap());
        let three = tape.constant(&Tensor::full(1f32, &[3]).unwrap());
        let error = |groups, gamma| {
            group_norm(&x, groups, gamma, &four, 1e-5, Activation::Identity).err().map(|e| e.to_string())
        };
        assert!(error(3, &four).unwrap().contains("4 channels cannot be cut into 3"));
        assert!(error(0, &four).is_some());
        assert!(error(2, &three).unwrap().contains("gamma is [3]"));
        assert!(error(2, &four).is_none());
        assert!(group_norm(&four, 2, &four, &four, 1e-5, Activation::Identity).is_err());
        let each = tape.constant(&Tensor::full(1f32, &[3, 4]).unwrap());
        assert!(error(2, &each).unwrap().contains("gamma is [3, 4], expected [2, 4]"));
    }
}
