//! A folder or a zip archive behind one handle: relative names in, bytes out.

mod archive;
mod folder;

use crate::error::{DataError, Result};
use crate::limits::{MAX_FILE_IN_MEMORY, MAX_FILES_BESIDE};
use archive::Archive;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

/// The files of a data set: a folder or a zip archive.
///
/// Names are relative, separated by `/`. A single folder around everything is stepped into; `__MACOSX`, dot
/// files, `Thumbs.db` and `desktop.ini` are not listed. Cloning is cheap, and several threads may read at once.
#[derive(Clone, Debug)]
pub struct Files(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    label: String,
    root: Root,
    listing: OnceLock<Listing>,
    by_base: OnceLock<HashMap<String, Option<usize>>>,
}

#[derive(Debug)]
enum Root {
    Folder(PathBuf),
    /// The folder of a single table file: listed only when a name is not found directly.
    Beside(PathBuf),
    Archive(Archive),
}

/// What a folder or archive holds.
#[derive(Debug, Default)]
struct Listing {
    /// The files, sorted.
    names: Vec<String>,
    /// The folders, also those without files.
    folders: Vec<String>,
    /// What was left out, with the reason.
    notes: Vec<String>,
}

impl Listing {
    /// Steps into a single folder around all files; folders beside it keep their names.
    fn unwrapped(mut self) -> (String, Listing) {
        let wrapper = wrapper(&self.names).to_owned();
        self.names.iter_mut().for_each(|name| drop(name.drain(..wrapper.len())));
        self.folders.retain(|folder| !wrapper.starts_with(&format!("{folder}/")));
        for folder in &mut self.folders {
            if let Some(below) = folder.strip_prefix(&wrapper) {
                *folder = below.to_owned();
            }
        }
        (wrapper, self)
    }
}

