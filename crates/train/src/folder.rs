//! Where a training keeps its log and its checkpoints.

use crate::checkpoint::Checkpoints;
use crate::error::{Failure, Result};
use std::fs::{File, OpenOptions, TryLockError};
use std::path::{Path, PathBuf};

/// The folder of one run.
#[derive(Clone, Debug)]
pub struct RunFolder {
    path: PathBuf,
    data: String,
}

/// Held while a training uses a folder; released when dropped, and by the system when the process dies.
pub(crate) struct Lock {
    _file: File,
}

impl RunFolder {
    /// The folder of a run over the data with this fingerprint: a text that differs when the data does.
    /// The folder must exist. A training that finds checkpoints in it goes on from them.
    pub fn new(path: impl Into<PathBuf>, data: impl Into<String>) -> RunFolder {
        RunFolder { path: path.into(), data: data.into() }
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The fingerprint of the data.
    pub fn data(&self) -> &str {
        &self.data
    }

    /// The course of the training, one JSON object per line.
    pub fn log(&self) -> PathBuf {
        self.path.join("metrics.jsonl")
    }

    /// The folder of checkpoints.
    pub fn checkpoints(&self) -> PathBuf {
        self.path.join("checkpoints")
    }

    /// Whether a training has saved something to go on from.
    pub fn has_checkpoint(&self) -> bool {
        Checkpoints::any(&self.checkpoints())
    }

    /// Keeps other trainings out of the folder. `None` if its file system has no locks.
    pub(crate) fn lock(&self) -> Result<Option<Lock>> {
        let path = self.checkpoints().join("lock");
        let failure = Failure::file("lock the run", &path);
        let file = OpenOptions::new().create(true).append(true).open(&path).map_err(&failure)?;
        match file.try_lock() {
            Ok(()) => Ok(Some(Lock { _file: file })),
            Err(TryLockError::WouldBlock) => Err(failure(std::io::Error::other(
                "another training is using this folder; wait for it or stop it",
            ))),
            Err(TryLockError::Error(e)) if e.kind() == std::io::ErrorKind::Unsupported => Ok(None),
            Err(TryLockError::Error(e)) => Err(failure(e)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_used_by_one_training_at_a_time() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(place.path(), "data");
        std::fs::create_dir(folder.checkpoints()).unwrap();
        let lock = folder.lock().unwrap();
        assert!(lock.is_some());
        assert!(folder.lock().err().unwrap().to_string().contains("another training"));
        drop(lock);
        assert!(folder.lock().is_ok());
    }

    #[test]
    fn a_lock_is_no_checkpoint() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(place.path(), "data");
        assert!(!folder.has_checkpoint());
        std::fs::create_dir(folder.checkpoints()).unwrap();
        drop(folder.lock().unwrap());
        assert!(!folder.has_checkpoint());
        std::fs::write(folder.checkpoints().join("step-000000007.ckpt"), "x").unwrap();
        assert!(folder.has_checkpoint());
    }
}
