//! The folders on disk, and names that cannot leave them.
//!
//! | folder | what lies there |
//! |---|---|
//! | `data/<name>/` | a data set as it was given: files, folders, zips |
//! | `corrections/<name>.csv` | what was decided on labels of a data set, in the form of `pellucid train --corrections` |
//! | `runs/<name>/` | a run, as the terminal makes it |
//! | `.studio/jobs/<run>/` | what a training said: its events and its errors |
//! | `.studio/uploads/<name>/` | files that have not arrived whole |

use pellucid_goals::Run;
use serde::{Deserialize, Deserializer, de};
use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;
use std::sync::Arc;
use std::time::SystemTime;

use crate::problem::{Answer, Problem};

/// Letters of a name, at most (in bytes, as file systems count).
const LONGEST: usize = 120;

/// Runs of one data set that get a number, at most.
const MOST: usize = 100_000;

/// Folders within folders, at most.
const DEEPEST: usize = 12;

/// The name of a data set or a run: one part of a path, and never one that leads elsewhere.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(String);

/// A file within a data set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Inside(PathBuf);

/// Whether a part of a path is a plain name on all systems.
fn is_plain(part: &str) -> bool {
    let strange = |c: char| {
        c.is_control() || matches!(c, '/' | '\\' | '#' | '%' | ':' | '*' | '?' | '"' | '<' | '>' | '|')
    };
    let one = Path::new(part).components().collect::<Vec<_>>();
    matches!(one.as_slice(), [Component::Normal(whole)] if *whole == part)
        && part.len() <= LONGEST
        && !part.starts_with(['.', '-', '~'])
        && !part.ends_with(['.', ' '])
        && part.trim() == part
        && !part.contains(strange)
}

impl FromStr for Name {
    type Err = String;

    fn from_str(text: &str) -> Result<Name, String> {
        match is_plain(text) {
            true => Ok(Name(text.to_owned())),
            false => Err(format!("`{text}` cannot be a name · choose letters, digits, spaces, - and _")),
        }
    }
}

impl<'de> Deserialize<'de> for Name {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Name, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Name {
    /// As text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Inside {
    /// The same file in another folder.
    pub(crate) fn below(&self, folder: &Path) -> PathBuf {
        folder.join(&self.0)
    }
}

impl fmt::Display for Inside {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.display().fmt(f)
    }
}

impl FromStr for Inside {
    type Err = String;

    fn from_str(text: &str) -> Result<Inside, String> {
        let parts: Vec<&str> = text.split('/').collect();
        match parts.len() <= DEEPEST && parts.iter().all(|part| is_plain(part)) {
            true => Ok(Inside(parts.iter().collect())),
            false => Err(format!("`{text}` cannot be a file of a data set")),
        }
    }
}

impl<'de> Deserialize<'de> for Inside {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Inside, D::Error> {
        String::deserialize(from)?.parse().map_err(de::Error::custom)
    }
}

/// The studio's folder.
#[derive(Clone)]
pub(crate) struct Workspace(Arc<PathBuf>);

/// A data set that lies there.
pub(crate) struct DataSet {
    /// Its name.
    pub(crate) name: Name,
    /// Its files.
    pub(crate) files: usize,
    /// Their bytes.
    pub(crate) bytes: u64,
    /// When it changed last.
    pub(crate) changed: SystemTime,
}

impl Workspace {
    /// Opens a folder, making what is missing.
    ///
    /// # Errors
    /// A place that cannot be written.
    pub(crate) fn open(path: &Path) -> std::io::Result<Workspace> {
        std::fs::create_dir_all(path)?;
        let root = path.canonicalize()?;
        for folder in ["data", "runs", ".studio/jobs", ".studio/uploads"] {
            std::fs::create_dir_all(root.join(folder))?;
        }
        Ok(Workspace(Arc::new(root)))
    }

    /// The folder itself.
    pub(crate) fn root(&self) -> &Path {
        &self.0
    }

    /// The folder of all runs.
    pub(crate) fn runs(&self) -> PathBuf {
        self.0.join("runs")
    }

    /// The folder of all data sets.
    fn data_sets(&self) -> PathBuf {
        self.0.join("data")
    }

    /// The folder of a data set, whether it exists or not.
    pub(crate) fn data_folder(&self, name: &Name) -> PathBuf {
        self.data_sets().join(&name.0)
    }

