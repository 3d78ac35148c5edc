//! Cells as text: how values are counted, compared and shown.

use pellucid_data::{Cell, Files};
use std::borrow::Cow;

/// The cell as a person would write it; `None` if nothing was recorded.
pub fn cell_text<'a>(cell: Cell<'a>) -> Option<Cow<'a, str>> {
    Some(match cell {
        Cell::Missing => return None,
        Cell::Text(t) => Cow::Borrowed(t),
        Cell::Integer(i) => Cow::Owned(i.to_string()),
        Cell::Number(x) => Cow::Owned(x.to_string()),
        Cell::Flag(b) => Cow::Borrowed(if b { "true" } else { "false" }),
        Cell::Time(ms) => Cow::Owned(match jiff::Timestamp::from_millisecond(ms) {
            Ok(t) => t.to_string(),
            Err(_) => format!("{ms} ms"),
        }),
        Cell::Bytes(b) => Cow::Owned(format!("{} bytes", b.len())),
    })
}

/// The cell as a number; `None` for anything else, and for numbers so large that their squares overflow.
pub(crate) fn cell_number(cell: Cell<'_>) -> Option<f64> {
    match cell {
        Cell::Integer(i) => Some(i as f64),
        Cell::Number(x) => Some(x),
        Cell::Flag(b) => Some(f64::from(u8::from(b))),
        Cell::Text(t) => t.parse().ok(),
        Cell::Time(_) | Cell::Missing | Cell::Bytes(_) => None,
    }
    .filter(|x| x.abs() <= f64::from(f32::MAX))
}

/// The bytes of the picture or sound (`what`) that a cell holds or names.
pub(crate) fn media_bytes<'a>(
    cell: Cell<'a>,
    files: Option<&Files>,
    what: &str,
) -> Result<Cow<'a, [u8]>, String> {
    match (cell, files) {
        (Cell::Bytes(bytes), _) => Ok(Cow::Borrowed(bytes)),
        (Cell::Text(name), Some(files)) => files.read(name).map(Cow::Owned).map_err(|e| e.to_string()),
        (Cell::Missing, _) => Err(format!("no {what} is given")),
        _ => Err(format!("neither the name of a {what} file nor a {what}")),
    }
}
