//! Convolution of each channel by itself: bound by memory, so it is vectorised over the channels and done in one pass.

use super::geometry::Conv2d;
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::product::finish::Finish;
use crate::product::wanted_tasks;
use crate::scratch::with_scratch;
use crate::threads::{SharedMut, cut, parallel};
use crate::window::{NONE, Tables, with_pixels, with_results};

/// Runs `$body` for 64, 16 or one of the channels at `$slice` at a time, whose sums then stay in registers: `$lanes` is
/// an array of them, `$first` the first.
macro_rules! by_lanes {
    ($slice:expr, |$first:ident, $lanes:ident| $body:expr) => {{
        let (many, rest) = $slice.as_chunks_mut::<64>();
        let some_start = many.len() * 64;
        let (some, rest) = rest.as_chunks_mut::<16>();
        let rest_start = some_start + some.len() * 16;
        for (i, $lanes) in many.iter_mut().enumerate() {
            let $first = i * 64;
            $body;
        }
        for (i, $lanes) in some.iter_mut().enumerate() {
            let $first = some_start + i * 16;
            $body;
        }
        for (i, lane) in rest.iter_mut().enumerate() {
            let ($first, $lanes) = (rest_start + i, std::array::from_mut(lane));
            $body;
        }
    }};
}

/// Calls `body` with the weights as `[taps, channels]`.
fn with_taps_first<T: Float, R>(
    conv: &Conv2d,
    weight: &[T],
    body: impl FnOnce(&[T]) -> R,
) -> Result<R, OutOfMemory> {
    with_scratch(weight.len(), |by_tap: &mut [T]| {
        for (channel, taps) in weight.chunks_exact(conv.taps()).enumerate() {
            for (tap, &w) in taps.iter().enumerate() {
                by_tap[tap * conv.channels + channel] = w;
            }
        }
        body(by_tap)
    })
}

/// Pictures that a sweep reads, and where each of its taps finds them.
struct Source<'a, T> {
    data: &'a [T],
    height: usize,
    width: usize,
    tables: Tables<'a>,
    /// `[kernel rows, kernel columns, channels]`.
    weight: &'a [T],
}

/// target[y, x, c] (+)= Σ source[rows[y, ky], cols[x, kx], c] · weight[ky, kx, c], for `target: [pictures, height, width, channels]`.
fn sweep<T: Float>(
    conv: &Conv2d,
    source: &Source<T>,
    target: &mut [T],
    (height, width): (usize, usize),
    accumulate: bool,
    finish: Option<&Finish<T>>,
) {
    let (lines, line) = (conv.batch * height, width * conv.channels);
    let tasks = wanted_tasks(conv.multiply_adds()).min(lines);
    let target = SharedMut(target.as_mut_ptr());
    parallel(tasks, |task| {
        for y in cut(lines, tasks, task) {
            // SAFETY: every line of the target belongs to one task.
            let to = unsafe { target.region(y * line, line) };
            let picture = &source.data[y / height * source.height * source.width * conv.channels..];
            let rows = &source.tables.rows[y % height * conv.kernel.0..][..conv.kernel.0];
            simd(
                #[inline(always)]
                || {
                    for (x, to) in to.chunks_exact_mut(conv.channels).enumerate() {
                        let cols = &source.tables.cols[x * conv.kernel.1..][..conv.kernel.1];
                        by_lanes!(to, |first, to| {
                            sum_taps(conv, source, picture, (rows, cols), first, to, accumulate)
                        });
                    }
                },
            );
            if let Some(finish) = finish.filter(|f| !f.is_nothing()) {
                for (x, to) in to.chunks_exact_mut(conv.channels).enumerate() {
                    // SAFETY: as above.
                    unsafe { finish.row(to, y * line + x * conv.channels, 0) };
                }
            }
        }
    });
}

/// One pixel's sums for `N` channels from `channel` on.
#[inline(always)]
fn sum_taps<T: Float, const N: usize>(
    conv: &Conv2d,
    source: &Source<T>,
    picture: &[T],
    (rows, cols): (&[u32], &[u32]),
    channel: usize,
    to: &mut [T; N],
    accumulate: bool,
) {
    let mut sums = if accumulate { *to } else { [T::ZERO; N] };
    for (ky, &y) in rows.iter().enumerate().filter(|(_, y)| **y != NONE) {
        for (kx, &x) in cols.iter().enumerate().filter(|(_, x)| **x != NONE) {
            let pixel = y as usize * source.width + x as usize;
            let from = &picture[pixel * conv.channels + channel..][..N];
            let weight = &source.weight[(ky * conv.kernel.1 + kx) * conv.channels + channel..][..N];
            for i in 0..N {
                sums[i] += from[i] * weight[i];
            }
        }
    }
    *to = sums;
}

