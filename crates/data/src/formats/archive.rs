//! A zip archive of anything that a folder may hold.

use super::{Format, folder};
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::source::Source;
use crate::table::Builder;

/// The format; see the module.
pub(super) struct Archive;

/// Entries that tell office documents, which are zip archives too.
const OFFICE: [&str; 2] = ["[Content_Types].xml", "content.xml"];

impl Format for Archive {
    fn name(&self) -> &'static str {
        "zip archives"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["zip"]
    }

    fn recognise(&self, source: &Source, head: &[u8]) -> bool {
        let magic = [b"PK\x03\x04", b"PK\x05\x06"].iter().any(|magic| head.starts_with(*magic));
        magic || super::extension(&source.file_name()).is_some_and(|e| e == "zip")
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        let Some(path) = source.path() else {
            return Err(DataError::refused("an archive within an archive is not opened")
                .in_file(source.label())
                .advise("unpack the outer archive first"));
        };
        let files = Files::open_as(path, source.label())?;
        if OFFICE.iter().any(|name| files.list().iter().any(|file| file == name)) {
            return Err(DataError::unreadable("this is an office document, not a data set")
                .in_file(source.label())
                .advise("open it in its program and save the sheet as CSV"));
        }
        folder::read_files(files, into).map(Some)
    }

    fn is_table(&self) -> bool {
        false
    }
}