    /// Where a file that arrives is kept until it is whole.
    pub(crate) fn arriving(&self, name: &Name, file: &Inside) -> PathBuf {
        self.0.join(".studio/uploads").join(&name.0).join(&file.0)
    }

    /// Where a file of a data set lies, or will.
    pub(crate) fn file(&self, name: &Name, file: &Inside) -> PathBuf {
        self.data_folder(name).join(&file.0)
    }

    /// The data set that files belong to, if they belong to one.
    pub(crate) fn data_of(&self, paths: &[PathBuf]) -> Option<Name> {
        let folder = self.data_sets();
        let name = |path: &PathBuf| -> Option<Name> {
            match path.strip_prefix(&folder).ok()?.components().next()? {
                Component::Normal(name) => name.to_str()?.parse().ok(),
                _ => None,
            }
        };
        let first = name(paths.first()?)?;
        paths.iter().all(|path| name(path).as_ref() == Some(&first)).then_some(first)
    }

    /// Where the decisions on labels of a data set lie, or will.
    pub(crate) fn corrections(&self, data: &Name) -> PathBuf {
        self.0.join("corrections").join(format!("{data}.csv"))
    }

    /// The folder of what a training said.
    pub(crate) fn job(&self, run: &Name) -> PathBuf {
        self.0.join(".studio/jobs").join(&run.0)
    }

    /// A path that must lie within the workspace even after links are followed.
    fn within(&self, path: PathBuf, what: &str) -> Answer<PathBuf> {
        match path.canonicalize() {
            Ok(real) if real.starts_with(self.root()) => Ok(path),
            _ => Err(Problem::missing(what)),
        }
    }

    /// A run.
    ///
    /// # Errors
    /// A name without one.
    pub(crate) fn run(&self, name: &Name) -> Answer<Run> {
        let path = self.within(self.runs().join(&name.0), &format!("there is no run `{name}`"))?;
        Ok(Run::open(&path)?)
    }

    /// What to open to read a data set: its only entry, several tables, or the folder.
    ///
    /// # Errors
    /// A name without one, and one that is empty.
    pub(crate) fn paths(&self, name: &Name) -> Answer<Vec<PathBuf>> {
        let folder = self.within(self.data_folder(name), &format!("there is no data set `{name}`"))?;
        let failed = |e: std::io::Error| Problem::file("the data set cannot be read", &folder, &e);
        let mut entries = Vec::new();
        for entry in std::fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            if !entry.file_name().to_string_lossy().starts_with('.') {
                entries.push(entry.path());
            }
        }
        entries.sort();
        match entries.as_slice() {
            [] => Err(Problem::conflict(format!("the data set `{name}` has no files yet"))),
            [_] => Ok(entries),
            several if several.iter().all(|path| pellucid_data::is_table(path)) => Ok(entries),
            _ => Ok(vec![folder]),
        }
    }

    /// The names of all data sets.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub(crate) fn data_names(&self) -> Answer<Vec<Name>> {
        let mut names: Vec<Name> = named(&self.data_sets())?.into_iter().map(|(name, _)| name).collect();
        names.sort();
        Ok(names)
    }

    /// All data sets, the newest first; their files are counted.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub(crate) fn data(&self) -> Answer<Vec<DataSet>> {
        let mut all: Vec<DataSet> = Vec::new();
        for (name, path) in named(&self.data_sets())? {
            let (mut files, mut bytes) = (0, 0);
            measure(&path, 0, &mut files, &mut bytes);
            all.push(DataSet { name, files, bytes, changed: changed(&path) });
        }
        all.sort_by(|a, b| b.changed.cmp(&a.changed).then_with(|| a.name.cmp(&b.name)));
        Ok(all)
    }

    /// The names of all runs, the newest first.
    ///
    /// # Errors
    /// A folder that cannot be read.
    pub(crate) fn run_names(&self) -> Answer<Vec<Name>> {
        let mut all: Vec<(SystemTime, Name)> = named(&self.runs())?
            .into_iter()
            .filter(|(_, path)| path.is_dir())
            .map(|(name, path)| (changed(&path), name))
            .collect();
        all.sort_by(|a, b| b.0.cmp(&a.0).then_with(|| a.1.cmp(&b.1)));
        Ok(all.into_iter().map(|(_, name)| name).collect())
    }

    /// A name like this one that no run has.
    pub(crate) fn free_run_name(&self, like: &Name) -> Answer<Name> {
        let is_free = |name: &Name| !self.runs().join(&name.0).exists() && !self.job(name).exists();
        let mut names = (1..).filter_map(|n| format!("{like}-{n}").parse().ok()).take(MOST);
        names
            .find(is_free)
            .ok_or_else(|| Problem::conflict(format!("no number is free for another run of `{like}`")))
    }
}

