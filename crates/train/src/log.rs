//! `metrics.jsonl`: the course of a training, one JSON object per line.
//!
//! Every so many steps a line `{"event": "step", …}`; for each validation one `{"event": "validation", …}`, and before it
//! `{"event": "layers", …}` where layers are known. All
//! fields but `seconds` (time spent so far) are functions of the plan and the data. A resumed training
//! first cuts the file back to where its checkpoint found it, so it reads as if nothing had happened.

use crate::error::{Failure, Result};
use crate::task::Validation;
use serde::{Deserialize, Serialize};
use std::fs::{File, OpenOptions};
use std::io::{self, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// A line about the steps since the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct StepLine {
    /// Steps done.
    pub step: u64,
    /// Passes through the data done, in fractions.
    pub epoch: f64,
    /// The mean loss since the last line; `None` if no step had a loss that is a number.
    pub loss: Option<f64>,
    /// The learning rate of the last step.
    pub lr: f64,
    /// The length of the gradient before clipping, in the last step that was not skipped.
    pub grad_norm: f64,
    /// Steps skipped so far because loss or gradients were no numbers.
    pub skipped: u64,
    /// Time spent so far.
    pub seconds: f64,
}

/// A line about a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct ValidationLine {
    /// Steps done.
    pub step: u64,
    /// Passes through the data done, in fractions.
    pub epoch: f64,
    /// The mean loss on the validation rows; `None` if it is no number.
    pub loss: Option<f64>,
    /// What early stopping and the best weights follow; `None` if it is no number.
    pub score: Option<f64>,
    /// What the score is.
    pub score_name: String,
    /// Whether no validation before was better.
    pub best: bool,
    /// All metrics by name; those that are no numbers are left out.
    pub metrics: serde_json::Map<String, serde_json::Value>,
    /// Time spent so far.
    pub seconds: f64,
}

/// A line about how much each layer of the network changed in the step before a validation.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct LayersLine {
    /// Steps done.
    pub step: u64,
    /// For each layer the length of its change beside its own: ‖Δw‖ / ‖w‖. `None` for layers that have nothing to learn.
    pub changes: Vec<Option<f64>>,
}

/// A line of `metrics.jsonl`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum Line {
    /// About the steps since the last such line.
    Step(StepLine),
    /// About a validation.
    Validation(ValidationLine),
    /// About the layers.
    Layers(LayersLine),
}

impl ValidationLine {
    pub(crate) fn new(step: u64, epoch: f64, validation: &Validation, best: bool, seconds: f64) -> Self {
        let number = |x: f64| x.is_finite().then_some(x);
        let metrics = validation.metrics.iter().filter(|(_, value)| value.is_finite());
        ValidationLine {
            step,
            epoch,
            loss: number(validation.loss),
            score: number(validation.score),
            score_name: validation.score_name.clone(),
            best,
            metrics: metrics.map(|(name, value)| (name.clone(), (*value).into())).collect(),
            seconds,
        }
    }
}

/// A file that only grows, and can be cut back to where a checkpoint found it.
pub(crate) struct Log {
    path: PathBuf,
    file: File,
}

impl Log {
    /// Opens the log of a run and cuts it to `length` bytes. Also says whether it was at least that long.
    pub(crate) fn open(path: &Path, length: u64) -> Result<(Log, bool)> {
        let failure = Failure::file("open the log", path);
        let open = || -> io::Result<(File, bool)> {
            let mut file =
                OpenOptions::new().create(true).truncate(false).read(true).write(true).open(path)?;
            let whole = file.metadata()?.len() >= length;
            if whole {
                file.set_len(length)?;
            }
            file.seek(SeekFrom::End(0))?;
            Ok((file, whole))
        };
        let (file, whole) = open().map_err(failure)?;
        Ok((Log { path: path.to_path_buf(), file }, whole))
    }

    pub(crate) fn append(&mut self, line: &Line) -> Result<()> {
        let failure = Failure::file("write the log", &self.path);
        let mut text = serde_json::to_string(line).map_err(|e| failure(e.into()))?;
        text.push('\n');
        self.file.write_all(text.as_bytes()).map_err(failure)
    }

    /// Forces the lines to the disk; returns the length in bytes.
    pub(crate) fn sync(&mut self) -> Result<u64> {
        let length = self.file.sync_data().and_then(|()| self.file.stream_position());
        length.map_err(Failure::file("write the log", &self.path))
    }
}

/// Reads the lines of a `metrics.jsonl`; a last line that is incomplete, because it is being written, is left out.
///
/// # Errors
/// A file that cannot be read, or a line that is not of this kind, with its number.
pub fn read_log(path: &Path) -> Result<Vec<Line>> {
    let failure = Failure::file("read the log", path);
    let text = std::fs::read_to_string(path).map_err(&failure)?;
    let complete = text.rfind('\n').map_or("", |end| &text[..end]);
    let parse = |(number, line): (usize, &str)| {
        serde_json::from_str(line).map_err(|e| failure(io::Error::other(format!("line {}: {e}", number + 1))))
    };
    complete.lines().enumerate().map(parse).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(step: u64) -> Line {
        let (loss, lr) = (Some(0.1 + 0.2), 1e-3);
        Line::Step(StepLine { step, epoch: 0.5, loss, lr, grad_norm: 1.0, skipped: 0, seconds: 0.25 })
    }

    #[test]
    fn lines_come_back_and_can_be_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let (mut log, whole) = Log::open(&path, 0).unwrap();
        assert!(whole);
        log.append(&line(1)).unwrap();
        let length = log.sync().unwrap();
        log.append(&line(2)).unwrap();
        assert_eq!(read_log(&path).unwrap(), [line(1), line(2)]);

        let (mut log, whole) = Log::open(&path, length).unwrap();
        assert!(whole);
        assert_eq!(log.sync().unwrap(), length);
        log.append(&line(3)).unwrap();
        assert_eq!(read_log(&path).unwrap(), [line(1), line(3)]);

        let (_, whole) = Log::open(&path, length * 9).unwrap();
        assert!(!whole);
        assert_eq!(read_log(&path).unwrap().len(), 2);
    }

    #[test]
    fn half_a_line_is_left_out_and_a_wrong_one_named() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("metrics.jsonl");
        let (mut log, _) = Log::open(&path, 0).unwrap();
        log.append(&line(1)).unwrap();
        log.file.write_all(b"{\"event\": \"st").unwrap();
        assert_eq!(read_log(&path).unwrap(), [line(1)]);
        log.file.write_all(b"\n").unwrap();
        assert!(read_log(&path).unwrap_err().to_string().contains("line 2"));
    }

    #[test]
    fn what_is_no_number_is_left_out() {
        let validation = Validation {
            loss: f64::INFINITY,
            metrics: vec![("auc".into(), f64::NAN), ("mae".into(), 1.5)],
            score: -1.0,
            score_name: "mae".into(),
        };
        let line = ValidationLine::new(3, 0.1, &validation, true, 0.0);
        assert_eq!((line.loss, line.score, line.metrics.len()), (None, Some(-1.0), 1));
    }
}
