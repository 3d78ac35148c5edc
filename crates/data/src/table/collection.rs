//! The tables of a data set one by one, before it is decided which of them belong together.

use super::open::{file_name, name_of, name_of_all};
use super::{Builder, OpenOptions, Table};
use crate::error::{DataError, Result};
use crate::files::Files;
use crate::formats::{read_together, recognise, shallowest};
use crate::media::part_of_name;
use crate::source::Source;
use crate::splits::Part;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Rows that are read to learn what columns a table has.
const ROWS_READ: usize = 100;

/// Several tables: files that were given together, or those of a folder or an archive.
pub struct Collection {
    members: Vec<Member>,
    /// The folder or archive around them, and its name.
    around: Option<(Files, String)>,
    options: OpenOptions,
}

/// One of the tables.
struct Member {
    source: Source,
    /// Where it lies: its path, or its name in the folder or archive.
    path: PathBuf,
    part: Option<Part>,
    columns: Vec<String>,
}

impl Collection {
    /// The tables behind these paths; `None` if they are not several tables, and so [`Table::open`] knows what they are.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn find(paths: &[PathBuf], options: &OpenOptions) -> Result<Option<Collection>> {
        for path in paths.iter().filter(|path| path.as_os_str() != "-") {
            std::fs::metadata(path).map_err(|e| DataError::io("could not open", path, &e))?;
        }
        let (found, around): (Vec<(Source, PathBuf)>, _) = match paths {
            [only] if only.as_os_str() != "-" => {
                let source = Source::disk(only);
                if !only.is_dir() && recognise(&source)?.is_table() {
                    return Ok(None);
                }
                let files = Files::open_as(only, source.label())?;
                let entry = |name: &String| (Source::entry(&files, name), PathBuf::from(name));
                (shallowest(&files).into_iter().map(entry).collect(), Some((files, name_of(only))))
            }
            _ => {
                let files = paths.iter().filter(|path| path.is_file());
                (files.map(|path| (Source::disk(path), path.clone())).collect(), None)
            }
        };
        if found.len() < 2 || (around.is_none() && found.len() < paths.len()) {
            return Ok(None);
        }
        let mut members = Vec::with_capacity(found.len());
        for (source, path) in found {
            let format = recognise(&source)?;
            if !format.is_table() {
                return Ok(None);
            }
            let mut first = Builder::of_first(ROWS_READ, options);
            first.start_file(source.label(), None)?;
            format.read(&source, &mut first)?;
            let (part, columns) = (part_of_name(&file_name(&path)), first.column_names());
            members.push(Member { source, path, part, columns });
        }
        if around.is_some() {
            // Training rows first, as wherever a folder's tables are read.
            members.sort_by_key(|member| member.part);
        }
        Ok(Some(Collection { members, around, options: options.clone() }))
    }

    /// The numbers of the tables, by which all else names them.
    pub fn tables(&self) -> Range<usize> {
        0..self.members.len()
    }

    /// Whether they were found in a folder or archive, and not given one by one.
    pub fn was_found(&self) -> bool {
        self.around.is_some()
    }

    /// What messages call a table.
    ///
    /// # Panics
    /// As a slice does, when there is no such table; so do the others that take its number.
    pub fn label(&self, table: usize) -> &str {
        self.members[table].source.label()
    }

    /// The name of a table's file, without its folder and its last extension.
    pub fn stem(&self, table: usize) -> String {
        let stem = self.members[table].path.file_stem();
        stem.map(|stem| stem.to_string_lossy().into_owned()).unwrap_or_default()
    }

    /// The columns of a table; of JSON those of the first rows.
    pub fn columns(&self, table: usize) -> &[String] {
        &self.members[table].columns
    }

    /// Reads some of the tables one below the other, as [`Table::open`] does.
    ///
    /// # Errors
    /// As [`Table::open`].
    pub fn open(&self, tables: &[usize]) -> Result<Table> {
        let members: Vec<&Member> = tables.iter().filter_map(|&table| self.members.get(table)).collect();
        let Some(first) = members.first() else { return Err(DataError::usage("no table was chosen")) };
        let sources: Vec<&Source> = members.iter().map(|member| &member.source).collect();
        let parts: Vec<Option<Part>> = members.iter().map(|member| member.part).collect();
        let mut into = Builder::new(&self.options);
        read_together(&sources, &parts, &mut into)?;
        let origin = sources.iter().map(|source| source.label()).collect::<Vec<_>>().join(", ");
        let (name, files) = match &self.around {
            Some((files, name)) => (name.clone(), files.clone()),
            None => {
                let name =
                    if members.len() > 1 { name_of_all(&first.path, &parts) } else { name_of(&first.path) };
                (name, Files::beside(first.path.parent().unwrap_or(Path::new(""))))
            }
        };
        into.finish(name, origin, Some(files))
    }
}
