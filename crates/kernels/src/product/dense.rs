//! The loops around the micro-kernel for matrices in memory.
//!
//! B is read in panels as wide as a tile: where it lies, or from copies that are made once. Tasks compute blocks of C. A
//! task keeps a tile's rows of A in the first cache and its panels of B in the second. Where C is too small to give work to several threads, k is cut into
//! parts whose sums are added in order: these depend on the shape only, all other cuts also on the threads at hand.

use super::finish::Finish;
use super::micro::{Kernel, MAX_ROWS, Tile};
use super::pack::{MAX_DEPTH, pack_panel};
use super::rows_of_a::{Part, Rows, RowsOfA};
use super::{PANELS, wanted_tasks};
use crate::buffer::OutOfMemory;
use crate::float::Float;
use crate::isa::simd;
use crate::scratch::with_scratch;
use crate::threads::{GRAIN, SharedMut, cut, parallel, threads};
use std::mem::MaybeUninit;
use std::ops::Range;

/// Numbers of B packed at a time.
const PACKED: usize = 1 << 19;

/// Columns of B packed at a time.
const PACKED_COLUMNS: usize = PACKED / MAX_DEPTH;

/// Tasks for each thread: enough that one who is disturbed can be helped.
const PER_THREAD: usize = 4;

/// The most parts of k.
const MOST_PARTS: usize = 16;

/// Numbers that the sums of all parts of k may take.
const PARTIAL: usize = 1 << 22;

/// Long panels lie a little further apart than they are long, lest all of them fall into the same cache sets.
const SHIFT: usize = 1 << 12;

/// Up to so many rows of A, B is read where it is: copying it would cost more than it gains.
const DIRECT_ROWS: usize = 8 * MAX_ROWS;

/// The same where k is short.
const DIRECT_SHORT_ROWS: usize = 32 * MAX_ROWS;

/// Up to so many bytes from one row of B to the next, B is read where it is in any case.
const DIRECT_STEP: usize = 512;

/// Rows of B that one piece of packing work covers.
const SLAB: usize = 256;

/// An operand: its address and the distances between its matrices, rows and columns.
#[derive(Clone, Copy)]
pub(crate) struct Operand<T> {
    pub(crate) data: *const T,
    pub(crate) batch: usize,
    pub(crate) row: usize,
    pub(crate) col: usize,
}

// SAFETY: operands are only read.
unsafe impl<T: Sync> Sync for Operand<T> {}

impl<T> Operand<T> {
    fn at(&self, item: usize, row: usize, col: usize) -> *const T {
        self.data.wrapping_add(item * self.batch + row * self.row + col * self.col)
    }
}

/// C[i] (+)= A[i] · B[i] for i < batch, with A `[m, k]`, B `[k, n]` and C `[batch, m, n]` without gaps.
pub(crate) struct Dense<'a, T: 'static> {
    pub(crate) kernel: &'static Kernel<T>,
    pub(crate) batch: usize,
    pub(crate) m: usize,
    pub(crate) n: usize,
    pub(crate) k: usize,
    pub(crate) a: Operand<T>,
    pub(crate) b: Operand<T>,
    pub(crate) c: SharedMut<T>,
    pub(crate) accumulate: bool,
    pub(crate) finish: Finish<'a, T>,
}

/// How a product is cut into tasks.
struct Plan {
    /// Groups of matrices; each group's matrices are computed one after the other.
    groups: usize,
    row_blocks: usize,
    col_blocks: usize,
    /// Parts of k.
    parts: usize,
}

/// The piece of the product in work: the copy of B, and where sums go.
struct Piece<'p, T> {
    items: Range<usize>,
    cols: Range<usize>,
    depth: Range<usize>,
    /// The panels that are copied; the others are read where they are.
    panels: Range<usize>,
    /// `[items, panels, panel_len]`, where a panel is `[depth, width]`.
    panel_len: usize,
    packed: SharedMut<T>,
    /// Sums of the parts of k, `[parts, items, m, cols]`, if there are several.
    partial: Option<&'p SharedMut<T>>,
}

