//! Convolution as products of gathered rows: forward, and backward to the input.
//!
//! A pixel of the target is a sum over taps of (a row of channels of the source) · (a matrix of weights).
//! The micro-kernel takes the rows by address, so nothing is copied; a tap outside the picture reads a row of zeros.
//! The gradient of the input is the same sum with the taps mirrored. Where the stride is s > 1, the pixels whose
//! positions agree modulo s (a phase) see the same taps: each phase is a sweep of its own, without multiplications by zero.

use super::gather::{Axis, Gather, LANES, MAX_TAPS, Phase, Pictures, Table};
use super::geometry::Conv2d;
use super::padded::with_padded;
use super::{Algorithm, Weight, direct};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::product::finish::Finish;
use crate::product::micro::{Kernel, MAX_ROWS, Tile};
use crate::product::pack::{MAX_DEPTH, pack_panel};
use crate::product::{blocks, wanted_tasks};
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, cut, parallel};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Everything that the sweeps over the target need.
struct Sweep<'a, T: 'static> {
    kernel: &'static Kernel<T>,
    batch: usize,
    groups: usize,
    /// The rows of the source; outside of it there are zeros.
    gather: Gather<T>,
    /// Numbers that one tap reads.
    depth: usize,
    target: Pictures<*mut T>,
    /// Channels of the target in one group.
    cols: usize,
    /// Weights, `[groups, panels, taps, depth, width]`.
    panels: *const T,
    /// Taps of all phases together.
    taps: usize,
    accumulate: bool,
    finish: Finish<'a, T>,
}

// SAFETY: tasks read the source, the zeros and the weights, and write pixels of the target of their own.
unsafe impl<T: Sync> Sync for Sweep<'_, T> {}

impl<T: Float> Sweep<'_, T> {
    /// Computes the pixels of a phase.
    fn run(&self, phase: &Phase) {
        let pixels = self.batch * phase.y.pixels * phase.x.pixels;
        if pixels == 0 || self.cols == 0 {
            return;
        }
        let panels = self.cols.div_ceil(self.kernel.width());
        let work = pixels.saturating_mul(self.cols).saturating_mul(phase.taps() * self.depth);
        let each = wanted_tasks(work.saturating_mul(self.groups)).div_ceil(self.groups);
        let rows = (pixels.div_ceil(self.kernel.rows), 4);
        let sizes = (pixels * self.depth, phase.taps() * self.depth * self.cols);
        let (row_blocks, col_blocks) = blocks(each, rows, panels, sizes);
        parallel(self.groups * row_blocks * col_blocks, |task| {
            let (group, block) = (task / (row_blocks * col_blocks), task % (row_blocks * col_blocks));
            let pixels = cut(pixels, row_blocks, block / col_blocks);
            let panels = cut(panels, col_blocks, block % col_blocks);
            self.block(phase, group, pixels, panels);
        });
    }

    /// Computes some pixels and some panels of one group.
    fn block(&self, phase: &Phase, group: usize, pixels: Range<usize>, panels: Range<usize>) {
        let width = self.kernel.width();
        let cols = panels.start * width..self.cols.min(panels.end * width);
        let channel_steps = self.depth.div_ceil(MAX_DEPTH).max(1);
        let together = (MAX_DEPTH / self.depth.max(1)).clamp(1, MAX_TAPS);
        let tap_steps = phase.taps().div_ceil(together).max(1);
        let tiles = pixels.len().div_ceil(self.kernel.rows);
        let mut table: Table<T> = [const { MaybeUninit::uninit() }; MAX_ROWS * MAX_TAPS + LANES];
        for step in 0..tap_steps * channel_steps {
            let taps = cut(phase.taps(), tap_steps, step / channel_steps);
            let channels = cut(self.depth, channel_steps, step % channel_steps);
            for tile in 0..tiles {
                let tile = cut(pixels.len(), tiles, tile);
                let rows = tile.len();
                let at = self.gather.pixels(
                    phase,
                    group,
                    (&self.target, self.cols),
                    pixels.start + tile.start,
                    rows,
                );
                self.gather.fill_table(phase, &at, rows, taps.clone(), &mut table);
                for panel in panels.clone() {
                    let row = ((group * self.cols.div_ceil(width) + panel) * self.taps
                        + phase.taps_before
                        + taps.start)
                        * self.depth
                        + channels.start;
                    let col = panel * width;
                    let c: [*mut T; MAX_ROWS] =
                        std::array::from_fn(|i| self.target.data.wrapping_add(at.target[i] + col));
                    let tile = Tile {
                        a: table.as_ptr().cast(),
                        taps: taps.len(),
                        from: channels.start,
                        to: channels.end,
                        a_step: 1,
                        b: self.panels.wrapping_add(row * width),
                        b_step: width,
                        b_tap: self.depth * width,
                        c: c.as_ptr(),
                        cols: width.min(self.cols - col),
                        accumulate: self.accumulate || step > 0,
                        ahead: None,
                    };
                    // SAFETY: the table names rows of the source or zeros; the pixels of the tile belong to this task.
                    unsafe { self.kernel.run(rows, &tile) };
                }
                if step + 1 == tap_steps * channel_steps && !self.finish.is_nothing() {
                    for target in &at.target[..rows] {
                        let index = target + cols.start;
                        // SAFETY: as above.
                        unsafe {
                            let row = std::slice::from_raw_parts_mut(self.target.data.add(index), cols.len());
                            self.finish.row(row, index, group * self.cols + cols.start);
                        }
                    }
                }
            }
        }
    }
}

