//! What can end a command, and with which exit code.

use pellucid_data::{DataError, ErrorKind};
use pellucid_train::Failure;
use std::fmt;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, Error>;

/// Why a command could not be carried out.
#[derive(Debug)]
pub enum Error {
    /// The data: what, where, why, what to do.
    Data(DataError),
    /// The engine.
    Engine(pellucid_tensor::Error),
    /// The training.
    Training(Failure),
    /// The checks found that the data would give the answers away.
    Leak {
        /// The findings in words.
        findings: String,
    },
    /// What was asked for makes no sense.
    Usage(String),
    /// A model or run folder that is damaged or of another version.
    Model(String),
}

impl Error {
    /// A damaged or unsuitable model or run folder.
    pub fn model(why: impl Into<String>) -> Error {
        Error::Model(why.into())
    }

    /// Something asked for that makes no sense.
    pub fn usage(why: impl Into<String>) -> Error {
        Error::Usage(why.into())
    }

    /// Whether the operating system could not read or write a file.
    pub(crate) fn is_of_the_disk(&self) -> bool {
        let of_data = |e: &DataError| e.kind == ErrorKind::Io;
        match self {
            Error::Data(e) => of_data(e),
            Error::Training(Failure::File { .. }) => true,
            Error::Training(Failure::Source(e)) => match e.downcast_ref::<pellucid_kinds::Error>() {
                Some(pellucid_kinds::Error::Data(e)) => of_data(e),
                _ => e.downcast_ref().is_some_and(of_data),
            },
            _ => false,
        }
    }

    /// The program's exit code: 1 failed, 2 wrong usage, 3 the data was refused.
    pub fn exit_code(&self) -> u8 {
        match self {
            Error::Usage(_) => 2,
            Error::Leak { .. } => 3,
            Error::Data(e) => match e.kind {
                ErrorKind::Unreadable | ErrorKind::Refused => 3,
                ErrorKind::NotFound | ErrorKind::Usage => 2,
                ErrorKind::Io => 1,
            },
            Error::Training(Failure::OtherData { .. }) => 3,
            Error::Engine(_) | Error::Training(_) | Error::Model(_) => 1,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::Data(e) => e.fmt(f),
            Error::Engine(e) => e.fmt(f),
            Error::Training(e) => e.fmt(f),
            Error::Leak { findings } => {
                write!(
                    f,
                    "{findings}\nTraining was not started · the scores would promise too much · mend the data, or go on with --allow-leaks"
                )
            }
            Error::Usage(why) | Error::Model(why) => f.write_str(why),
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

impl From<Failure> for Error {
    fn from(e: Failure) -> Error {
        Error::Training(e)
    }
}

impl From<pellucid_kinds::Error> for Error {
    fn from(e: pellucid_kinds::Error) -> Error {
        match e {
            pellucid_kinds::Error::Data(e) => Error::Data(e),
            pellucid_kinds::Error::Engine(e) => Error::Engine(e),
        }
    }
}
