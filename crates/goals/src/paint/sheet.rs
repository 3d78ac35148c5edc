//! Pictures side by side.

use crate::{Error, Result};
use pellucid_kinds::image::Pixels;

/// Pixels between pictures.
const GAP: usize = 2;

/// Pictures of one size side by side, so many in a row, as a PNG file.
///
/// # Errors
/// No memory.
pub fn sheet(pictures: &[Pixels], columns: usize) -> Result<Vec<u8>> {
    let (height, width) = pictures.first().map_or((1, 1), |p| (p.height, p.width));
    let columns = columns.min(pictures.len()).max(1);
    let rows = pictures.len().div_ceil(columns).max(1);
    let [across, down] = [(columns, width), (rows, height)].map(|(n, side)| n * (side + GAP) - GAP);
    let none = || Error::model("there is no memory for a picture".to_owned());
    let mut sheet = Pixels::of_bytes(&vec![255; across * down], [down, across, 1]).ok_or_else(none)?;
    for (i, picture) in pictures.iter().enumerate() {
        sheet.lay(picture, [i / columns * (height + GAP), i % columns * (width + GAP)]);
    }
    sheet.to_png().ok_or_else(none)
}