impl Files {
    /// Opens a folder or a zip archive.
    ///
    /// # Errors
    /// `NotFound` when there is nothing at `path`, `Unreadable` for a broken or unsupported archive, `Refused` for
    /// an archive that is unsafe (names that climb out, a zip bomb), `Io` when the folder cannot be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        Self::open_as(path, &path.display().to_string())
    }

    /// Opens a folder or a zip archive that messages call `label`.
    pub(crate) fn open_as(path: &Path, label: &str) -> Result<Self> {
        let meta = std::fs::metadata(path).map_err(|e| DataError::io("could not open", path, &e))?;
        if !meta.is_dir() {
            let (archive, listing) = Archive::open(path, label)?;
            return Ok(Self::new(label.to_owned(), Root::Archive(archive), listing));
        }
        let (wrapper, listing) = folder::walk(path, usize::MAX)?.unwrapped();
        Ok(Self::new(label.to_owned(), Root::Folder(path.join(wrapper)), listing))
    }

    /// The folder around single files given by path; only these names are listed.
    pub(crate) fn of(folder: &Path, names: Vec<String>) -> Self {
        let listing = Listing { names, ..Listing::default() };
        Self::new(folder.display().to_string(), Root::Folder(folder.to_owned()), listing)
    }

    /// The folder that a single table file lies in, looked through only when a name needs it.
    pub(crate) fn beside(folder: &Path) -> Self {
        let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
        Self(Arc::new(Inner {
            label: folder.display().to_string(),
            root: Root::Beside(folder.to_owned()),
            listing: OnceLock::new(),
            by_base: OnceLock::new(),
        }))
    }

    fn new(label: String, root: Root, mut listing: Listing) -> Self {
        listing.names.sort_unstable();
        let files = Inner { label, root, listing: OnceLock::new(), by_base: OnceLock::new() };
        files.listing.get_or_init(|| listing);
        Self(Arc::new(files))
    }

    /// The relative names, sorted. Beside a single table file at most
    /// [`MAX_FILES_BESIDE`](crate::limits::MAX_FILES_BESIDE) are listed.
    pub fn list(&self) -> &[String] {
        &self.listing().names
    }

    /// What was left out of the list, and why.
    pub(crate) fn notes(&self) -> &[String] {
        &self.listing().notes
    }

    fn listing(&self) -> &Listing {
        self.0.listing.get_or_init(|| match &self.0.root {
            Root::Beside(folder) => match folder::walk(folder, MAX_FILES_BESIDE) {
                Ok(mut listing) => {
                    listing.names.sort_unstable();
                    listing
                }
                Err(error) => Listing { notes: vec![error.to_string()], ..Listing::default() },
            },
            Root::Folder(_) | Root::Archive(_) => Listing::default(),
        })
    }

    /// The folders in which, and below which, no file is `wanted`, though there is one beside them; sorted.
    pub(crate) fn folders_without(&self, wanted: impl Fn(&str) -> bool) -> Vec<&str> {
        let above = |name| std::iter::successors(parent(name), |folder| parent(folder));
        let wanted = self.list().iter().filter(|name| wanted(name)).flat_map(|name| above(name));
        let full: HashSet<&str> = wanted.chain([""]).collect();
        let all = self.list().iter().flat_map(|name| above(name));
        let all: BTreeSet<&str> = all.chain(self.listing().folders.iter().map(String::as_str)).collect();
        let bare = |folder: &&str| !full.contains(folder) && full.contains(parent(folder).unwrap_or(""));
        all.into_iter().filter(bare).collect()
    }

    /// True when [`Files::read`] would find this name.
    pub fn contains(&self, name: &str) -> bool {
        self.resolve(name).is_some()
    }

    /// Reads a whole file. A name that a table gives with other folders in front (or `\` between them) is found
    /// when exactly one file has the same last part.
    ///
    /// # Errors
    /// `NotFound` with the nearest name, `Refused` above
    /// [`MAX_FILE_IN_MEMORY`](crate::limits::MAX_FILE_IN_MEMORY), `Unreadable` when an archive is broken there.
    pub fn read(&self, name: &str) -> Result<Vec<u8>> {
        let found = self.found(name)?;
        let too_large = |size: u64| {
            DataError::refused(format!("the file is too large to read ({} MiB)", size >> 20))
                .in_file(self.describe(name))
                .because(format!("files of up to {} MiB are read", MAX_FILE_IN_MEMORY >> 20))
        };
        match &self.0.root {
            Root::Archive(archive) => match archive.size(&found) {
                Some(size) if size > MAX_FILE_IN_MEMORY => Err(too_large(size)),
                _ => archive.read(&found),
            },
            Root::Folder(folder) | Root::Beside(folder) => {
                let path = folder.join(&found);
                let mut out = Vec::new();
                let read = File::open(&path).and_then(|file| {
                    out.reserve(usize::try_from(file.metadata()?.len().min(MAX_FILE_IN_MEMORY)).unwrap_or(0));
                    file.take(MAX_FILE_IN_MEMORY + 1).read_to_end(&mut out)
                });
                let size = read.map_err(|e| DataError::io("could not read", &path, &e))? as u64;
                if size > MAX_FILE_IN_MEMORY { Err(too_large(size)) } else { Ok(out) }
            }
        }
    }

    /// How to name a file in a message: with the folder or archive in front.
    pub fn describe(&self, name: &str) -> String {
        let label = self.0.label.trim_end_matches(['/', '\\']);
        if label.is_empty() || label == "." { name.to_owned() } else { format!("{label}/{name}") }
    }

    /// Bytes of a file, unpacked.
    pub(crate) fn size(&self, name: &str) -> Result<u64> {
        let found = self.found(name)?;
        match &self.0.root {
            Root::Archive(archive) => Ok(archive.size(&found).unwrap_or(0)),
            Root::Folder(folder) | Root::Beside(folder) => {
                let path = folder.join(found);
                Ok(std::fs::metadata(&path).map_err(|e| DataError::io("could not read", &path, &e))?.len())
            }
        }
    }

    /// A file handle: the file itself, or a temporary copy of an archived one.
    pub(crate) fn unpack(&self, name: &str) -> Result<File> {
        let found = self.found(name)?;
        match &self.0.root {
            Root::Archive(archive) => archive.unpack(&found),
            Root::Folder(folder) | Root::Beside(folder) => {
                let path = folder.join(found);
                File::open(&path).map_err(|e| DataError::io("could not open", &path, &e))
            }
        }
    }

    fn found(&self, name: &str) -> Result<String> {
        self.resolve(name).ok_or_else(|| {
            let here = if self.0.label == "." { "this folder" } else { self.0.label.as_str() };
            let error = DataError::not_found(format!("there is no file `{name}`")).in_file(here);
            match pellucid_base::nearest(name, self.list().iter().take(MAX_FILES_BESIDE).map(String::as_str))
            {
                Some(near) => error.advise(format!("did you mean `{near}`?")),
                None => error.advise("check the path in the table; it is relative to this folder or archive"),
            }
        })
    }

    /// The listed name that a name means: itself, or the only file whose path ends the same way.
    pub(crate) fn resolve(&self, name: &str) -> Option<String> {
        let name = name.replace('\\', "/");
        let name = name.strip_prefix("./").unwrap_or(&name);
        if name.is_empty() {
            return None;
        }
        match &self.0.root {
            Root::Beside(folder) => {
                if stays_inside(name) && folder.join(name).is_file() {
                    return Some(name.to_owned());
                }
                // Looking through the folder is for names of pictures only, not for every text cell.
                crate::media::media_of(name)?;
            }
            Root::Folder(_) | Root::Archive(_) => {
                if self.is_listed(name) {
                    return Some(name.to_owned());
                }
            }
        }
        let shorter =
            name.match_indices('/').map(|(slash, _)| &name[slash + 1..]).find(|end| self.is_listed(end));
        if let Some(found) = shorter {
            return Some(found.to_owned());
        }
        let by_base = self.0.by_base.get_or_init(|| {
            let mut map: HashMap<String, Option<usize>> = HashMap::new();
            for (i, name) in self.list().iter().enumerate() {
                map.entry(base(name).to_owned()).and_modify(|only| *only = None).or_insert(Some(i));
            }
            map
        });
        let only = (*by_base.get(base(name))?)?;
        self.list().get(only).cloned()
    }

    fn is_listed(&self, name: &str) -> bool {
        self.list().binary_search_by(|n| n.as_str().cmp(name)).is_ok()
    }
}

