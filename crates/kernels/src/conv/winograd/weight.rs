//! Backward to the weights: dU = Σ over tiles, dw = Gᵀ dU G.
//!
//! Where everything transformed fits the last cache, that is done first; then blocks of the weights are dealt out, whose
//! sums are transformed back while they are in the second cache. Where there are more tiles, they are cut into parts by
//! the shape alone; a part goes through its tiles in blocks and keeps sums of its own, which are added in order.

use super::correlate::transform;
use super::scheme::Scheme;
use super::square::both_axes;
use super::{Grid, Pictures, pitch};
use crate::buffer::OutOfMemory;
use crate::conv::geometry::Conv2d;
use crate::float::Float;
use crate::isa::simd;
use crate::product::micro::{Kernel, MAX_ROWS, Tile};
use crate::product::pack::MAX_DEPTH;
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, cut, parallel, try_parallel};
use std::ops::Range;

/// Transformed numbers that fit the last cache.
const FITS: usize = 1 << 22;

/// Rows and columns of the weights in a block whose sums stay in the second cache.
const BLOCK: (usize, usize) = (56, 128);

/// Tiles in a block of a part: the sums are read and written once for so many.
const TILES: usize = 64;

/// Numbers that the sums of all parts may take.
const SUMS: usize = 1 << 22;

/// The most parts.
const PARTS: usize = 16;

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
    with_scratch(channels.max(out), |zeros: &mut [T]| {
        zeros.fill(T::ZERO);
        let gradient = Gradient {
            kernel,
            x: Pictures { data: x, height: conv.height, width: conv.width, channels, zeros },
            dy: Pictures { data: dy, height: oh, width: ow, channels: out, zeros },
            before: (conv.padding.top, conv.padding.left),
            grid,
            dw: SharedMut(dw.as_mut_ptr()),
            accumulate,
        };
        match tiles * A * A * (channels + out) <= FITS {
            true => gradient.by_blocks::<S, M, A>(tiles),
            false => gradient.by_parts::<S, M, A>(tiles),
        }
    })?
}

/// What the tasks share.
struct Gradient<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    x: Pictures<'a, T>,
    dy: Pictures<'a, T>,
    before: (usize, usize),
    grid: Grid,
    /// `[out, 3, 3, channels]`.
    dw: SharedMut<T>,
    accumulate: bool,
}

/// Some transformed tiles, `[tiles, A², channels]`: the patches of x and the tiles of dy.
struct Transformed<T> {
    patches: SharedMut<T>,
    spread: SharedMut<T>,
}

/// Rows and columns of the weights whose sums dU lie together, `[A², rows, columns]`.
struct Block<T> {
    rows: Range<usize>,
    cols: Range<usize>,
    sums: SharedMut<T>,
}

