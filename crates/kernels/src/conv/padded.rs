//! Pictures with their padding, as a copy: for pictures of few channels, where the copy is cheap
//! and all numbers under one row of the kernel become neighbours.

use super::geometry::Conv2d;
use crate::buffer::{Element, OutOfMemory};
use crate::scratch::with_scratch;
use crate::threads::parallel_chunks;
use crate::window::Padding;

/// Calls `body` with the pictures in a frame of `outside`, their height and their width.
pub(crate) fn with_padded<T: Element, R>(
    conv: &Conv2d,
    x: &[T],
    outside: T,
    body: impl FnOnce(&[T], usize, usize) -> R,
) -> Result<R, OutOfMemory> {
    let Padding { top, bottom, left, right } = conv.padding;
    let (height, width) = (conv.height + top + bottom, conv.width + left + right);
    let (row, inner) = (width * conv.channels, conv.width * conv.channels);
    let len = [conv.batch, height, row].into_iter().fold(1, usize::saturating_mul);
    with_scratch(len, |copy: &mut [T]| {
        parallel_chunks(copy, height * row, |picture, copy| {
            for (y, to) in copy.chunks_mut(row.max(1)).enumerate() {
                to.fill(outside);
                if (top..top + conv.height).contains(&y) {
                    let from = (picture * conv.height + y - top) * inner;
                    to[left * conv.channels..][..inner].copy_from_slice(&x[from..from + inner]);
                }
            }
        });
        body(copy, height, width)
    })
}