/// The folder around a name; none around a name at the top.
fn parent(name: &str) -> Option<&str> {
    name.rsplit_once('/').map(|(folder, _)| folder)
}

fn base(name: &str) -> &str {
    name.rsplit('/').next().unwrap_or(name)
}

/// True when a relative name cannot leave the folder that it is relative to.
fn stays_inside(name: &str) -> bool {
    !name.starts_with('/')
        && name.as_bytes().get(1) != Some(&b':')
        && name.split('/').all(|part| part != "..")
}

/// True for files that operating systems leave behind and no one means as data.
fn is_litter(name: &str) -> bool {
    name.split('/').any(|part| {
        part.starts_with('.')
            || part == "__MACOSX"
            || part.eq_ignore_ascii_case("thumbs.db")
            || part.eq_ignore_ascii_case("desktop.ini")
    })
}

/// The folders (ending in `/`) around all names: `photos/` when there is nothing beside one folder `photos`.
pub(crate) fn wrapper(names: &[String]) -> &str {
    let Some(first) = names.first() else { return "" };
    let mut length = 0;
    while let Some(slash) = first[length..].find('/') {
        let longer = length + slash + 1;
        if !names.iter().all(|name| name.starts_with(&first[..longer])) {
            break;
        }
        length = longer;
    }
    &first[..length]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(list: &[&str]) -> Vec<String> {
        list.iter().map(|s| (*s).to_owned()).collect()
    }

    #[test]
    fn folders_around_everything_are_found() {
        assert_eq!(wrapper(&names(&["a/b/x.png", "a/b/y.png"])), "a/b/");
        assert_eq!(wrapper(&names(&["a/x.png", "a/b/y.png"])), "a/");
        assert_eq!(wrapper(&names(&["a/x.png", "ab/y.png"])), "");
        assert_eq!(wrapper(&names(&["x.png", "a/y.png"])), "");
        assert_eq!(wrapper(&[]), "");
    }

    #[test]
    fn folders_without_wanted_files_are_found_once_and_below_what_is_stepped_into() {
        let bare = |files: &[&str], folders: &[&str]| {
            let listing =
                Listing { names: names(files), folders: names(folders), ..Listing::default() }.unwrapped().1;
            let files = Files::new("x".to_owned(), Root::Folder(PathBuf::new()), listing);
            names(&files.folders_without(|name| name.ends_with(".png")))
        };
        assert_eq!(bare(&["a/1.png", "b/1.png", "c/d/1.txt"], &["a", "b", "c", "c/d", "e"]), ["c", "e"]);
        assert_eq!(bare(&["set/a/1.png", "set/b/1.png"], &["set", "set/a", "set/b", "set/c"]), ["c"]);
        assert_eq!(bare(&["a/1.png", "a/2.png"], &["a", "b", "b/c"]), ["b"]);
        assert_eq!(bare(&["1.png", "2.png"], &[]), [""; 0]);
    }

    #[test]
    fn a_file_that_is_not_here_is_not_said_to_be_missing_in_a_dot() {
        let read = Files::of(Path::new("."), names(&["a.png"])).read("b.png");
        let said = read.err().map(|e| e.to_string()).unwrap_or_default();
        assert!(said.starts_with("there is no file `b.png` · this folder · "), "{said}");
    }

    #[test]
    fn names_that_climb_out_or_are_litter_are_known() {
        for name in ["../x", "a/../../x", "/etc/passwd", "C:/x"] {
            assert!(!stays_inside(name), "{name}");
        }
        assert!(stays_inside("a/..b/c..d"));
        for name in ["__MACOSX/a.png", "a/.DS_Store", ".git/x", "a/Thumbs.db"] {
            assert!(is_litter(name), "{name}");
        }
        assert!(!is_litter("a/b.png"));
    }
}
