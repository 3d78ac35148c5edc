//! The folder of a run.
//!
//! `runs/<name>/`: `config.toml`, `decisions.json` (why it is so), `network.json` (its layers), `data_report.json`, `metrics.jsonl` with TensorBoard's
//! event file beside it, `checkpoints/`, `model/`, `evaluation.json`, `predictions.parquet`, `report.html` and `README.md`; of networks that
//! predict also `background.json` (training rows that stand in the place of missing columns), `columns.json` (how much each column
//! matters, and how answers depend on it), `doubtful_labels.csv`, and `corrections.csv` (the cells that were mended for it).

use crate::outcome::Evaluation;
use crate::{Config, Error, Result};
use pellucid_data::{DataError, write_atomic};
use pellucid_train::RunFolder;
use serde::Serialize;
use std::path::{Path, PathBuf};

/// The scores of the test rows.
pub(crate) const EVALUATION: &str = "evaluation.json";

/// A run's folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Run {
    path: PathBuf,
}

impl Run {
    /// Makes a new folder: `out/<name>`, or `out/<data>-<n>` with the first free number.
    ///
    /// # Errors
    /// A name that exists already, or a place that cannot be written.
    pub fn create(out: &Path, name: Option<&str>, data: &str) -> Result<Run> {
        let failed =
            |path: &Path, e: &std::io::Error| DataError::io("the run's folder cannot be made", path, e);
        if out.exists() && !out.is_dir() {
            return Err(Error::usage(format!(
                "this is a file, not a folder for runs · {} · name a folder with --out",
                out.display()
            )));
        }
        std::fs::create_dir_all(out).map_err(|e| failed(out, &e))?;
        if let Some(name) = name {
            if name.is_empty() || name.contains(['/', '\\']) || name.starts_with('.') {
                return Err(Error::usage(format!(
                    "`{name}` cannot be the name of a run · choose letters, digits, - and _"
                )));
            }
            let path = out.join(name);
            return match std::fs::create_dir(&path) {
                Ok(()) => Ok(Run { path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => Err(Error::usage(format!(
                    "there is a run of this name already · {} · choose another --name, or go on with: pellucid resume {}",
                    path.display(),
                    path.display()
                ))),
                Err(e) => Err(failed(&path, &e).into()),
            };
        }
        for n in 1.. {
            let path = out.join(format!("{data}-{n}"));
            match std::fs::create_dir(&path) {
                Ok(()) => return Ok(Run { path }),
                Err(e) if e.kind() == std::io::ErrorKind::AlreadyExists => {}
                Err(e) => return Err(failed(&path, &e).into()),
            }
        }
        Err(Error::usage("no number is free for another run"))
    }

    /// Opens an existing folder.
    ///
    /// # Errors
    /// A folder that does not exist or holds no run.
    pub fn open(path: &Path) -> Result<Run> {
        let run = Run { path: path.to_path_buf() };
        if !path.is_dir() {
            let error = DataError::not_found("there is no such run").in_file(path.display().to_string());
            return Err(error
                .advise("give the folder that `pellucid train` printed, such as runs/photos-1")
                .into());
        }
        if !run.config_file().is_file() {
            return Err(Error::usage(format!(
                "this folder is not a run: it has no config.toml · {}",
                path.display()
            )));
        }
        Ok(run)
    }

    /// The folder.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The name: the folder's.
    pub fn name(&self) -> String {
        self.path.file_name().map_or_else(|| "run".to_owned(), |n| n.to_string_lossy().into_owned())
    }

    /// The resolved configuration.
    pub fn config_file(&self) -> PathBuf {
        self.path.join("config.toml")
    }

    /// The model's folder.
    pub fn model(&self) -> PathBuf {
        self.path.join("model")
    }

    /// Whether the model was written to the end.
    pub fn is_finished(&self) -> bool {
        self.model().join(crate::stored::SUMS).is_file()
    }

    /// Whether training has saved something to go on from.
    pub fn has_checkpoint(&self) -> bool {
        RunFolder::new(&self.path, "").has_checkpoint()
    }

    /// Reads the configuration.
    ///
    /// # Errors
    /// A file that cannot be read.
    pub fn config(&self) -> Result<Config> {
        Config::read(&self.config_file())
    }

    /// The scores of its own test rows, measured once at the end of training.
    ///
    /// # Errors
    /// A run that is not finished, or a damaged file.
    pub fn evaluation(&self) -> Result<Evaluation> {
        let path = self.path.join(EVALUATION);
        let bytes = std::fs::read(&path)
            .map_err(|e| DataError::io("the run's scores cannot be read; is it finished?", &path, &e))?;
        serde_json::from_slice(&bytes)
            .map_err(|e| Error::model(format!("the run's scores are damaged · {} · {e}", path.display())))
    }

    /// Writes a file of the run, whole or not at all.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn write(&self, name: &str, content: &[u8]) -> Result<()> {
        let path = self.path.join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder)
                .map_err(|e| DataError::io("the folder cannot be made", folder, &e))?;
        }
        Ok(write_atomic(&path, |w| w.write_all(content))?)
    }

    /// Writes a value as JSON.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub fn write_json(&self, name: &str, value: &impl Serialize) -> Result<()> {
        let text = serde_json::to_vec_pretty(value)
            .map_err(|e| Error::model(format!("{name} cannot be written · {e}")))?;
        self.write(name, &text)
    }

    /// Removes the folder of a run that came to nothing.
    pub fn discard(self) {
        // What cannot be removed does no harm: the folder is empty or incomplete, and its name is not used again.
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
