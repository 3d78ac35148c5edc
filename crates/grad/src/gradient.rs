//! The gradient of a loss with respect to a tensor.

use crate::Var;
use pellucid_kernels::Float;
use pellucid_kernels::elementwise::zip_in_place;
use pellucid_tensor::{Error, Result, Scalar, Shape, Tensor, with_float};

/// ∂loss/∂x for one tensor x.
#[derive(Clone, Debug)]
pub enum Gradient {
    /// One number per element, in the shape of x.
    Dense(Tensor),
    /// Only some rows of x (its first axis) received a gradient: an embedding's look-ups.
    /// A row that is named several times receives the sum.
    Rows {
        /// `[n]`, which rows (`u32`).
        indices: Tensor,
        /// `[n, …]`, their gradients, in the shape of x's rows.
        values: Tensor,
        /// The shape of x.
        shape: Shape,
    },
}

impl Gradient {
    /// The gradient with one number per element of x.
    ///
    /// # Errors
    /// No memory, or indices outside of x.
    pub fn to_dense(&self) -> Result<Tensor> {
        match self {
            Gradient::Dense(t) => Ok(t.clone()),
            Gradient::Rows { values, shape, .. } => {
                let mut dense = Tensor::zeros(values.dtype(), shape)?;
                self.add_into(&mut dense)?;
                Ok(dense)
            }
        }
    }

    /// Adds this gradient to a dense one of the same shape.
    ///
    /// # Errors
    /// Shapes or types that differ, or indices outside of the tensor.
    pub fn add_into(&self, sum: &mut Tensor) -> Result<()> {
        fn dense<T: Float + Scalar>(sum: &mut Tensor, more: &Tensor) -> Result<()> {
            if sum.shape() != more.shape() {
                return Err(Error::mismatch("gradient", sum.shape(), more.shape()));
            }
            zip_in_place(
                sum.data_mut::<T>()?,
                more.data()?,
                1,
                #[inline(always)]
                |s, m| s + m,
            );
            Ok(())
        }
        fn rows<T: Scalar + std::ops::AddAssign>(
            sum: &mut Tensor,
            indices: &Tensor,
            values: &Tensor,
        ) -> Result<()> {
            let rows = sum.dim(0)?;
            let width = sum.len().checked_div(rows).unwrap_or(0);
            let (indices, values) = (indices.data::<u32>()?, values.data::<T>()?);
            if values.len() != indices.len() * width {
                return Err(Error::argument("gradient", "rows whose width differs from the tensor's"));
            }
            let sum = sum.data_mut::<T>()?;
            for (i, &row) in indices.iter().enumerate() {
                let at = row as usize * width;
                let target = sum.get_mut(at..at + width).ok_or_else(|| {
                    Error::argument("gradient", format!("row {row} of a tensor of {rows} rows"))
                })?;
                target.iter_mut().zip(&values[i * width..]).for_each(|(s, &v)| *s += v);
            }
            Ok(())
        }
        match self {
            Gradient::Dense(t) => with_float!("gradient", t.dtype(), T => dense::<T>(sum, t)),
            Gradient::Rows { indices, values, .. } => {
                with_float!("gradient", values.dtype(), T => rows::<T>(sum, indices, values))
            }
        }
    }

    /// The sum of two gradients of the same tensor.
    pub(crate) fn plus(self, other: Gradient) -> Result<Gradient> {
        let (mut sum, more) = match (self, other) {
            (Gradient::Dense(sum), more) | (more, Gradient::Dense(sum)) => (sum, more),
            (rows, more) => (rows.to_dense()?, more),
        };
        more.add_into(&mut sum)?;
        Ok(Gradient::Dense(sum))
    }
}

impl From<Tensor> for Gradient {
    fn from(t: Tensor) -> Gradient {
        Gradient::Dense(t)
    }
}

/// The gradients of all tensors a [`Tape`](crate::Tape) watched.
#[derive(Default)]
pub struct Gradients {
    /// The record that was walked back.
    pub(crate) generation: u64,
    pub(crate) by_node: Vec<Option<Gradient>>,
}

impl Gradients {
    /// The gradient of a watched variable; `None` if the loss does not depend on it.
    pub fn of(&self, var: &Var) -> Option<&Gradient> {
        self.by_node.get(self.index(var)?)?.as_ref()
    }

    /// As [`of`](Gradients::of), handing the gradient over.
    pub fn take(&mut self, var: &Var) -> Option<Gradient> {
        let index = self.index(var)?;
        self.by_node.get_mut(index)?.take()
    }

    /// Where a variable's gradient is; a variable of another record has none here.
    fn index(&self, var: &Var) -> Option<usize> {
        var.node().filter(|place| place.generation == self.generation).map(|place| place.index)
    }
}