impl<T: Float> Dense<'_, T> {
    /// Computes the product.
    ///
    /// # Safety
    /// Every number of A, B and C named by the shape can be read (C: written), and nobody else writes them.
    pub(crate) unsafe fn run(&self) -> Result<(), OutOfMemory> {
        let width = self.kernel.width();
        for cols in pieces(0..self.n, PACKED_COLUMNS.next_multiple_of(width)) {
            let padded = cols.len().next_multiple_of(width);
            let together = (PACKED / padded / self.k.max(1)).max(1);
            for items in pieces(0..self.batch, together) {
                let plan = self.plan(items.len(), cols.len());
                let sums = items.len() * self.m * cols.len();
                if plan.parts == 1 {
                    self.columns(&plan, items, cols.clone(), None)?;
                    continue;
                }
                with_scratch(plan.parts * sums, |partial: &mut [T]| {
                    let partial = SharedMut(partial.as_mut_ptr());
                    self.columns(&plan, items.clone(), cols.clone(), Some(&partial))?;
                    self.add_parts(&plan, items, cols.clone(), &partial);
                    Ok(())
                })??;
            }
        }
        Ok(())
    }

    /// Parts of k change the order of sums: they depend on the shape only. Matrices, rows and columns are cut for the
    /// threads at hand, since no sum depends on that: the fewer blocks there are, the less is read twice.
    fn plan(&self, items: usize, cols: usize) -> Plan {
        let work = items.saturating_mul(self.m).saturating_mul(cols).saturating_mul(self.k);
        let (tiles, panels) = (self.tiles(), cols.div_ceil(self.kernel.width()));
        let missing = wanted_tasks(work).min(MOST_PARTS) / (items * tiles.div_ceil(2) * panels);
        let fits = PARTIAL / (items * self.m * cols);
        let parts = missing.min(self.k / (2 * MAX_DEPTH)).min(fits).clamp(1, MOST_PARTS);
        let wanted = wanted_tasks(work).min(PER_THREAD * threads());
        let groups = items.min(wanted);
        let each = wanted.div_ceil(groups * parts);
        let (row_blocks, col_blocks) = blocks(each, tiles, panels, (self.m, cols));
        Plan { groups, row_blocks, col_blocks, parts }
    }

    /// Computes some columns of some matrices, one range of k after the other.
    fn columns(
        &self,
        plan: &Plan,
        items: Range<usize>,
        cols: Range<usize>,
        partial: Option<&SharedMut<T>>,
    ) -> Result<(), OutOfMemory> {
        let width = self.kernel.width();
        let whole = if self.direct() { cols.len() / width } else { 0 };
        let panels = whole..cols.len().div_ceil(width);
        let fits = (PACKED / (panels.len() * width).max(1)).max(MAX_DEPTH);
        for depth in pieces(0..self.k, fits) {
            let panel_len = depth.len() * width + if depth.len() >= MAX_DEPTH { SHIFT } else { 0 };
            with_scratch(items.len() * panels.len() * panel_len, |packed: &mut [T]| {
                let piece = Piece {
                    items: items.clone(),
                    cols: cols.clone(),
                    depth: depth.clone(),
                    panels: panels.clone(),
                    panel_len,
                    packed: SharedMut(packed.as_mut_ptr()),
                    partial,
                };
                self.pack(&piece);
                let blocks = plan.parts * plan.row_blocks * plan.col_blocks;
                parallel(plan.groups * blocks, |task| {
                    let (group, block) = (task / blocks, task % blocks);
                    for item in cut(items.len(), plan.groups, group) {
                        self.block(plan, &piece, item, block);
                    }
                });
            })?;
        }
        if self.k == 0 {
            self.finish_empty(items, cols);
        }
        Ok(())
    }

    /// Whether panels of B are read where they are, row by row. Rows far from each other take many pages and fall into few
    /// sets of the caches; then reading copies is faster, if they are read often enough. A copy that another thread made
    /// has to come from its caches.
    fn direct(&self) -> bool {
        let most = if self.k <= MAX_DEPTH { DIRECT_SHORT_ROWS } else { DIRECT_ROWS };
        self.b.col == 1 && (self.m <= most || self.b.row * size_of::<T>() <= DIRECT_STEP)
    }

    /// Tiles down a matrix of C.
    fn tiles(&self) -> usize {
        self.m.div_ceil(self.kernel.rows)
    }

    /// Copies the panels of B.
    fn pack(&self, piece: &Piece<T>) {
        let (width, depth, panels) = (self.kernel.width(), piece.depth.clone(), piece.panels.len());
        let slabs = depth.len().div_ceil(SLAB);
        let units = piece.items.len() * panels * slabs;
        let together = (GRAIN / (width * SLAB.min(depth.len()))).max(1);
        parallel(units.div_ceil(together), |task| {
            for unit in task * together..units.min((task + 1) * together) {
                let (panel, slab) = (unit / slabs, cut(depth.len(), slabs, unit % slabs));
                let (item, panel) = (panel / panels, panel % panels);
                let col = piece.cols.start + (piece.panels.start + panel) * width;
                let cols = width.min(piece.cols.end - col);
                let from = self.b.at(piece.items.start + item, depth.start + slab.start, col);
                let place = (item * panels + panel) * piece.panel_len + slab.start * width;
                let widths = (cols, self.kernel.padded(cols), width);
                let to = piece.packed.at(place);
                // SAFETY: the panel lies within B, its copy within `packed`; each unit writes its own.
                unsafe { pack_panel(from, (self.b.row, self.b.col), slab.len(), widths, to) };
            }
        });
    }

    /// The panel of B from `k` of the piece on: its address and the distance from k to k.
    fn panel_of(&self, piece: &Piece<T>, item: usize, panel: usize, k: usize) -> (*const T, usize) {
        let width = self.kernel.width();
        if piece.panels.contains(&panel) {
            let index = item * piece.panels.len() + panel - piece.panels.start;
            (piece.packed.at(index * piece.panel_len + k * width), width)
        } else {
            let col = piece.cols.start + panel * width;
            (self.b.at(piece.items.start + item, piece.depth.start + k, col), self.b.row)
        }
    }

    /// Computes one block: some rows and some panels of one matrix, over one part of k.
    fn block(&self, plan: &Plan, piece: &Piece<T>, item: usize, block: usize) {
        let width = self.kernel.width();
        let per_part = plan.row_blocks * plan.col_blocks;
        let (part, block) = (block / per_part, block % per_part);
        let block_rows = cut(self.m, plan.row_blocks, block / plan.col_blocks);
        let tiles = block_rows.len().div_ceil(self.kernel.rows);
        let panels = cut(piece.cols.len().div_ceil(width), plan.col_blocks, block % plan.col_blocks);
        let part_depth = cut(piece.depth.len(), plan.parts, part);
        let steps = part_depth.len().div_ceil(MAX_DEPTH);
        let mut room = [const { MaybeUninit::uninit() }; _];
        let mut a = RowsOfA::new((self.a.row, self.a.col), panels.len(), &mut room);
        for step in 0..steps {
            let span = cut(part_depth.len(), steps, step);
            let k = part_depth.start + span.start;
            let first = piece.depth.start == 0 && step == 0;
            let last = piece.depth.end == self.k && step + 1 == steps && piece.partial.is_none();
            let tile_rows = |tile: usize| {
                let rows = cut(block_rows.len(), tiles, tile);
                block_rows.start + rows.start..block_rows.start + rows.end
            };
            let rows_of = |tile: usize| {
                let rows = tile_rows(tile);
                let first = self.a.at(piece.items.start + item, rows.start, piece.depth.start + k);
                Rows { first, row: self.a.row, col: self.a.col, count: rows.len(), depth: span.len() }
            };
            // SAFETY: the rows of all tiles lie within A.
            unsafe { a.begin(rows_of(0)) };
            for tile in 0..tiles {
                let rows = tile_rows(tile);
                let (a_rows, a_step) = a.addresses(&rows_of(tile));
                let next = (tile + 1 < tiles).then(|| rows_of(tile + 1));
                for panel in panels.clone() {
                    let col = panel * width;
                    let (b, b_step) = self.panel_of(piece, item, panel, k);
                    let (c, c_row) = self.target(piece, part, item, rows.start, col);
                    let c_rows: [*mut T; MAX_ROWS] = std::array::from_fn(|i| c.wrapping_add(i * c_row));
                    let work = Part { number: panel - panels.start, of: panels.len() };
                    let tile = Tile {
                        a: a_rows.as_ptr(),
                        taps: 1,
                        from: 0,
                        to: span.len(),
                        a_step,
                        b,
                        b_step,
                        b_tap: 0,
                        c: c_rows.as_ptr(),
                        cols: width.min(piece.cols.len() - col),
                        accumulate: !first || (piece.partial.is_none() && self.accumulate),
                        ahead: next.as_ref().and_then(|next| a.ahead(next, work)),
                    };
                    // SAFETY: the tile's rows, panel and sums are inside their operands; no other task has these sums.
                    unsafe {
                        self.kernel.run(rows.len(), &tile);
                        next.into_iter().for_each(|next| a.copy(next, work));
                    }
                }
                a.advance();
                if last && !self.finish.is_nothing() {
                    let col = piece.cols.start + panels.start * width;
                    let end = piece.cols.start + piece.cols.len().min(panels.end * width);
                    self.finish_rows(piece.items.start + item, rows, col..end);
                }
            }
        }
    }

    /// Where sums go: the address, and the distance between rows.
    fn target(&self, piece: &Piece<T>, part: usize, item: usize, row: usize, col: usize) -> (*mut T, usize) {
        match piece.partial {
            Some(partial) => {
                let cols = piece.cols.len();
                let index = ((part * piece.items.len() + item) * self.m + row) * cols + col;
                (partial.0.wrapping_add(index), cols)
            }
            None => {
                let index = ((piece.items.start + item) * self.m + row) * self.n + piece.cols.start + col;
                (self.c.0.wrapping_add(index), self.n)
            }
        }
    }

    /// Bias and activation for some numbers of one matrix.
    fn finish_rows(&self, item: usize, rows: Range<usize>, cols: Range<usize>) {
        for row in rows {
            let index = (item * self.m + row) * self.n + cols.start;
            // SAFETY: these numbers lie within C and belong to the task that calls.
            unsafe { self.finish.row(self.c.region(index, cols.len()), index, cols.start) };
        }
    }

    /// Adds the sums of the parts of k in order, and finishes the rows.
    fn add_parts(&self, plan: &Plan, items: Range<usize>, cols: Range<usize>, partial: &SharedMut<T>) {
        let rows = items.len() * self.m;
        let together = (GRAIN / (plan.parts * cols.len())).max(1);
        parallel(rows.div_ceil(together), |task| {
            for row in task * together..rows.min((task + 1) * together) {
                let index = (items.start * self.m + row) * self.n + cols.start;
                // SAFETY: each row of C belongs to one task.
                let c = unsafe { self.c.region(index, cols.len()) };
                if !self.accumulate {
                    c.fill(T::ZERO);
                }
                for part in 0..plan.parts {
                    // SAFETY: nobody writes the partial sums any more, and this task alone reads this row.
                    let sums = unsafe { partial.region((part * rows + row) * cols.len(), cols.len()) };
                    simd(
                        #[inline(always)]
                        || {
                            for (c, &s) in c.iter_mut().zip(sums.iter()) {
                                *c += s;
                            }
                        },
                    );
                }
                let (item, row) = (items.start + row / self.m, row % self.m);
                self.finish_rows(item, row..row + 1, cols.clone());
            }
        });
    }

    /// The result of a product over no k at all.
    fn finish_empty(&self, items: Range<usize>, cols: Range<usize>) {
        for item in items {
            for row in 0..self.m {
                if !self.accumulate {
                    let index = (item * self.m + row) * self.n + cols.start;
                    // SAFETY: the numbers lie within C; only this thread works.
                    unsafe { self.c.region(index, cols.len()) }.fill(T::ZERO);
                }
                self.finish_rows(item, row..row + 1, cols.clone());
            }
        }
    }
}

/// Blocks of rows and of panels for about `wanted` tasks, each of at most [`PANELS`] panels, such that the least is read in
/// all: every block of panels reads all of A, every block of rows all of B, whose sizes are `a` and `b`.
fn blocks(wanted: usize, tiles: usize, panels: usize, (a, b): (usize, usize)) -> (usize, usize) {
    let cuts = (panels.div_ceil(PANELS)..=panels).map(|cols| (wanted.div_ceil(cols).min(tiles), cols));
    let cost = |&(rows, cols): &(usize, usize)| (wanted.saturating_sub(rows * cols), cols * a + rows * b);
    cuts.min_by_key(cost).unwrap_or((1, panels))
}

/// A range in pieces of `step`; the last may be shorter.
fn pieces(range: Range<usize>, step: usize) -> impl Iterator<Item = Range<usize>> {
    range.clone().step_by(step).map(move |start| start..range.end.min(start + step))
}
