//! From a path to rows a network can learn from: survey, split, checks, preparation.

mod checks;
mod prepare;
mod split;
mod survey;

pub use checks::{Inspection, check, inspect};
pub use prepare::{Prepared, fingerprint, prepare};
pub(crate) use split::codes;
pub use split::split_rows;
pub use survey::{ColumnPlan, Survey, Use};
