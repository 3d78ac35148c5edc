//! Results on standard output, and words to people on standard error.

use pellucid_data::{DataError, write_atomic};
use pellucid_goals::Error;
use std::fmt::Display;
use std::io::{self, Write};
use std::path::Path;

/// Writes results. A reader that has seen enough (`| head`) is no failure.
///
/// # Errors
/// Standard output that cannot be written, such as a file on a full disk.
pub(crate) fn write(fill: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Error> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match fill(&mut out).and_then(|()| out.flush()) {
        Err(e) if e.kind() != io::ErrorKind::BrokenPipe => {
            Err(DataError::io("the result could not be written", Path::new("standard output"), &e).into())
        }
        _ => Ok(()),
    }
}

/// Tells people something, on standard error. That nobody listens any more is no failure: the work goes on.
pub(crate) fn say(text: impl Display) {
    let _ = writeln!(io::stderr().lock(), "{text}");
}

/// Writes a page into a file, whole or not at all, and says where it is.
///
/// # Errors
/// A place that cannot be written.
pub(crate) fn page(path: &Path, page: &str) -> Result<(), Error> {
    text(path, page)?;
    say(format_args!("Page     {}", path.display()));
    Ok(())
}

/// Writes a text into a file, whole or not at all.
///
/// # Errors
/// A place that cannot be written.
pub(crate) fn text(path: &Path, text: &str) -> Result<(), Error> {
    Ok(write_atomic(path, |w| w.write_all(text.as_bytes()))?)
}

/// What a run is called: its folder's name.
pub(crate) fn name(run: &Path) -> String {
    run.file_name().map_or_else(String::new, |name| name.to_string_lossy().into_owned())
}

/// Writes one line of a result.
///
/// # Errors
/// As [`write`].
pub(crate) fn line(text: &str) -> Result<(), Error> {
    write(|out| writeln!(out, "{text}"))
}

/// Writes a part of a result that goes on, to be seen at once.
///
/// # Errors
/// As [`write`].
pub(crate) fn part(text: &str) -> Result<(), Error> {
    write(|out| write!(out, "{text}"))
}

/// Writes a value as JSON for programs, readable for people.
///
/// # Errors
/// As [`write`].
pub(crate) fn json(value: &impl serde::Serialize) -> Result<(), Error> {
    write(|out| {
        serde_json::to_writer_pretty(&mut *out, value)?;
        writeln!(out)
    })
}
