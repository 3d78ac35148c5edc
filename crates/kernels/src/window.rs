//! A window that moves over a picture: how often it fits, and which pixels it meets.

use crate::buffer::OutOfMemory;
use crate::scratch::with_scratch;
use std::fmt;

/// Rows and columns added around a picture.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Padding {
    /// Rows above.
    pub top: usize,
    /// Rows below.
    pub bottom: usize,
    /// Columns before.
    pub left: usize,
    /// Columns after.
    pub right: usize,
}

impl Padding {
    /// `rows` above and below, `cols` on both sides.
    pub fn both(rows: usize, cols: usize) -> Self {
        Padding { top: rows, bottom: rows, left: cols, right: cols }
    }
}

/// Why a window does not fit a picture.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Impossible {
    /// A size of the kernel, a stride, a dilation or the number of groups is 0.
    Zero,
    /// The channels on one side cannot be dealt out evenly to the groups.
    Groups {
        /// Channels of the picture or of the result.
        channels: usize,
        /// Groups.
        groups: usize,
    },
    /// The kernel is larger than the padded picture.
    TooLarge {
        /// Rows or columns that the kernel covers.
        kernel: usize,
        /// Rows or columns of the padded picture.
        picture: usize,
    },
    /// A window could lie in the padding altogether.
    Padding {
        /// Rows or columns of padding on one side.
        padding: usize,
        /// Rows or columns of the window.
        kernel: usize,
    },
    /// A size exceeds what memory can be addressed.
    Overflow,
}

impl fmt::Display for Impossible {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Impossible::Zero => f.write_str("kernel size, stride, dilation and groups must be at least 1"),
            Impossible::Groups { channels, groups } => {
                write!(f, "{channels} channels cannot be dealt out evenly to {groups} groups")
            }
            Impossible::TooLarge { kernel, picture } => {
                write!(f, "the kernel covers {kernel} pixels, the padded picture has only {picture}")
            }
            Impossible::Padding { padding, kernel } => {
                write!(f, "{padding} pixels of padding must be fewer than the {kernel} of the window")
            }
            Impossible::Overflow => f.write_str("the padded picture is too large to be addressed"),
        }
    }
}

impl std::error::Error for Impossible {}

/// One direction of a window: tap k of result o meets pixel o · `stride` + k · `dilation` − `before`.
#[derive(Clone, Copy)]
pub(crate) struct Window {
    /// Pixels of the picture.
    pub(crate) size: usize,
    pub(crate) before: usize,
    pub(crate) after: usize,
    pub(crate) taps: usize,
    pub(crate) stride: usize,
    pub(crate) dilation: usize,
}

/// Marks in tables of positions a tap that meets nothing.
pub(crate) const NONE: u32 = u32::MAX;

impl Window {
    /// How many results there are: ⌊(size + before + after − covered) / stride⌋ + 1.
    pub(crate) fn results(&self) -> Result<usize, Impossible> {
        if self.taps == 0 || self.stride == 0 || self.dilation == 0 {
            return Err(Impossible::Zero);
        }
        let padded = self.size.checked_add(self.before).and_then(|s| s.checked_add(self.after));
        let covered = (self.taps - 1).checked_mul(self.dilation).and_then(|s| s.checked_add(1));
        let (Some(padded), Some(covered)) = (padded, covered) else { return Err(Impossible::Overflow) };
        if padded >= NONE as usize {
            return Err(Impossible::Overflow);
        }
        match padded.checked_sub(covered) {
            Some(room) => Ok(room / self.stride + 1),
            None => Err(Impossible::TooLarge { kernel: covered, picture: padded }),
        }
    }

    /// The pixel that a result meets through a tap, unless it is padding.
    fn pixel(&self, result: usize, tap: usize) -> Option<usize> {
        (result * self.stride + tap * self.dilation).checked_sub(self.before).filter(|&at| at < self.size)
    }

    /// The result that meets a pixel through a tap, if there is one.
    fn result(&self, pixel: usize, tap: usize, results: usize) -> Option<usize> {
        let distance = (pixel + self.before).checked_sub(tap * self.dilation)?;
        (distance % self.stride == 0 && distance / self.stride < results).then_some(distance / self.stride)
    }
}

/// Where the taps of both directions lead, `[positions, taps]` each; [`NONE`] where they lead nowhere.
pub(crate) struct Tables<'a> {
    pub(crate) rows: &'a [u32],
    pub(crate) cols: &'a [u32],
}

/// Calls `body` with the pixels that each result meets.
pub(crate) fn with_pixels<R>(windows: [Window; 2], body: impl FnOnce(Tables) -> R) -> Result<R, OutOfMemory> {
    let results = windows.map(|w| w.results().unwrap_or_default());
    with_tables(results, windows, |window, result, tap| window.pixel(result, tap), body)
}

/// Calls `body` with the results that each pixel is met by.
pub(crate) fn with_results<R>(
    windows: [Window; 2],
    body: impl FnOnce(Tables) -> R,
) -> Result<R, OutOfMemory> {
    let result = |window: &Window, pixel: usize, tap: usize| {
        window.result(pixel, tap, window.results().unwrap_or_default())
    };
    with_tables(windows.map(|w| w.size), windows, result, body)
}

fn with_tables<R>(
    positions: [usize; 2],
    windows: [Window; 2],
    lead: impl Fn(&Window, usize, usize) -> Option<usize>,
    body: impl FnOnce(Tables) -> R,
) -> Result<R, OutOfMemory> {
    let lens = [0, 1].map(|i| positions[i].saturating_mul(windows[i].taps));
    with_scratch(lens[0].saturating_add(lens[1]), |tables: &mut [u32]| {
        let (rows, cols) = tables.split_at_mut(lens[0]);
        for (table, window) in [&mut *rows, &mut *cols].into_iter().zip(&windows) {
            for (i, to) in table.iter_mut().enumerate() {
                *to = lead(window, i / window.taps, i % window.taps).map_or(NONE, |at| at as u32);
            }
        }
        body(Tables { rows, cols })
    })
}
