//! The one error of this crate: what happened, where, why, and what to do about it.

use std::fmt;
use std::io;
use std::path::Path;

/// The result of everything here that can fail.
pub type Result<T> = std::result::Result<T, DataError>;

/// What sort of failure it is; programs decide by this, people read the text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ErrorKind {
    /// The bytes are broken or of no format that is known here.
    Unreadable,
    /// The data could be read and is not acceptable (too many bad rows, an unsafe archive, no rows).
    Refused,
    /// A file, folder or column of that name does not exist.
    NotFound,
    /// The caller asked for something that makes no sense (shares above 1, an unknown extension).
    Usage,
    /// The operating system reported a failure (no permission, disk full).
    Io,
}

/// Where in the data something is: a file, a row in it, a column. Each part may be unknown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// The file as the person named it; inside an archive `archive.zip/inner.csv`.
    pub file: Option<String>,
    /// The 1-based data row (without the header), or the line for JSON lines.
    pub row: Option<usize>,
    /// The column's name.
    pub column: Option<String>,
}

impl Place {
    /// A place that is a whole file.
    pub fn file(name: impl Into<String>) -> Self {
        Self { file: Some(name.into()), ..Self::default() }
    }

    /// True when nothing is known.
    pub fn is_empty(&self) -> bool {
        self.file.is_none() && self.row.is_none() && self.column.is_none()
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.file.clone(),
            self.row.map(|row| format!("row {row}")),
            self.column.as_ref().map(|column| format!("column `{column}`")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// An error that a person can act on. It prints as `what · where · why · what to do`.
#[derive(Clone, Debug, PartialEq)]
pub struct DataError {
    /// What sort of failure it is.
    pub kind: ErrorKind,
    /// What happened.
    pub what: String,
    /// Where it happened (boxed: errors travel through many results and stay small).
    pub place: Box<Place>,
    /// Why it happened, when that is known.
    pub why: Option<String>,
    /// What the person can do about it.
    pub help: Option<String>,
}

impl DataError {
    /// An error of this kind that says what happened.
    pub fn new(kind: ErrorKind, what: impl Into<String>) -> Self {
        Self { kind, what: what.into(), place: Box::default(), why: None, help: None }
    }

    /// Broken bytes or an unknown format.
    pub fn unreadable(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unreadable, what)
    }

    /// Data that could be read and is not acceptable.
    pub fn refused(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Refused, what)
    }

    /// A thing of that name does not exist.
    pub fn not_found(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::NotFound, what)
    }

    /// The caller asked for something that makes no sense.
    pub fn usage(what: impl Into<String>) -> Self {
        Self::new(ErrorKind::Usage, what)
    }

    /// A failure of the operating system; `path` is always named, since `io::Error` does not.
    pub fn io(what: impl Into<String>, path: impl AsRef<Path>, error: &io::Error) -> Self {
        let kind = match error.kind() {
            io::ErrorKind::NotFound => ErrorKind::NotFound,
            io::ErrorKind::UnexpectedEof | io::ErrorKind::InvalidData => ErrorKind::Unreadable,
            _ => ErrorKind::Io,
        };
        let out =
            Self::new(kind, what).in_file(path.as_ref().display().to_string()).because(error.to_string());
        match error.kind() {
            io::ErrorKind::PermissionDenied => out.advise("check the permissions of the file and its folder"),
            io::ErrorKind::StorageFull => out.advise("free some space on the disk"),
            io::ErrorKind::NotFound => out.advise("check the spelling of the path"),
            _ => out,
        }
    }

    /// Names the file.
    #[must_use]
    pub fn in_file(mut self, file: impl Into<String>) -> Self {
        self.place.file = Some(file.into());
        self
    }

    /// Names the 1-based row.
    #[must_use]
    pub fn at_row(mut self, row: usize) -> Self {
        self.place.row = Some(row);
        self
    }

    /// Names the column.
    #[must_use]
    pub fn in_column(mut self, column: impl Into<String>) -> Self {
        self.place.column = Some(column.into());
        self
    }

    /// Says where.
    #[must_use]
    pub fn at(mut self, place: Place) -> Self {
        self.place = Box::new(place);
        self
    }

    /// Says why.
    #[must_use]
    pub fn because(mut self, why: impl Into<String>) -> Self {
        self.why = Some(why.into());
        self
    }

    /// Says what to do.
    #[must_use]
    pub fn advise(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }
}

impl fmt::Display for DataError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.what)?;
        if !self.place.is_empty() {
            write!(f, " · {}", self.place)?;
        }
        for part in [&self.why, &self.help].into_iter().flatten() {
            write!(f, " · {part}")?;
        }
        Ok(())
    }
}

impl std::error::Error for DataError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_what_where_why_and_what_to_do_in_this_order() {
        let error = DataError::refused("the row has 5 cells, the header 6")
            .in_file("adult.csv")
            .at_row(17)
            .in_column("age")
            .because("a quote is not closed")
            .advise("close it");
        let text = "the row has 5 cells, the header 6 · adult.csv, row 17, column `age` · a quote is not closed · close it";
        assert_eq!(error.to_string(), text);
        assert_eq!(DataError::usage("no path").to_string(), "no path");
    }

    #[test]
    fn a_missing_file_is_not_found_and_named() {
        let error = DataError::io("could not open", "a/b.csv", &io::Error::from(io::ErrorKind::NotFound));
        assert_eq!(error.kind, ErrorKind::NotFound);
        assert!(error.to_string().contains("a/b.csv"));
    }
}
