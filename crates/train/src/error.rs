//! What can end a training.

use std::fmt;
use std::path::{Path, PathBuf};

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Failure>;

/// Why a training could not start or go on.
#[derive(Debug)]
pub enum Failure {
    /// The engine failed: shapes, memory, damaged weights.
    Engine(pellucid_tensor::Error),
    /// The rows could not be read or prepared.
    Source(Box<dyn std::error::Error + Send + Sync>),
    /// A file or folder could not be read or written.
    File {
        /// What was to be done: `save the checkpoint`.
        doing: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// What the operating system said.
        why: String,
    },
    /// There is a checkpoint, but not one this training can go on from.
    Checkpoint {
        /// What differs or is damaged, and what to do.
        why: String,
    },
    /// There is a checkpoint of other data.
    OtherData {
        /// What differs, and what to do.
        why: String,
    },
    /// A plan that makes no sense.
    Plan {
        /// Which entry, and what it should be.
        why: String,
    },
    /// Loss or gradients stopped being numbers and did not recover.
    Diverged {
        /// What was seen, and what to try.
        why: String,
    },
}

impl Failure {
    /// A failure of a [`Source`](crate::Source).
    pub fn source(error: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Failure {
        Failure::Source(error.into())
    }

    /// A function that turns the operating system's error at `path` into a failure.
    pub(crate) fn file(doing: &'static str, path: &Path) -> impl Fn(std::io::Error) -> Failure {
        move |error| Failure::File { doing, path: path.to_path_buf(), why: error.to_string() }
    }

    pub(crate) fn checkpoint(why: impl Into<String>) -> Failure {
        Failure::Checkpoint { why: why.into() }
    }

    pub(crate) fn plan(why: impl Into<String>) -> Failure {
        Failure::Plan { why: why.into() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Engine(error) => error.fmt(f),
            Failure::Source(error) => error.fmt(f),
            Failure::File { doing, path, why } => write!(f, "could not {doing}: {}: {why}", path.display()),
            Failure::Checkpoint { why } | Failure::OtherData { why } | Failure::Diverged { why } => {
                f.write_str(why)
            }
            Failure::Plan { why } => write!(f, "the training plan: {why}"),
        }
    }
}

impl std::error::Error for Failure {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Failure::Engine(error) => Some(error),
            Failure::Source(error) => Some(error.as_ref()),
            _ => None,
        }
    }
}

impl From<pellucid_tensor::Error> for Failure {
    fn from(error: pellucid_tensor::Error) -> Failure {
        Failure::Engine(error)
    }
}
