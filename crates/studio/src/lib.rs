//! The studio: everything that the program does, in the browser, for people who have never used a terminal.
//!
//! | room | what lives there |
//! |---|---|
//! | [`server`] | connections: limits on their number, their headers and their patience |
//! | [`guard`] | who may ask: Host, Origin and token; what every answer says to the browser |
//! | [`workspace`] | the folders on disk, and names that cannot leave them |
//! | [`jobs`] | trainings: child processes of the same program that can be stopped, killed and resumed |
//! | [`api`] | `/api/…`: one file for each thing that can be asked about |
//! | [`pages`] | one file for each page |
//! | [`tables`] | data sets that are open, to be looked at row by row |
//! | [`serve`] | the small sister: one network as a page and an API, its questions in batches |
//! | [`assets`] | style and scripts, inside the program |
//!
//! All state lies in the workspace: no page and no memory of the server holds anything that a restart would lose.

#![cfg_attr(test, allow(clippy::unwrap_used))]

mod address;
mod api;
mod app;
mod assets;
mod corrections;
mod guard;
mod jobs;
mod pages;
mod problem;
mod serve;
mod server;
mod tables;
mod tested;
mod workspace;

pub use app::{Studio, open};
pub use serve::{Service, serve};
