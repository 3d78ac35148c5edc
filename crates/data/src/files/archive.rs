//! A zip archive as a set of named files, checked against attacks before anything is unpacked.

use super::{Listing, is_litter, stays_inside};
use crate::error::{DataError, Result};
use crate::limits::{MAX_ARCHIVE, MAX_ENTRIES, MAX_ENTRY, MAX_RATIO, RATIO_FROM};
use crate::source::{read_exact_at, to_temporary};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::Path;
use std::sync::Arc;
use zip::ZipArchive;
use zip::result::ZipError;

/// An open archive; every read uses its own position.
#[derive(Debug)]
pub(super) struct Archive {
    label: String,
    zip: ZipArchive<Positioned>,
    /// By name as listed: position in the archive and unpacked bytes.
    entries: HashMap<String, (usize, u64)>,
}

impl Archive {
    /// Opens and checks an archive that messages call `label`; also gives what it holds.
    pub(super) fn open(path: &Path, label: &str) -> Result<(Self, Listing)> {
        let label = label.to_owned();
        let io_error = |e: io::Error| DataError::io("could not read the archive", &label, &e);
        let file = File::open(path).map_err(io_error)?;
        let length = file.metadata().map_err(io_error)?.len();
        let zip = ZipArchive::new(Positioned::new(file, length)).map_err(|e| broken(&label, &e))?;
        let mut out = Self { label, zip, entries: HashMap::new() };
        let (wrapper, listing) = out.check(length)?.unwrapped();
        out.entries = out.entries.drain().map(|(name, at)| (name[wrapper.len()..].to_owned(), at)).collect();
        Ok((out, listing))
    }

    /// Goes through the central directory once and refuses what is unsafe or cannot be unpacked.
    fn check(&mut self, length: u64) -> Result<Listing> {
        let Listing { mut names, mut folders, mut notes } = Listing::default();
        let (mut packed, mut unpacked, mut links) = (0_u64, 0_u64, 0_usize);
        if self.zip.len() > MAX_ENTRIES {
            return Err(self.refuse("the archive is refused: it has too many entries"));
        }
        for i in 0..self.zip.len() {
            let entry = self.zip.by_index_data(i).map_err(|e| broken(&self.label, &e))?;
            let name = entry.name().map_err(|e| broken(&self.label, &e))?.replace('\\', "/");
            if !stays_inside(&name) || name.contains('\0') {
                return Err(self
                    .refuse("the archive is refused: a name in it climbs out of the archive")
                    .because(format!(
                        "the entry `{}` would be written outside the folder it is unpacked to",
                        name.escape_debug()
                    )));
            }
            packed = packed.saturating_add(entry.compressed_size());
            unpacked = unpacked.saturating_add(entry.size());
            if let Some(why) = bomb(&name, entry.compressed_size(), entry.size(), unpacked) {
                return Err(self.refuse("the archive is refused: it looks like a zip bomb").because(why));
            }
            let parts: Vec<&str> = name.split('/').filter(|part| !matches!(*part, "" | ".")).collect();
            let clean = parts.join("/");
            if is_litter(&name) {
                continue;
            }
            if entry.is_dir() {
                folders.push(clean);
                continue;
            }
            if entry.is_symlink() {
                links += 1;
                continue;
            }
            if entry.encrypted() {
                return Err(DataError::unreadable("the archive is encrypted")
                    .in_file(format!("{}/{name}", self.label))
                    .advise("unpack it with its password and open the folder"));
            }
            if self.entries.insert(clean.clone(), (i, entry.size())).is_none() {
                names.push(clean);
            } else {
                notes.push(format!("the archive holds `{clean}` more than once: the last one counts"));
            }
        }
        if packed > length {
            let why = "its entries share the same bytes";
            return Err(self.refuse("the archive is refused: it looks like a zip bomb").because(why));
        }
        if links > 0 {
            notes.push(format!("{links} symbolic links in the archive were left out"));
        }
        Ok(Listing { names, folders, notes })
    }

    fn refuse(&self, what: &str) -> DataError {
        DataError::refused(what)
            .in_file(self.label.clone())
            .advise("use an archive from a source that you trust")
    }

    /// Unpacked bytes of an entry.
    pub(super) fn size(&self, name: &str) -> Option<u64> {
        self.entries.get(name).map(|(_, size)| *size)
    }

    /// Unpacks an entry into memory.
    pub(super) fn read(&self, name: &str) -> Result<Vec<u8>> {
        self.with_entry(name, |entry, size| {
            let mut out = Vec::with_capacity(usize::try_from(size.min(1 << 20)).unwrap_or(0));
            entry.read_to_end(&mut out)?;
            Ok(out)
        })
    }

