//! Networks that make something new: what they make is decided by what they learned from.

use crate::generate::{self, Generation};
use crate::infer::stored_model;
use crate::paint::Painting;
use crate::{Error, Result};
use std::path::Path;

/// A network that makes something new.
pub enum Generator {
    /// It writes texts or melodies.
    Writes(Box<Generation>),
    /// It paints pictures.
    Paints(Box<Painting>),
}

/// Opens the model of a run (or a model folder) that makes something new.
///
/// # Errors
/// A damaged model, and one that does something else.
pub fn generator(path: &Path) -> Result<Generator> {
    let (stored, _) = stored_model(path)?;
    match stored.goal.as_str() {
        _ if Painting::is(&stored) => Painting::load(&stored).map(Box::new).map(Generator::Paints),
        generate::GOAL => Generation::load(&stored).map(Box::new).map(Generator::Writes),
        goal => Err(Error::usage(format!(
            "this network makes nothing new · {} · its goal is `{goal}`; one that does comes from: pellucid train DATA --generate",
            path.display()
        ))),
    }
}
