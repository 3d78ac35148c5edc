//! How good, and why: intervals, leak checks, explanations, audits, the model card and the report.

#![cfg_attr(test, allow(clippy::unwrap_used))]

pub mod audit;
pub mod card;
pub mod check;
pub mod copied;
pub mod explain;
pub mod frechet;
pub mod intervals;
pub mod report;
pub mod trust;
