//! The forward sweep, which also carries gradients back to the input.
//!
//! Where there are many tiles, the weights are transformed once; then blocks of tiles, small enough for the second cache,
//! go through transform, products and transform back one beside the other. Where there are few tiles of many channels,
//! all patches are transformed first; then panels of the weights are dealt out, each of them transformed piece by piece
//! and multiplied while it is in the second cache.

use super::filter::{Filter, ROWS, Taps};
use super::scheme::Scheme;
use super::square::both_axes;
use super::{Grid, Pictures, pitch};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::product::finish::Finish;
use crate::product::micro::{Kernel, MAX_ROWS, Tile};
use crate::product::pack::MAX_DEPTH;
use crate::scratch::{parallel_with_scratch, with_scratch};
use crate::threads::{GRAIN, SharedMut, cut, parallel, try_parallel};
use std::ops::Range;

/// Transformed numbers of a block of tiles, in and out.
const BLOCK: usize = 1 << 18;

/// Blocks come in multiples of so many, which keep the threads of a common machine evenly busy.
const EVEN: usize = 4;

/// Rows of a panel of weights that are transformed and multiplied at a time.
const SLAB: usize = 4 * ROWS;

/// A convolution of `source: (pictures, height, width, channels)` into pictures of `target: (height, width, channels)`.
pub(super) struct Correlation<'a, T: 'static> {
    pub(super) kernel: &'static Kernel<T>,
    pub(super) batch: usize,
    pub(super) source: (&'a [T], usize, usize, usize),
    /// Rows and columns of zeros before the source.
    pub(super) before: (usize, usize),
    pub(super) target: (usize, usize, usize),
    pub(super) accumulate: bool,
    pub(super) finish: Finish<'a, T>,
}

/// The convolution by F(M×M, 3×3).
pub(super) fn correlate<T: Float, S: Scheme<M, A>, const M: usize, const A: usize>(
    correlation: &Correlation<T>,
    weight: Taps<T>,
    target: &mut [T],
) -> Result<(), OutOfMemory> {
    let &Correlation { kernel, batch, source, before, target: (height, width, cols), accumulate, .. } =
        correlation;
    let (data, source_height, source_width, channels) = source;
    let grid = Grid::new(M, height, width);
    let tiles = batch * grid.of_picture();
    with_scratch(channels, |zeros: &mut [T]| {
        zeros.fill(T::ZERO);
        let sweep = Sweep {
            kernel,
            source: Pictures { data, height: source_height, width: source_width, channels, zeros },
            before,
            grid,
            filter: Filter { kernel, weight, depth: channels, cols },
            target: SharedMut(target.as_mut_ptr()),
            accumulate,
            finish: &correlation.finish,
        };
        let each = (BLOCK / (A * A * (channels + cols))).max(2 * kernel.rows);
        match tiles / each / EVEN * EVEN {
            0 => sweep.by_panels::<S, M, A>(tiles),
            blocks => sweep.by_tiles::<S, M, A>(tiles, blocks),
        }
    })?
}

/// What the tasks share.
struct Sweep<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    source: Pictures<'a, T>,
    before: (usize, usize),
    grid: Grid,
    filter: Filter<'a, T>,
    target: SharedMut<T>,
    accumulate: bool,
    finish: &'a Finish<'a, T>,
}

/// The transformed patches and the sums of some tiles, `[tiles, A², channels]` each.
struct Transformed<T> {
    count: usize,
    patches: SharedMut<T>,
    sums: SharedMut<T>,
}

