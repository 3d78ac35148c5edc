//! Walking a folder on disk.

use super::{Listing, is_litter};
use crate::error::{DataError, Result};
use crate::limits::MAX_FOLDER_DEPTH;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The relative names of all files (at most `most`) and folders below a folder, and notes about what was left out.
/// Links to folders are followed once, so that links in a circle end.
pub(super) fn walk(root: &Path, most: usize) -> Result<Listing> {
    let mut out = Walk { found: Listing::default(), seen: HashSet::new(), most };
    out.folder(root, "", 0)?;
    Ok(out.found)
}

struct Walk {
    found: Listing,
    seen: HashSet<PathBuf>,
    most: usize,
}

impl Walk {
    fn folder(&mut self, path: &Path, prefix: &str, depth: usize) -> Result<()> {
        if depth > MAX_FOLDER_DEPTH {
            self.found
                .notes
                .push(format!("`{prefix}` is nested deeper than {MAX_FOLDER_DEPTH} folders: left out"));
            return Ok(());
        }
        let entries =
            std::fs::read_dir(path).map_err(|e| DataError::io("could not read the folder", path, &e))?;
        for entry in entries {
            if self.found.names.len() >= self.most {
                return Ok(());
            }
            let entry = entry.map_err(|e| DataError::io("could not read the folder", path, &e))?;
            let Some(name) = entry.file_name().to_str().map(str::to_owned) else {
                self.found.notes.push(format!(
                    "{} has a name that is not valid Unicode: left out",
                    entry.path().display()
                ));
                continue;
            };
            if !is_litter(&name) {
                self.entry(&entry, format!("{prefix}{name}"), depth)?;
            }
        }
        Ok(())
    }

    fn entry(&mut self, entry: &std::fs::DirEntry, name: String, depth: usize) -> Result<()> {
        let path = entry.path();
        let mut kind = entry.file_type().map_err(|e| DataError::io("could not read", &path, &e))?;
        if kind.is_symlink() {
            match std::fs::metadata(&path) {
                Ok(meta) => kind = meta.file_type(),
                Err(_) => {
                    self.found.notes.push(format!("`{name}` is a link to nothing: left out"));
                    return Ok(());
                }
            }
            if kind.is_dir() {
                let real =
                    std::fs::canonicalize(&path).map_err(|e| DataError::io("could not read", &path, &e))?;
                if !self.seen.insert(real) {
                    return Ok(());
                }
            }
        }
        if kind.is_dir() {
            self.folder(&path, &format!("{name}/"), depth + 1)?;
            self.found.folders.push(name);
        } else if kind.is_file() {
            self.found.names.push(name);
        }
        Ok(())
    }
}
