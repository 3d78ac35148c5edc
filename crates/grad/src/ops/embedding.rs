//! Rows of a table, looked up by number.

use crate::check::{Case, EDGE_LENGTHS, integers};
use crate::tape::record;
use crate::{Gradient, Var};
use pellucid_kernels::Float;
use pellucid_kernels::gather::gather_rows;
use pellucid_tensor::{Error, Result, Scalar, Tensor, with_float};

const OP: &str = "embedding";

/// `y[i, ..] = table[indices[i]]`.
///
/// table: `[rows, width]`; indices: `u32`, any shape `[..]`; the result is `[.., width]`. The gradient of the table is
/// sparse ([`Gradient::Rows`]): only the rows that were looked up have one.
///
/// # Errors
/// A table that has not two axes, an index that is not a row of it, indices of another type than `u32`, or no memory.
pub fn embedding(table: &Var, indices: &Tensor) -> Result<Var> {
    let &[rows, width] = &table.shape()[..] else {
        return Err(Error::shape(OP, format!("the table is {}, expected [rows, width]", table.shape())));
    };
    let numbers =
        indices.data::<u32>().map_err(|_| Error::dtype(OP, "indices of type u32", indices.dtype()))?;
    if let Some(at) = numbers.iter().position(|&i| i as usize >= rows) {
        return Err(Error::argument(
            OP,
            format!("index {} (element {at} of {}) in a table of {rows} rows", numbers[at], indices.shape()),
        ));
    }
    with_float!(OP, table.dtype(), T => typed::<T>(table, width, indices))
}

fn typed<T: Float + Scalar>(table: &Var, width: usize, indices: &Tensor) -> Result<Var> {
    let mut y = Tensor::unset::<T>(&[&indices.shape()[..], &[width][..]].concat())?;
    gather_rows(table.value().data::<T>()?, width, indices.data()?, y.data_mut()?);
    let indices = indices.reshape(&[indices.len()])?;
    let shape = *table.shape();
    record(y, [table], move |dy, _| {
        let values = dy.reshape(&[indices.len(), width])?;
        Ok([Some(Gradient::Rows { indices, values, shape })])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let case = |name: String, table: [usize; 2], indices: &[usize]| {
        let indices = integers(1, indices, table[0])?;
        Case::new(format!("embedding/{name}"), &[&table], move |v| embedding(&v[0], &indices))
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(case(format!("{n} indices"), [13, 4], &[n])?);
    }
    cases.push(case("one index without axes".into(), [5, 3], &[])?);
    cases.push(case("two axes of indices".into(), [6, 3], &[4, 5])?);
    cases.push(case("rows of width 0".into(), [6, 0], &[4])?);
    cases.push(case("no rows and no indices".into(), [0, 3], &[0])?);
    cases.push(case("many".into(), [50, 33], &[40, 31])?);
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::Tape;

    #[test]
    fn the_gradient_has_only_the_rows_looked_up() {
        let tape = Tape::new();
        let table = tape.watch(&Tensor::full(0.5f32, &[1000, 2]).unwrap());
        let y = embedding(&table, &Tensor::new(&[7u32, 900, 7], &[3]).unwrap()).unwrap();
        let gradients = y.backward_from(Tensor::full(1f32, &[3, 2]).unwrap()).unwrap();
        let Some(Gradient::Rows { indices, values, shape }) = gradients.of(&table) else {
            panic!("not sparse")
        };
        assert_eq!((indices.to_vec(), values.shape()[..].to_vec()), (vec![7.0, 900.0, 7.0], vec![3, 2]));
        assert_eq!(shape, table.shape());
        assert_eq!(gradients.of(&table).unwrap().to_dense().unwrap().to_vec()[14], 2.0);
    }

    #[test]
    fn wrong_indices_types_and_tables_are_errors() {
        let tape = Tape::idle();
        let table = tape.constant(&Tensor::full(0.5f32, &[3, 2]).unwrap());
        let error = embedding(&table, &Tensor::new(&[0u32, 3], &[2]).unwrap()).err().unwrap().to_string();
        assert!(error.contains("index 3") && error.contains("3 rows"), "{error}");
        assert!(embedding(&table, &Tensor::new(&[0f32], &[1]).unwrap()).is_err());
        let flat = tape.constant(&Tensor::full(0.5f32, &[3]).unwrap());
        assert!(embedding(&flat, &Tensor::new(&[0u32], &[1]).unwrap()).is_err());
    }
}