impl<T: Float> Sweep<'_, T> {
    /// Calls `body` with room for some tiles.
    fn with_room<R>(
        &self,
        count: usize,
        frequencies: usize,
        body: impl FnOnce(&Transformed<T>) -> R,
    ) -> Result<R, OutOfMemory> {
        let patches = count * pitch(frequencies * self.source.channels);
        let sums = count * pitch(frequencies * self.filter.cols);
        with_scratch(patches + sums, |scratch: &mut [T]| {
            let (patches, sums) = scratch.split_at_mut(patches);
            let (patches, sums) = (SharedMut(patches.as_mut_ptr()), SharedMut(sums.as_mut_ptr()));
            body(&Transformed { count, patches, sums })
        })
    }

    /// Many tiles: all weights first, then block by block.
    fn by_tiles<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: usize,
        blocks: usize,
    ) -> Result<(), OutOfMemory> {
        let (depth, width, panels) = (self.filter.depth, self.kernel.width(), self.filter.panels());
        with_scratch(A * A * panels * depth * width, |weights: &mut [T]| {
            let (weights, slabs) = (SharedMut(weights.as_mut_ptr()), depth.div_ceil(ROWS));
            parallel(panels * slabs, |task| {
                let (panel, rows) = (task / slabs, cut(depth, slabs, task % slabs));
                let to = weights.after((panel * depth + rows.start) * width);
                // SAFETY: `weights` is `[A², panels, depth, width]`, and these rows belong to this task.
                unsafe { self.filter.transform::<S, M, A>(panel, rows, &to, panels * depth * width) };
            });
            try_parallel(blocks, |block| {
                let tiles = cut(tiles, blocks, block);
                self.with_room(tiles.len(), A * A, |room| {
                    transform(&self.source, &self.grid, self.before, tiles.clone(), S::input, &room.patches);
                    for (f, panel) in (0..A * A).flat_map(|f| (0..panels).map(move |panel| (f, panel))) {
                        let steps = depth.div_ceil(MAX_DEPTH);
                        for k in (0..steps).map(|step| cut(depth, steps, step)) {
                            let b = ((f * panels + panel) * depth + k.start) * width;
                            // SAFETY: the panel has a row for each k, and the room is this task's.
                            unsafe { self.multiply(room, (f, A * A), panel, k, weights.at(b)) };
                        }
                    }
                    self.transform_back::<S, M, A>(tiles, room);
                })
            })
        })?
    }

    /// Few tiles: all patches first, then panel by panel.
    fn by_panels<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: usize,
    ) -> Result<(), OutOfMemory> {
        let (depth, width, slabs) =
            (self.filter.depth, self.kernel.width(), self.filter.depth.div_ceil(SLAB));
        self.with_room(tiles, A * A, |room| {
            transform(&self.source, &self.grid, self.before, 0..tiles, S::input, &room.patches);
            let apart = SLAB.min(depth) * width;
            parallel_with_scratch(self.filter.panels(), A * A * apart, |panel, weights: &mut [T]| {
                for k in (0..slabs).map(|slab| cut(depth, slabs, slab)) {
                    for first in k.clone().step_by(ROWS) {
                        let to = SharedMut(weights[(first - k.start) * width..].as_mut_ptr());
                        let rows = first..k.end.min(first + ROWS);
                        // SAFETY: `weights` is `[A², SLAB, width]` and this task's.
                        unsafe { self.filter.transform::<S, M, A>(panel, rows, &to, apart) };
                    }
                    for f in 0..A * A {
                        let b = weights[f * apart..].as_mut_ptr();
                        // SAFETY: the slab has a row for each k, and the panel's sums are this task's.
                        unsafe { self.multiply(room, (f, A * A), panel, k.clone(), b) };
                    }
                }
            })?;
            self.transform_back::<S, M, A>(0..tiles, room);
            Ok(())
        })?
    }

    /// sums\[f, panel\] (+)= patches\[f, k\] · b for one of `frequencies`, where `b: [k, width]`. The first k overwrite.
    ///
    /// # Safety
    /// `b` is as long as that, and no other task touches these sums.
    unsafe fn multiply(
        &self,
        room: &Transformed<T>,
        (f, frequencies): (usize, usize),
        panel: usize,
        k: Range<usize>,
        b: *const T,
    ) {
        let (depth, cols, width) = (self.filter.depth, self.filter.cols, self.kernel.width());
        let (patch, sum) = (pitch(frequencies * depth), pitch(frequencies * cols));
        let row_tiles = room.count.div_ceil(self.kernel.rows);
        for rows in (0..row_tiles).map(|i| cut(room.count, row_tiles, i)) {
            let a = room.patches.0.cast_const().wrapping_add(rows.start * patch + f * depth);
            let c = room.sums.0.wrapping_add(rows.start * sum + f * cols + panel * width);
            let a: [*const T; MAX_ROWS] = std::array::from_fn(|i| a.wrapping_add(i * patch));
            let c: [*mut T; MAX_ROWS] = std::array::from_fn(|i| c.wrapping_add(i * sum));
            let tile = Tile {
                a: a.as_ptr(),
                taps: 1,
                from: k.start,
                to: k.end,
                a_step: 1,
                b,
                b_step: width,
                b_tap: 0,
                c: c.as_ptr(),
                cols: width.min(cols - panel * width),
                accumulate: k.start > 0,
                ahead: None,
            };
            // SAFETY: rows and sums lie within the room; `b` and the sums' owner are promised by the caller.
            unsafe { self.kernel.run(rows.len(), &tile) };
        }
    }

    /// y = Aᵀ Y A for every tile, and what comes after it.
    fn transform_back<S: Scheme<M, A>, const M: usize, const A: usize>(
        &self,
        tiles: Range<usize>,
        room: &Transformed<T>,
    ) {
        let cols = self.filter.cols;
        let sum = pitch(A * A * cols);
        each_tile(tiles.len(), A * A * cols, |t| {
            let (picture, y0, x0) = self.grid.place(tiles.start + t);
            let index = |i: usize, j: usize| {
                ((picture * self.grid.height + y0 + i) * self.grid.width + x0 + j) * cols
            };
            let (down, across) = (M.min(self.grid.height - y0), M.min(self.grid.width - x0));
            simd(
                #[inline(always)]
                || {
                    both_axes::<T, A, M>(
                        cols,
                        // SAFETY: the products are done, and nobody writes the sums any more.
                        |i, j| unsafe { room.sums.region(t * sum + (i * A + j) * cols, cols) },
                        S::output,
                        |i, j, first, values| {
                            if i < down && j < across {
                                // SAFETY: a pixel of the target that belongs to this tile.
                                let to = unsafe { self.target.region(index(i, j) + first, values.len()) };
                                match self.accumulate {
                                    true => {
                                        for (y, &v) in to.iter_mut().zip(values) {
                                            *y += v;
                                        }
                                    }
                                    false => to.copy_from_slice(values),
                                }
                            }
                        },
                    );
                },
            );
            if !self.finish.is_nothing() {
                for (i, j) in (0..down).flat_map(|i| (0..across).map(move |j| (i, j))) {
                    // SAFETY: as above.
                    unsafe { self.finish.row(self.target.region(index(i, j), cols), index(i, j), 0) };
                }
            }
        });
    }
}

