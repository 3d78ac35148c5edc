//! What is shown of a row: its picture, and what stands in its first columns.

use crate::dataset::Survey;
use crate::explain::in_words;
use crate::{Result, Use};
use pellucid_data::{Cell, Files};
use pellucid_kinds::image::{decode, picture_bytes};

/// Columns of a row that are shown.
const SHOWN_FIELDS: usize = 8;

/// The longest side of a shown picture, in pixels.
const SHOWN_SIDE: usize = 160;

/// What is shown of a row: its first picture as PNG, and its first columns.
#[derive(Default)]
pub(crate) struct ShownRow {
    pub(crate) picture: Option<Vec<u8>>,
    pub(crate) fields: Vec<(String, String)>,
}

/// Looks up what is shown of a row of the table.
///
/// # Errors
/// Failures of reading.
pub(crate) fn shown_row(survey: &Survey, row: usize) -> Result<ShownRow> {
    let cells = survey.table.cells(row)?;
    let mut shown = ShownRow::default();
    for column in survey.used_as(Use::Input) {
        let cell = cells.cell(column.position);
        if column.kind.is_some_and(|k| k.name() == "image") {
            shown.picture = shown.picture.or_else(|| small_png(cell, survey.table.files()));
        } else if shown.fields.len() < SHOWN_FIELDS {
            shown.fields.push((column.name.clone(), in_words(cell)));
        }
    }
    Ok(shown)
}

/// A picture small enough for a page, as PNG; `None` if it cannot be read.
fn small_png(cell: Cell<'_>, files: Option<&Files>) -> Option<Vec<u8>> {
    let picture = decode(&picture_bytes(cell, files).ok()?).ok()?;
    let shrink = (SHOWN_SIDE as f64 / picture.height.max(picture.width) as f64).min(1.0);
    let side = |n: usize| ((n as f64 * shrink).round() as usize).max(1);
    picture.resize(side(picture.height), side(picture.width)).to_png()
}
