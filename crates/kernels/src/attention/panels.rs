//! Small products of one task: a few rows of A by a B that is copied into panels.

use crate::float::Float;
use crate::product::micro::{Kernel, MAX_ROWS, Tile};
use crate::product::pack::pack_panel;
use crate::threads::cut;
use std::ops::Range;

/// A copy of B `[depth, cols]` in panels, each `[depth, width]`.
#[derive(Clone, Copy)]
pub(super) struct Panels<T: 'static> {
    kernel: &'static Kernel<T>,
    data: *const T,
    depth: usize,
    cols: usize,
}

impl<T: Float> Panels<T> {
    /// How many numbers a copy takes.
    pub(super) fn len(kernel: &Kernel<T>, depth: usize, cols: usize) -> usize {
        depth * cols.next_multiple_of(kernel.width())
    }

    /// Copies B, whose element (p, j) is `from[p * row + j * col]`.
    ///
    /// # Safety
    /// These elements can be read. `to`, which has room for [`len`](Panels::len), outlives the panels and is not written meanwhile.
    pub(super) unsafe fn copy(
        kernel: &'static Kernel<T>,
        from: *const T,
        (row, col): (usize, usize),
        (depth, cols): (usize, usize),
        to: &mut [T],
    ) -> Panels<T> {
        assert!(to.len() >= Panels::len(kernel, depth, cols), "attention: no room for the panels");
        let width = kernel.width();
        for (panel, first) in (0..cols).step_by(width).enumerate() {
            let some = width.min(cols - first);
            let (from, to) = (from.wrapping_add(first * col), &mut to[panel * depth * width..]);
            // SAFETY: promised by the caller; the panel fits as was checked above.
            unsafe {
                pack_panel(from, (row, col), depth, (some, kernel.padded(some), width), to.as_mut_ptr())
            };
        }
        Panels { kernel, data: to.as_ptr(), depth, cols }
    }

    /// C (+)= A · B for the first `cols` columns and the part `depth` of the sums. Element (i, p) of A is
    /// `a[i * a_row + p * a_step]`, row i of C begins at `c[i * c_row]`.
    ///
    /// # Safety
    /// There are at most as many rows as a tile has. Those of A can be read, those of C written by this thread alone.
    pub(super) unsafe fn multiply(
        &self,
        rows: usize,
        (a, a_row, a_step): (*const T, usize, usize),
        depth: Range<usize>,
        cols: usize,
        (c, c_row): (*mut T, usize),
        accumulate: bool,
    ) {
        debug_assert!(rows <= self.kernel.rows && depth.end <= self.depth && cols <= self.cols);
        let width = self.kernel.width();
        let a_rows: [*const T; MAX_ROWS] = std::array::from_fn(|i| a.wrapping_add(i * a_row));
        for (panel, first) in (0..cols).step_by(width).enumerate() {
            let c_rows: [*mut T; MAX_ROWS] = std::array::from_fn(|i| c.wrapping_add(i * c_row + first));
            let tile = Tile {
                a: a_rows.as_ptr(),
                taps: 1,
                from: depth.start,
                to: depth.end,
                a_step,
                b: self.data.wrapping_add((panel * self.depth + depth.start) * width),
                b_step: width,
                b_tap: 0,
                c: c_rows.as_ptr(),
                cols: width.min(cols - first),
                accumulate,
                ahead: None,
            };
            // SAFETY: promised by the caller; the panel holds what the kernel reads of B.
            unsafe { self.kernel.run(rows, &tile) };
        }
    }
}

/// A range of rows cut into tiles, whose heights differ by at most one.
pub(super) fn tiles(rows: Range<usize>, highest: usize) -> impl Iterator<Item = Range<usize>> {
    let count = rows.len().div_ceil(highest);
    (0..count).map(move |i| {
        let tile = cut(rows.len(), count, i);
        rows.start + tile.start..rows.start + tile.end
    })
}

/// A range in blocks of `step`; the last may be shorter.
pub(super) fn blocks(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(step).map(move |start| start..range.end.min(start + step))
}
