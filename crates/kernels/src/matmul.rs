//! Matrix products: C = (C +) A · B, with bias and activation while the result is still in the cache.

use crate::activation::Activation;
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::isa;
use crate::product::dense::{Dense, Operand};
use crate::product::finish::Finish;
use crate::product::micro::{Kernel, kernel};
use crate::product::vector::{Matrix, vector_matrix};
use crate::scratch::with_scratch;
use crate::threads::SharedMut;

/// A view of a matrix: element (i, j) is `data[i * row_stride + j * col_stride]`.
#[derive(Clone, Copy, Debug)]
pub struct Mat<'a, T> {
    /// The numbers.
    pub data: &'a [T],
    /// Rows.
    pub rows: usize,
    /// Columns.
    pub cols: usize,
    /// Distance from one row to the next.
    pub row_stride: usize,
    /// Distance from one column to the next.
    pub col_stride: usize,
}

impl<'a, T> Mat<'a, T> {
    /// The row-major matrix `data: [rows, cols]`.
    pub fn new(data: &'a [T], rows: usize, cols: usize) -> Self {
        Mat { data, rows, cols, row_stride: cols, col_stride: 1 }
    }

    /// The transposed matrix, over the same numbers.
    #[must_use]
    pub fn t(self) -> Self {
        Mat {
            rows: self.cols,
            cols: self.rows,
            row_stride: self.col_stride,
            col_stride: self.row_stride,
            ..self
        }
    }

    /// Whether `batch` such matrices, `stride` apart, lie within `data`.
    pub(crate) fn fits(&self, batch: usize, stride: usize) -> bool {
        if batch == 0 || self.rows == 0 || self.cols == 0 {
            return true;
        }
        let last = |count: usize, stride: usize| (count - 1).checked_mul(stride);
        let end = || {
            let rows = last(self.rows, self.row_stride)?.checked_add(last(self.cols, self.col_stride)?)?;
            rows.checked_add(last(batch, stride)?)
        };
        end().is_some_and(|end| end < self.data.len())
    }
}

/// What happens around the product: add to C, then scale, then bias, then activation.
#[derive(Debug)]
pub struct Epilogue<'a, T> {
    /// Whether the product is added to what C holds, or replaces it.
    pub accumulate: bool,
    /// `[n]`, multiplies every row.
    pub scale: Option<&'a [T]>,
    /// `[n]`, added to every row.
    pub bias: Option<&'a [T]>,
    /// Applied last.
    pub activation: Activation,
    /// Receives the values before the activation, `[m, n]` (batched: `[batch, m, n]`).
    pub pre: Option<&'a mut [T]>,
}

impl<T> Default for Epilogue<'_, T> {
    fn default() -> Self {
        Epilogue { accumulate: false, scale: None, bias: None, activation: Activation::Identity, pre: None }
    }
}

/// C = act(((C +) A · B) · scale + bias), with `a: [m, k]`, `b: [k, n]`, `c: [m, n]` row-major.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for the working copy of B (at most some 16 MB for `f32`).
///
/// # Panics
/// If the shapes do not fit each other or their slices.
pub fn matmul<T: Float>(a: Mat<T>, b: Mat<T>, c: &mut [T], epilogue: Epilogue<T>) -> Result<(), OutOfMemory> {
    matmul_by(kernel(isa()), 1, (a, 0), (b, 0), c, epilogue)
}

/// As [`matmul`] for each of `batch` matrices: A number i begins `a_stride` · i after the first, B likewise
/// (a stride of 0 uses the same matrix for all); `c: [batch, m, n]`.
///
/// # Errors
/// As [`matmul`].
///
/// # Panics
/// As [`matmul`].
pub fn batched_matmul<T: Float>(
    batch: usize,
    (a, a_stride): (Mat<T>, usize),
    (b, b_stride): (Mat<T>, usize),
    c: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<(), OutOfMemory> {
    matmul_by(kernel(isa()), batch, (a, a_stride), (b, b_stride), c, epilogue)
}

/// The product by a given micro-kernel.
pub(crate) fn matmul_by<T: Float>(
    kernel: &'static Kernel<T>,
    batch: usize,
    (a, a_stride): (Mat<T>, usize),
    (b, b_stride): (Mat<T>, usize),
    c: &mut [T],
    epilogue: Epilogue<T>,
) -> Result<(), OutOfMemory> {
    let (m, k, n) = (a.rows, a.cols, b.cols);
    let size = batch.checked_mul(m).and_then(|s| s.checked_mul(n));
    assert_eq!(a.cols, b.rows, "matrix product: A has {} columns, B has {} rows", a.cols, b.rows);
    assert!(a.fits(batch, a_stride), "matrix product: A is shorter than its shape");
    assert!(b.fits(batch, b_stride), "matrix product: B is shorter than its shape");
    assert_eq!(Some(c.len()), size, "matrix product: C has another length than its shape");
    assert!(
        [epilogue.scale, epilogue.bias].into_iter().flatten().all(|numbers| numbers.len() == n),
        "matrix product: scale or bias has not n numbers"
    );
    assert!(epilogue.pre.as_ref().is_none_or(|p| p.len() == c.len()), "matrix product: `pre` differs from C");
    if c.is_empty() {
        return Ok(());
    }
    let Epilogue { accumulate, scale, bias, activation, pre } = epilogue;
    let mut finish = Finish { scale, bias, activation, pre: pre.map(|p| SharedMut(p.as_mut_ptr())) };
    if (m == 1 || n == 1) && k > 0 {
        let (factor, summand) = (finish.scale.take_if(|_| n == 1), finish.bias.take_if(|_| n == 1));
        for (item, c) in c.chunks_mut(m * n).enumerate() {
            let a = Mat { data: &a.data[item * a_stride..], ..a };
            let b = Mat { data: &b.data[item * b_stride..], ..b };
            if m == 1 {
                by_vector(a, b, c, accumulate)?
            } else {
                by_vector(b.t(), a.t(), c, accumulate)?
            }
            if let Some(&[factor]) = factor {
                for c in c.iter_mut() {
                    *c *= factor;
                }
            }
            if let Some(&[summand]) = summand {
                for c in c.iter_mut() {
                    *c += summand;
                }
            }
            // SAFETY: only this thread works, and this is one row of C, or all of a C of one column.
            unsafe { finish.row(c, item * m * n, 0) };
        }
        return Ok(());
    }
    let operand =
        |m: &Mat<T>, batch| Operand { data: m.data.as_ptr(), batch, row: m.row_stride, col: m.col_stride };
    let c = SharedMut(c.as_mut_ptr());
    let (a, b) = (operand(&a, a_stride), operand(&b, b_stride));
    // SAFETY: the shapes were checked against the slices above.
    unsafe { Dense { kernel, batch, m, n, k, a, b, c, accumulate, finish }.run() }
}

/// y (+)= x · M for a matrix x of one row.
fn by_vector<T: Float>(x: Mat<T>, m: Mat<T>, y: &mut [T], accumulate: bool) -> Result<(), OutOfMemory> {
    let m = Matrix { data: m.data, row: m.row_stride, col: m.col_stride };
    if x.col_stride == 1 {
        vector_matrix(&x.data[..x.cols], m, y, accumulate);
        return Ok(());
    }
    with_scratch(x.cols, |copy: &mut [T]| {
        for (i, to) in copy.iter_mut().enumerate() {
            *to = x.data[i * x.col_stride];
        }
        vector_matrix(copy, m, y, accumulate);
    })
}

#[cfg(test)]
pub(crate) mod tests;
