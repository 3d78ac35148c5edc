//! Pooling of bytes: the largest of a window, and the mean of a picture.

use super::numbers::Coding;
use crate::buffer::OutOfMemory;
use crate::isa::simd;
use crate::pool2d::{Pool2d, for_each_pixel, in_lanes};
use crate::threads::{SharedMut, parallel_chunks};
use crate::window::with_pixels;

/// The largest byte of each window: `x: [batch, height, width, channels]`, `y: [batch, oh, ow, channels]`, `flip: [channels]`.
///
/// The bits of a channel that are set in `flip` are changed after the maximum: where x holds 255 − q, `flip` is 255, and the
/// result is the smallest q. Padding never wins.
///
/// # Errors
/// [`OutOfMemory`] if there is no room for small tables.
///
/// # Panics
/// If the geometry is impossible or a slice has another length than its shape.
pub fn max_pool(pool: &Pool2d, x: &[u8], flip: &[u8], y: &mut [u8]) -> Result<(), OutOfMemory> {
    let size = pool.check(x.len(), y.len());
    assert_eq!(flip.len(), pool.channels, "pooling: a flip for each channel");
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
                in_lanes!(pool.channels, |channel, N| {
                    let mut best = [0u8; N];
                    pixel.each(
                        pool.width,
                        #[inline(always)]
                        |source| {
                            let bytes = &picture[source * pool.channels + channel..][..N];
                            for i in 0..N {
                                best[i] = best[i].max(bytes[i]);
                            }
                        },
                    );
                    let (y, flip) = (&mut y[channel..][..N], &flip[channel..][..N]);
                    for i in 0..N {
                        y[i] = best[i] ^ flip[i];
                    }
                });
            },
        );
    })
}

/// The mean of each picture's channels, as numbers: `x: [batch, pixels, wide]`, `y: [batch, channels]` with wide ≥ channels.
///
/// # Panics
/// If the slices have not these shapes, or a picture has more than 2²⁴ pixels.
pub fn mean(x: &[u8], pixels: usize, wide: usize, coding: Coding, y: &mut [f32], channels: usize) {
    /// Channels whose sums stay in registers.
    const LANES: usize = 64;
    let batch = y.len() / channels.max(1);
    assert!(channels <= wide && y.len() == batch * channels, "bytes: {channels} channels in {wide}");
    assert!(x.len() == batch * pixels * wide && pixels <= 1 << 24, "bytes: pictures of another size");
    let (share, zero) = (coding.scale / pixels.max(1) as f32, f32::from(coding.zero) * pixels as f32);
    parallel_chunks(y, channels, |picture, y| {
        let x = &x[picture * pixels * wide..][..pixels * wide];
        simd(
            #[inline(always)]
            || {
                for (block, y) in y.chunks_mut(LANES).enumerate() {
                    let mut sums = [0u32; LANES];
                    for pixel in x.chunks_exact(wide.max(1)) {
                        let bytes = &pixel[block * LANES..];
                        for (sum, &q) in sums.iter_mut().zip(bytes) {
                            *sum += u32::from(q);
                        }
                    }
                    for (y, sum) in y.iter_mut().zip(sums) {
                        *y = (sum as f32 - zero) * share;
                    }
                }
            },
        );
    });
}