/// Copies the weights of one phase into panels: tap t of group g is a matrix `[depth, cols]` that begins at
/// `weight[first(g, t)]`, with the given distances between its rows and columns.
fn pack_phase<T: Float>(
    kernel: &Kernel<T>,
    weight: &[T],
    (groups, taps, depth, cols): (usize, usize, usize, usize),
    phase: &Phase,
    (row, col): (usize, usize),
    first: impl Fn(usize, usize) -> usize + Sync,
    packed: &SharedMut<T>,
) {
    let (width, panels, own) = (kernel.width(), cols.div_ceil(kernel.width()), phase.taps());
    parallel(groups * panels, |index| {
        let (group, panel) = (index / panels, index % panels);
        let present = width.min(cols - panel * width);
        for tap in 0..own {
            let from = weight.as_ptr().wrapping_add(first(group, tap) + panel * width * col);
            let to = packed.0.wrapping_add((index * taps + phase.taps_before + tap) * depth * width);
            // SAFETY: `first` begins a matrix of `[depth, cols]` inside the weights; each tap has a place of its own.
            unsafe { pack_panel(from, (row, col), depth, (present, kernel.padded(present), width), to) };
        }
    });
}

/// Room for the panels of all weights, and for a row of zeros.
fn with_panels<T: Float, R>(
    kernel: &Kernel<T>,
    dims: (usize, usize, usize, usize),
    body: impl FnOnce(&SharedMut<T>, &[T]) -> R,
) -> Result<R, OutOfMemory> {
    let len = panels_len(kernel, dims);
    with_scratch(len + dims.2, |scratch: &mut [T]| {
        let (packed, zeros) = scratch.split_at_mut(len);
        zeros.fill(T::ZERO);
        body(&SharedMut(packed.as_mut_ptr()), zeros)
    })
}

/// Numbers of all panels, `[groups, panels, taps, depth, width]`.
fn panels_len<T>(kernel: &Kernel<T>, (groups, taps, depth, cols): (usize, usize, usize, usize)) -> usize {
    groups * cols.div_ceil(kernel.width()) * taps * depth * kernel.width()
}

/// The panels of the forward pass: groups, taps, numbers of a tap, and columns.
fn forward_dims(conv: &Conv2d) -> (usize, usize, usize, usize) {
    match direct(conv) {
        Algorithm::Shallow => (1, conv.kernel.0, conv.kernel.1 * conv.channels, conv.out),
        _ => (conv.groups, conv.taps(), conv.group_channels(), conv.group_out()),
    }
}

/// Numbers of the packed weights.
pub(super) fn packed_len<T: Float>(kernel: &Kernel<T>, conv: &Conv2d) -> usize {
    panels_len(kernel, forward_dims(conv))
}

/// Packs the weights for the forward pass.
pub(super) fn pack<T: Float>(kernel: &Kernel<T>, conv: &Conv2d, weight: &[T], packed: &SharedMut<T>) {
    let dims = forward_dims(conv);
    let (_, taps, depth, cols) = dims;
    // Only the number of taps matters: they lie in the kernel one after the other.
    let phase = Phase { y: Axis::forward(0, 1, 0, 1, 1), x: Axis::forward(0, taps, 0, 1, 1), taps_before: 0 };
    let filter = taps * depth;
    let first = |group: usize, tap: usize| group * cols * filter + tap * depth;
    pack_phase(kernel, weight, dims, &phase, (1, filter), first, packed);
}

