//! A folder (or an unpacked archive): either the tables in it, or one row for each picture.

use super::{Format, MEDIA, Media, extension, format_names, media_of, recognise, table_format_of};
use crate::error::{DataError, Result};
use crate::files::{Files, wrapper};
use crate::source::Source;
use crate::splits::Part;
use crate::table::{Builder, Cell, Declared, Storage};
use std::collections::{BTreeMap, BTreeSet};

/// The format; see the module.
pub(super) struct Folder;

/// The column that holds the sub-folder's name.
const LABEL: &str = "label";
/// Rows of a table that are searched for names of pictures.
const ROWS_SEARCHED: usize = 20;
/// Share of the files that must lie in part folders for these to count as a split.
const IN_PARTS: f64 = 0.9;

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
        None if tables.is_empty() => return Err(nothing_readable(&files)),
        None => read_tables(&files, &tables, into)?,
        Some(media) => {
            let mut trial = into.same_settings();
            let read = read_tables(&files, &tables, &mut trial);
            if read.is_ok() && names_media(&files, &mut trial)? {
                into.replace_with(trial);
            } else if labels(&media_names(&files, media)).1.len() > 1 {
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

// ---- tables ----

/// The tables to read: the shallowest; those named after parts of a split before others; JSON only without others.
fn choose_tables(files: &Files, into: &mut Builder) -> Result<Vec<String>> {
    let depth = |name: &str| name.matches('/').count();
    let mut tables: Vec<&String> =
        files.list().iter().filter(|name| table_format_of(name).is_some()).collect();
    let is_json = |name: &str| extension(name).is_some_and(|e| e == "json");
    if tables.iter().any(|name| !is_json(name)) {
        tables.retain(|name| !is_json(name));
    }
    let all = tables.clone();
    if let Some(least) = tables.iter().map(|name| depth(name)).min() {
        tables.retain(|name| depth(name) == least);
    }
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
    read_together(&sources, &parts, into)
}

/// Reads tables one below the other. Parts count when they name at least two different ones; without parts all
/// tables must have the same columns.
pub(crate) fn read_together(sources: &[Source], parts: &[Option<Part>], into: &mut Builder) -> Result<()> {
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

/// Says which parts the names of files or folders gave.
fn note_split(by: &str, parts: &[Option<Part>], into: &mut Builder) {
    let given: BTreeSet<Part> = parts.iter().flatten().copied().collect();
    if given.len() > 1 {
        let names: Vec<&str> = given.into_iter().map(Part::name).collect();
        into.note(format!("the {by} give the split: {}", names.join(", ")));
    }
}

/// True when a text column of the first rows mostly names files of this collection.
fn names_media(files: &Files, trial: &mut Builder) -> Result<bool> {
    Ok(trial.first_texts(ROWS_SEARCHED)?.iter().any(|texts| {
        let found = texts.iter().filter(|text| files.contains(text)).count();
        found > 0 && found * 2 >= texts.len()
    }))
}

// ---- pictures ----

fn media_names<'a>(files: &'a Files, media: &Media) -> Vec<&'a str> {
    let of = |name: &&String| media_of(name).is_some_and(|m| m == media);
    files.list().iter().filter(of).map(String::as_str).collect()
}

fn most_frequent_media(files: &Files, into: &mut Builder) -> Option<&'static Media> {
    let mut counted: Vec<(usize, &Media)> = MEDIA
        .iter()
        .map(|media| (media_names(files, media).len(), media))
        .filter(|(count, _)| *count > 0)
        .collect();
    counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
    for (count, media) in counted.iter().skip(1) {
        into.note(format!(
            "{count} {} were left aside: there are more {}",
            media.plural, counted[0].1.plural
        ));
    }
    counted.first().map(|(_, media)| *media)
}

/// The part that a name gives: its own stem (`train.csv`, `train-00000-of-00002.parquet`, `adult_test.csv`), or a
/// folder on its path.
pub(crate) fn part_of_name(name: &str) -> Option<Part> {
    let (folders, base) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = base.split('.').next().unwrap_or(base);
    let words: Vec<&str> = stem.split(['-', '_', ' ']).collect();
    let of_stem =
        words.first().and_then(|w| part_of_word(w)).or_else(|| words.last().and_then(|w| part_of_word(w)));
    of_stem.or_else(|| folders.split('/').find_map(part_of_word))
}

fn part_of_word(word: &str) -> Option<Part> {
    match word.to_lowercase().as_str() {
        "train" | "training" => Some(Part::Train),
        "val" | "valid" | "validation" | "dev" => Some(Part::Validation),
        "test" | "testing" => Some(Part::Test),
        _ => None,
    }
}

/// The part and the label of each path.
type PartsAndLabels<'a> = (Vec<Option<Part>>, BTreeSet<&'a str>, Vec<Option<&'a str>>);

