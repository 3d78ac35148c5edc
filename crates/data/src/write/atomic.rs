//! A file appears whole or not at all, also when the power fails.

use crate::error::{DataError, Result};

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;

/// Writes a file through a temporary one in the same folder: filled, synced to disk, renamed over `path`, and the
/// folder synced. Readers see the old file or the new one. When anything fails the temporary file is removed and
/// `path` is as it was.
///
/// # Errors
/// `NotFound` when the folder does not exist, `Io` when writing fails (disk full, no permission).
///
/// ```
/// # let folder = tempfile::tempdir().unwrap();
/// # let path = folder.path().join("note.txt");
/// pellucid_data::write_atomic(&path, |out| out.write_all(b"done"))?;
/// assert_eq!(std::fs::read(&path).unwrap(), b"done");
/// # Ok::<(), pellucid_data::DataError>(())
/// ```
pub fn write_atomic(path: &Path, fill: impl FnOnce(&mut (dyn Write + Send)) -> io::Result<()>) -> Result<()> {
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        _ => Path::new("."),
    };
    let write = || -> io::Result<()> {
        let temporary = with_usual_permissions(&mut tempfile::Builder::new())
            .prefix(".pellucid-")
            .suffix(".part")
            .tempfile_in(folder)?;
        let mut out = BufWriter::with_capacity(1 << 16, Watched { file: temporary.as_file(), failure: None });
        let filled = fill(&mut out).and_then(|()| out.flush());
        // Formats wrap errors in their own; the disk's own words say more.
        let (watched, _) = out.into_parts();
        watched.failure.map_or(filled, Err)?;
        temporary.as_file().sync_all()?;
        temporary.persist(path).map_err(|e| e.error)?;
        sync_folder(folder)
    };
    write().map_err(|e| DataError::io("could not write", path, &e))
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