/// What in a folder has a plain name.
fn named(folder: &Path) -> Answer<Vec<(Name, PathBuf)>> {
    let entries =
        std::fs::read_dir(folder).map_err(|e| Problem::file("the workspace cannot be read", folder, &e))?;
    let plain =
        entries.flatten().filter_map(|entry| Some((entry.file_name().to_str()?.parse().ok()?, entry.path())));
    Ok(plain.collect())
}

fn changed(path: &Path) -> SystemTime {
    path.metadata().and_then(|m| m.modified()).unwrap_or(SystemTime::UNIX_EPOCH)
}

/// Counts files and their bytes. Links are not followed.
fn measure(path: &Path, depth: usize, files: &mut usize, bytes: &mut u64) {
    let Ok(about) = path.symlink_metadata() else { return };
    if about.is_file() {
        (*files, *bytes) = (*files + 1, *bytes + about.len());
    } else if about.is_dir() && depth <= DEEPEST {
        for entry in std::fs::read_dir(path).into_iter().flatten().flatten() {
            measure(&entry.path(), depth + 1, files, bytes);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_one_part_of_a_path() {
        for fine in ["photos", "my photos 2", "Größe", "a.b-c_d", "日本"] {
            assert!(fine.parse::<Name>().is_ok(), "{fine}");
        }
        let long = "x".repeat(LONGEST + 1);
        for wrong in [
            "", ".", "..", ".hidden", "a/b", "a\\b", "/", "a\0b", "C:", "~", "-x", " x", "x ", "x.", "a\nb",
            &long,
        ] {
            assert!(wrong.parse::<Name>().is_err(), "{wrong:?}");
        }
    }

    /// Five hundred ways to write a path that leaves its folder, or that is none.
    #[test]
    fn no_path_leaves_the_workspace() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        let up = [
            "..",
            "../",
            "..\\",
            "....//",
            "..;/",
            ".. /",
            "..\0",
            "%2e%2e",
            "%2e%2e%2f",
            "..%2f",
            "..%5c",
            "%252e%252e",
        ];
        let around = [
            "",
            "/",
            "//",
            "\\",
            "a/",
            "a/../",
            "./",
            "~/",
            "C:",
            "C:\\",
            "file://",
            "\\\\server\\",
            "\u{202e}",
            " ",
        ];
        let ends = ["", "etc/passwd", "/etc/passwd", "runs/x"];
        let mut tried = 0;
        for before in around {
            for step in up {
                for end in ends {
                    let path = format!("{before}{step}{end}");
                    tried += 1;
                    let Ok(inside) = path.parse::<Inside>() else { continue };
                    let file = workspace.file(&"d".parse().unwrap(), &inside);
                    let plain = file
                        .components()
                        .all(|part| !matches!(part, Component::ParentDir | Component::CurDir));
                    assert!(
                        plain && file.starts_with(workspace.data_folder(&"d".parse().unwrap())),
                        "{path}"
                    );
                }
            }
        }
        assert!(tried > 500, "{tried}");
        assert!("train/cats/1.png".parse::<Inside>().is_ok());
        assert!("a/".repeat(DEEPEST + 1).parse::<Inside>().is_err());
    }

    #[cfg(unix)]
    #[test]
    fn links_that_lead_out_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let workspace = Workspace::open(folder.path()).unwrap();
        std::os::unix::fs::symlink("/etc", workspace.data_folder(&"out".parse().unwrap())).unwrap();
        assert!(workspace.paths(&"out".parse().unwrap()).is_err());
        std::os::unix::fs::symlink("/etc", workspace.runs().join("out")).unwrap();
        assert!(workspace.run(&"out".parse().unwrap()).is_err());
    }
}
