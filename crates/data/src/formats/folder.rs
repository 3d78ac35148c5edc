//! A folder (or an unpacked archive): either the tables in it, or one row for each picture, sound or text.

use super::{Format, extension, format_names, recognise, table_format_of};
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::media::{
    TEXTS, are_arranged, media_names, most_frequent_media, note_split, part_of_name, read_media,
};
use crate::source::Source;
use crate::splits::Part;
use crate::table::Builder;
use std::collections::{BTreeMap, BTreeSet};

/// The format; see the module.
pub(super) struct Folder;

/// Rows of a table that are searched for names of pictures.
const ROWS_SEARCHED: usize = 20;

impl Format for Folder {
    fn name(&self) -> &'static str {
        "folders"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &[]
    }

    fn recognise(&self, source: &Source, _head: &[u8]) -> bool {
        source.path().is_some_and(std::path::Path::is_dir)
    }

    fn read(&self, source: &Source, into: &mut Builder) -> Result<Option<Files>> {
        let Some(path) = source.path() else {
            return Err(DataError::usage("this is not a folder").in_file(source.label()));
        };
        read_files(Files::open_as(path, source.label())?, into).map(Some)
    }

    fn is_table(&self) -> bool {
        false
    }
}

/// Reads a collection of files; shared with archives.
pub(super) fn read_files(files: Files, into: &mut Builder) -> Result<Files> {
    for note in files.notes() {
        into.note(note.clone());
    }
    let tables = choose_tables(&files, into)?;
    let media = most_frequent_media(&files, into);
    match media {
        Some(media) if tables.is_empty() => read_media(&files, media, &media_names(&files, media), into)?,
        None if tables.is_empty() => match media_names(&files, &TEXTS).as_slice() {
            [] => return Err(nothing_readable(&files)),
            texts => read_media(&files, &TEXTS, texts, into)?,
        },
        None => read_tables(&files, &tables, into)?,
        Some(media) => {
            let mut trial = into.same_settings();
            let read = read_tables(&files, &tables, &mut trial);
            if read.is_ok() && names_media(&files, &mut trial)? {
                into.replace_with(trial);
            } else if are_arranged(&media_names(&files, media)) {
                into.note(format!("{} names none of the {}: left aside", tables.join(", "), media.plural));
                read_media(&files, media, &media_names(&files, media), into)?;
            } else {
                read?;
                trial.note(format!("the table names none of the {} beside it", media.plural));
                into.replace_with(trial);
            }
        }
    }
    Ok(files)
}

fn nothing_readable(files: &Files) -> DataError {
    let what = "there is nothing to read";
    let here = files.describe("").trim_end_matches('/').to_owned();
    let error = DataError::refused(what).in_file(here);
    if files.list().is_empty() {
        return error.because("it is empty").advise(format!("these are read: {}", format_names()));
    }
    let mut found: BTreeMap<String, usize> = BTreeMap::new();
    for name in files.list() {
        *found.entry(extension(name).map_or("no extension".to_owned(), |e| format!(".{e}"))).or_default() +=
            1;
    }
    if found.keys().all(|extension| extension == ".zip") {
        let error = error.because("it holds only archives, and an archive within an archive is not opened");
        return error.advise("unpack the outer archive first, and give one of the inner ones");
    }
    let mut found: Vec<(String, usize)> = found.into_iter().collect();
    found.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    let listed: Vec<String> = found.iter().take(8).map(|(e, count)| format!("{count} × {e}")).collect();
    error
        .because(format!("it holds {}", listed.join(", ")))
        .advise(format!("these are read: {}", format_names()))
}

/// The tables of a collection that lie least deep in it; JSON only where there are no others, for it often says something about the rest.
pub(crate) fn shallowest(files: &Files) -> Vec<&String> {
    let depth = |name: &str| name.matches('/').count();
    let mut tables = all_tables(files);
    if let Some(least) = tables.iter().map(|name| depth(name)).min() {
        tables.retain(|name| depth(name) == least);
    }
    tables
}

fn all_tables(files: &Files) -> Vec<&String> {
    let mut tables: Vec<&String> =
        files.list().iter().filter(|name| table_format_of(name).is_some()).collect();
    let is_json = |name: &str| extension(name).is_some_and(|e| e == "json");
    if tables.iter().any(|name| !is_json(name)) {
        tables.retain(|name| !is_json(name));
    }
    tables
}

/// The tables to read: the shallowest; those named after parts of a split before others.
fn choose_tables(files: &Files, into: &mut Builder) -> Result<Vec<String>> {
    let (all, mut tables) = (all_tables(files), shallowest(files));
    let of_parts: Vec<&String> = tables.iter().copied().filter(|name| part_of_name(name).is_some()).collect();
    let has_training = of_parts.iter().any(|name| part_of_name(name) == Some(Part::Train));
    let rest_is_one = tables.len() == of_parts.len() + 1;
    if has_training {
        tables = of_parts;
    } else if !of_parts.is_empty() && !rest_is_one && tables.len() > of_parts.len() {
        let here = files.describe("").trim_end_matches('/').to_owned();
        let listed: Vec<&str> = tables.iter().take(10).map(|name| name.as_str()).collect();
        return Err(DataError::refused("it is not clear which tables belong together")
            .in_file(here)
            .because(format!("these were found: {}", listed.join(", ")))
            .advise("give the table files to use, or name them train, validation and test"));
    }
    let aside: Vec<&str> =
        all.iter().filter(|name| !tables.contains(name)).map(|name| name.as_str()).collect();
    if !aside.is_empty() && !tables.is_empty() {
        into.note(format!(
            "{} other tables were left aside: {}",
            aside.len(),
            aside[..aside.len().min(10)].join(", ")
        ));
    }
    tables.sort_by_key(|name| part_of_name(name));
    Ok(tables.into_iter().cloned().collect())
}

fn read_tables(files: &Files, names: &[String], into: &mut Builder) -> Result<()> {
    let parts: Vec<Option<Part>> = names.iter().map(|name| part_of_name(name)).collect();
    let sources: Vec<Source> = names.iter().map(|name| Source::entry(files, name)).collect();
    read_together(&sources.iter().collect::<Vec<_>>(), &parts, into)
}

/// Reads tables one below the other. Parts count when they name at least two different ones; without parts all
/// tables must have the same columns.
pub(crate) fn read_together(sources: &[&Source], parts: &[Option<Part>], into: &mut Builder) -> Result<()> {
    let split = parts.iter().flatten().collect::<BTreeSet<_>>().len() > 1;
    for (source, part) in sources.iter().zip(parts) {
        let format = recognise(source)?;
        if !format.is_table() {
            return Err(DataError::usage("several inputs at once must all be tables")
                .in_file(source.label())
                .advise(
                    "give one folder or archive alone, tables only, or pictures and folders of pictures only",
                ));
        }
        into.start_file(source.label(), if split { *part } else { None })?;
        let before = into.rows() + into.skipped_rows();
        format.read(source, into)?;
        if into.rows() + into.skipped_rows() == before && sources.len() > 1 {
            return Err(DataError::refused("the table has a header but no rows").in_file(source.label()));
        }
    }
    into.compare_columns(split)?;
    note_split("files", parts, into);
    Ok(())
}

/// True when a text column of the first rows mostly names files of this collection.
fn names_media(files: &Files, trial: &mut Builder) -> Result<bool> {
    Ok(trial.first_texts(ROWS_SEARCHED)?.iter().any(|texts| {
        let found = texts.iter().filter(|text| files.contains(text)).count();
        found > 0 && found * 2 >= texts.len()
    }))
}
