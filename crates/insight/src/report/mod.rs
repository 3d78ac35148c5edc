//! The report of a run: one HTML page that works offline, from plain facts.

pub mod data;
mod encoding;
pub mod measure;

pub use data::ReportData;
