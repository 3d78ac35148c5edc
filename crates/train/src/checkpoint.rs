//! The whole state of a training in one file that is either intact or recognised as damaged.
//!
//! Layout: the line `pellucid checkpoint 1`, the header's length (u64, little endian), the header (JSON, padded
//! with spaces so that the tensors are aligned), the tensors (safetensors), and the SHA-256 of everything
//! before it. Files are named after the step; the newest two are kept.

use crate::error::{Failure, Result};
use crate::plan::Plan;
use crate::task::{Best, Stopped};
use pellucid_base::{remove_unfinished, write_atomic};
use pellucid_nn::state::{Named, named_from_bytes, named_to_bytes};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use std::io::Write;
use std::path::{Path, PathBuf};

/// The first bytes of a checkpoint; the number counts versions of the layout.
const MAGIC: &[u8] = b"pellucid checkpoint 1\n";

/// What the first bytes are in every version.
const ANY_VERSION: &[u8] = b"pellucid checkpoint ";

/// The bytes of the checksum at the end.
const CHECKSUM: usize = 32;

/// How many checkpoints are kept.
const KEPT: usize = 2;

/// Everything about a training that changes while it runs, except tensors.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub(crate) struct Progress {
    /// Steps done.
    pub(crate) step: u64,
    /// Why it ended, if it did for good.
    pub(crate) ended: Option<Stopped>,
    /// The best validation so far.
    pub(crate) best: Option<Best>,
    /// Validations since then.
    pub(crate) without_better: u64,
    /// The steps just done that had to be skipped.
    pub(crate) skipped_in_row: u64,
    /// All steps skipped.
    pub(crate) skipped: u64,
    /// The sum of the losses since the last line of the log.
    #[serde(with = "crate::exact::number")]
    pub(crate) loss_sum: f64,
    /// How many losses that are.
    pub(crate) loss_count: u64,
    /// The gradient's length in the last step not skipped.
    #[serde(with = "crate::exact::number")]
    pub(crate) grad_norm: f64,
    /// The length of `metrics.jsonl` in bytes.
    pub(crate) log_bytes: u64,
    /// Time spent.
    pub(crate) seconds: f64,
}

/// What a checkpoint says beside its tensors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Header {
    /// The version of the program that wrote it.
    pub(crate) program: String,
    /// The plan that is carried out.
    pub(crate) plan: Plan,
    /// The fingerprint of the data, as the caller made it.
    pub(crate) data: String,
    /// How far it is.
    pub(crate) progress: Progress,
}

/// The contents of a checkpoint.
#[derive(Debug)]
pub(crate) struct Checkpoint {
    pub(crate) header: Header,
    pub(crate) tensors: Named,
}

/// The checkpoints of one run.
pub(crate) struct Checkpoints {
    folder: PathBuf,
}

impl Checkpoints {
    /// The checkpoints in a folder, which is made if need be; leftovers of interrupted writers are removed.
    pub(crate) fn open(folder: PathBuf) -> Result<Checkpoints> {
        std::fs::create_dir_all(&folder)
            .and_then(|()| remove_unfinished(&folder))
            .map_err(Failure::file("prepare the folder of checkpoints", &folder))?;
        Ok(Checkpoints { folder })
    }

    /// Whether there is a checkpoint in a folder; also true if one cannot look.
    pub(crate) fn any(folder: &Path) -> bool {
        match std::fs::read_dir(folder) {
            Ok(mut entries) => entries.any(|e| e.map_or(true, |e| step_of(&e.path()).is_some())),
            Err(e) => e.kind() != std::io::ErrorKind::NotFound,
        }
    }

    /// Saves the state, then removes checkpoints that are older than the one before, or later: those are
    /// damaged ones that a resume had to go back behind.
    pub(crate) fn save(&self, checkpoint: &Checkpoint) -> Result<()> {
        let Checkpoint { header, tensors } = checkpoint;
        let path = self.folder.join(format!("step-{:09}.ckpt", header.progress.step));
        let failure = Failure::file("save the checkpoint", &path);
        let text = serde_json::to_vec(header).map_err(|e| failure(e.into()))?;
        let payload = named_to_bytes(tensors)?;
        write_atomic(&path, |w| write(w, text, &payload)).map_err(&failure)?;
        let (past, ahead): (Vec<_>, Vec<_>) =
            self.newest_first()?.into_iter().partition(|(step, _)| *step <= header.progress.step);
        for (_, path) in past.iter().skip(KEPT).chain(&ahead) {
            std::fs::remove_file(path).map_err(Failure::file("remove the old checkpoint", path))?;
        }
        Ok(())
    }

    /// The newest checkpoint that is intact, and a warning for every newer one that is not.
    ///
    /// # Errors
    /// None is intact though there are some.
    pub(crate) fn newest(&self) -> Result<(Option<Checkpoint>, Vec<String>)> {
        let mut warnings = Vec::new();
        for (_, path) in self.newest_first()? {
            match read(&path) {
                Ok(checkpoint) => return Ok((Some(checkpoint), warnings)),
                Err(why) => warnings
                    .push(format!("{} cannot be used, going back to the one before: {why}", path.display())),
            }
        }
        match warnings.is_empty() {
            true => Ok((None, warnings)),
            false => Err(Failure::checkpoint(format!(
                "none of the checkpoints in {} can be used; to start again from the beginning, remove them. {}",
                self.folder.display(),
                warnings.join(". ")
            ))),
        }
    }

