//! The formats that are read: one file each, all in the list below.
//!
//! A new format is one file here and one line in [`FORMATS`]; it says by which names and first bytes it is
//! recognised, and pushes rows into a [`Builder`].

mod archive;
mod csv;
mod folder;
mod jsonl;
mod parquet;
mod recbole;

pub(crate) use folder::{read_together, shallowest};

use crate::error::{DataError, Result};
use crate::files::Files;
use crate::media::{MEDIA, TEXTS};
use crate::source::Source;
use crate::table::Builder;

/// A way in which data sets are kept.
pub(crate) trait Format: Sync {
    /// The name for people.
    fn name(&self) -> &'static str;

    /// Extensions in lower case, without the dot.
    fn extensions(&self) -> &'static [&'static str];

    /// True when the first bytes show this format, whatever the name says.
    fn recognise(&self, source: &Source, head: &[u8]) -> bool;

    /// Pushes all rows into `into`. Gives the files that cells refer to when the format brings its own.
    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>>;

    /// True for a single table, false for a collection of files.
    fn is_table(&self) -> bool {
        true
    }
}

/// Every format. Those with telling first bytes come first: a zip that is named `.csv` is a zip.
pub(crate) static FORMATS: [&dyn Format; 6] =
    [&folder::Folder, &archive::Archive, &parquet::Parquet, &jsonl::Json, &recbole::RecBole, &csv::Csv];

/// The lower-case extension of a name, without the dot.
pub(crate) fn extension(name: &str) -> Option<String> {
    let base = name.rsplit('/').next().unwrap_or(name);
    base.rsplit_once('.').map(|(_, extension)| extension.to_lowercase())
}

/// The table format that a name belongs to by its extension.
pub(crate) fn table_format_of(name: &str) -> Option<&'static dyn Format> {
    let extension = extension(name)?;
    FORMATS.into_iter().find(|format| format.is_table() && format.extensions().contains(&extension.as_str()))
}

/// Whether a file is a table, by its name.
pub fn is_table(path: &std::path::Path) -> bool {
    path.file_name().is_some_and(|name| table_format_of(&name.to_string_lossy()).is_some())
}

/// All formats with their extensions, as messages list them: `CSV (.csv, .tsv), …`.
pub fn format_names() -> String {
    let dotted =
        |extensions: &[&str]| extensions.iter().map(|e| format!(".{e}")).collect::<Vec<_>>().join(", ");
    let formats = FORMATS.iter().filter(|format| !format.extensions().is_empty());
    let mut names: Vec<String> =
        formats.map(|format| format!("{} ({})", format.name(), dotted(format.extensions()))).collect();
    names.extend(
        MEDIA
            .iter()
            .chain([&TEXTS])
            .map(|media| format!("folders of {} ({})", media.plural, dotted(media.extensions))),
    );
    names.join("; ")
}

/// The format of an input: by its first bytes, then by its extension.
///
/// # Errors
/// `Unreadable` when no format claims it, `Refused` when it is empty.
pub(crate) fn recognise(source: &Source) -> Result<&'static dyn Format> {
    let is_folder = source.path().is_some_and(std::path::Path::is_dir);
    let head = if is_folder { Vec::new() } else { source.head()? };
    if head.is_empty() && !is_folder {
        return Err(DataError::refused("the file is empty").in_file(source.label()));
    }
    let by_bytes = FORMATS.into_iter().find(|format| format.recognise(source, &head));
    if let Some(format) = by_bytes.or_else(|| table_format_of(&source.file_name())) {
        return Ok(format);
    }
    let error = DataError::unreadable("the format of this file is not known").in_file(source.label());
    Err(if head.starts_with(&[0x1f, 0x8b]) {
        error.because("it is compressed with gzip").advise("unpack it first")
    } else {
        error.advise(format!("these are read: {}", format_names()))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    /// The list above names every file of this folder, and nothing else.
    #[test]
    fn every_file_is_registered() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/formats");
        let mut files: Vec<String> = std::fs::read_dir(folder)
            .unwrap()
            .map(|entry| entry.unwrap().file_name().into_string().unwrap())
            .filter(|name| name != "mod.rs")
            .map(|name| name.trim_end_matches(".rs").to_owned())
            .collect();
        files.sort();
        let source = std::fs::read_to_string(format!("{folder}/mod.rs")).unwrap();
        let (_, list) = source.split_once("FORMATS: [&dyn Format; ").unwrap();
        let (list, _) = list.split_once("];\n\n").unwrap();
        let mut listed: Vec<String> =
            list.split('&').skip(1).map(|item| item.split("::").next().unwrap().to_owned()).collect();
        listed.sort();
        assert_eq!(files, listed);
        assert_eq!(FORMATS.len(), files.len());
    }

    #[test]
    fn extensions_are_claimed_once_and_in_lower_case() {
        let mut all: Vec<&str> =
            FORMATS.iter().flat_map(|format| format.extensions().iter().copied()).collect();
        all.extend(MEDIA.iter().chain([&TEXTS]).flat_map(|media| media.extensions.iter().copied()));
        let mut unique = all.clone();
        unique.sort_unstable();
        unique.dedup();
        assert_eq!(unique.len(), all.len());
        assert!(all.iter().all(|e| e.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())));
    }
}