/// Parts (from a first or second folder `train`, `val`, `test`), the set of labels, and each path's label: the
/// first folder below what all paths share.
fn labels<'a>(paths: &[&'a str]) -> PartsAndLabels<'a> {
    let folder = |path: &'a str, i: usize| {
        let mut parts = path.split('/').collect::<Vec<_>>();
        parts.pop();
        parts.get(i).copied()
    };
    let part_at = |path: &'a str, i: usize| folder(path, i).and_then(part_of_word);
    let level = (0..2).find(|i| {
        let found: Vec<Part> = paths.iter().filter_map(|path| part_at(path, *i)).collect();
        let different = found.iter().collect::<BTreeSet<_>>().len() > 1;
        different && found.len() as f64 >= IN_PARTS * paths.len() as f64
    });
    let parts = paths.iter().map(|path| level.and_then(|i| part_at(path, i))).collect();
    let without_part: Vec<String> = paths
        .iter()
        .map(|path| match level {
            Some(i) if part_at(path, i).is_some() => path
                .split('/')
                .enumerate()
                .filter(|(j, _)| *j != i)
                .map(|(_, p)| p)
                .collect::<Vec<_>>()
                .join("/"),
            _ => (*path).to_owned(),
        })
        .collect();
    let shared = wrapper(&without_part).matches('/').count();
    let label = |path: &'a str| {
        let skip_part = level.filter(|i| part_at(path, *i).is_some());
        (0..).filter(|i| Some(*i) != skip_part).nth(shared).and_then(|i| folder(path, i))
    };
    let each: Vec<Option<&str>> = paths.iter().map(|path| label(path)).collect();
    (parts, each.iter().flatten().copied().collect(), each)
}

/// One row for each of `names`, in this order: its path, and its sub-folder as the label.
pub(crate) fn read_media(files: &Files, media: &Media, names: &[&str], into: &mut Builder) -> Result<()> {
    let (parts, classes, each) = labels(names);
    let path_column = into.column(media.column, Declared::As(Storage::Text))?;
    into.rows_are_files(path_column);
    let label_column =
        if classes.is_empty() { None } else { Some(into.column(LABEL, Declared::As(Storage::Text))?) };
    for (i, name) in names.iter().enumerate() {
        into.set_part(parts[i]);
        into.set(path_column, Cell::Text(name))?;
        if let (Some(column), Some(label)) = (label_column, each[i]) {
            into.set(column, Cell::Text(label))?;
        }
        into.end_row(i + 1)?;
    }
    describe_media(files, media, &parts, &each, into);
    Ok(())
}

fn describe_media(
    files: &Files,
    media: &Media,
    parts: &[Option<Part>],
    each: &[Option<&str>],
    into: &mut Builder,
) {
    let classes = each.iter().flatten().collect::<BTreeSet<_>>().len();
    into.note(match classes {
        0 => format!("a folder of {}; all are in one folder, so there is no `{LABEL}`", media.plural),
        n => format!("a folder of {}; `{LABEL}` is the sub-folder's name ({n} different)", media.plural),
    });
    let unlabelled = each.iter().filter(|label| label.is_none()).count();
    if classes > 0 && unlabelled > 0 {
        into.note(format!("{unlabelled} {} are in no sub-folder: their `{LABEL}` is missing", media.plural));
    }
    note_split("folders", parts, into);
    let bare = files.folders_without(|name| media_of(name) == Some(media));
    if !bare.is_empty() {
        let named: Vec<String> = bare.iter().take(10).map(|folder| format!("`{folder}`")).collect();
        let more = if bare.len() > named.len() { ", …" } else { "" };
        let hold = if bare.len() == 1 {
            "1 folder holds".to_owned()
        } else {
            format!("{} folders hold", bare.len())
        };
        into.note(format!("{hold} no {}: {}{more}", media.plural, named.join(", ")));
    }
    let others =
        files.list().iter().filter(|name| media_of(name).is_none() && table_format_of(name).is_none());
    let others: Vec<&String> = others.collect();
    if let Some(first) = others.first() {
        into.note(format!("{} other files were left aside, such as {first}", others.len()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_give_parts() {
        for (name, part) in [
            ("train.csv", Some(Part::Train)),
            ("data/train-00000-of-00002.parquet", Some(Part::Train)),
            ("adult_test.csv", Some(Part::Test)),
            ("dev.tsv", Some(Part::Validation)),
            ("Validation/x.csv", Some(Part::Validation)),
            ("testimony.csv", None),
            ("latest.csv", None),
        ] {
            assert_eq!(part_of_name(name), part, "{name}");
        }
    }

    #[test]
    fn labels_are_the_first_folder_that_differs() {
        let (parts, classes, each) =
            labels(&["set/train/cat/1.png", "set/test/dog/2.png", "set/train/dog/a/3.png"]);
        assert_eq!(parts, [Some(Part::Train), Some(Part::Test), Some(Part::Train)]);
        assert_eq!(classes.len(), 2);
        assert_eq!(each, [Some("cat"), Some("dog"), Some("dog")]);
        let (parts, _, each) = labels(&["bus/1.png", "train/2.png", "car/3.png"]);
        assert_eq!(parts, [None, None, None], "`train` is a vehicle here");
        assert_eq!(each, [Some("bus"), Some("train"), Some("car")]);
        let (parts, classes, _) = labels(&["train/1.png", "test/2.png"]);
        assert_eq!((parts[1], classes.len()), (Some(Part::Test), 0));
        let (_, classes, each) = labels(&["pictures/1.png", "pictures/2.png"]);
        assert!(classes.is_empty());
        assert_eq!(each, [None, None]);
    }
}
