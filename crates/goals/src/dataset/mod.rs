//! From a path to rows a network can learn from: survey, split, checks, preparation.

mod beside;
mod checks;
mod corrections;
mod likes;
mod prepare;
mod split;
mod survey;
mod works;

pub(crate) use beside::{Beside, Owner, open as open_taken};
pub use checks::{Inspection, inspect};
pub(crate) use checks::{PreparedFiles, check, reveals, shift};
pub(crate) use corrections::{check_correction, keep as keep_corrections};
pub(crate) use prepare::{MAX_SECONDS, Prepared, fingerprint, prepare, tell_unusable, tell_voided, tolerate};
pub(crate) use split::{codes, each_cell, split_rows};
pub(crate) use survey::row_name;
pub use survey::{ColumnPlan, Survey, Use};
