//! Backward to the weights: dU = Σ over tiles, dw = Gᵀ dU G.
//!
//! The tiles are cut into parts by the shape alone; a part goes through its tiles in blocks and keeps a sum of its own, and
//! the sums of all parts are added in order. Few tiles of many channels make one part, whose work is dealt out inside.

use super::correlate::transform;
use super::scheme::Scheme;
use super::square::both_axes;
use super::{Grid, Pictures, pitch};
use crate::buffer::OutOfMemory;
use crate::conv::geometry::Conv2d;
use crate::float::Float;
use crate::isa::simd;
use crate::product::cut;
use crate::product::micro::{Kernel, MAX_ROWS, Tile};
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, parallel, try_parallel};
use std::ops::Range;

/// Tiles of a block: the sums are read and written once for so many.
const BLOCK: usize = 64;

/// Numbers that the sums of all parts may take.
const SUMS: usize = 1 << 22;

/// The most parts.
const PARTS: usize = 16;

/// What the parts share.
struct Gradient<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    x: Pictures<'a, T>,
    dy: Pictures<'a, T>,
    before: (usize, usize),
    grid: Grid,
}

/// dw = (dw +) the gradient of the weights by F(M×M, 3×3).
pub(super) fn gradient<T: Float, S: Scheme<M, A>, const M: usize, const A: usize>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    let grid = Grid::new(M, oh, ow);
    let tiles = conv.batch * grid.of_picture();
    let (channels, out) = (conv.channels, conv.out);
    let len = A * A * out * channels;
    let parts = (SUMS / len).min(tiles / BLOCK).clamp(1, PARTS);
    with_scratch(parts * len + channels.max(out), |scratch: &mut [T]| {
        let (sums, zeros) = scratch.split_at_mut(parts * len);
        zeros.fill(T::ZERO);
        let gradient = Gradient {
            kernel,
            x: Pictures { data: x, height: conv.height, width: conv.width, channels, zeros },
            dy: Pictures { data: dy, height: oh, width: ow, channels: out, zeros },
            before: (conv.padding.top, conv.padding.left),
            grid,
        };
        let shared = SharedMut(sums.as_mut_ptr());
        try_parallel(parts, |part| {
            gradient.part::<S, M, A>(cut(tiles, parts, part), &shared.after(part * len))
        })?;
        let row = 9 * channels;
        let dw = SharedMut(dw.as_mut_ptr());
        parallel(out, |o| {
            // SAFETY: each task has a row of the weights.
            let dw = unsafe { dw.region(o * row, row) };
            if !accumulate {
                dw.fill(T::ZERO);
            }
            simd(
                #[inline(always)]
                || {
                    for part in 0..parts {
                        let start = part * len + o * channels;
                        both_axes::<T, A, 3>(
                            channels,
                            // SAFETY: all parts have ended, and nobody writes the sums any more.
                            |i, j| unsafe { shared.region(start + (i * A + j) * out * channels, channels) },
                            S::filter_back,
                            |i, j, first, values| {
                                let to = &mut dw[(3 * i + j) * channels + first..][..values.len()];
                                to.iter_mut().zip(values).for_each(|(w, &v)| *w += v);
                            },
                        );
                    }
                },
            );
        });
        Ok(())
    })?
}

impl<T: Float> Gradient<'_, T> {
    /// sums = the sum over some tiles, `[A², out, channels]`.
    fn part<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: Range<usize>,
        sums: &SharedMut<T>,
    ) -> Result<(), OutOfMemory> {
        let (channels, out) = (self.x.channels, self.dy.channels);
        let blocks = tiles.len().div_ceil(BLOCK).max(1);
        let most = tiles.len().div_ceil(blocks);
        let (spread, patch) = (most * pitch(A * A * out), most * pitch(A * A * channels));
        // The last panel of the patches is read beyond its end.
        with_scratch(spread + patch + self.kernel.width(), |scratch: &mut [T]| {
            let (spread, patches) = scratch.split_at_mut(spread);
            let (spread, patches) = (SharedMut(spread.as_mut_ptr()), SharedMut(patches.as_mut_ptr()));
            for block in 0..blocks {
                let block_tiles = cut(tiles.len(), blocks, block);
                let block_tiles = tiles.start + block_tiles.start..tiles.start + block_tiles.end;
                transform(&self.x, &self.grid, self.before, block_tiles.clone(), S::input, &patches);
                transform(&self.dy, &self.grid, (0, 0), block_tiles.clone(), S::output_back, &spread);
                self.multiply(block_tiles.len(), A * A, &spread, &patches, sums, block > 0);
            }
        })
    }

    /// sums[f] (+)= spread[f]ᵀ · patches[f] for every frequency.
    fn multiply(
        &self,
        count: usize,
        frequencies: usize,
        spread: &SharedMut<T>,
        patches: &SharedMut<T>,
        sums: &SharedMut<T>,
        accumulate: bool,
    ) {
        let (channels, out, width) = (self.x.channels, self.dy.channels, self.kernel.width());
        let row_tiles = out.div_ceil(self.kernel.rows);
        let (spread_pitch, patch_pitch) = (pitch(frequencies * out), pitch(frequencies * channels));
        parallel(frequencies, |f| {
            for row_tile in 0..row_tiles {
                let rows = cut(out, row_tiles, row_tile);
                let a: [*const T; MAX_ROWS] =
                    std::array::from_fn(|i| spread.0.cast_const().wrapping_add(f * out + rows.start + i));
                for col in (0..channels).step_by(width) {
                    let c: [*mut T; MAX_ROWS] = std::array::from_fn(|i| {
                        sums.0.wrapping_add((f * out + rows.start + i) * channels + col)
                    });
                    let tile = Tile {
                        a: a.as_ptr(),
                        taps: 1,
                        from: 0,
                        to: count,
                        a_step: spread_pitch,
                        b: patches.0.cast_const().wrapping_add(f * channels + col),
                        b_step: patch_pitch,
                        b_tap: 0,
                        c: c.as_ptr(),
                        cols: width.min(channels - col),
                        accumulate,
                    };
                    // SAFETY: rows, panel and sums lie within their buffers (the patches have room for a whole panel at
                    // their end); a frequency belongs to one task.
                    unsafe { self.kernel.run(rows.len(), &tile) };
                }
            }
        });
    }
}
