//! One micro-kernel and the loops around it: the heart of matrix products and convolutions.

pub(crate) mod dense;
pub(crate) mod finish;
mod lanes;
pub(crate) mod micro;
pub(crate) mod pack;
pub(crate) mod vector;

use std::ops::Range;

/// Part `index` of `0..len` cut into `count` parts whose lengths differ by at most one.
#[inline(always)]
pub(crate) fn cut(len: usize, count: usize, index: usize) -> Range<usize> {
    let (small, larger) = (len / count, len % count);
    let start = index * small + index.min(larger);
    start..start + small + usize::from(index < larger)
}
