//! The program as people use it: from data to answers, interrupted and resumed, and on bad input.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod damaged;
mod data;
mod http;
mod program;
mod refused;
mod resumed;
mod serving;
mod studio;
mod support;
mod whole_path;
