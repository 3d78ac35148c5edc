//! Pooling of channels-last pictures: the largest, the average, and the average of the whole picture.

use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::threads::{GRAIN, SharedMut, parallel, parallel_chunks};
use crate::window::{Impossible, NONE, Padding, Tables, Window, with_pixels, with_results};
use std::ops::Range;

/// Channels whose intermediate results stay in registers.
pub(crate) const LANES: usize = 32;

/// The shape of a pooling; pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Pool2d {
    /// Pictures.
    pub batch: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Channels.
    pub channels: usize,
    /// Size of the window.
    pub kernel: (usize, usize),
    /// Step from one window to the next.
    pub stride: (usize, usize),
    /// Rows and columns around the picture; fewer than those of the window.
    pub padding: Padding,
}

impl Pool2d {
    /// Rows and columns of the result.
    ///
    /// # Errors
    /// [`Impossible`] says what does not fit.
    pub fn out_size(&self) -> Result<(usize, usize), Impossible> {
        for window in self.windows() {
            let padding = window.before.max(window.after);
            if window.taps > 0 && padding >= window.taps {
                return Err(Impossible::Padding { padding, kernel: window.taps });
            }
            if window.size == 0 {
                return Err(Impossible::TooLarge { kernel: window.taps, picture: 0 });
            }
        }
        let [rows, cols] = self.windows().map(|w| w.results());
        Ok((rows?, cols?))
    }

    pub(crate) fn windows(&self) -> [Window; 2] {
        let Padding { top, bottom, left, right } = self.padding;
        let ((taps_y, taps_x), (stride_y, stride_x)) = (self.kernel, self.stride);
        [
            Window {
                size: self.height,
                before: top,
                after: bottom,
                taps: taps_y,
                stride: stride_y,
                dilation: 1,
            },
            Window {
                size: self.width,
                before: left,
                after: right,
                taps: taps_x,
                stride: stride_x,
                dilation: 1,
            },
        ]
    }

    /// Makes sure that the geometry is possible and the slices have its lengths; returns the result's size.
    pub(crate) fn check(&self, x: usize, y: usize) -> (usize, usize) {
        let size = self.out_size();
        assert!(size.is_ok(), "pooling: {}", size.err().map(|e| e.to_string()).unwrap_or_default());
        let (oh, ow) = size.unwrap_or_default();
        let len = |h: usize, w: usize| {
            [self.batch, h, w, self.channels].into_iter().try_fold(1, usize::checked_mul)
        };
        assert_eq!(Some(x), len(self.height, self.width), "pooling: x has another length than its shape");
        assert_eq!(Some(y), len(oh, ow), "pooling: y has another length than its shape");
        assert!(self.height * self.width < NONE as usize, "pooling: the pixels of a picture exceed 32 bits");
        (oh, ow)
    }
}

/// One pixel of the target, with what the windows lead to from there.
#[derive(Clone, Copy)]
pub(crate) struct Pixel<'a> {
    pub(crate) picture: usize,
    y: usize,
    x: usize,
    rows: &'a [u32],
    cols: &'a [u32],
}

impl Pixel<'_> {
    /// Calls `body` with every pixel of the source (its index in a picture of `width` columns).
    #[inline(always)]
    pub(crate) fn each(&self, width: usize, mut body: impl FnMut(usize)) {
        for &y in self.rows.iter().filter(|y| **y != NONE) {
            for &x in self.cols.iter().filter(|x| **x != NONE) {
                body(y as usize * width + x as usize);
            }
        }
    }

    /// How many pixels of the source there are.
    #[inline(always)]
    fn count(&self) -> usize {
        let present = |list: &[u32]| list.iter().filter(|at| **at != NONE).count();
        present(self.rows) * present(self.cols)
    }
}

/// Calls `body` for every pixel of the target `[batch, height, width, channels]` with the range of its numbers, in parallel
/// over its lines.
pub(crate) fn for_each_pixel(
    pool: &Pool2d,
    (height, width): (usize, usize),
    tables: &Tables,
    body: impl Fn(Pixel, Range<usize>) + Sync,
) {
    let (lines, line) = (pool.batch * height, width * pool.channels);
    let together = (GRAIN / (line * pool.kernel.0 * pool.kernel.1).max(1)).max(1);
    parallel(lines.div_ceil(together), |task| {
        for line in task * together..lines.min((task + 1) * together) {
            let (picture, y) = (line / height, line % height);
            let rows = &tables.rows[y * pool.kernel.0..][..pool.kernel.0];
            simd(
                #[inline(always)]
                || {
                    for x in 0..width {
                        let cols = &tables.cols[x * pool.kernel.1..][..pool.kernel.1];
                        let start = (line * width + x) * pool.channels;
                        body(Pixel { picture, y, x, rows, cols }, start..start + pool.channels);
                    }
                },
            );
        }
    });
}

