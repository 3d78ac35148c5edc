//! Convolution backward to the weights: dw = dyᵀ · patches(x), a product whose long side is the pixels.
//!
//! The patches are gathered block by block into panels that stay in the nearest cache. The pixels are cut into
//! a number of parts that depends on the shape only; the sums of the parts are added in order.

use super::geometry::Conv2d;
use super::padded::with_padded;
use super::{Algorithm, direct};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::product::micro::{Kernel, MAX_COLS, MAX_ROWS, Tile};
use crate::product::pack::copy_short;
use crate::product::{PANELS, wanted_tasks};
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, SharedMut, cut, parallel, parallel_chunks};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Pixels whose patches are gathered at a time.
const BLOCK: usize = 256;

/// The fewest pixels of a part.
const PART: usize = 2 * BLOCK;

/// Numbers that the sums of all parts may take.
const SUMS: usize = 1 << 22;

/// The pictures under the kernel, and how patches lie in them.
struct Patches<'a, T> {
    x: &'a [T],
    height: usize,
    width: usize,
    channels: usize,
    /// Result pixels of a picture.
    out: (usize, usize),
    /// Taps of the kernel across, and numbers of one tap.
    across: usize,
    depth: usize,
    stride: (usize, usize),
    dilation: (usize, usize),
    /// Rows and columns of zeros before the picture.
    before: (usize, usize),
}

/// A run of neighbouring numbers of a patch.
#[derive(Clone, Copy)]
struct Segment {
    tap: usize,
    /// First channel, within the tap.
    from: usize,
    len: usize,
    /// Column of the panel.
    col: usize,
}

impl<T: Float> Patches<'_, T> {
    /// Gathers `cols` of the patches of some result pixels into `to: [pixels, width]`; the columns up to `padded` become 0.
    ///
    /// # Safety
    /// `to` has room.
    unsafe fn gather(
        &self,
        pixels: Range<usize>,
        group: usize,
        cols: Range<usize>,
        (padded, width): (usize, usize),
        to: *mut T,
    ) {
        simd(
            #[inline(always)]
            || {
                let mut pixel = pixels.start;
                while pixel < pixels.end {
                    let (row, x) = (pixel / self.out.1, pixel % self.out.1);
                    let count = (self.out.1 - x).min(pixels.end - pixel);
                    let to = to.wrapping_add((pixel - pixels.start) * width);
                    let mut col = cols.start;
                    while col < cols.end {
                        let (tap, from) = (col / self.depth, col % self.depth);
                        let len = (self.depth - from).min(cols.end - col);
                        let segment = Segment { tap, from: group + from, len, col: col - cols.start };
                        // SAFETY: the segment lies within the panel.
                        unsafe { self.gather_row(row, x..x + count, segment, width, to) };
                        col += len;
                    }
                    for i in 0..count {
                        for j in cols.len()..padded {
                            // SAFETY: these columns lie within the panel.
                            unsafe { *to.add(i * width + j) = T::ZERO };
                        }
                    }
                    pixel += count;
                }
            },
        );
    }

    /// Gathers one segment for neighbouring pixels of one row of results.
    ///
    /// # Safety
    /// `to` has room.
    #[inline(always)]
    unsafe fn gather_row(&self, row: usize, xs: Range<usize>, segment: Segment, width: usize, to: *mut T) {
        let (picture, oy) = (row / self.out.0, row % self.out.0);
        let y =
            (oy * self.stride.0 + segment.tap / self.across * self.dilation.0).wrapping_sub(self.before.0);
        let right = segment.tap % self.across * self.dilation.1;
        // Results whose tap falls into the picture: before.1 ≤ x · stride + right < before.1 + width.
        let first = self.before.1.saturating_sub(right).div_ceil(self.stride.1);
        let end = (self.before.1 + self.width).saturating_sub(right).div_ceil(self.stride.1);
        let inside =
            if y < self.height { first.clamp(xs.start, xs.end)..end.clamp(xs.start, xs.end) } else { 0..0 };
        let line = (picture * self.height).wrapping_add(y).wrapping_mul(self.width);
        for x in xs.clone() {
            // SAFETY: `to` has room for every pixel; inside the picture the tap's numbers exist.
            unsafe {
                let to = to.add((x - xs.start) * width + segment.col);
                if inside.contains(&x) {
                    let column = x * self.stride.1 + right - self.before.1;
                    let from = self.x.as_ptr().add((line + column) * self.channels + segment.from);
                    copy_short(from, to, segment.len);
                } else {
                    for j in 0..segment.len {
                        *to.add(j) = T::ZERO;
                    }
                }
            }
        }
    }
}