    /// The checkpoints by descending step.
    fn newest_first(&self) -> Result<Vec<(u64, PathBuf)>> {
        let list = || -> std::io::Result<Vec<(u64, PathBuf)>> {
            let mut found = Vec::new();
            for entry in std::fs::read_dir(&self.folder)? {
                let path = entry?.path();
                found.extend(step_of(&path).map(|step| (step, path)));
            }
            found.sort_unstable_by(|a, b| b.cmp(a));
            Ok(found)
        };
        list().map_err(Failure::file("list the checkpoints", &self.folder))
    }
}

/// The step in the name of a checkpoint; `None` for other files.
fn step_of(path: &Path) -> Option<u64> {
    path.file_name()?.to_str()?.strip_prefix("step-")?.strip_suffix(".ckpt")?.parse().ok()
}

fn write(to: &mut dyn Write, mut header: Vec<u8>, payload: &[u8]) -> std::io::Result<()> {
    let start = MAGIC.len() + size_of::<u64>();
    header.resize((start + header.len()).next_multiple_of(64) - start, b' ');
    let mut hash = Sha256::new();
    for part in [MAGIC, &(header.len() as u64).to_le_bytes(), &header, payload] {
        hash.update(part);
        to.write_all(part)?;
    }
    to.write_all(&hash.finalize())
}

/// Reads a checkpoint; the error says what is wrong with it.
fn read(path: &Path) -> std::result::Result<Checkpoint, String> {
    parse(&std::fs::read(path).map_err(|e| e.to_string())?)
}

fn parse(bytes: &[u8]) -> std::result::Result<Checkpoint, String> {
    let rest = bytes.strip_prefix(MAGIC).ok_or(match bytes.starts_with(ANY_VERSION) {
        true => "it was written by another version of Pellucid",
        false => "it does not begin like a checkpoint",
    })?;
    let cut = "it is cut short";
    let (body, sum) = rest.split_last_chunk::<CHECKSUM>().ok_or(cut)?;
    if Sha256::digest(&bytes[..bytes.len() - CHECKSUM])[..] != sum[..] {
        return Err("its contents do not match its checksum: it is damaged or cut short".into());
    }
    let (length, body) = body.split_first_chunk().ok_or(cut)?;
    let length = usize::try_from(u64::from_le_bytes(*length)).map_err(|e| e.to_string())?;
    let (header, payload) = body.split_at_checked(length).ok_or(cut)?;
    let header = serde_json::from_slice(header).map_err(|e| format!("its header cannot be read: {e}"))?;
    let tensors = named_from_bytes(payload).map_err(|e| e.to_string())?;
    Ok(Checkpoint { header, tensors })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::tests::plan;
    use pellucid_tensor::Tensor;

    fn checkpoint(step: u64) -> Checkpoint {
        let progress =
            Progress { step, loss_sum: 0.1 * step as f64, grad_norm: f64::NAN, ..Progress::default() };
        let header = Header { program: "1".into(), plan: plan(), data: "rows".into(), progress };
        let tensors = Named::from([("w".to_owned(), Tensor::full(step as f32, &[300]).unwrap())]);
        Checkpoint { header, tensors }
    }

    fn steps(checkpoints: &Checkpoints) -> Vec<u64> {
        checkpoints.newest_first().unwrap().into_iter().map(|(step, _)| step).collect()
    }

    #[test]
    fn the_newest_two_are_kept_and_those_of_an_abandoned_course_removed() {
        let place = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(place.path().join("checkpoints")).unwrap();
        assert!(checkpoints.newest().unwrap().0.is_none());
        for step in [10, 20, 1_000_000_000, 2_000_000_000] {
            checkpoints.save(&checkpoint(step)).unwrap();
        }
        assert_eq!(steps(&checkpoints), [2_000_000_000, 1_000_000_000]);
        checkpoints.save(&checkpoint(1_500_000_000)).unwrap();
        assert_eq!(steps(&checkpoints), [1_500_000_000, 1_000_000_000]);
    }

    #[test]
    fn what_is_saved_is_read_back() {
        let place = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(place.path().to_path_buf()).unwrap();
        checkpoints.save(&checkpoint(3)).unwrap();
        let back = checkpoints.newest().unwrap().0.unwrap();
        assert_eq!(back.tensors, checkpoint(3).tensors);
        assert_eq!(back.header.progress.loss_sum.to_bits(), (0.1f64 * 3.0).to_bits());
        assert!(back.header.progress.grad_norm.is_nan());
        assert_eq!((back.header.plan, back.header.data.as_str()), (plan(), "rows"));
    }

    #[test]
    fn every_flipped_bit_and_every_cut_is_noticed() {
        let place = tempfile::tempdir().unwrap();
        let checkpoints = Checkpoints::open(place.path().to_path_buf()).unwrap();
        checkpoints.save(&checkpoint(3)).unwrap();
        let path = &checkpoints.newest_first().unwrap()[0].1;
        let good = std::fs::read(path).unwrap();
        let refused = |bytes: &[u8]| parse(bytes).is_err();
        for i in 0..good.len() {
            let mut bad = good.clone();
            bad[i] ^= 1 << (i % 8);
            assert!(refused(&bad), "byte {i}");
            assert!(refused(&good[..i]), "cut to {i} bytes");
        }
        assert!(refused(&[&good[..], b"x"].concat()));
        assert!(!refused(&good));
    }

    #[test]
    fn a_later_version_is_told_apart_from_damage() {
        assert!(parse(b"pellucid checkpoint 2\nwhatever").unwrap_err().contains("another version"));
    }
}