/// `to[f, tile] = F d Fᵀ` for the squares d of pixels of some tiles, each from `before` its tile on; `[tiles, A², channels]`.
pub(super) fn transform<T: Float, const I: usize, const A: usize>(
    source: &Pictures<T>,
    grid: &Grid,
    before: (usize, usize),
    tiles: Range<usize>,
    f: impl Fn([T; I]) -> [T; A] + Copy + Sync,
    to: &SharedMut<T>,
) {
    let channels = source.channels;
    let pitch = pitch(A * A * channels);
    each_tile(tiles.len(), A * A * channels, |t| {
        let (picture, y0, x0) = grid.place(tiles.start + t);
        let (y0, x0) = (y0.wrapping_sub(before.0), x0.wrapping_sub(before.1));
        simd(
            #[inline(always)]
            || {
                both_axes(
                    channels,
                    |i, j| source.pixel(picture, y0.wrapping_add(i), x0.wrapping_add(j)),
                    f,
                    |i, j, first, values| {
                        let place = t * pitch + (i * A + j) * channels + first;
                        // SAFETY: a place of this tile.
                        unsafe { to.region(place, values.len()) }.copy_from_slice(values);
                    },
                );
            },
        );
    });
}

/// Calls `body` for every tile, in tasks of several where a tile has few numbers.
fn each_tile(tiles: usize, numbers: usize, body: impl Fn(usize) + Sync) {
    let together = (GRAIN / numbers.max(1)).max(1);
    parallel(tiles.div_ceil(together), |task| {
        (task * together..tiles.min((task + 1) * together)).for_each(&body);
    });
}
