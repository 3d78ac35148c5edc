//! What a network did at moments of its training, as files.

use crate::error::{Failure, Result};
use crate::folder::RunFolder;
use crate::task::Glimpse;
use pellucid_base::write_atomic;
use std::path::PathBuf;

/// The folder of these files in the run's.
const FOLDER: &str = "glimpses";

/// What the only file is called where each takes the place of the one before.
const NOW: &str = "now.json";

/// What the files are called between these, after so many steps.
const AFTER: (&str, &str) = ("step-", ".json");

impl RunFolder {
    /// Keeps what a network does after so many steps.
    pub(crate) fn keep(&self, step: u64, glimpse: &Glimpse) -> Result<()> {
        let name = if glimpse.stays { format!("{}{step:09}{}", AFTER.0, AFTER.1) } else { NOW.to_owned() };
        let folder = self.glimpse_folder();
        std::fs::create_dir_all(&folder).map_err(Failure::file("make the folder", &folder))?;
        let path = folder.join(name);
        let written = write_atomic(&path, |out| out.write_all(&glimpse.json));
        written.map_err(Failure::file("write what the network does now", &path))
    }

    /// What the network did, the files in the order of steps; without a step where only the last is kept. None before the first validation.
    pub fn glimpses(&self) -> Vec<(Option<u64>, PathBuf)> {
        let Ok(files) = std::fs::read_dir(self.glimpse_folder()) else { return Vec::new() };
        let mut found: Vec<(Option<u64>, PathBuf)> = files
            .flatten()
            .filter_map(|file| {
                let name = file.file_name().into_string().ok()?;
                let step =
                    name.strip_prefix(AFTER.0).and_then(|rest| rest.strip_suffix(AFTER.1)?.parse().ok());
                (step.is_some() || name == NOW).then(|| (step, file.path()))
            })
            .collect();
        found.sort();
        found
    }

    fn glimpse_folder(&self) -> PathBuf {
        self.path().join(FOLDER)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn those_that_stay_are_found_in_their_order_and_others_take_one_place() {
        let place = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(place.path(), "");
        assert_eq!(folder.glimpses(), []);
        let glimpse = |json: &str, stays| Glimpse { json: json.into(), stays };
        for step in [100, 2, 30] {
            folder.keep(step, &glimpse(&step.to_string(), true)).unwrap();
        }
        let said = |(step, path): &(Option<u64>, PathBuf)| (*step, std::fs::read_to_string(path).unwrap());
        let found: Vec<_> = folder.glimpses().iter().map(said).collect();
        assert_eq!(found, [2, 30, 100].map(|step| (Some(step), step.to_string())));

        let other = tempfile::tempdir().unwrap();
        let folder = RunFolder::new(other.path(), "");
        folder.keep(1, &glimpse("old", false)).unwrap();
        folder.keep(2, &glimpse("new", false)).unwrap();
        std::fs::write(folder.glimpse_folder().join("note.txt"), "no glimpse").unwrap();
        let found: Vec<_> = folder.glimpses().iter().map(said).collect();
        assert_eq!(found, [(None, "new".to_owned())]);
    }
}
