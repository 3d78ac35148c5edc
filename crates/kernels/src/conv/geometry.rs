//! The shape of a convolution, and what it makes of a picture's size.

use std::fmt;

/// Rows and columns of zeros around a picture.
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

/// The shape of a convolution; pairs are (vertical, horizontal).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Conv2d {
    /// Pictures.
    pub batch: usize,
    /// Rows of a picture.
    pub height: usize,
    /// Columns of a picture.
    pub width: usize,
    /// Channels of a picture.
    pub channels: usize,
    /// Channels of the result.
    pub out: usize,
    /// Size of the kernel.
    pub kernel: (usize, usize),
    /// Step from one result to the next.
    pub stride: (usize, usize),
    /// Zeros around the picture.
    pub padding: Padding,
    /// Distance between the taps of the kernel.
    pub dilation: (usize, usize),
    /// Groups of channels that do not see each other.
    pub groups: usize,
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
            Impossible::Overflow => f.write_str("the padded picture is too large to be addressed"),
        }
    }
}

impl std::error::Error for Impossible {}

/// Positions of a window of `kernel` taps, `dilation` apart, on `size` pixels with padding: ⌊(size + before + after − covered) / stride⌋ + 1.
pub(crate) fn positions(
    size: usize,
    (before, after): (usize, usize),
    kernel: usize,
    stride: usize,
    dilation: usize,
) -> Result<usize, Impossible> {
    if kernel == 0 || stride == 0 || dilation == 0 {
        return Err(Impossible::Zero);
    }
    let padded = size.checked_add(before).and_then(|s| s.checked_add(after));
    let covered = (kernel - 1).checked_mul(dilation).and_then(|s| s.checked_add(1));
    let (Some(padded), Some(covered)) = (padded, covered) else { return Err(Impossible::Overflow) };
    if padded > isize::MAX as usize / 2 {
        return Err(Impossible::Overflow);
    }
    match padded.checked_sub(covered) {
        Some(room) => Ok(room / stride + 1),
        None => Err(Impossible::TooLarge { kernel: covered, picture: padded }),
    }
}

impl Conv2d {
    /// Rows and columns of the result.
    ///
    /// # Errors
    /// [`Impossible`] says what does not fit.
    pub fn out_size(&self) -> Result<(usize, usize), Impossible> {
        if self.groups == 0 {
            return Err(Impossible::Zero);
        }
        for channels in [self.channels, self.out] {
            if channels % self.groups != 0 {
                return Err(Impossible::Groups { channels, groups: self.groups });
            }
        }
        let Padding { top, bottom, left, right } = self.padding;
        Ok((
            positions(self.height, (top, bottom), self.kernel.0, self.stride.0, self.dilation.0)?,
            positions(self.width, (left, right), self.kernel.1, self.stride.1, self.dilation.1)?,
        ))
    }

    /// Multiply-adds of one pass, counting those with padding.
    pub fn multiply_adds(&self) -> usize {
        let (oh, ow) = self.out_size().unwrap_or_default();
        let dims = [self.batch, oh, ow, self.out, self.taps(), self.group_channels()];
        dims.into_iter().fold(1, usize::saturating_mul)
    }

    /// Taps of the kernel.
    pub(crate) fn taps(&self) -> usize {
        self.kernel.0 * self.kernel.1
    }

    /// Channels of the picture in one group.
    pub(crate) fn group_channels(&self) -> usize {
        self.channels / self.groups.max(1)
    }

    /// Channels of the result in one group.
    pub(crate) fn group_out(&self) -> usize {
        self.out / self.groups.max(1)
    }

    /// The size of the result of a geometry that [`check`](Self::check) has let pass.
    pub(crate) fn checked_out_size(&self) -> (usize, usize) {
        self.out_size().unwrap_or_default()
    }

    /// Makes sure that the geometry is possible and the slices have its lengths.
    pub(crate) fn check(&self, x: usize, weight: usize, y: usize) {
        let size = self.out_size();
        assert!(size.is_ok(), "convolution: {}", size.err().map(|e| e.to_string()).unwrap_or_default());
        let (oh, ow) = self.checked_out_size();
        let product = |dims: [usize; 4]| dims.into_iter().try_fold(1, usize::checked_mul);
        let expect = |name: &str, len: usize, dims: [usize; 4]| {
            assert_eq!(Some(len), product(dims), "convolution: {name} has not the shape {dims:?}");
        };
        expect("x", x, [self.batch, self.height, self.width, self.channels]);
        expect("weight", weight, [self.out, self.kernel.0, self.kernel.1, self.group_channels()]);
        expect("y", y, [self.batch, oh, ow, self.out]);
    }
}
