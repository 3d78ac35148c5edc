//! Files of one sort: each is a row, and the folder it lies in may be its label.

use crate::error::Result;
use crate::files::{Files, wrapper};
use crate::formats::{extension, table_format_of};
use crate::source::Source;
use crate::splits::Part;
use crate::table::{Builder, Cell, Declared, Storage};
use crate::text::read_text;
use std::collections::BTreeSet;

/// The column that holds the sub-folder's name.
const LABEL: &str = "label";
/// The column that holds the name of a text's file.
const FILE: &str = "file";
/// Share of the files that must lie in part folders for these to count as a split.
const IN_PARTS: f64 = 0.9;
/// Names of text files that are about a collection, not of it.
const ABOUT: [&str; 5] = ["readme", "license", "licence", "copying", "changelog"];

/// Files of one sort that a folder may hold.
#[derive(Debug, PartialEq, Eq)]
pub struct Media {
    /// The name of the column that they become.
    pub column: &'static str,
    /// What to call them.
    pub plural: &'static str,
    /// Extensions in lower case, without the dot.
    pub extensions: &'static [&'static str],
}

/// The sorts of media that folders are searched for: the column holds the path of each file.
pub static MEDIA: [Media; 3] = [
    Media {
        column: "image",
        plural: "pictures",
        extensions: &["png", "jpg", "jpeg", "bmp", "gif", "tif", "tiff", "webp"],
    },
    Media { column: "audio", plural: "sounds", extensions: &["wav", "flac", "mp3", "ogg"] },
    Media { column: "melody", plural: "melodies", extensions: &["mid", "midi", "abc"] },
];

/// Plain texts, for which folders are searched that hold nothing else: the column holds what each file says.
pub(crate) static TEXTS: Media = Media { column: "text", plural: "texts", extensions: &["txt", "md"] };

impl Media {
    fn has(&self, name: &str) -> bool {
        extension(name).is_some_and(|extension| self.extensions.contains(&extension.as_str()))
    }
}

/// The sort of media that a name belongs to by its extension.
pub(crate) fn media_of(name: &str) -> Option<&'static Media> {
    MEDIA.iter().find(|media| media.has(name))
}

/// Whether a name is that of a plain text.
pub(crate) fn is_text(name: &str) -> bool {
    TEXTS.has(name)
}

/// The files of this sort; of texts not those about the collection, such as its licence, unless there are no others.
pub(crate) fn media_names<'a>(files: &'a Files, media: &Media) -> Vec<&'a str> {
    let mut names: Vec<&str> =
        files.list().iter().map(String::as_str).filter(|name| media.has(name)).collect();
    let is_about = |name: &str| {
        let base = name.rsplit('/').next().unwrap_or(name).to_lowercase();
        ABOUT.iter().any(|about| base.starts_with(about))
    };
    if *media == TEXTS && names.iter().any(|name| !is_about(name)) {
        names.retain(|name| !is_about(name));
    }
    names
}

/// The sort of which there are most files, if there are any.
pub(crate) fn most_frequent_media(files: &Files, into: &mut Builder) -> Option<&'static Media> {
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

/// The part that a name gives: its own stem (`train.csv`, `train-00000-of-00002.parquet`, `adult_test.csv`,
/// `films.valid.inter`), or a folder on its path.
pub(crate) fn part_of_name(name: &str) -> Option<Part> {
    let (folders, base) = name.rsplit_once('/').unwrap_or(("", name));
    let stem = base.rsplit_once('.').map_or(base, |(stem, _)| stem);
    let words: Vec<&str> = stem.split(['-', '_', ' ', '.']).collect();
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

/// Whether the folders of these files say something of them: at least two labels, or two parts of a split.
pub(crate) fn are_arranged(names: &[&str]) -> bool {
    let (parts, classes, _) = labels(names);
    classes.len() > 1 || parts.iter().flatten().collect::<BTreeSet<_>>().len() > 1
}

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

/// One row for each of `names`, in this order: its path (for a text, its path and what it says), and its sub-folder as the label.
pub(crate) fn read_media(files: &Files, media: &Media, names: &[&str], into: &mut Builder) -> Result<()> {
    let (parts, classes, each) = labels(names);
    let texts = *media == TEXTS;
    let path_column = into.column(if texts { FILE } else { media.column }, Declared::As(Storage::Text))?;
    into.rows_are_files(path_column);
    let text_column = match texts {
        true => Some(into.column(media.column, Declared::As(Storage::Text))?),
        false => None,
    };
    let label_column =
        if classes.is_empty() { None } else { Some(into.column(LABEL, Declared::As(Storage::Text))?) };
    for (i, name) in names.iter().enumerate() {
        into.set_part(parts[i]);
        into.set(path_column, Cell::Text(name))?;
        if let Some(column) = text_column {
            let text = read_text(&Source::entry(files, name), into)?;
            into.set(column, Cell::Text(&text))?;
        }
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
    let bare = files.folders_without(|name| media.has(name));
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
    let others: Vec<&String> = others.filter(|name| !media.has(name)).collect();
    if let Some(first) = others.first() {
        into.note(format!("{} other files were left aside, such as {first}", others.len()));
    }
}

/// Says which parts the names of files or folders gave.
pub(crate) fn note_split(by: &str, parts: &[Option<Part>], into: &mut Builder) {
    let given: BTreeSet<Part> = parts.iter().flatten().copied().collect();
    if given.len() > 1 {
        let names: Vec<&str> = given.into_iter().map(Part::name).collect();
        into.note(format!("the {by} give the split: {}", names.join(", ")));
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn names_give_sorts() {
        assert_eq!(media_of("a/B.JPG").unwrap().column, "image");
        assert!(media_of("a.b/png").is_none());
        assert!(is_text("a/Poem.TXT") && media_of("poem.txt").is_none());
    }

    #[test]
    fn names_give_parts() {
        for (name, part) in [
            ("train.csv", Some(Part::Train)),
            ("data/train-00000-of-00002.parquet", Some(Part::Train)),
            ("adult_test.csv", Some(Part::Test)),
            ("dev.tsv", Some(Part::Validation)),
            ("films.test.inter", Some(Part::Test)),
            ("adult.test", None),
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