/// Calls `$body` with `$n` constant for channels in groups of [`LANES`], then for the remaining ones singly.
macro_rules! in_lanes {
    ($channels:expr, |$channel:ident, $n:ident| $body:expr) => {{
        let whole = $channels / $crate::pool2d::LANES * $crate::pool2d::LANES;
        for $channel in (0..whole).step_by($crate::pool2d::LANES) {
            const $n: usize = $crate::pool2d::LANES;
            $body
        }
        for $channel in whole..$channels {
            const $n: usize = 1;
            $body
        }
    }};
}
pub(crate) use in_lanes;

/// The largest number of each window: `x: [batch, height, width, channels]`, `y` and `index: [batch, oh, ow, channels]`.
///
/// `index` receives which pixel of the picture (row · width + column) it came from, the first of equals;
/// a NaN in the window is the largest. Padding never wins.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for small tables.
///
/// # Panics
/// If the geometry is impossible or a slice has another length than its shape.
#[allow(clippy::eq_op)] // NaN alone differs from itself
pub fn max_forward<T: Float>(
    pool: &Pool2d,
    x: &[T],
    y: &mut [T],
    index: &mut [u32],
) -> Result<(), OutOfMemory> {
    let size = pool.check(x.len(), y.len());
    assert_eq!(y.len(), index.len(), "pooling: the indices have another length than y");
    let (y, index) = (SharedMut(y.as_mut_ptr()), SharedMut(index.as_mut_ptr()));
    with_pixels(pool.windows(), |tables| {
        for_each_pixel(
            pool,
            size,
            &tables,
            #[inline(always)]
            |pixel, at| {
                // SAFETY: every pixel of the result is visited once.
                let (y, index) = unsafe { (y.region(at.start, at.len()), index.region(at.start, at.len())) };
                let picture = &x[pixel.picture * pool.height * pool.width * pool.channels..];
                in_lanes!(pool.channels, |channel, N| {
                    let mut best = [-T::INFINITY; N];
                    let mut place = [NONE; N];
                    pixel.each(
                        pool.width,
                        #[inline(always)]
                        |source| {
                            let numbers = &picture[source * pool.channels + channel..][..N];
                            for i in 0..N {
                                let v = numbers[i];
                                let wins = v > best[i] || v != v || place[i] == NONE;
                                best[i] = if wins { v } else { best[i] };
                                place[i] = if wins { source as u32 } else { place[i] };
                            }
                        },
                    );
                    y[channel..channel + N].copy_from_slice(&best);
                    index[channel..channel + N].copy_from_slice(&place);
                });
            },
        );
    })
}

/// dx = (dx +) the gradient of x: each number of dy goes to the pixel its `index` names.
///
/// # Errors
/// As [`max_forward`].
///
/// # Panics
/// As [`max_forward`].
pub fn max_backward<T: Float>(
    pool: &Pool2d,
    dy: &[T],
    index: &[u32],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = pool.check(dx.len(), dy.len());
    assert_eq!(dy.len(), index.len(), "pooling: the indices have another length than dy");
    let dx = SharedMut(dx.as_mut_ptr());
    with_results(pool.windows(), |tables| {
        for_each_pixel(
            pool,
            (pool.height, pool.width),
            &tables,
            #[inline(always)]
            |pixel, at| {
                // SAFETY: every pixel of the picture is visited once.
                let dx = unsafe { dx.region(at.start, at.len()) };
                let here = (pixel.y * pool.width + pixel.x) as u32;
                let first = pixel.picture * oh * ow;
                in_lanes!(pool.channels, |channel, N| {
                    let dx = &mut dx[channel..channel + N];
                    let mut sums = [T::ZERO; N];
                    pixel.each(
                        ow,
                        #[inline(always)]
                        |source| {
                            let from = (first + source) * pool.channels + channel;
                            let (dy, index) = (&dy[from..][..N], &index[from..][..N]);
                            for i in 0..N {
                                sums[i] += if index[i] == here { dy[i] } else { T::ZERO };
                            }
                        },
                    );
                    for i in 0..N {
                        dx[i] = if accumulate { dx[i] + sums[i] } else { sums[i] };
                    }
                });
            },
        );
    })
}

/// The share of each pixel in the average of a window with `present` pixels inside the picture.
fn share<T: Float>(pool: &Pool2d, count_padding: bool, present: usize) -> T {
    let count = if count_padding { pool.kernel.0 * pool.kernel.1 } else { present };
    T::from_f64(1.0 / count as f64)
}

/// The average of each window, shapes as in [`max_forward`]. With `count_padding` the padding counts as zeros
/// (PyTorch's default, `count_include_pad`); without it the sum is divided by the pixels inside the picture.
///
/// # Errors
/// As [`max_forward`].
///
/// # Panics
/// As [`max_forward`].
pub fn average_forward<T: Float>(
    pool: &Pool2d,
    count_padding: bool,
    x: &[T],
    y: &mut [T],
) -> Result<(), OutOfMemory> {
    let size = pool.check(x.len(), y.len());
    let y = SharedMut(y.as_mut_ptr());
    with_pixels(pool.windows(), |tables| {
        for_each_pixel(
            pool,
            size,
            &tables,
            #[inline(always)]
            |pixel, at| {
                // SAFETY: every pixel of the result is visited once.
                let y = unsafe { y.region(at.start, at.len()) };
                let picture = &x[pixel.picture * pool.height * pool.width * pool.channels..];
                let share: T = share(pool, count_padding, pixel.count());
                in_lanes!(pool.channels, |channel, N| {
                    let mut sums = [T::ZERO; N];
                    pixel.each(
                        pool.width,
                        #[inline(always)]
                        |source| {
                            let numbers = &picture[source * pool.channels + channel..][..N];
                            for (sum, &x) in sums.iter_mut().zip(numbers) {
                                *sum += x;
                            }
                        },
                    );
                    for (y, sum) in y[channel..channel + N].iter_mut().zip(sums) {
                        *y = sum * share;
                    }
                });
            },
        );
    })
}

