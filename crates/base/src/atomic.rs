//! A file appears whole or not at all, also when the power fails.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// What the names of unfinished files begin and end with.
const UNFINISHED: (&str, &str) = (".pellucid-", ".unfinished");

/// Writes a file through a temporary one in the same folder: filled, synced to disk, renamed over `path`, and the
/// folder synced. Readers see the old file or the new one. When anything fails the temporary file is removed and
/// `path` is as it was.
///
/// # Errors
/// Those of `fill` and of the file system: no such folder, a full disk, no permission.
///
/// ```
/// # let folder = tempfile::tempdir()?;
/// # let path = folder.path().join("note.txt");
/// pellucid_base::write_atomic(&path, |out| out.write_all(b"done"))?;
/// assert_eq!(std::fs::read(&path)?, b"done");
/// # Ok::<(), std::io::Error>(())
/// ```
pub fn write_atomic(
    path: &Path,
    fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>,
) -> io::Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let temporary = with_usual_permissions(&mut tempfile::Builder::new())
        .prefix(UNFINISHED.0)
        .suffix(UNFINISHED.1)
        .tempfile_in(folder)
        .map_err(|error| in_its_own_words(folder, &error))?;
    let mut out = BufWriter::with_capacity(1 << 18, Watched { file: temporary.as_file(), failure: None });
    let filled = fill(&mut out).and_then(|()| out.flush());
    // Formats wrap errors in their own; the disk's own words say more.
    let (watched, _) = out.into_parts();
    watched.failure.map_or(filled, Err)?;
    temporary.as_file().sync_all()?;
    temporary.persist(path).map_err(|e| e.error)?;
    sync_folder(folder)
}

/// Why no file can be made in a folder: the folder, not the name of a temporary file that no one has chosen.
fn in_its_own_words(folder: &Path, error: &io::Error) -> io::Error {
    let why = match (folder.metadata(), std::error::Error::source(error)) {
        (Err(e), _) if e.kind() == io::ErrorKind::NotFound => {
            format!("the folder `{}` does not exist", folder.display())
        }
        (Ok(found), _) if !found.is_dir() => format!("`{}` is a file, not a folder", folder.display()),
        (_, Some(plain)) => plain.to_string(),
        (_, None) => error.to_string(),
    };
    io::Error::new(error.kind(), why)
}

/// Removes what writers that were killed left in a folder. No other may be writing there.
///
/// # Errors
/// A folder that cannot be read, and files that cannot be removed.
pub fn remove_unfinished(folder: &Path) -> io::Result<()> {
    for entry in std::fs::read_dir(folder)? {
        let entry = entry?;
        let name = entry.file_name();
        let name = name.to_string_lossy();
        if name.starts_with(UNFINISHED.0) && name.ends_with(UNFINISHED.1) && entry.path().is_file() {
            std::fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

/// A file that remembers its first failure.
struct Watched<'a> {
    file: &'a File,
    failure: Option<io::Error>,
}

impl Write for Watched<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes).map_err(|error| {
            let kind = error.kind();
            if kind != io::ErrorKind::Interrupted {
                self.failure.get_or_insert(error);
            }
            kind.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Temporary files are private by default; this one becomes an ordinary file.
#[cfg(unix)]
fn with_usual_permissions<'a, 'b>(
    builder: &'a mut tempfile::Builder<'b, 'b>,
) -> &'a mut tempfile::Builder<'b, 'b> {
    use std::os::unix::fs::PermissionsExt;
    builder.permissions(std::fs::Permissions::from_mode(0o666))
}

/// Elsewhere files have their folder's permissions.
#[cfg(not(unix))]
fn with_usual_permissions<'a, 'b>(
    builder: &'a mut tempfile::Builder<'b, 'b>,
) -> &'a mut tempfile::Builder<'b, 'b> {
    builder
}

/// Makes the renaming durable.
#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Elsewhere folders cannot be synced.
#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

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
    fn a_folder_that_cannot_be_written_is_named_and_no_temporary_file() {
        let folder = tempfile::tempdir().unwrap();
        let why = |path: &str| {
            let error = write_atomic(&folder.path().join(path), |w| w.write_all(b"x")).unwrap_err();
            assert!(!error.to_string().contains(UNFINISHED.0), "{error}");
            (error.kind(), error.to_string())
        };
        let (kind, said) = why("nowhere/x.csv");
        assert!(kind == io::ErrorKind::NotFound && said.contains("nowhere` does not exist"), "{said}");
        fs::write(folder.path().join("file"), "x").unwrap();
        let (_, said) = why("file/x.csv");
        assert!(said.contains("file` is a file, not a folder"), "{said}");
    }

    #[test]
    fn leftovers_are_removed_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        let put = |name: &str| fs::write(folder.path().join(name), b"half").unwrap();
        ["state", ".pellucid-a1b2c3.unfinished", "mine.unfinished"].into_iter().for_each(put);
        fs::create_dir(folder.path().join(".pellucid-folder.unfinished")).unwrap();
        remove_unfinished(folder.path()).unwrap();
        let mut left: Vec<_> = fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
        left.sort();
        assert_eq!(left, [".pellucid-folder.unfinished", "mine.unfinished", "state"]);
    }

    #[cfg(unix)]
    #[test]
    fn the_file_has_the_permissions_of_any_other() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let (ours, usual) = (folder.path().join("ours"), folder.path().join("usual"));
        write_atomic(&ours, |w| w.write_all(b"x")).unwrap();
        fs::write(&usual, b"x").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&ours), mode(&usual));
    }
}
