//! Where the taps of a convolution find their rows: by address, so that nothing is copied.
//!
//! Numbers may be of any type: single ones, or four bytes that take part in a product as one.

use crate::isa::simd;
use crate::product::micro::MAX_ROWS;
use crate::product::pack::MAX_DEPTH;
use std::mem::MaybeUninit;
use std::ops::Range;

/// One direction of a phase: which taps take part and where they point.
#[derive(Clone, Copy)]
pub(crate) struct Axis {
    /// Pixels of the target: their number, the first and the distance between them.
    pub(crate) pixels: usize,
    start: usize,
    step: usize,
    /// Taps: their number, the first and the distance between them in the kernel.
    taps: usize,
    first: usize,
    skip: usize,
    /// Position in the source for pixel 0 and tap 0, and how it moves with the pixel and with the tap.
    origin: isize,
    by_pixel: isize,
    by_tap: isize,
}

impl Axis {
    pub(crate) fn forward(pixels: usize, taps: usize, before: usize, stride: usize, dilation: usize) -> Axis {
        let (origin, by_pixel, by_tap) = (-(before as isize), stride as isize, dilation as isize);
        Axis { pixels, start: 0, step: 1, taps, first: 0, skip: 1, origin, by_pixel, by_tap }
    }

    /// Pixels p = `start`, `start` + stride, … of the input: tap k takes part if stride divides p + before − k·dilation.
    pub(crate) fn backward(
        size: usize,
        start: usize,
        taps: usize,
        before: usize,
        stride: usize,
        dilation: usize,
    ) -> Axis {
        let at = |k: usize| start as isize + before as isize - (k * dilation) as isize;
        let divides = |k: &usize| at(*k) % stride as isize == 0;
        let first = (0..taps.min(stride)).find(divides).unwrap_or(taps);
        let skip = (1..stride.min(taps)).find(|s| (s * dilation).is_multiple_of(stride)).unwrap_or(stride);
        Axis {
            pixels: size.saturating_sub(start).div_ceil(stride),
            start,
            step: stride,
            taps: (taps - first).div_ceil(skip),
            first,
            skip,
            origin: at(first) / stride as isize,
            by_pixel: 1,
            by_tap: -((skip * dilation / stride) as isize),
        }
    }
}

/// A set of pixels of the target that see the same taps.
#[derive(Clone, Copy)]
pub(crate) struct Phase {
    pub(crate) y: Axis,
    pub(crate) x: Axis,
    /// Taps of the phases before this one.
    pub(crate) taps_before: usize,
}

impl Phase {
    pub(crate) fn taps(&self) -> usize {
        self.y.taps * self.x.taps
    }

    /// The place of a tap in the kernel.
    pub(crate) fn tap(&self, tap: usize, kernel_width: usize) -> usize {
        let (y, x) = (tap / self.x.taps, tap % self.x.taps);
        (self.y.first + y * self.y.skip) * kernel_width + self.x.first + x * self.x.skip
    }
}

/// Pictures, by address and distances.
#[derive(Clone, Copy)]
pub(crate) struct Pictures<P> {
    pub(crate) data: P,
    pub(crate) height: usize,
    pub(crate) width: usize,
    /// Numbers of a pixel.
    pub(crate) channels: usize,
}

/// Room for the rows of a tile, filled up to whole vectors.
pub(crate) const LANES: usize = MAX_ROWS.next_multiple_of(8);

/// The pixels of one tile.
pub(crate) struct Pixels<T> {
    /// The row of the source that tap 0 reads, whether or not it exists, and its position in the picture.
    pub(crate) source: [*const T; LANES],
    pub(crate) y: [usize; LANES],
    pub(crate) x: [usize; LANES],
    /// Index in the target of the first channel of the group.
    pub(crate) target: [usize; LANES],
}

/// Addresses of the rows that the taps read, `[taps, rows]`.
pub(crate) type Table<T> = [MaybeUninit<*const T>; MAX_ROWS * MAX_TAPS + LANES];

/// The most taps in one run of the micro-kernel.
pub(crate) const MAX_TAPS: usize = MAX_DEPTH;

/// Rows of the source for the pixels of a target.
#[derive(Clone, Copy)]
pub(crate) struct Gather<T> {
    pub(crate) source: Pictures<*const T>,
    /// Channels of the source in one group.
    pub(crate) group_channels: usize,
    /// What a tap outside of the picture reads: at least as many numbers as it wants, mostly zeros.
    pub(crate) outside: *const T,
}

impl<T> Gather<T> {
    /// Where `rows` pixels from number `first` of the phase lie.
    ///
    /// In the target, a group has `cols` numbers of every pixel.
    pub(crate) fn pixels<U>(
        &self,
        phase: &Phase,
        group: usize,
        (target, cols): (&Pictures<*mut U>, usize),
        first: usize,
        rows: usize,
    ) -> Pixels<T> {
        let mut at =
            Pixels { source: [self.outside; LANES], y: [0; LANES], x: [0; LANES], target: [0; LANES] };
        let (row, mut x) = (first / phase.x.pixels, first % phase.x.pixels);
        let (mut picture, mut y) = (row / phase.y.pixels, row % phase.y.pixels);
        for i in 0..rows {
            // Positions before the picture wrap around to numbers larger than any size.
            at.y[i] = (phase.y.origin + y as isize * phase.y.by_pixel) as usize;
            at.x[i] = (phase.x.origin + x as isize * phase.x.by_pixel) as usize;
            let line = (picture * self.source.height).wrapping_add(at.y[i]);
            let pixel = line.wrapping_mul(self.source.width).wrapping_add(at.x[i]);
            let index = pixel.wrapping_mul(self.source.channels).wrapping_add(group * self.group_channels);
            at.source[i] = self.source.data.wrapping_add(index);
            let row = picture * target.height + phase.y.start + y * phase.y.step;
            let pixel = row * target.width + phase.x.start + x * phase.x.step;
            at.target[i] = pixel * target.channels + group * cols;
            x += 1;
            if x == phase.x.pixels {
                (x, y) = (0, y + 1);
            }
            if y == phase.y.pixels {
                (y, picture) = (0, picture + 1);
            }
        }
        at
    }

    /// Writes the addresses that some taps read: whole vectors, each over the surplus of the one before.
    pub(crate) fn fill_table(
        &self,
        phase: &Phase,
        at: &Pixels<T>,
        rows: usize,
        taps: Range<usize>,
        table: &mut Table<T>,
    ) {
        let (height, width) = (self.source.height, self.source.width);
        simd(
            #[inline(always)]
            || {
                for (i, tap) in taps.enumerate() {
                    let dy = (tap / phase.x.taps).wrapping_mul(phase.y.by_tap as usize);
                    let dx = (tap % phase.x.taps).wrapping_mul(phase.x.by_tap as usize);
                    let moved = dy.wrapping_mul(width).wrapping_add(dx).wrapping_mul(self.source.channels);
                    for (lane, to) in table[i * rows..][..LANES].iter_mut().enumerate() {
                        let inside =
                            (at.y[lane].wrapping_add(dy) < height) & (at.x[lane].wrapping_add(dx) < width);
                        to.write(if inside { at.source[lane].wrapping_add(moved) } else { self.outside });
                    }
                }
            },
        );
    }
}