/// dx = (dx +) the gradient of x under [`average_forward`].
///
/// # Errors
/// As [`max_forward`].
///
/// # Panics
/// As [`max_forward`].
pub fn average_backward<T: Float>(
    pool: &Pool2d,
    count_padding: bool,
    dy: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = pool.check(dx.len(), dy.len());
    let dx = SharedMut(dx.as_mut_ptr());
    let present = |list: &[u32]| list.iter().filter(|at| **at != NONE).count();
    with_pixels(pool.windows(), |pixels| {
        with_results(pool.windows(), |tables| {
            for_each_pixel(
                pool,
                (pool.height, pool.width),
                &tables,
                #[inline(always)]
                |pixel, at| {
                    // SAFETY: every pixel of the picture is visited once.
                    let dx = unsafe { dx.region(at.start, at.len()) };
                    let first = pixel.picture * oh * ow;
                    in_lanes!(pool.channels, |channel, N| {
                        let dx = &mut dx[channel..channel + N];
                        let mut sums = [T::ZERO; N];
                        pixel.each(
                            ow,
                            #[inline(always)]
                            |source| {
                                let rows =
                                    present(&pixels.rows[source / ow * pool.kernel.0..][..pool.kernel.0]);
                                let cols =
                                    present(&pixels.cols[source % ow * pool.kernel.1..][..pool.kernel.1]);
                                let share: T = share(pool, count_padding, rows * cols);
                                let dy = &dy[(first + source) * pool.channels + channel..][..N];
                                for (sum, &dy) in sums.iter_mut().zip(dy) {
                                    *sum += dy * share;
                                }
                            },
                        );
                        for i in 0..N {
                            dx[i] = if accumulate { dx[i] + sums[i] } else { sums[i] };
                        }
                    });
                },
            );
        })
    })?
}

/// Pixels that are summed before their sum joins the total: it keeps rounding errors small.
const RUN: usize = 64;

/// The average of each channel over all pixels: `x: [batch, pixels, channels]`, `y: [batch, channels]`.
///
/// # Panics
/// If there are no pixels, or a slice has another length than its shape.
pub fn global_average_forward<T: Float>(pixels: usize, channels: usize, x: &[T], y: &mut [T]) {
    assert!(pixels > 0, "global average: a picture without pixels has no average");
    assert_eq!(Some(x.len()), y.len().checked_mul(pixels), "global average: x and y do not fit each other");
    assert!(channels > 0 || y.is_empty(), "global average: y has no channels");
    let share = T::from_f64(1.0 / pixels as f64);
    let size = pixels * channels;
    parallel_chunks(y, channels, |picture, y| {
        let picture = &x[picture * size..][..size];
        simd(
            #[inline(always)]
            || {
                in_lanes!(channels, |channel, N| {
                    let mut total = [T::ZERO; N];
                    for run in picture.chunks(RUN * channels) {
                        let mut sums = [T::ZERO; N];
                        for pixel in run.chunks_exact(channels) {
                            let numbers = &pixel[channel..][..N];
                            for (sum, &x) in sums.iter_mut().zip(numbers) {
                                *sum += x;
                            }
                        }
                        for (total, sum) in total.iter_mut().zip(sums) {
                            *total += sum;
                        }
                    }
                    for (y, total) in y[channel..channel + N].iter_mut().zip(total) {
                        *y = total * share;
                    }
                });
            },
        );
    });
}

/// dx = (dx +) the gradient of x under [`global_average_forward`].
///
/// # Panics
/// As [`global_average_forward`].
pub fn global_average_backward<T: Float>(
    pixels: usize,
    channels: usize,
    dy: &[T],
    dx: &mut [T],
    accumulate: bool,
) {
    assert!(pixels > 0, "global average: a picture without pixels has no average");
    assert_eq!(
        Some(dx.len()),
        dy.len().checked_mul(pixels),
        "global average: dx and dy do not fit each other"
    );
    assert!(channels > 0 || dy.is_empty(), "global average: dy has no channels");
    let share = T::from_f64(1.0 / pixels as f64);
    parallel_chunks(dx, pixels * channels, |picture, dx| {
        let dy = &dy[picture * channels..][..channels];
        simd(
            #[inline(always)]
            || {
                for pixel in dx.chunks_exact_mut(channels) {
                    for (dx, &dy) in pixel.iter_mut().zip(dy) {
                        *dx = if accumulate { *dx + dy * share } else { dy * share };
                    }
                }
            },
        );
    });
}

#[cfg(test)]
mod tests;
