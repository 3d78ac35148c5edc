use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::{Error, Result};

/// Makes each example one row of numbers: `[n, …]` becomes `[n, product of the rest]`.
pub struct Flatten;

module!(Flatten {});

impl Layer for Flatten {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        let Some((&n, rest)) = x.shape().split_first() else {
            return Err(Error::shape("flatten", "a single number has no axis for the examples"));
        };
        ops::reshape(x, &[n, rest.iter().product()])
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(vec![input.iter().product()])
    }

    fn name(&self) -> String {
        "flatten".into()
    }

    fn in_words(&self) -> InWords {
        InWords::then("Flatten", "lays all numbers in one row")
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        Ok(vec![Piece::Flatten])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    Ok(vec![
        Sample::new("picture", Flatten, &[2, 3, 4], &[]),
        Sample::new("number", Flatten, &[], &[]),
        Sample::new("row", Flatten, &[5], &[]),
    ])
}
