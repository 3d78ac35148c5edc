//! Archives: files as they lie on the disk, as one zip.

use std::fs::File;
use std::io::{self, Write};
use std::path::PathBuf;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipWriter};

/// Files of so many bytes need the larger form of the format.
const LARGE: u64 = u32::MAX as u64;

/// Writes files as a zip, from front to back, so that it can be sent while it is made. Each file stands under the name that is given with
/// it, whose parts `/` divides. No times are kept: the same files give the same bytes.
///
/// # Errors
/// A file that cannot be read, which is named, and what writing reports.
pub fn write_zip(out: impl Write, files: &[(String, PathBuf)]) -> io::Result<()> {
    let mut zip = ZipWriter::new_stream(out);
    for (name, path) in files {
        let unreadable = |e: io::Error| io::Error::new(e.kind(), format!("{} · {e}", path.display()));
        let mut file = File::open(path).map_err(unreadable)?;
        let large = file.metadata().map_err(unreadable)?.len() >= LARGE;
        let options = SimpleFileOptions::default()
            .compression_method(CompressionMethod::Deflated)
            .unix_permissions(0o644)
            .large_file(large);
        zip.start_file(name.as_str(), options)?;
        io::copy(&mut file, &mut zip).map_err(unreadable)?;
    }
    zip.finish()?;
    Ok(())
}
