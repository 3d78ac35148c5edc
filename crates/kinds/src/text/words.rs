//! Which pieces belong to which word of a text.

use std::ops::Range;

/// Letters of a word without a space in it, as in scripts that have none: of a longer one each piece counts as a word.
const LONGEST: usize = 24;

/// A word of a text, and the pieces that it was cut into.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Word {
    /// As it stands in the text.
    pub text: String,
    /// Its pieces, by their place in the [record](crate::Record).
    pub pieces: Range<usize>,
}

/// The words of a text, whose pieces stand at `spans` (in bytes; empty for pieces that stand for no part of it).
pub(super) fn words(text: &str, spans: &[Range<usize>]) -> Vec<Word> {
    let mut words: Vec<(Range<usize>, Word)> = Vec::new();
    for (place, span) in spans.iter().enumerate() {
        let Some(piece) = text.get(span.clone()) else { continue };
        let Some(first) = piece.find(|c: char| !c.is_whitespace()) else { continue };
        let own = whole(text, span.start + first);
        let long = text[own.clone()].chars().count() > LONGEST;
        match words.last_mut() {
            Some((last, word)) if *last == own && word.pieces.end == place && !long => {
                word.pieces.end = place + 1;
            }
            _ => {
                let shown = if long { piece.trim() } else { &text[own.clone()] };
                words.push((own, Word { text: shown.to_owned(), pieces: place..place + 1 }));
            }
        }
    }
    words.into_iter().map(|(_, word)| word).collect()
}

/// From the space before a place to the space after it.
fn whole(text: &str, at: usize) -> Range<usize> {
    let start = text[..at]
        .rfind(char::is_whitespace)
        .map_or(0, |space| space + text[space..].chars().next().map_or(0, char::len_utf8));
    let end = text[at..].find(char::is_whitespace).map_or(text.len(), |space| at + space);
    start..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pieces_are_gathered_into_words() {
        //          0123456789
        let text = "A good-ish film";
        let spans = [0..0, 0..1, 1..6, 6..7, 7..10, 10..13, 13..15, 0..0];
        let found = words(text, &spans);
        let shown: Vec<_> = found.iter().map(|w| (w.text.as_str(), w.pieces.clone())).collect();
        assert_eq!(shown, [("A", 1..2), ("good-ish", 2..5), ("film", 5..7)]);
    }

    #[test]
    fn a_script_without_spaces_is_shown_piece_by_piece() {
        let text = "青いシャツを着た男の人がはしごの上に立って窓を拭いている";
        let spans = [0..6, 6..15, 15..text.len()];
        let found = words(text, &spans);
        assert_eq!(found.len(), 3);
        assert_eq!((found[0].text.as_str(), found[1].text.as_str()), ("青い", "シャツ"));
        assert!(words("", &[0..0, 5..9]).is_empty());
    }
}
