//! Where the bytes of one table come from: a file on disk, an entry of an archive, or standard input.

use crate::error::{DataError, Result};
use crate::files::Files;
use crate::limits::UNPACK_IN_MEMORY;
use std::fs::File;
use std::io::{self, BufReader, Cursor, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

/// Bytes that a format's recognition may look at.
const HEAD: usize = 512;

/// One input, named for messages.
pub(crate) struct Source {
    label: String,
    place: Origin,
}

enum Origin {
    Disk(PathBuf),
    Entry(Files, String),
    Spooled(File),
}

/// Readers that also know their position.
pub(crate) trait Bytes: Read + Seek + Send {}
impl<T: Read + Seek + Send> Bytes for T {}

impl Source {
    /// A file or folder on disk.
    pub(crate) fn disk(path: &Path) -> Self {
        Self { label: path.display().to_string(), place: Origin::Disk(path.to_owned()) }
    }

    /// The same input, called by another name in messages.
    pub(crate) fn called(self, label: &str) -> Self {
        Self { label: label.to_owned(), ..self }
    }

    /// A file in a folder or archive.
    pub(crate) fn entry(files: &Files, name: &str) -> Self {
        Self { label: files.describe(name), place: Origin::Entry(files.clone(), name.to_owned()) }
    }

    /// Everything from standard input, copied to an unnamed temporary file.
    pub(crate) fn standard_input() -> Result<Self> {
        let label = "standard input".to_owned();
        let spool = || -> io::Result<File> {
            let mut file = tempfile::tempfile()?;
            io::copy(&mut io::stdin().lock(), &mut file)?;
            Ok(file)
        };
        let file = spool().map_err(|e| DataError::io("could not read", &label, &e))?;
        Ok(Self { label, place: Origin::Spooled(file) })
    }

    /// The name to use in messages.
    pub(crate) fn label(&self) -> &str {
        &self.label
    }

    /// The path when it is a file or folder on disk of its own.
    pub(crate) fn path(&self) -> Option<&Path> {
        match &self.place {
            Origin::Disk(path) => Some(path),
            _ => None,
        }
    }

    /// The name by which formats are recognised (the last part of the path).
    pub(crate) fn file_name(&self) -> String {
        let name = match &self.place {
            Origin::Disk(path) => path.file_name().map(|n| n.to_string_lossy().into_owned()),
            Origin::Entry(_, name) => name.rsplit('/').next().map(str::to_owned),
            Origin::Spooled(_) => None,
        };
        name.unwrap_or_default()
    }

    /// The first bytes (fewer when the input is shorter).
    pub(crate) fn head(&self) -> Result<Vec<u8>> {
        let mut out = Vec::with_capacity(HEAD);
        self.open()?.take(HEAD as u64).read_to_end(&mut out).map_err(|e| self.io("could not read", &e))?;
        Ok(out)
    }

    /// A fresh reader from the start; archived files are unpacked first, large ones to a temporary file.
    pub(crate) fn open(&self) -> Result<Box<dyn Bytes>> {
        Ok(match &self.place {
            Origin::Entry(files, name) if files.size(name)? <= UNPACK_IN_MEMORY => {
                Box::new(Cursor::new(files.read(name)?))
            }
            _ => Box::new(BufReader::with_capacity(1 << 16, self.file()?)),
        })
    }

    /// A fresh file handle from the start, for formats that jump around.
    pub(crate) fn file(&self) -> Result<File> {
        let opened = match &self.place {
            Origin::Entry(files, name) => return files.unpack(name),
            Origin::Disk(path) => File::open(path),
            Origin::Spooled(file) => file.try_clone().and_then(|mut file| {
                file.seek(SeekFrom::Start(0))?;
                Ok(file)
            }),
        };
        opened.map_err(|e| self.io("could not open", &e))
    }

    /// An operating-system error about this input.
    pub(crate) fn io(&self, what: &str, error: &io::Error) -> DataError {
        DataError::io(what, &self.label, error)
    }
}

/// Copies a reader to an unnamed temporary file, positioned at its start.
pub(crate) fn to_temporary(mut from: impl Read) -> io::Result<File> {
    let mut file = tempfile::tempfile()?;
    io::copy(&mut from, &mut file)?;
    file.flush()?;
    file.seek(SeekFrom::Start(0))?;
    Ok(file)
}

/// Fills `out` from an offset without moving a shared position (several threads may read at once).
#[cfg(unix)]
pub(crate) fn read_exact_at(file: &File, out: &mut [u8], offset: u64) -> io::Result<()> {
    std::os::unix::fs::FileExt::read_exact_at(file, out, offset)
}

/// Fills `out` from an offset without relying on a shared position (several threads may read at once).
#[cfg(windows)]
pub(crate) fn read_exact_at(file: &File, mut out: &mut [u8], mut offset: u64) -> io::Result<()> {
    while !out.is_empty() {
        match std::os::windows::fs::FileExt::seek_read(file, out, offset)? {
            0 => return Err(io::ErrorKind::UnexpectedEof.into()),
            read => {
                out = &mut out[read..];
                offset += read as u64;
            }
        }
    }
    Ok(())
}
