//! Convolution of bytes: the sweep over the result's pixels, with the micro-kernel of all products.
//!
//! The micro-kernel takes four neighbouring channels for one number, so channels come in multiples of four. Rows of
//! the picture are read where they lie; a tap outside of it reads what stands for 0.

use super::finish::{Finish, Out, Shared, Sums};
use crate::buffer::OutOfMemory;
use crate::conv::gather::{Axis, Gather, LANES, MAX_TAPS, Phase, Pictures, Table};
use crate::conv::padded::with_padded;
use crate::conv::{Conv2d, SHALLOW};
use crate::isa::isa;
use crate::product::micro::{Kernel, MAX_COLS, MAX_ROWS, Tile, bytes_kernel};
use crate::product::{blocks, wanted_tasks};
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, cut, parallel};
use std::mem::MaybeUninit;
use std::ops::Range;

/// The most products a sum may have: with more, the largest bytes would exceed 32 bits.
pub const MAX_TERMS: usize = i32::MAX as usize / (255 * 128);

/// Bytes that the micro-kernel takes for one number.
const QUAD: usize = 4;

/// A byte's multiply-add takes so much less time than a number's that tasks are cut larger.
const FASTER: usize = 4;

/// Whether the bytes under one row of the kernel are made neighbours in a padded copy.
fn shallow(conv: &Conv2d) -> bool {
    conv.channels <= SHALLOW && conv.kernel.1 > 1 && conv.dilation.1 == 1
}

/// Taps, and quads of one tap.
fn form(conv: &Conv2d) -> (usize, usize) {
    let quads = conv.channels / QUAD;
    if shallow(conv) {
        (conv.kernel.0, conv.kernel.1 * quads)
    } else {
        (conv.kernel.0 * conv.kernel.1, quads)
    }
}

fn panels_len(kernel: &Kernel<i32>, conv: &Conv2d) -> usize {
    let (taps, quads) = form(conv);
    conv.out.div_ceil(kernel.width()) * taps * quads * kernel.width() * QUAD
}

/// Bytes that [`pack`] writes.
pub fn packed_len(conv: &Conv2d) -> usize {
    panels_len(bytes_kernel(isa()), conv)
}

/// Packs weights `[out, ky, kx, channels]` into the order in which the micro-kernel reads them, `[panels, taps, channels / 4,
/// width of a panel, 4]`. It serves convolutions that differ in the number and size of the pictures alone.
///
/// # Panics
/// If a slice has another length than it should.
pub fn pack(conv: &Conv2d, weight: &[i8], packed: &mut [i8]) {
    pack_by(bytes_kernel(isa()), conv, weight, packed);
}

pub(super) fn pack_by(kernel: &Kernel<i32>, conv: &Conv2d, weight: &[i8], packed: &mut [i8]) {
    let filter = conv.kernel.0 * conv.kernel.1 * conv.channels;
    assert_eq!(weight.len(), conv.out * filter, "bytes: weights of another shape");
    assert_eq!(packed.len(), panels_len(kernel, conv), "bytes: packed weights of another length");
    let width = kernel.width();
    for (panel, to) in packed.chunks_mut((filter * width).max(1)).enumerate() {
        for (i, to) in to.chunks_exact_mut(QUAD).enumerate() {
            let (quad, col) = (i / width, panel * width + i % width);
            match weight.get(col * filter + quad * QUAD..).filter(|_| col < conv.out) {
                Some(from) => to.copy_from_slice(&from[..QUAD]),
                None => to.fill(0),
            }
        }
    }
}

/// y = finish(x ∗ w) with `x: [n, height, width, channels]`, where the byte `zero` stands for 0 (outside of the pictures,
/// too), and the packed weights w. The finish's bias must take `zero` times the sum of each channel's weights back.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for a padded copy of pictures of few channels.
///
/// # Panics
/// If the geometry is impossible, there are groups, the channels are not a multiple of four, a sum would have more than
/// [`MAX_TERMS`] products, or a slice has another length than its shape.
pub fn conv2d(
    conv: &Conv2d,
    x: &[u8],
    zero: u8,
    packed: &[i8],
    finish: &Finish,
    y: Out,
) -> Result<(), OutOfMemory> {
    conv2d_by(bytes_kernel(isa()), conv, x, zero, packed, finish, y)
}

pub(super) fn conv2d_by(
    kernel: &'static Kernel<i32>,
    conv: &Conv2d,
    x: &[u8],
    zero: u8,
    packed: &[i8],
    finish: &Finish,
    mut y: Out,
) -> Result<(), OutOfMemory> {
    let terms = conv.kernel.0 * conv.kernel.1 * conv.channels;
    conv.check(x.len(), conv.out * terms, y.len());
    assert!(conv.groups == 1 && conv.channels.is_multiple_of(QUAD), "bytes: {conv:?} has no whole quads");
    assert!(terms <= MAX_TERMS, "bytes: a sum of {terms} products may exceed 32 bits");
    assert_eq!(packed.len(), panels_len(kernel, conv), "bytes: packed weights of another length");
    assert!(
        finish.scale.len() == conv.out && finish.bias.len() == conv.out,
        "bytes: `out` scales and biases"
    );
    assert!(finish.around.is_none_or(|a| a.data.len() == y.len()), "bytes: what comes around differs from y");
    if y.len() == 0 {
        return Ok(());
    }
    let (oh, ow) = conv.checked_out_size();
    let [top, left] = [conv.padding.top, conv.padding.left];
    let y = y.shared();
    if shallow(conv) {
        return with_padded(conv, x, zero, |copy, height, width| {
            let phase = Phase {
                y: Axis::forward(oh, conv.kernel.0, 0, conv.stride.0, conv.dilation.0),
                x: Axis::forward(ow, 1, 0, conv.stride.1, 1),
                taps_before: 0,
            };
            sweep(kernel, conv, &phase, (copy, height, width), zero, packed, finish, &y)
        })?;
    }
    let phase = Phase {
        y: Axis::forward(oh, conv.kernel.0, top, conv.stride.0, conv.dilation.0),
        x: Axis::forward(ow, conv.kernel.1, left, conv.stride.1, conv.dilation.1),
        taps_before: 0,
    };
    sweep(kernel, conv, &phase, (x, conv.height, conv.width), zero, packed, finish, &y)
}

