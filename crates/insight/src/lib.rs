//! How good, and why: intervals, leak checks, the model card and the report.

pub mod card;
pub mod check;
pub mod copied;
pub mod frechet;
pub mod intervals;
pub mod report;
