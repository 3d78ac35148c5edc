//! The shape of a convolution, and what it makes of a picture's size.

use crate::window::{Impossible, Padding, Window};

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

impl Conv2d {
    /// A square kernel in steps of one pixel, with half its side of zeros all around (pictures keep their size if the side
    /// is odd), no dilation and one group.
    pub fn centred(
        batch: usize,
        (height, width): (usize, usize),
        (channels, out): (usize, usize),
        side: usize,
    ) -> Conv2d {
        Conv2d {
            batch,
            height,
            width,
            channels,
            out,
            kernel: (side, side),
            stride: (1, 1),
            padding: Padding::both(side / 2, side / 2),
            dilation: (1, 1),
            groups: 1,
        }
    }

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
        let [rows, cols] = self.windows().map(|w| w.results());
        Ok((rows?, cols?))
    }

    /// The window's vertical and horizontal direction.
    pub(crate) fn windows(&self) -> [Window; 2] {
        let Padding { top, bottom, left, right } = self.padding;
        let ((taps_y, taps_x), (stride_y, stride_x), (dilation_y, dilation_x)) =
            (self.kernel, self.stride, self.dilation);
        [
            Window {
                size: self.height,
                before: top,
                after: bottom,
                taps: taps_y,
                stride: stride_y,
                dilation: dilation_y,
            },
            Window {
                size: self.width,
                before: left,
                after: right,
                taps: taps_x,
                stride: stride_x,
                dilation: dilation_x,
            },
        ]
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

    /// Numbers of the weights.
    pub(crate) fn weights(&self) -> usize {
        self.out * self.taps() * self.group_channels()
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
