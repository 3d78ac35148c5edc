//! How a cell names its tags.

use serde::{Deserialize, Serialize};

/// What stands between the tags of a column, in the order of choice.
const SEPARATORS: [Separator; 4] = [Separator::Bar, Separator::Semicolon, Separator::Comma, Separator::Space];

/// A sign in fewer than one of this many cells with spaces is part of a tag or a slip, not the separator.
const SLIPS: usize = 100;

/// What stands between the tags of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Separator {
    /// `sad|angry`
    #[serde(rename = "|")]
    Bar,
    /// `sad; angry`
    #[serde(rename = ";")]
    Semicolon,
    /// `sad, angry`, also as a list: `['sad', 'angry']`
    #[serde(rename = ",")]
    Comma,
    /// `sad angry`
    #[serde(rename = " ")]
    Space,
}

impl Separator {
    /// The separator of a column's texts, each given with how often it occurs: the first sign that stands in some of them,
    /// else the space, since a tag may hold spaces (`science fiction, drama`) where a sign separates.
    pub(super) fn of<'a>(texts: impl Iterator<Item = (&'a str, usize)>) -> Separator {
        let mut several = [0; SEPARATORS.len()];
        for (text, times) in texts {
            for (separator, count) in SEPARATORS.into_iter().zip(&mut several) {
                *count += if separator.parts(text).nth(1).is_some() { times } else { 0 };
            }
        }
        let [signs @ .., spaces] = several;
        let enough = |&(_, count): &(Separator, usize)| count > 0 && count * SLIPS >= spaces;
        SEPARATORS.into_iter().zip(signs).find(enough).map_or(Separator::Space, |(separator, _)| separator)
    }

    /// The tags that a cell names, without quotes and the brackets of a list; none for `none`, `[]` and the like.
    pub(super) fn parts<'a>(self, text: &'a str) -> impl Iterator<Item = &'a str> + use<'a> {
        let text = text.trim();
        let bare = ["[]", "()", "{}"].into_iter().find_map(|pair| {
            let (open, close) = pair.split_at(1);
            text.strip_prefix(open)?.strip_suffix(close)
        });
        let text = bare.unwrap_or(if text.eq_ignore_ascii_case("none") { "" } else { text });
        let separates = move |c: char| match self {
            Separator::Bar => c == '|',
            Separator::Semicolon => c == ';',
            Separator::Comma => c == ',',
            Separator::Space => c.is_whitespace(),
        };
        let part = |part: &'a str| part.trim().trim_matches(['\'', '"']).trim();
        text.split(separates).map(part).filter(|part| !part.is_empty())
    }

    /// What is written between tags in an answer.
    pub(super) fn written(self) -> &'static str {
        match self {
            Separator::Bar => "|",
            Separator::Semicolon => "; ",
            Separator::Comma => ", ",
            Separator::Space => " ",
        }
    }

    /// Its name for people.
    pub(super) fn name(self) -> &'static str {
        match self {
            Separator::Bar => "vertical bars",
            Separator::Semicolon => "semicolons",
            Separator::Comma => "commas",
            Separator::Space => "spaces",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_cut_into_tags() {
        let parts = |separator: Separator, text| separator.parts(text).collect::<Vec<_>>();
        assert_eq!(parts(Separator::Space, " anger  sadness "), ["anger", "sadness"]);
        assert_eq!(parts(Separator::Comma, "science fiction,drama,"), ["science fiction", "drama"]);
        assert_eq!(parts(Separator::Comma, "['new wave', \"jazz\"]"), ["new wave", "jazz"]);
        assert_eq!(parts(Separator::Bar, "a|b"), ["a", "b"]);
        for nothing in ["", "none", "None", "[]", "{ }", "()", "''"] {
            assert_eq!(parts(Separator::Comma, nothing), [""; 0], "{nothing}");
        }
    }

    #[test]
    fn the_sign_between_tags_is_found() {
        let found = |texts: &[&str]| Separator::of(texts.iter().map(|&t| (t, 1)));
        assert_eq!(found(&["anger sadness", "joy"]), Separator::Space);
        assert_eq!(found(&["science fiction", "science fiction, drama"]), Separator::Comma);
        assert_eq!(found(&["a, b|c", "c"]), Separator::Bar);
        assert_eq!(found(&["rock; pop"]), Separator::Semicolon);
        let slip = ["joy fear"; 300].into_iter().chain(["joy, fear"]).collect::<Vec<_>>();
        assert_eq!(found(&slip), Separator::Space);
    }
}
