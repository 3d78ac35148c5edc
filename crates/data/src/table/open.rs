//! From the paths that a person gave to a table.

use super::{Builder, OpenOptions, Table};
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::formats::{read_together, recognise, table_format_of};
use crate::media::{Media, TEXTS, is_text, media_of, part_of_name, read_media};
use crate::source::Source;
use crate::splits::Part;
use std::path::{Path, PathBuf};

pub(super) fn open(paths: &[PathBuf], options: &OpenOptions) -> Result<Table> {
    if !(0.0..=1.0).contains(&options.skip_share) {
        return Err(DataError::usage(format!(
            "the share of skipped rows must be 0 to 1, not {}",
            options.skip_share
        )));
    }
    let Some(first) = paths.first() else {
        return Err(
            DataError::usage("no data was given").advise("give a folder, an archive, or one or more files")
        );
    };
    for path in paths.iter().filter(|path| path.as_os_str() != "-") {
        std::fs::metadata(path).map_err(|e| DataError::io("could not open", path, &e))?;
    }
    let mut into = Builder::new(options);
    let given = paths;
    let sort_of = |name: &str| sort_of(name, options);
    let unfolded = unfold(given, &sort_of)?;
    let paths = unfolded.as_slice();
    let media = paths.iter().map(|path| sort_of(&path.to_string_lossy())).collect::<Vec<_>>();
    if let Some(Some(sort)) = media.first()
        && media.iter().all(|m| *m == Some(sort))
        && paths.iter().all(|path| path.is_file())
    {
        let (folder, names) = beneath_one_folder(paths)?;
        let files = Files::of(&folder, names.clone());
        read_media(&files, sort, &names.iter().map(String::as_str).collect::<Vec<_>>(), &mut into)?;
        return into.finish(name_of(first), origin(given), Some(files));
    }
    let beside = || Some(Files::beside(first.parent().unwrap_or(Path::new(""))));
    if let [only] = paths {
        let source = if only.as_os_str() == "-" { Source::standard_input()? } else { Source::disk(only) };
        let source = match &options.called {
            Some(name) => source.called(name),
            None => source,
        };
        let format = recognise(&source)?;
        if format.is_table() {
            into.start_file(source.label(), None)?;
        }
        let files = format.read(&source, &mut into)?;
        let files = files.or_else(|| source.path().and_then(|_| beside()));
        return into.finish(name_of(first), source.label().to_owned(), files);
    }
    let sources: Vec<Source> = paths.iter().map(|path| Source::disk(path)).collect();
    let parts: Vec<_> = paths.iter().map(|path| part_of_name(&file_name(path))).collect();
    read_together(&sources.iter().collect::<Vec<_>>(), &parts, &mut into)?;
    into.finish(name_of_all(first, &parts), origin(given), beside())
}

/// The name of several tables: that of their folder if they are parts of a split, else that of the first.
pub(super) fn name_of_all(first: &Path, parts: &[Option<Part>]) -> String {
    match (parts.iter().any(Option::is_some), first.parent().and_then(Path::file_name)) {
        (true, Some(_)) => name_of(first.parent().unwrap_or(first)),
        _ => name_of(first),
    }
}

/// The sort of files that a name belongs to, if such are read one by one.
fn sort_of(name: &str, options: &OpenOptions) -> Option<&'static Media> {
    media_of(name).or_else(|| (options.texts && is_text(name)).then_some(&TEXTS))
}

/// Several inputs, with the pictures of a folder in its place; a folder with tables, and one given alone,
/// stays what it is.
fn unfold(paths: &[PathBuf], sort_of: &dyn Fn(&str) -> Option<&'static Media>) -> Result<Vec<PathBuf>> {
    let mut out = Vec::with_capacity(paths.len());
    for path in paths {
        if paths.len() > 1 && path.is_dir() {
            let files = Files::open(path)?;
            let media: Vec<&String> = files.list().iter().filter(|name| sort_of(name).is_some()).collect();
            if !media.is_empty() && files.list().iter().all(|name| table_format_of(name).is_none()) {
                out.extend(media.into_iter().map(|name| path.join(name)));
                continue;
            }
        }
        out.push(path.clone());
    }
    Ok(out)
}

/// Paths that a person gave, as one text; of many the first ones.
fn origin(paths: &[PathBuf]) -> String {
    const NAMED: usize = 3;
    let named: Vec<String> = paths.iter().take(NAMED).map(|path| path.display().to_string()).collect();
    let more = if paths.len() > NAMED { ", …" } else { "" };
    named.join(", ") + more
}

/// The deepest folder above all files, and their names relative to it.
fn beneath_one_folder(paths: &[PathBuf]) -> Result<(PathBuf, Vec<String>)> {
    let mut full = Vec::with_capacity(paths.len());
    for path in paths {
        full.push(std::path::absolute(path).map_err(|e| DataError::io("could not open", path, &e))?);
    }
    let mut folder = full.first().and_then(|path| path.parent()).unwrap_or(Path::new("/")).to_owned();
    while !full.iter().all(|path| path.starts_with(&folder)) && folder.pop() {}
    let relative =
        |path: &PathBuf| path.strip_prefix(&folder).unwrap_or(path).to_string_lossy().replace('\\', "/");
    let names = full.iter().map(relative).collect();
    Ok((folder, names))
}

pub(super) fn file_name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

/// A name for the data set that is fit for a file name.
pub(super) fn name_of(path: &Path) -> String {
    let full = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let name = if path.is_dir() { full.file_name() } else { full.file_stem() };
    let name = name.map(|name| name.to_string_lossy().into_owned()).unwrap_or_default();
    let clean: String =
        name.chars().map(|c| if c.is_alphanumeric() || "._-".contains(c) { c } else { '-' }).collect();
    let clean = clean.trim_matches(['-', '.']);
    if clean.is_empty() { "data".to_owned() } else { clean.to_owned() }
}
