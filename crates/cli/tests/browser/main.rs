//! The studio in a real browser: each way from data to use, as a person goes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

// Other tests use other parts of these.
#[allow(dead_code)]
mod driver;
#[allow(dead_code)]
#[path = "../suite/http.rs"]
mod http;
#[allow(dead_code)]
#[path = "../suite/support.rs"]
mod support;

mod fits;
mod interrupted;
mod mended;
mod pictures;
mod recommendations;
mod recorded;
mod sounds;
mod tables;
mod texts;
mod translations;
mod visit;
