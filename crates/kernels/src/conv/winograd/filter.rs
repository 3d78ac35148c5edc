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

/// Which pass the weights `[out, 3, 3, channels]` are for.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Turn {
    /// From channels to results: as they are.
    Forward,
    /// From results to channels: turned by half a circle.
    Backward,
}

/// The most rows of a panel that are transformed at a time.
pub(super) const ROWS: usize = 32;

/// The weights of a pass from `depth` numbers to `cols` numbers of a pixel.
pub(super) struct Filter<'a, T: 'static> {
    pub(super) kernel: &'static Kernel<T>,
    pub(super) weight: &'a [T],
    pub(super) turn: Turn,
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
        // Distances in the weights between numbers in (rows of a panel), numbers out (its columns) and taps.
        let (row, col, tap) = match self.turn {
            Turn::Forward => (1, 9 * self.depth, self.depth),
            Turn::Backward => (9 * self.cols, 1, self.cols),
        };
        let mut taps = [const { MaybeUninit::<[T; ROWS * MAX_COLS]>::uninit() }; 9];
        for (k, copy) in taps.iter_mut().enumerate() {
            let place = if self.turn == Turn::Forward { k } else { 8 - k };
            let from = place * tap + rows.start * row + panel * width * col;
            let from = self.weight.as_ptr().wrapping_add(from);
            // SAFETY: the tap of these channels lies within the weights; a copy has room for ROWS rows of the widest panel.
            unsafe { pack_panel(from, (row, col), count, (present, width, width), copy.as_mut_ptr().cast()) };
        }
        // SAFETY: so many numbers were packed.
        let tap = |i: usize, j: usize| unsafe {
            std::slice::from_raw_parts(taps[3 * i + j].as_ptr().cast::<T>(), count * width)
        };
        simd(
            #[inline(always)]
            || {
                both_axes::<T, 3, A>(count * width, tap, S::filter, |i, j, first, values| {
                    // SAFETY: promised by the caller.
                    unsafe { to.region((i * A + j) * apart + first, values.len()) }.copy_from_slice(values);
                });
            },
        );
    }
}
