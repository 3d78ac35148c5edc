//! The log's curves for TensorBoard, in an event file beside `metrics.jsonl`.

use crate::error::{Failure, Result};
use crate::log::Line;
use crate::tensorboard::EventWriter;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{SystemTime, UNIX_EPOCH};

/// The event file of a run.
pub(crate) struct Board {
    writer: EventWriter,
    folder: PathBuf,
}

impl Board {
    /// Goes on with the event file in a run's folder from `step`, or begins one.
    pub(crate) fn open(folder: &Path, step: u64) -> Result<Board> {
        let open = || -> io::Result<EventWriter> {
            if let Some(path) = find(folder)? {
                match EventWriter::resume(&path, step) {
                    // A run killed within its first moments leaves a file without a whole record.
                    Err(e) if e.kind() == io::ErrorKind::InvalidData => std::fs::remove_file(&path)?,
                    other => return other,
                }
            }
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let mut writer = EventWriter::create(folder, now(), &name)?;
            writer.flush()?;
            Ok(writer)
        };
        let writer = open().map_err(Failure::file("open the TensorBoard file", folder))?;
        Ok(Board { writer, folder: folder.to_path_buf() })
    }

    /// Adds a line's numbers to their curves.
    pub(crate) fn append(&mut self, line: &Line) -> Result<()> {
        let time = now();
        let mut curves: Vec<(String, f64)> = Vec::new();
        let step = match line {
            // They are many, and are drawn elsewhere.
            Line::Layers(_) => return Ok(()),
            Line::Step(line) => {
                curves.extend(line.loss.map(|loss| ("loss/train".into(), loss)));
                curves.push(("learning_rate".into(), line.lr));
                curves.push(("gradient_norm".into(), line.grad_norm));
                line.step
            }
            Line::Validation(line) => {
                curves.extend(line.loss.map(|loss| ("loss/validation".into(), loss)));
                for (name, value) in &line.metrics {
                    curves.extend(value.as_f64().map(|value| (format!("validation/{name}"), value)));
                }
                line.step
            }
        };
        let written =
            curves.iter().try_for_each(|(tag, value)| self.writer.scalar(tag, step, time, *value as f32));
        written.map_err(Failure::file("write the TensorBoard file", &self.folder))
    }

    /// Hands everything written so far to the system.
    pub(crate) fn flush(&mut self) -> Result<()> {
        self.writer.flush().map_err(Failure::file("write the TensorBoard file", &self.folder))
    }
}

/// The event file in a folder.
fn find(folder: &Path) -> io::Result<Option<PathBuf>> {
    for entry in std::fs::read_dir(folder)? {
        let path = entry?.path();
        if path.file_name().is_some_and(|name| name.to_string_lossy().contains("tfevents")) {
            return Ok(Some(path));
        }
    }
    Ok(None)
}

/// Seconds since 1970.
fn now() -> f64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0.0, |t| t.as_secs_f64())
}
