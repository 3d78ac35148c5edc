//! What happens to a result after its last product: scale, bias and activation.

use crate::activation::Activation;
use crate::float::Float;
use crate::isa::simd;
use crate::threads::SharedMut;

/// Scale, bias and activation of a result of `[rows, cols]`, in a form that tasks can share.
pub(crate) struct Finish<'a, T> {
    /// `[cols]`.
    pub(crate) scale: Option<&'a [T]>,
    /// `[cols]`.
    pub(crate) bias: Option<&'a [T]>,
    pub(crate) activation: Activation,
    /// `[rows, cols]`: receives the values before the activation.
    pub(crate) pre: Option<SharedMut<T>>,
}

impl<T: Float> Finish<'_, T> {
    /// Nothing.
    pub(crate) fn none() -> Self {
        Finish { scale: None, bias: None, activation: Activation::Identity, pre: None }
    }

    /// Whether there is nothing to do.
    pub(crate) fn is_nothing(&self) -> bool {
        self.scale.is_none()
            && self.bias.is_none()
            && self.activation == Activation::Identity
            && self.pre.is_none()
    }

    /// Finishes `row`, which holds the columns from `col` on and begins at `index` of the whole result.
    ///
    /// # Safety
    /// No other task finishes the same numbers, and `index + row.len()` is within the result.
    pub(crate) unsafe fn row(&self, row: &mut [T], index: usize, col: usize) {
        if let Some(scale) = self.scale {
            let scale = &scale[col..col + row.len()];
            simd(
                #[inline(always)]
                || {
                    for (x, &s) in row.iter_mut().zip(scale) {
                        *x *= s;
                    }
                },
            );
        }
        if let Some(bias) = self.bias {
            let bias = &bias[col..col + row.len()];
            simd(
                #[inline(always)]
                || {
                    for (x, &b) in row.iter_mut().zip(bias) {
                        *x += b;
                    }
                },
            );
        }
        if let Some(pre) = &self.pre {
            // SAFETY: `pre` is as long as the result, and tasks finish disjoint parts.
            unsafe { pre.region(index, row.len()) }.copy_from_slice(row);
        }
        self.activation.apply(row);
    }
}
