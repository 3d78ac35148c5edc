//! Files that are either there completely or not at all, whatever happens while they are written.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What the name of an unfinished file ends with.
const UNFINISHED: &str = ".unfinished";

/// Writes a file under a temporary name beside `path`, forces it to the disk, and renames it to `path`.
///
/// After a failure or a crash `path` is as it was before.
///
/// # Errors
/// Those of `fill` and of the file system (a full disk, no permission).
pub(crate) fn write_atomic(
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let unfinished = unfinished_name(path);
    let written = write_and_rename(&unfinished, path, fill);
    if written.is_err() && unfinished.is_file() {
        fs::remove_file(&unfinished)?;
    }
    written
}

fn write_and_rename(
    unfinished: &Path,
    path: &Path,
    fill: impl FnOnce(&mut dyn Write) -> io::Result<()>,
) -> io::Result<()> {
    let mut writer = BufWriter::with_capacity(1 << 18, File::create(unfinished)?);
    fill(&mut writer)?;
    writer.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    fs::rename(unfinished, path)?;
    path.parent().map_or(Ok(()), sync_folder)
}

/// Forces a folder's list of files to the disk, where the system has such a call.
pub(crate) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
}

/// Removes what interrupted writers left in a folder.
pub(crate) fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.to_string_lossy().ends_with(UNFINISHED) && path.is_file() {
            fs::remove_file(&path)?;
        }
    }
    Ok(())
}

/// The name under which `path` is written before it is complete.
pub(crate) fn unfinished_name(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(UNFINISHED);
    name.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failed_write_leaves_the_old_file_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        write_atomic(&path, |w| w.write_all(b"first")).unwrap();
        let failure = write_atomic(&path, |w| {
            w.write_all(&[0; 1 << 20])?;
            Err(io::Error::from(io::ErrorKind::StorageFull))
        });
        assert_eq!(failure.unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(fs::read(&path).unwrap(), b"first");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
        write_atomic(&path, |w| w.write_all(b"second")).unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("state");
        fs::write(&path, b"kept").unwrap();
        fs::write(unfinished_name(&path), b"half").unwrap();
        remove_unfinished(folder.path()).unwrap();
        assert!(path.exists() && !unfinished_name(&path).exists());
    }
}
