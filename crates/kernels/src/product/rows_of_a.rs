//! A tile's rows of A: read where they lie, or from a copy that is made while the tile before is computed.
//!
//! A tile reads its rows once for every panel of B. Rows that fall into the same set of the first cache push each other
//! out of it, and so do columns that lie far apart; then a copy is faster, although each number of A is copied once for
//! every block of panels. Copying waits for memory, computing does not: so a part of the next tile's rows is fetched
//! during each panel, and copied after it.

use super::micro::{Ahead, MAX_ROWS};
use super::pack::{MAX_DEPTH, copy_short};
use crate::float::Float;
use crate::isa::simd;
use crate::threads::cut;
use std::mem::MaybeUninit;

/// Bytes after which addresses fall into the same set of the first cache, which holds eight lines or a few more.
const SAME_SET: usize = 4096;

/// Columns this many bytes apart are copied if so many panels read them.
const FAR: (usize, usize) = (2048, 4);

/// Bytes of a cache line.
const LINE: usize = 64;

/// Numbers from one copied row to the next: a little more than the longest.
const COPIED_ROW: usize = MAX_DEPTH + 16;

/// The rows of A that a tile needs.
#[derive(Clone, Copy)]
pub(super) struct Rows<T> {
    /// Their first number.
    pub(super) first: *const T,
    /// Distance from one row to the next.
    pub(super) row: usize,
    /// Distance from one number of a row to the next.
    pub(super) col: usize,
    /// How many there are.
    pub(super) count: usize,
    /// Numbers of a row, at most [`MAX_DEPTH`].
    pub(super) depth: usize,
}

/// One of several parts of a tile's work.
#[derive(Clone, Copy)]
pub(super) struct Part {
    pub(super) number: usize,
    pub(super) of: usize,
}

/// Whether and how rows are copied.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Way {
    /// They are read where they lie.
    InPlace,
    /// `[rows, depth]`, apart from each other.
    ByRows,
    /// `[depth, rows]`.
    ByColumns,
}

/// Room for the copies of two tiles' rows.
pub(super) type Room<T> = [MaybeUninit<T>; 2 * MAX_ROWS * COPIED_ROW];

/// The rows of one tile after the other.
pub(super) struct RowsOfA<T> {
    way: Way,
    now: *mut T,
    next: *mut T,
}

impl<T: Float> RowsOfA<T> {
    /// For rows and columns of A these distances apart, each read by so many panels.
    pub(super) fn new((row, col): (usize, usize), panels: usize, room: &mut Room<T>) -> Self {
        let bytes = |distance: usize| distance * size_of::<T>();
        let way = match (row, col) {
            (_, 1) if bytes(row).is_multiple_of(SAME_SET) => Way::ByRows,
            (1, _) if bytes(col) >= FAR.0 && panels >= FAR.1 => Way::ByColumns,
            _ => Way::InPlace,
        };
        let now = room.as_mut_ptr().cast::<T>();
        RowsOfA { way, now, next: now.wrapping_add(MAX_ROWS * COPIED_ROW) }
    }

    /// Prepares the first tile.
    ///
    /// # Safety
    /// The rows can be read.
    pub(super) unsafe fn begin(&mut self, rows: Rows<T>) {
        // SAFETY: promised by the caller.
        unsafe { self.copy(rows, Part { number: 0, of: 1 }) };
        self.advance();
    }

    /// Goes to the next tile, all of whose parts are copied.
    pub(super) fn advance(&mut self) {
        std::mem::swap(&mut self.now, &mut self.next);
    }

    /// The addresses of this tile's rows, and the distance between the numbers of a row.
    pub(super) fn addresses(&self, rows: &Rows<T>) -> ([*const T; MAX_ROWS], usize) {
        let (first, row, col) = match self.way {
            Way::InPlace => (rows.first, rows.row, rows.col),
            Way::ByRows => (self.now.cast_const(), COPIED_ROW, 1),
            Way::ByColumns => (self.now.cast_const(), 1, rows.count),
        };
        (std::array::from_fn(|i| first.wrapping_add(i * row)), col)
    }

    /// What is best fetched of the next tile's rows during a part of this tile's work.
    pub(super) fn ahead(&self, rows: &Rows<T>, part: Part) -> Option<Ahead<T>> {
        let at = |row: usize, k: usize| rows.first.wrapping_add(row * rows.row + k * rows.col);
        let line = LINE / size_of::<T>();
        match self.way {
            Way::InPlace => None,
            Way::ByRows => {
                let some = cut(rows.count, part.of, part.number);
                let from = [at(some.start, 0), at(some.end.max(1) - 1, 0)];
                (!some.is_empty()).then_some(Ahead { from, step: line, every: line })
            }
            Way::ByColumns => {
                let k = cut(rows.depth, part.of, part.number).start;
                Some(Ahead { from: [at(0, k), at(rows.count - 1, k)], step: rows.col, every: part.of })
            }
        }
    }

    /// Copies a part of the next tile's rows.
    ///
    /// # Safety
    /// The rows can be read.
    pub(super) unsafe fn copy(&mut self, rows: Rows<T>, part: Part) {
        let Rows { first, row, col, count, depth } = rows;
        debug_assert!(count <= MAX_ROWS && depth <= MAX_DEPTH);
        match self.way {
            Way::InPlace => {}
            Way::ByRows => {
                for i in cut(count, part.of, part.number) {
                    let to = self.next.wrapping_add(i * COPIED_ROW);
                    // SAFETY: the rows can be read by the caller's promise; the room holds MAX_ROWS longer ones. Copies of rows do not overlap them.
                    unsafe { std::ptr::copy_nonoverlapping(first.add(i * row), to, depth) };
                }
            }
            Way::ByColumns => {
                let some = cut(depth, part.of, part.number);
                let (from, to) =
                    (first.wrapping_add(some.start * col), self.next.wrapping_add(some.start * count));
                simd(
                    #[inline(always)]
                    // SAFETY: the columns can be read by the caller's promise, and the room holds as many.
                    || unsafe {
                        // Whole tiles are common: of a length that the compiler knows, they take three moves.
                        if count == MAX_ROWS {
                            for k in 0..some.len() {
                                copy_short(from.add(k * col), to.add(k * MAX_ROWS), MAX_ROWS);
                            }
                        } else {
                            for k in 0..some.len() {
                                copy_short(from.add(k * col), to.add(k * count), count);
                            }
                        }
                    },
                );
            }
        }
    }
}
