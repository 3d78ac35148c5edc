//! The transformed weights U = G w Gᵀ, in the panels that the micro-kernel reads.

use super::scheme::Scheme;
use super::square::both_axes;
use crate::float::Float;
use crate::isa::simd;
use crate::product::micro::{Kernel, MAX_COLS};
use crate::product::pack::pack_panel;
use crate::threads::SharedMut;
use std::mem::MaybeUninit;
use std::ops::Range;

/// The weights, and the pass they are for.
#[derive(Clone, Copy)]
pub(super) enum Taps<'a, T> {
    /// `[out, 3, 3, channels]`, from channels to results.
    Forward(&'a [T]),
    /// `[out, 3, 3, channels]`, from results to channels: turned by half a circle.
    Backward(&'a [T]),
    /// `[panels, 9, depth, width]`, from channels to results.
    Packed(&'a [T]),
}

/// The most rows of a panel that are transformed at a time.
pub(super) const ROWS: usize = 32;

/// The weights of a pass from `depth` numbers to `cols` numbers of a pixel.
pub(super) struct Filter<'a, T: 'static> {
    pub(super) kernel: &'static Kernel<T>,
    pub(super) weight: Taps<'a, T>,
    pub(super) depth: usize,
    pub(super) cols: usize,
}

impl<T: Float> Filter<'_, T> {
    /// Panels side by side.
    pub(super) fn panels(&self) -> usize {
        self.cols.div_ceil(self.kernel.width())
    }

    /// Transforms at most [`ROWS`] rows of a panel: those of frequency f become the matrix `[rows, width]` that begins at
    /// `to[f * apart]`.
    ///
    /// # Safety
    /// These places lie behind `to`, and no other task touches them.
    pub(super) unsafe fn transform<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        panel: usize,
        rows: Range<usize>,
        to: &SharedMut<T>,
        apart: usize,
    ) {
        let (width, count) = (self.kernel.width(), rows.len());
        let present = width.min(self.cols - panel * width);
        let mut copies = [const { MaybeUninit::<[T; ROWS * MAX_COLS]>::uninit() }; 9];
        // A copy of a tap, whose numbers in (rows of the panel) and out (its columns) have these distances in the weights.
        let mut copy = |k: usize, from: &[T], (row, col): (usize, usize)| {
            let from = from.as_ptr().wrapping_add(rows.start * row + panel * width * col);
            let to = copies[k].as_mut_ptr().cast::<T>();
            // SAFETY: the tap of these channels lies within the weights; a copy has room for ROWS rows of the widest panel,
            // and every number of these rows is written.
            unsafe {
                pack_panel(from, (row, col), count, (present, width, width), to);
                std::slice::from_raw_parts(to.cast_const(), count * width)
            }
        };
        let taps: [&[T]; 9] = std::array::from_fn(|k| match self.weight {
            Taps::Forward(weight) => copy(k, &weight[k * self.depth..], (1, 9 * self.depth)),
            Taps::Backward(weight) => copy(k, &weight[(8 - k) * self.cols..], (9 * self.cols, 1)),
            Taps::Packed(panels) => {
                &panels[((panel * 9 + k) * self.depth + rows.start) * width..][..count * width]
            }
        });
        simd(
            #[inline(always)]
            || {
                let tap = |i: usize, j: usize| taps[3 * i + j];
                both_axes::<T, 3, A>(count * width, tap, S::filter, |i, j, first, values| {
                    // SAFETY: promised by the caller.
                    unsafe { to.region((i * A + j) * apart + first, values.len()) }.copy_from_slice(values);
                });
            },
        );
    }
}
