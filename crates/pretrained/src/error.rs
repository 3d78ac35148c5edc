use std::fmt;
use std::path::{Path, PathBuf};

/// The result of reading a pretrained network.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a pretrained network cannot be used: where, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    place: PathBuf,
    why: String,
    advice: &'static str,
}

impl Error {
    pub(crate) fn new(place: impl AsRef<Path>, why: impl Into<String>, advice: &'static str) -> Error {
        Error { place: place.as_ref().to_owned(), why: why.into(), advice }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Error { place, why, advice } = self;
        write!(f, "the pretrained network cannot be used · {} · {why} · {advice}", place.display())
    }
}

impl std::error::Error for Error {}
