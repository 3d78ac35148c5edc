//! What a network makes, and how that is explained.

use crate::infer::stored_model;
use crate::recommend::{self, Recommender};
use crate::translate::{self, Translation};
use crate::{Error, Result, generate};
use std::path::Path;

/// What is explained of a network.
pub enum Explainable {
    /// Answers to rows, pictures, sounds, texts.
    Answers,
    /// Translations of texts.
    Translations(Box<Translation>),
    /// Recommendations.
    Recommendations(Box<Recommender>),
}

/// What is explained of the network of a run (or a model folder).
///
/// # Errors
/// A damaged model, and one that makes something new: nothing is asked of it, so there is no answer to explain.
pub fn explainable(path: &Path) -> Result<Explainable> {
    let (stored, _) = stored_model(path)?;
    match stored.goal.as_str() {
        translate::GOAL => Translation::load(&stored).map(Box::new).map(Explainable::Translations),
        recommend::GOAL => Recommender::load(&stored).map(Box::new).map(Explainable::Recommendations),
        generate::GOAL => Err(Error::usage(format!(
            "this network makes something new, and no input decides what, so there is no answer to explain · {path} · how much of it is copied \
             from what it has learned from stands in {path}/report.html; see what it makes with: pellucid generate {path}",
            path = path.display()
        ))),
        _ => Ok(Explainable::Answers),
    }
}