/// Calls `body` with the panels of the forward pass, and with as many zeros as a tap has numbers.
pub(super) fn with_packed<T: Float, R>(
    kernel: &Kernel<T>,
    conv: &Conv2d,
    weight: Weight<T>,
    body: impl FnOnce(*const T, &[T]) -> R,
) -> Result<R, OutOfMemory> {
    let dims = forward_dims(conv);
    match weight {
        Weight::Packed(packed) => with_scratch(dims.2, |zeros: &mut [T]| {
            zeros.fill(T::ZERO);
            body(packed.as_ptr(), zeros)
        }),
        Weight::Plain(weight) => with_panels(kernel, dims, |packed, zeros| {
            pack(kernel, conv, weight, packed);
            body(packed.0, zeros)
        }),
    }
}

/// y = act((y +) x ∗ w + bias) by rows of x where they lie.
pub(super) fn forward<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    accumulate: bool,
    finish: Finish<T>,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    let phase = Phase {
        y: Axis::forward(oh, conv.kernel.0, conv.padding.top, conv.stride.0, conv.dilation.0),
        x: Axis::forward(ow, conv.kernel.1, conv.padding.left, conv.stride.1, conv.dilation.1),
        taps_before: 0,
    };
    let source =
        Pictures { data: x.as_ptr(), height: conv.height, width: conv.width, channels: conv.channels };
    sweep_forward(kernel, conv, &phase, source, conv.group_channels(), weight, y, accumulate, finish)
}

/// As [`forward`], through a padded copy of x in which the `kernel.1 · channels` numbers under one row of the
/// kernel are neighbours: few long taps in place of many short ones.
pub(super) fn forward_shallow<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    accumulate: bool,
    finish: Finish<T>,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    with_padded(conv, x, T::ZERO, |copy, height, width| {
        let phase = Phase {
            y: Axis::forward(oh, conv.kernel.0, 0, conv.stride.0, conv.dilation.0),
            x: Axis::forward(ow, 1, 0, conv.stride.1, 1),
            taps_before: 0,
        };
        let source = Pictures { data: copy.as_ptr(), height, width, channels: conv.channels };
        let depth = conv.kernel.1 * conv.channels;
        sweep_forward(kernel, conv, &phase, source, depth, weight, y, accumulate, finish)
    })?
}

/// The forward sweep, with `depth` numbers per tap.
fn sweep_forward<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    phase: &Phase,
    source: Pictures<*const T>,
    depth: usize,
    weight: Weight<T>,
    y: &mut [T],
    accumulate: bool,
    finish: Finish<T>,
) -> Result<(), OutOfMemory> {
    with_packed(kernel, conv, weight, |packed, zeros| {
        let target = Pictures {
            data: y.as_mut_ptr(),
            height: phase.y.pixels,
            width: phase.x.pixels,
            channels: conv.out,
        };
        let sweep = Sweep {
            kernel,
            batch: conv.batch,
            groups: conv.groups,
            gather: Gather { source, group_channels: conv.group_channels(), outside: zeros.as_ptr() },
            depth,
            target,
            cols: conv.group_out(),
            panels: packed,
            taps: phase.taps(),
            accumulate,
            finish,
        };
        sweep.run(phase);
    })
}

/// dx = (dx +) the gradient of the input, phase by phase.
pub(super) fn backward_input<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    let (taps, depth, cols) = (conv.taps(), conv.group_out(), conv.group_channels());
    let dims = (conv.groups, taps, depth, cols);
    let filter = taps * cols;
    with_panels(kernel, dims, |packed, zeros| {
        let sweep = Sweep {
            kernel,
            batch: conv.batch,
            groups: conv.groups,
            gather: Gather {
                source: Pictures { data: dy.as_ptr(), height: oh, width: ow, channels: conv.out },
                group_channels: depth,
                outside: zeros.as_ptr(),
            },
            depth,
            target: Pictures {
                data: dx.as_mut_ptr(),
                height: conv.height,
                width: conv.width,
                channels: conv.channels,
            },
            cols,
            panels: packed.0,
            taps,
            accumulate,
            finish: Finish::none(),
        };
        let mut taps_before = 0;
        for py in 0..conv.stride.0.min(conv.height) {
            let y = Axis::backward(
                conv.height,
                py,
                conv.kernel.0,
                conv.padding.top,
                conv.stride.0,
                conv.dilation.0,
            );
            for px in 0..conv.stride.1.min(conv.width) {
                let x = Axis::backward(
                    conv.width,
                    px,
                    conv.kernel.1,
                    conv.padding.left,
                    conv.stride.1,
                    conv.dilation.1,
                );
                let phase = Phase { y, x, taps_before };
                let first =
                    |group: usize, tap: usize| group * depth * filter + phase.tap(tap, conv.kernel.1) * cols;
                pack_phase(kernel, weight, dims, &phase, (filter, 1), first, packed);
                sweep.run(&phase);
                taps_before += phase.taps();
            }
        }
    })
}
