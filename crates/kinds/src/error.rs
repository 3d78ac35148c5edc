//! What can go wrong between data and network.

use pellucid_data::DataError;

/// A failure of the data or of the engine.
#[derive(Clone, Debug, PartialEq)]
pub enum Error {
    /// The data: what, where, why, what to do.
    Data(DataError),
    /// The engine: shapes, memory.
    Engine(pellucid_tensor::Error),
}

/// A result with [`Error`].
pub type Result<T> = std::result::Result<T, Error>;

impl std::fmt::Display for Error {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Error::Data(e) => e.fmt(f),
            Error::Engine(e) => e.fmt(f),
        }
    }
}

impl std::error::Error for Error {}

impl From<DataError> for Error {
    fn from(e: DataError) -> Error {
        Error::Data(e)
    }
}

impl From<pellucid_tensor::Error> for Error {
    fn from(e: pellucid_tensor::Error) -> Error {
        Error::Engine(e)
    }
}
