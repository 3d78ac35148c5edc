//! dev
#![allow(clippy::unwrap_used)]