/// The sweep over pictures of the given height and width.
fn sweep(
    kernel: &'static Kernel<i32>,
    conv: &Conv2d,
    phase: &Phase,
    (pictures, height, width): (&[u8], usize, usize),
    zero: u8,
    packed: &[i8],
    finish: &Finish,
    y: &Shared,
) -> Result<(), OutOfMemory> {
    let (taps, depth) = form(conv);
    with_scratch(depth * QUAD, |outside: &mut [u8]| {
        outside.fill(zero);
        let quads = conv.channels / QUAD;
        let sweep = Sweep {
            kernel,
            gather: Gather {
                source: Pictures { data: pictures.as_ptr().cast(), height, width, channels: quads },
                group_channels: quads,
                outside: outside.as_ptr().cast(),
            },
            depth,
            target: Pictures {
                data: std::ptr::null_mut(),
                height: phase.y.pixels,
                width: phase.x.pixels,
                channels: conv.out,
            },
            panels: packed.as_ptr().cast(),
            taps,
            finish,
            y,
        };
        sweep.run(phase, conv.batch);
    })
}

/// Everything that the sweep needs; its numbers are quads.
struct Sweep<'a> {
    kernel: &'static Kernel<i32>,
    gather: Gather<i32>,
    /// Quads that one tap reads.
    depth: usize,
    /// The result's shape.
    target: Pictures<*mut i32>,
    /// Weights, `[panels, taps, depth, width]`.
    panels: *const i32,
    taps: usize,
    finish: &'a Finish<'a>,
    y: &'a Shared,
}

// SAFETY: tasks read the pictures and the weights, and write pixels of y of their own.
unsafe impl Sync for Sweep<'_> {}

impl Sweep<'_> {
    fn run(&self, phase: &Phase, batch: usize) {
        let (pixels, cols) = (batch * phase.y.pixels * phase.x.pixels, self.target.channels);
        let panels = cols.div_ceil(self.kernel.width());
        let row = self.taps * self.depth * QUAD;
        let wanted = wanted_tasks(pixels.saturating_mul(cols).saturating_mul(row) / FASTER);
        let rows = (pixels.div_ceil(self.kernel.rows), 4);
        let (row_blocks, col_blocks) = blocks(wanted, rows, panels, (pixels * self.depth * QUAD, row * cols));
        parallel(row_blocks * col_blocks, |task| {
            let pixels = cut(pixels, row_blocks, task / col_blocks);
            let panels = cut(panels, col_blocks, task % col_blocks);
            self.block(phase, pixels, panels);
        });
    }

    /// Computes some pixels and some panels, a tile at a time from its first product to its last.
    fn block(&self, phase: &Phase, pixels: Range<usize>, panels: Range<usize>) {
        let (width, cols) = (self.kernel.width(), self.target.channels);
        let steps = self.taps.div_ceil(MAX_TAPS).max(1);
        let tiles = pixels.len().div_ceil(self.kernel.rows);
        let mut table: Table<i32> = [const { MaybeUninit::uninit() }; MAX_ROWS * MAX_TAPS + LANES];
        let mut sums: Sums = [0; MAX_ROWS * MAX_COLS];
        let to = SharedMut(sums.as_mut_ptr());
        let c: [*mut i32; MAX_ROWS] = std::array::from_fn(|i| to.after(i * MAX_COLS).0);
        for tile in 0..tiles {
            let tile = cut(pixels.len(), tiles, tile);
            let rows = tile.len();
            let at = self.gather.pixels(phase, 0, (&self.target, cols), pixels.start + tile.start, rows);
            for (i, panel) in panels.clone().enumerate() {
                let col = panel * width;
                let present = width.min(cols - col);
                for step in 0..steps {
                    let taps = cut(self.taps, steps, step);
                    if i == 0 || steps > 1 {
                        self.gather.fill_table(phase, &at, rows, taps.clone(), &mut table);
                    }
                    let tile = Tile {
                        a: table.as_ptr().cast(),
                        taps: taps.len(),
                        from: 0,
                        to: self.depth,
                        a_step: 1,
                        b: self.panels.wrapping_add((panel * self.taps + taps.start) * self.depth * width),
                        b_step: width,
                        b_tap: self.depth * width,
                        c: c.as_ptr(),
                        cols: self.kernel.padded(present),
                        accumulate: step > 0,
                        ahead: None,
                    };
                    // SAFETY: the table names rows of the pictures or `outside`; the sums belong to this task.
                    unsafe { self.kernel.run(rows, &tile) };
                }
                // SAFETY: the pixels of the tile belong to this task.
                unsafe { self.finish.tile(&sums, &at.target[..rows], (col, present), self.y) };
            }
        }
    }
}
