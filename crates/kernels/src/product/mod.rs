//! One micro-kernel and the loops around it: the heart of matrix products and convolutions.

mod bytes;
pub(crate) mod dense;
pub(crate) mod finish;
mod lanes;
pub(crate) mod micro;
pub(crate) mod pack;
pub(crate) mod packed;
mod rows_of_a;
mod transpose;
pub(crate) mod vector;

use crate::threads::GRAIN;

/// Panels of B that a task works through for each tile of A.
pub(crate) const PANELS: usize = 8;

/// So many tasks keep the threads of a common machine evenly busy.
const ENOUGH: usize = 16;

/// Tasks into which a number of multiply-adds is best cut: small ones up to [`ENOUGH`], then larger ones.
pub(crate) fn wanted_tasks(work: usize) -> usize {
    let small = (work / (8 * GRAIN)).clamp(1, ENOUGH);
    small.max(work / (256 * GRAIN)).min(8 * ENOUGH)
}

/// Blocks of rows and of panels for about `wanted` tasks, each of at most [`PANELS`] panels, such that little is
/// read twice: every block of rows reads all of B, every block of panels all of A.
///
/// `fewest` is the number of rows that makes a block worth its while, `a` and `b` are the sizes of the operands.
pub(crate) fn blocks(
    wanted: usize,
    (rows, fewest): (usize, usize),
    panels: usize,
    (a, b): (usize, usize),
) -> (usize, usize) {
    let most = rows.div_ceil(fewest);
    // Reading A twice counts four times: its rows come with addresses to work out.
    let even = (4.0 * wanted as f64 * a as f64 / b.max(1) as f64).sqrt() as usize;
    let col_blocks = (wanted / even.clamp(1, most)).clamp(panels.div_ceil(PANELS), panels);
    (wanted.div_ceil(col_blocks).min(most), col_blocks)
}
