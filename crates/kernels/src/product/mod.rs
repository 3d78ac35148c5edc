//! One micro-kernel and the loops around it: the heart of matrix products and convolutions.

pub(crate) mod dense;
pub(crate) mod finish;
mod lanes;
pub(crate) mod micro;
pub(crate) mod pack;
pub(crate) mod vector;

use crate::threads::GRAIN;
use std::ops::Range;

/// Panels of B that a task works through for each tile of A.
pub(crate) const PANELS: usize = 8;

/// Tasks into which a number of multiply-adds is best cut.
pub(crate) fn wanted_tasks(work: usize) -> usize {
    (work / (8 * GRAIN)).clamp(1, 128)
}

/// Blocks of at least `fewest` rows, and of panels, that make about `wanted` tasks; no block has more than [`PANELS`]
/// panels if that leaves enough rows.
pub(crate) fn blocks(wanted: usize, rows: usize, fewest: usize, panels: usize) -> (usize, usize) {
    let wide = panels.div_ceil(PANELS);
    let row_blocks = wanted.div_ceil(wide).min(rows.div_ceil(fewest));
    (row_blocks, wanted.div_ceil(row_blocks).clamp(wide, panels))
}

/// Part `index` of `0..len` cut into `count` parts whose lengths differ by at most one.
#[inline(always)]
pub(crate) fn cut(len: usize, count: usize, index: usize) -> Range<usize> {
    let (small, larger) = (len / count, len % count);
    let start = index * small + index.min(larger);
    start..start + small + usize::from(index < larger)
}
