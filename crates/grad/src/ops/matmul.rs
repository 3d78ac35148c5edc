//! Matrix products, plain and batched.

use crate::Var;
use crate::check::{Case, EDGE_LENGTHS};
use crate::tape::record;
use pellucid_kernels::Float;
use pellucid_kernels::matmul::{Epilogue, Mat, batched_matmul};
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

/// The matrix product `a · b` of the last two axes, for each index of the leading axes.
///
/// a: `[.., m, k]`; b: `[.., k, n]`, with equal leading axes; the result is `[.., m, n]`.
///
/// # Errors
/// Shapes other than these, a type that is not floating point, or no memory.
pub fn matmul(a: &Var, b: &Var) -> Result<Var> {
    product("matmul", a, b, false)
}

/// The matrix product `a · bᵀ` of the last two axes, for each index of the leading axes: every row of a with every row of b.
///
/// a: `[.., m, k]`; b: `[.., n, k]`, with equal leading axes; the result is `[.., m, n]`.
///
/// # Errors
/// Shapes other than these, a type that is not floating point, or no memory.
pub fn matmul_t(a: &Var, b: &Var) -> Result<Var> {
    product("matmul_t", a, b, true)
}

/// A batch of products of `[m, k]` and `[k, n]`.
#[derive(Clone, Copy)]
struct Product {
    batch: usize,
    m: usize,
    k: usize,
    n: usize,
    /// Whether the second matrix lies as `[n, k]`.
    transposed: bool,
}

/// A matrix, and the distance to the next one of the batch.
type Side<'a, T> = (Mat<'a, T>, usize);

fn side<T>(data: &[T], rows: usize, cols: usize) -> Side<'_, T> {
    (Mat::new(data, rows, cols), rows * cols)
}

fn flip<T>((mat, stride): Side<'_, T>) -> Side<'_, T> {
    (mat.t(), stride)
}

impl Product {
    /// The second matrix as `[k, n]`, whichever way it lies.
    fn second<T>(self, data: &[T]) -> Side<'_, T> {
        match self.transposed {
            true => flip(side(data, self.n, self.k)),
            false => side(data, self.k, self.n),
        }
    }

    fn compute<T: Float + Scalar>(self, a: Side<'_, T>, b: Side<'_, T>, shape: &Shape) -> Result<Tensor> {
        let mut out = Tensor::unset::<T>(shape)?;
        batched_matmul(self.batch, a, b, out.data_mut()?, Epilogue::default())?;
        Ok(out)
    }
}

fn product(op: &'static str, a: &Var, b: &Var, transposed: bool) -> Result<Var> {
    let mismatch = || Error::mismatch(op, a.shape(), b.shape());
    let ([lead @ .., m, k], [b_lead @ .., b_rows, b_cols]) = (&a.shape()[..], &b.shape()[..]) else {
        return Err(mismatch());
    };
    let (n, b_k) = if transposed { (*b_rows, *b_cols) } else { (*b_cols, *b_rows) };
    if lead != b_lead || *k != b_k {
        return Err(mismatch());
    }
    let product = Product { batch: lead.iter().product(), m: *m, k: *k, n, transposed };
    let shape = Shape::new(&[lead, &[*m, n]].concat())?;
    with_float!(op, a.dtype(), T => typed::<T>(a, b, product, &shape))
}

fn typed<T: Float + Scalar>(a: &Var, b: &Var, p: Product, shape: &Shape) -> Result<Var> {
    let values = [a, b].map(|v| v.value().clone());
    let y = p.compute::<T>(side(values[0].data()?, p.m, p.k), p.second(values[1].data()?), shape)?;
    record(y, [a, b], move |dy, [a_wanted, b_wanted]| {
        let [a_shape, b_shape] = [values[0].shape(), values[1].shape()];
        let a = side(values[0].data::<T>()?, p.m, p.k);
        let b = p.second(values[1].data::<T>()?);
        let dy = side(dy.data::<T>()?, p.m, p.n);
        let da = a_wanted.then(|| p.compute(dy, flip(b), a_shape)).transpose()?;
        let db = b_wanted.then(|| match p.transposed {
            true => p.compute(flip(dy), a, b_shape),
            false => p.compute(flip(a), dy, b_shape),
        });
        Ok([da.map(Into::into), db.transpose()?.map(Into::into)])
    })
}

pub(crate) fn cases() -> Result<Vec<Case>> {
    let plain = |lead: &[usize], m: usize, k: usize, n: usize| {
        let shapes = [[lead, &[m, k]].concat(), [lead, &[k, n]].concat()];
        let name = format!("matmul/{:?} by {:?}", shapes[0], shapes[1]);
        Case::new(name, &[&shapes[0], &shapes[1]], |v| matmul(&v[0], &v[1]))
    };
    let transposed = |lead: &[usize], m: usize, k: usize, n: usize| {
        let shapes = [[lead, &[m, k]].concat(), [lead, &[n, k]].concat()];
        let name = format!("matmul/matmul_t {:?} by {:?}", shapes[0], shapes[1]);
        Case::new(name, &[&shapes[0], &shapes[1]], |v| matmul_t(&v[0], &v[1]))
    };
    let mut cases = Vec::new();
    for n in EDGE_LENGTHS {
        cases.push(plain(&[], n, 5, 3)?);
        cases.push(plain(&[], 3, n, 5)?);
        cases.push(plain(&[], 5, 3, n)?);
        cases.push(transposed(&[], 4, n, 3)?);
    }
    for (lead, m, k, n) in [(&[2][..], 3, 4, 5), (&[2, 3], 4, 1, 2), (&[0], 2, 3, 4), (&[3], 0, 2, 2)] {
        cases.push(plain(lead, m, k, n)?);
        cases.push(transposed(lead, m, k, n)?);
    }
    for (lead, m, k, n) in [(&[][..], 97, 101, 65), (&[9], 33, 17, 31)] {
        cases.push(plain(lead, m, k, n)?);
        cases.push(transposed(lead, m, k, n)?);
    }
    Ok(cases)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::Tape;

    #[test]
    fn shapes_that_do_not_fit_are_errors_that_name_them() {
        let tape = Tape::idle();
        let ones = |shape: &[usize]| tape.constant(&Tensor::full(1f32, shape).unwrap());
        let error = matmul(&ones(&[2, 3]), &ones(&[4, 5])).err().unwrap().to_string();
        assert!(error.contains("[2, 3]") && error.contains("[4, 5]"), "{error}");
        assert!(matmul_t(&ones(&[2, 3]), &ones(&[3, 2])).is_err());
        assert!(matmul(&ones(&[1, 2, 3]), &ones(&[2, 3, 2])).is_err());
        assert!(matmul(&ones(&[3]), &ones(&[3, 2])).is_err());
    }
}