/// y = act((y +) x ∗ w + bias), channel by channel.
pub(super) fn forward<T: Float>(
    conv: &Conv2d,
    x: &[T],
    weight: &[T],
    y: &mut [T],
    accumulate: bool,
    finish: &Finish<T>,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    with_taps_first(conv, weight, |weight| {
        with_pixels(conv.windows(), |tables| {
            let source = Source { data: x, height: conv.height, width: conv.width, tables, weight };
            sweep(conv, &source, y, (oh, ow), accumulate, Some(finish));
        })
    })?
}

/// dx = (dx +) the gradient of the input.
pub(super) fn backward_input<T: Float>(
    conv: &Conv2d,
    dy: &[T],
    weight: &[T],
    dx: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    with_taps_first(conv, weight, |weight| {
        with_results(conv.windows(), |tables| {
            let source = Source { data: dy, height: oh, width: ow, tables, weight };
            sweep(conv, &source, dx, (conv.height, conv.width), accumulate, None);
        })
    })?
}

/// dw = (dw +) the gradient of the weights: sums over parts of the lines of dy, added in order.
pub(super) fn backward_weight<T: Float>(
    conv: &Conv2d,
    x: &[T],
    dy: &[T],
    dw: &mut [T],
    accumulate: bool,
) -> Result<(), OutOfMemory> {
    let (oh, ow) = conv.checked_out_size();
    let lines = conv.batch * oh;
    let parts = wanted_tasks(conv.multiply_adds()).min(16).min(lines.max(1));
    let len = dw.len();
    with_pixels(conv.windows(), |Tables { rows, cols }| {
        with_scratch(parts * len, |sums: &mut [T]| {
            let shared = SharedMut(sums.as_mut_ptr());
            parallel(parts, |part| {
                // SAFETY: each part has sums of its own.
                let sums = unsafe { shared.region(part * len, len) };
                sums.fill(T::ZERO);
                for line in cut(lines, parts, part) {
                    let picture = &x[line / oh * conv.height * conv.width * conv.channels..];
                    let dy = &dy[line * ow * conv.channels..][..ow * conv.channels];
                    let rows = &rows[line % oh * conv.kernel.0..][..conv.kernel.0];
                    simd(
                        #[inline(always)]
                        || add_line(conv, picture, dy, (rows, cols), sums),
                    );
                }
            });
            for (channel, dw) in dw.chunks_exact_mut(conv.taps()).enumerate() {
                for (tap, dw) in dw.iter_mut().enumerate() {
                    let parts = (0..parts).map(|p| sums[p * len + tap * conv.channels + channel]);
                    *dw = parts.fold(if accumulate { *dw } else { T::ZERO }, |sum, s| sum + s);
                }
            }
        })
    })?
}

/// Adds one line of dy to `sums: [kernel rows, kernel columns, channels]`.
#[inline(always)]
fn add_line<T: Float>(
    conv: &Conv2d,
    picture: &[T],
    dy: &[T],
    (rows, cols): (&[u32], &[u32]),
    sums: &mut [T],
) {
    for (ky, &y) in rows.iter().enumerate().filter(|(_, y)| **y != NONE) {
        let line = &picture[y as usize * conv.width * conv.channels..][..conv.width * conv.channels];
        for kx in 0..conv.kernel.1 {
            let sums = &mut sums[(ky * conv.kernel.1 + kx) * conv.channels..][..conv.channels];
            by_lanes!(sums, |first, sums| add_tap(conv, line, dy, (cols, kx), first, sums));
        }
    }
}

/// sums[c] += Σ_x line[cols[x, kx], c] · dy[x, c] for `N` channels from `channel` on.
#[inline(always)]
fn add_tap<T: Float, const N: usize>(
    conv: &Conv2d,
    line: &[T],
    dy: &[T],
    (cols, kx): (&[u32], usize),
    channel: usize,
    sums: &mut [T; N],
) {
    let mut kept = *sums;
    for (dy, cols) in dy.chunks_exact(conv.channels).zip(cols.chunks_exact(conv.kernel.1)) {
        let x = cols[kx];
        if x != NONE {
            let from = &line[x as usize * conv.channels + channel..][..N];
            let dy = &dy[channel..][..N];
            for i in 0..N {
                kept[i] += from[i] * dy[i];
            }
        }
    }
    *sums = kept;
}