impl<T: Float> Gradient<'_, T> {
    /// Calls `body` with room for so many tiles.
    fn with_room<R>(
        &self,
        tiles: usize,
        frequencies: usize,
        body: impl FnOnce(&Transformed<T>) -> R,
    ) -> Result<R, OutOfMemory> {
        let spread = tiles * pitch(frequencies * self.dy.channels);
        let patches = tiles * pitch(frequencies * self.x.channels);
        // The last panel of the patches is read beyond its end.
        with_scratch(spread + patches + self.kernel.width(), |scratch: &mut [T]| {
            let (spread, patches) = scratch.split_at_mut(spread);
            let (spread, patches) = (SharedMut(spread.as_mut_ptr()), SharedMut(patches.as_mut_ptr()));
            body(&Transformed { patches, spread })
        })
    }

    /// Transforms the patches of x under some tiles, and these tiles of dy.
    fn transform<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: Range<usize>,
        room: &Transformed<T>,
    ) {
        transform(&self.x, &self.grid, self.before, tiles.clone(), S::input, &room.patches);
        transform(&self.dy, &self.grid, (0, 0), tiles, S::output_back, &room.spread);
    }

    /// All tiles first, then block by block of the weights.
    fn by_blocks<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: usize,
    ) -> Result<(), OutOfMemory> {
        let (out, channels) = (self.dy.channels, self.x.channels);
        let (down, across) = (out.div_ceil(BLOCK.0), channels.div_ceil(BLOCK.1));
        self.with_room(tiles, A * A, |room| {
            self.transform::<S, M, A>(0..tiles, room);
            try_parallel(down * across, |task| {
                // Blocks begin where panels do.
                let start = task % across * BLOCK.1;
                let (rows, cols) = (cut(out, down, task / across), start..channels.min(start + BLOCK.1));
                with_scratch(A * A * rows.len() * cols.len(), |sums: &mut [T]| {
                    let block = Block { rows, cols, sums: SharedMut(sums.as_mut_ptr()) };
                    let steps = tiles.div_ceil(MAX_DEPTH);
                    for k in (0..steps).map(|step| cut(tiles, steps, step)) {
                        (0..A * A)
                            .for_each(|f| self.multiply(room, (f, A * A), k.clone(), &block, k.start > 0));
                    }
                    self.transform_back::<S, M, A>(&block, block.rows.clone(), self.accumulate);
                })
            })
        })?
    }

    /// Part by part of the tiles.
    fn by_parts<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: usize,
    ) -> Result<(), OutOfMemory> {
        let (out, channels) = (self.dy.channels, self.x.channels);
        let len = A * A * out * channels;
        let parts = (SUMS / len).min(tiles / TILES).clamp(1, PARTS);
        with_scratch(parts * len, |sums: &mut [T]| {
            let sums = SharedMut(sums.as_mut_ptr());
            let block = |part: usize| Block { rows: 0..out, cols: 0..channels, sums: sums.after(part * len) };
            try_parallel(parts, |part| {
                let (tiles, block) = (cut(tiles, parts, part), block(part));
                let steps = tiles.len().div_ceil(TILES);
                self.with_room(tiles.len().div_ceil(steps), A * A, |room| {
                    for step in (0..steps).map(|step| cut(tiles.len(), steps, step)) {
                        let some = tiles.start + step.start..tiles.start + step.end;
                        self.transform::<S, M, A>(some, room);
                        parallel(A * A, |f| {
                            self.multiply(room, (f, A * A), 0..step.len(), &block, step.start > 0);
                        });
                    }
                })
            })?;
            parallel(out, |row| {
                for part in 0..parts {
                    let add = self.accumulate || part > 0;
                    self.transform_back::<S, M, A>(&block(part), row..row + 1, add);
                }
            });
            Ok(())
        })?
    }

    /// sums\[f\] (+)= spread\[k, f\]ᵀ · patches\[k, f\] over some of the transformed tiles, for one of `frequencies`.
    fn multiply(
        &self,
        room: &Transformed<T>,
        (f, frequencies): (usize, usize),
        k: Range<usize>,
        block: &Block<T>,
        accumulate: bool,
    ) {
        let (out, channels, width) = (self.dy.channels, self.x.channels, self.kernel.width());
        let (spread, patch) = (pitch(frequencies * out), pitch(frequencies * channels));
        let (count, cols) = (block.rows.len(), block.cols.len());
        let row_tiles = count.div_ceil(self.kernel.rows);
        for rows in (0..row_tiles).map(|tile| cut(count, row_tiles, tile)) {
            let a = room.spread.after(k.start * spread + f * out + block.rows.start + rows.start);
            let a: [*const T; MAX_ROWS] = std::array::from_fn(|i| a.at(i).cast_const());
            for col in (0..cols).step_by(width) {
                let c = block.sums.after((f * count + rows.start) * cols + col);
                let c: [*mut T; MAX_ROWS] = std::array::from_fn(|i| c.at(i * cols));
                let tile = Tile {
                    a: a.as_ptr(),
                    taps: 1,
                    from: 0,
                    to: k.len(),
                    a_step: spread,
                    b: room.patches.at(k.start * patch + f * channels + block.cols.start + col),
                    b_step: patch,
                    b_tap: 0,
                    c: c.as_ptr(),
                    cols: width.min(cols - col),
                    accumulate,
                    ahead: None,
                };
                // SAFETY: rows, panel and sums lie within their buffers (the patches have room for a whole panel at their
                // end); a frequency of a block belongs to one task.
                unsafe { self.kernel.run(rows.len(), &tile) };
            }
        }
    }

    /// dw = (dw +) Gᵀ dU G for some rows of a block.
    fn transform_back<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        block: &Block<T>,
        rows: Range<usize>,
        add: bool,
    ) {
        let (channels, cols, count) = (self.x.channels, block.cols.len(), block.rows.len());
        simd(
            #[inline(always)]
            || {
                for row in rows {
                    let first = row - block.rows.start;
                    both_axes::<T, A, 3>(
                        cols,
                        // SAFETY: the products are done, and nobody writes the sums any more.
                        |i, j| unsafe { block.sums.region(((i * A + j) * count + first) * cols, cols) },
                        S::filter_back,
                        |i, j, first, values| {
                            let place = (9 * row + 3 * i + j) * channels + block.cols.start + first;
                            // SAFETY: the rows of a block belong to one task.
                            let to = unsafe { self.dw.region(place, values.len()) };
                            match add {
                                true => {
                                    for (w, &v) in to.iter_mut().zip(values) {
                                        *w += v;
                                    }
                                }
                                false => to.copy_from_slice(values),
                            }
                        },
                    );
                }
            },
        );
    }
}