/// dw = (dw +) dyᵀ · patches(x).
pub(super) fn backward_weight<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let padding = conv.padding;
    let patches = Patches {
        x,
        height: conv.height,
        width: conv.width,
        channels: conv.channels,
        out: conv.checked_out_size(),
        across: conv.kernel.1,
        depth: conv.group_channels(),
        stride: conv.stride,
        dilation: conv.dilation,
        before: (padding.top, padding.left),
    };
    if direct(conv) != Algorithm::Shallow {
        return by_parts(kernel, conv, &patches, dy, dw, accumulate);
    }
    with_padded(conv, x, T::ZERO, |copy, height, width| {
        let patches = Patches {
            x: copy,
            height,
            width,
            across: 1,
            depth: conv.kernel.1 * conv.channels,
            before: (0, 0),
            ..patches
        };
        by_parts(kernel, conv, &patches, dy, dw, accumulate)
    })?
}

fn by_parts<T: Float>(
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    patches: &Patches<T>,
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let pixels = conv.batch * patches.out.0 * patches.out.1;
    let panels = (conv.taps() * conv.group_channels()).div_ceil(kernel.width());
    let wanted = wanted_tasks(conv.multiply_adds());
    let parts = wanted.div_ceil(conv.groups).min(16).min(pixels / PART).min(SUMS / dw.len()).max(1);
    let col_blocks = wanted.div_ceil(conv.groups * parts).clamp(panels.div_ceil(4 * PANELS), panels);
    let run = |to: &SharedMut<T>, accumulate: bool| {
        parallel(conv.groups * parts * col_blocks, |task| {
            let (group, task) = (task / (parts * col_blocks), task % (parts * col_blocks));
            let (part, block) = (task / col_blocks, task % col_blocks);
            let to = SharedMut(to.0.wrapping_add(part * conv.out * conv.taps() * conv.group_channels()));
            let (pixels, panels) = (cut(pixels, parts, part), cut(panels, col_blocks, block));
            add_patches(kernel, conv, patches, dy, &to, group, pixels, panels, accumulate);
        });
    };
    if parts == 1 {
        run(&SharedMut(dw.as_mut_ptr()), accumulate);
        return Ok(());
    }
    with_scratch(parts * dw.len(), |sums: &mut [T]| {
        run(&SharedMut(sums.as_mut_ptr()), false);
        let (chunk, len) = (GRAIN / parts, dw.len());
        parallel_chunks(dw, chunk, |i, dw| {
            if !accumulate {
                dw.fill(T::ZERO);
            }
            for part in 0..parts {
                let sums = &sums[part * len + i * chunk..];
                simd(
                    #[inline(always)]
                    || {
                        for (d, &s) in dw.iter_mut().zip(sums) {
                            *d += s;
                        }
                    },
                );
            }
        });
    })
}

/// Adds the products of some pixels for the columns of some panels.
fn add_patches<T: Float>(
    kernel: &Kernel<T>,
    conv: &Conv2d,
    patches: &Patches<T>,
    dy: &[T],
    to: &SharedMut<T>,
    group: usize,
    pixels: Range<usize>,
    panels: Range<usize>,
    accumulate: bool,
) {
    let (width, out, filter) = (kernel.width(), conv.group_out(), conv.taps() * conv.group_channels());
    let steps = pixels.len().div_ceil(BLOCK).max(1);
    let tiles = out.div_ceil(kernel.rows);
    let mut panel_of_patches = [const { MaybeUninit::<T>::uninit() }; BLOCK * MAX_COLS];
    let b = panel_of_patches.as_mut_ptr().cast::<T>();
    for step in 0..steps {
        let block = cut(pixels.len(), steps, step);
        let block = pixels.start + block.start..pixels.start + block.end;
        for panel in panels.clone() {
            let cols = panel * width..filter.min((panel + 1) * width);
            let widths = (kernel.padded(cols.len()), width);
            // SAFETY: the panel has room for BLOCK rows of the kernel's width.
            unsafe { patches.gather(block.clone(), group * conv.group_channels(), cols.clone(), widths, b) };
            for tile in 0..tiles {
                let rows = cut(out, tiles, tile);
                let first = group * out + rows.start;
                let a = dy.as_ptr().wrapping_add(block.start * conv.out + first);
                let a: [*const T; MAX_ROWS] = std::array::from_fn(|i| a.wrapping_add(i));
                let c: [*mut T; MAX_ROWS] =
                    std::array::from_fn(|i| to.0.wrapping_add((first + i) * filter + cols.start));
                let tile = Tile {
                    a: a.as_ptr(),
                    taps: 1,
                    from: 0,
                    to: block.len(),
                    a_step: conv.out,
                    b,
                    b_step: width,
                    b_tap: 0,
                    c: c.as_ptr(),
                    cols: cols.len(),
                    accumulate: accumulate || step > 0,
                    ahead: None,
                };
                // SAFETY: the rows of dy and of the weights exist; other tasks write other weights or parts.
                unsafe { kernel.run(rows.len(), &tile) };
            }
        }
    }
}
