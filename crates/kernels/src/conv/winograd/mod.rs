//! Convolution with fewer multiplications: 3×3 kernels, stride 1 (Winograd 1980; Lavin & Gray, arXiv 1509.09308).
//!
//! The result is cut into tiles of M×M pixels. Each tile and the patch of A×A pixels under it, A = M + 2, is transformed
//! along both axes; between the transforms, a convolution is a product by each of the A² *frequencies* alone:
//!
//! - forward: Y\[tile, out\] = Σ V\[tile, channel\] · U\[channel, out\], with V = Bᵀ x B, U = G w Gᵀ, y = Aᵀ Y A;
//! - backward to the input: the same with dy in place of x, and the kernel turned by half a circle;
//! - backward to the weights: dU\[out, channel\] = Σ (A dy Aᵀ)\[tile, out\] · V\[tile, channel\], dw = Gᵀ dU G.
//!
//! Transformed numbers lie tile by tile, `[tiles, A², channels]`, so that a transform touches one stretch of memory. The products run on the micro-kernel, A² of them in place of 9 M² multiplications per number: 4 times fewer for
//! M = 4, 2.25 times fewer for M = 2. What is lost is accuracy: see the bounds in the tests of this module.

mod correlate;
mod filter;
mod scheme;
mod square;
mod weight;

#[cfg(test)]
mod tests;

use super::Weight;
use super::geometry::Conv2d;
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::product::finish::Finish;
use crate::product::micro::Kernel;
use crate::window::Padding;
use correlate::{Correlation, correlate};
use filter::Taps;
use scheme::{Four, Two};

/// The side of a tile of results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TileSide {
    /// F(2×2, 3×3).
    Two,
    /// F(4×4, 3×3).
    Four,
}

/// Calls a function that is generic over the scheme.
macro_rules! by_side {
    ($side:expr, $function:ident($($argument:expr),* $(,)?)) => {
        match $side {
            TileSide::Two => $function::<_, Two, 2, 4>($($argument),*),
            TileSide::Four => $function::<_, Four, 4, 6>($($argument),*),
        }
    };
}

/// Squares of `side` pixels that cover pictures of `height` × `width`, picture by picture and row by row.
#[derive(Clone, Copy)]
struct Grid {
    side: usize,
    height: usize,
    width: usize,
    down: usize,
    across: usize,
}

impl Grid {
    fn new(side: usize, height: usize, width: usize) -> Grid {
        Grid { side, height, width, down: height.div_ceil(side), across: width.div_ceil(side) }
    }

    /// Tiles of a picture.
    fn of_picture(&self) -> usize {
        self.down * self.across
    }

    /// The picture of a tile, and the row and column of its first pixel.
    #[inline(always)]
    fn place(&self, tile: usize) -> (usize, usize, usize) {
        let (picture, tile) = (tile / self.of_picture(), tile % self.of_picture());
        (picture, tile / self.across * self.side, tile % self.across * self.side)
    }
}

/// Distance from one tile to the next in `[tiles, A², numbers]`: an odd number of cache lines apart, lest the tiles that
/// the micro-kernel reads together fall into the same few sets of the cache.
fn pitch(len: usize) -> usize {
    const LINE: usize = 16;
    (len.div_ceil(LINE) | 1) * LINE
}

/// Pictures whose pixels outside of their borders are zeros.
#[derive(Clone, Copy)]
struct Pictures<'a, T> {
    data: &'a [T],
    height: usize,
    width: usize,
    channels: usize,
    /// At least `channels` zeros.
    zeros: &'a [T],
}

impl<'a, T> Pictures<'a, T> {
    /// The channels of a pixel; positions before the picture wrap around to numbers larger than any size.
    #[inline(always)]
    fn pixel(&self, picture: usize, y: usize, x: usize) -> &'a [T] {
        if y < self.height && x < self.width {
            let start = ((picture * self.height + y) * self.width + x) * self.channels;
            &self.data[start..start + self.channels]
        } else {
            &self.zeros[..self.channels]
        }
    }
}

/// Whether the algorithm exists for a shape.
pub(super) fn applies(conv: &Conv2d) -> bool {
    let Padding { top, bottom, left, right } = conv.padding;
    conv.kernel == (3, 3)
        && [conv.batch, conv.channels, conv.out].into_iter().all(|count| count > 0)
        && (conv.stride, conv.dilation, conv.groups) == ((1, 1), (1, 1), 1)
        && [top, bottom, left, right].into_iter().all(|zeros| zeros <= 2)
}

/// The time of a pass in that of so many multiply-adds of a direct convolution. What transforms cost for each number was
/// measured with AVX-512 (`cargo bench -p pellucid-kernels --bench products`).
pub(super) fn cost(side: TileSide, conv: &Conv2d) -> f64 {
    /// For a number of a patch or of a tile of results.
    const PIXEL: f64 = 22.0;
    /// For a number of the weights.
    const WEIGHT: f64 = 20.0;
    let (oh, ow) = conv.out_size().unwrap_or_default();
    let m = match side {
        TileSide::Two => 2,
        TileSide::Four => 4,
    };
    let tiles = (conv.batch * Grid::new(m, oh, ow).of_picture()) as f64;
    let (channels, out) = (conv.channels as f64, conv.out as f64);
    let frequencies = ((m + 2) * (m + 2)) as f64;
    frequencies * (tiles * (channels * out + PIXEL * (channels + out)) + WEIGHT * channels * out)
}

/// y = act((y +) x ∗ w + bias).
pub(super) fn forward<T: Float>(
    side: TileSide,
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    weight: Weight<T>,
    y: &mut [T],
    accumulate: bool,
    finish: Finish<T>,
) -> Result<(), OutOfMemory> {
    let weight = match weight {
        Weight::Plain(weight) => Taps::Forward(weight),
        Weight::Packed(panels) => Taps::Packed(panels),
    };
    let (oh, ow) = conv.checked_out_size();
    let correlation = Correlation {
        kernel,
        batch: conv.batch,
        source: (x, conv.height, conv.width, conv.channels),
        before: (conv.padding.top, conv.padding.left),
        target: (oh, ow, conv.out),
        accumulate,
        finish,
    };
    by_side!(side, correlate(&correlation, weight, y))
}

/// dx = (dx +) the gradient of the input.
pub(super) fn backward_input<T: Float>(
    side: TileSide,
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    let correlation = Correlation {
        kernel,
        batch: conv.batch,
        source: (dy, oh, ow, conv.out),
        before: (2 - conv.padding.top, 2 - conv.padding.left),
        target: (conv.height, conv.width, conv.channels),
        accumulate,
        finish: Finish::none(),
    };
    by_side!(side, correlate(&correlation, Taps::Backward(weight), dx))
}

/// dw = (dw +) the gradient of the weights.
pub(super) fn backward_weight<T: Float>(
    side: TileSide,
    kernel: &'static Kernel<T>,
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    use weight::gradient;
    by_side!(side, gradient(kernel, conv, x, dy, dw, accumulate))
}