    /// Unpacks an entry into an unnamed temporary file.
    pub(super) fn unpack(&self, name: &str) -> Result<File> {
        self.with_entry(name, |entry, _| to_temporary(entry))
    }

    /// Runs `use_entry` on a reader that ends with an error when the entry holds more than it declared.
    fn with_entry<T>(
        &self,
        name: &str,
        use_entry: impl FnOnce(&mut dyn Read, u64) -> io::Result<T>,
    ) -> Result<T> {
        let label = format!("{}/{name}", self.label);
        let Some((position, size)) = self.entries.get(name).copied() else {
            return Err(
                DataError::not_found(format!("there is no file `{name}`")).in_file(self.label.clone())
            );
        };
        let mut zip = self.zip.clone();
        let entry = zip.by_index(position).map_err(|e| broken(&label, &e))?;
        let mut bounded = Bounded { inner: entry, left: size };
        use_entry(&mut bounded, size).map_err(|e| {
            DataError::io("could not unpack", &label, &e).advise("the archive is damaged there: get it again")
        })
    }
}

/// Says why an entry looks like an attack, judged by its declared sizes.
fn bomb(name: &str, packed: u64, unpacked: u64, total: u64) -> Option<String> {
    let name = name.escape_debug();
    if unpacked > MAX_ENTRY {
        Some(format!("`{name}` claims {} GiB; up to {} GiB are unpacked", unpacked >> 30, MAX_ENTRY >> 30))
    } else if total > MAX_ARCHIVE {
        Some(format!("it claims more than {} GiB unpacked", MAX_ARCHIVE >> 30))
    } else if unpacked > RATIO_FROM && unpacked / packed.max(1) > MAX_RATIO {
        Some(format!(
            "`{name}` would grow {} times when unpacked; up to {MAX_RATIO} is allowed",
            unpacked / packed.max(1)
        ))
    } else {
        None
    }
}

/// A failure of the zip reader in plain words.
fn broken(label: &str, error: &ZipError) -> DataError {
    let out =
        DataError::unreadable("the zip archive cannot be read").in_file(label).because(error.to_string());
    match error {
        ZipError::Io(e) => DataError::io("the zip archive cannot be read", label, e)
            .advise("the archive is incomplete or damaged: get it again"),
        ZipError::UnsupportedArchive(_) | ZipError::CompressionMethodNotSupported(_) => {
            out.advise("unpack it and open the folder, or pack it again with the ordinary (deflate) method")
        }
        _ => out.advise("the archive is incomplete (was the download cut off?) or damaged: get it again"),
    }
}

/// Ends with an error as soon as more than `left` bytes come.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(out)? as u64;
        match self.left.checked_sub(read) {
            Some(left) => {
                self.left = left;
                Ok(read as usize)
            }
            None => Err(io::Error::new(io::ErrorKind::InvalidData, "the entry holds more than it declares")),
        }
    }
}

/// A reader with a position of its own over a shared file, with a small buffer.
#[derive(Debug)]
struct Positioned {
    file: Arc<File>,
    length: u64,
    position: u64,
    buffer: Vec<u8>,
    buffer_start: u64,
}

const BUFFER: usize = 1 << 15;

impl Positioned {
    fn new(file: File, length: u64) -> Self {
        Self { file: Arc::new(file), length, position: 0, buffer: Vec::new(), buffer_start: 0 }
    }
}

impl Clone for Positioned {
    fn clone(&self) -> Self {
        let file = Arc::clone(&self.file);
        Self { file, length: self.length, position: 0, buffer: Vec::new(), buffer_start: 0 }
    }
}

impl Read for Positioned {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        let inside = self.position.wrapping_sub(self.buffer_start);
        if inside >= self.buffer.len() as u64 {
            let fill = (self.length.saturating_sub(self.position)).min(BUFFER as u64) as usize;
            if fill == 0 || out.is_empty() {
                return Ok(0);
            }
            self.buffer.resize(fill, 0);
            self.buffer_start = self.position;
            if let Err(error) = read_exact_at(&self.file, &mut self.buffer, self.position) {
                self.buffer.clear();
                return Err(error);
            }
        }
        let start = (self.position - self.buffer_start) as usize;
        let ready = &self.buffer[start..];
        let n = ready.len().min(out.len());
        out[..n].copy_from_slice(&ready[..n]);
        self.position += n as u64;
        Ok(n)
    }
}

impl Seek for Positioned {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let target = match to {
            SeekFrom::Start(at) => Some(at),
            SeekFrom::End(by) => self.length.checked_add_signed(by),
            SeekFrom::Current(by) => self.position.checked_add_signed(by),
        };
        self.position = target.ok_or_else(|| io::Error::from(io::ErrorKind::InvalidInput))?;
        Ok(self.position)
    }
}
