use super::{Pad, Padding, pooled_shape, window_reach};
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Piece, Reach, module};
use pellucid_grad::{Var, ops};
use pellucid_tensor::Result;

/// The largest number under a sliding window, for each channel.
///
/// x: `[n, height, width, channels]`, result: `[n, height', width', channels]` with
/// height' = ⌊(height + padding − window) / stride⌋ + 1. Pairs are (vertical, horizontal).
pub struct MaxPool2d {
    window: (usize, usize),
    stride: (usize, usize),
    padding: Padding,
}

module!(MaxPool2d {});

impl MaxPool2d {
    /// A window that moves by its own size, without padding; rows and columns that do not fill a window are left out.
    pub fn new(size: usize) -> MaxPool2d {
        MaxPool2d { window: (size, size), stride: (size, size), padding: Padding::default() }
    }

    /// A window that moves by `stride`, with padding that never is the largest.
    pub fn with(window: (usize, usize), stride: (usize, usize), pad: Pad) -> MaxPool2d {
        MaxPool2d { window, stride, padding: pad.resolve(window, 1) }
    }
}

impl Layer for MaxPool2d {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        ops::max_pool2d(x, self.window, self.stride, self.padding)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        pooled_shape("max pool", input, self.window, self.stride, self.padding)
    }

    fn reach(&self) -> Option<[Reach; 2]> {
        Some(window_reach(self.window, 1, self.stride, self.padding))
    }

    fn name(&self) -> String {
        format!("max pool {}×{}", self.window.0, self.window.1)
    }

    fn in_words(&self) -> InWords {
        InWords::then("Pool", format!("keeps the strongest of each {} × {} places", self.window.0, self.window.1))
    }

    fn lower(&self) -> Result<Vec<Piece>> {
        let MaxPool2d { window, stride, padding } = *self;
        Ok(vec![Piece::MaxPool { window, stride, padding }])
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let wrong: &[&[usize]] = &[&[6], &[6, 6], &[1, 7, 2]];
    Ok(vec![
        Sample::new("halves", MaxPool2d::new(2), &[6, 7, 2], wrong),
        Sample::new("overlapping", MaxPool2d::with((3, 3), (2, 2), Pad::Same), &[6, 7, 2], &[&[6], &[6, 7]]),
    ])
}
