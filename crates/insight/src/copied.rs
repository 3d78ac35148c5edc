//! How much of what a network writes is copied from what it learned from (as Carlini et al., arXiv 2202.07646, look for memorised text):
//! the longest runs that stand there word for word, and the share of runs of eight words that do.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, HashSet};
use std::hash::{Hash, Hasher};
use std::ops::Range;

/// Bytes of the shortest run that is looked for: shorter ones stand in any two texts.
const SHORTEST: usize = 16;

/// Words of the runs that are counted.
pub const WORDS: usize = 8;

/// What of some texts stands in those that were learned from.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Copied {
    /// The longest run of each text that does, in bytes of the text; empty if none of more than a few letters does.
    pub longest: Vec<Range<usize>>,
    /// The share of all runs of eight words that do; `None` where no text has so many words.
    pub share: Option<f64>,
}

impl Copied {
    /// Looks for `texts` in `sources`; takes time by the length of the sources.
    pub fn of<T: AsRef<str>>(texts: &[T], sources: &[&str]) -> Copied {
        let texts: Vec<&str> = texts.iter().map(AsRef::as_ref).collect();
        Copied { longest: longest(&texts, sources), share: share(&texts, sources) }
    }
}

/// The hash of every window of [`SHORTEST`] bytes, a polynomial whose oldest term leaves as a new one enters (Karp & Rabin 1987).
fn windows(bytes: &[u8]) -> impl Iterator<Item = u64> {
    const BASE: u64 = 0x0100_0000_01b3;
    let oldest = (1..SHORTEST).fold(1u64, |power, _| power.wrapping_mul(BASE));
    let value = |byte: u8| u64::from(byte) + 1;
    let first = bytes.iter().take(SHORTEST - 1);
    let mut hash = first.fold(0u64, |hash, &byte| hash.wrapping_mul(BASE).wrapping_add(value(byte)));
    (SHORTEST - 1..bytes.len()).map(move |last| {
        hash = hash.wrapping_mul(BASE).wrapping_add(value(bytes[last]));
        let full = hash;
        hash = hash.wrapping_sub(oldest.wrapping_mul(value(bytes[last + 1 - SHORTEST])));
        full
    })
}

fn longest(texts: &[&str], sources: &[&str]) -> Vec<Range<usize>> {
    let mut places: HashMap<u64, Vec<(usize, usize)>> = HashMap::new();
    for (i, text) in texts.iter().enumerate() {
        windows(text.as_bytes())
            .enumerate()
            .for_each(|(at, hash)| places.entry(hash).or_default().push((i, at)));
    }
    let mut longest = vec![0..0; texts.len()];
    for source in sources.iter().map(|source| source.as_bytes()) {
        for (start, hash) in windows(source).enumerate() {
            for &(i, at) in places.get(&hash).map(Vec::as_slice).unwrap_or_default() {
                let text = texts[i].as_bytes();
                // The rest of a run that began one byte earlier is a part of that.
                if at > 0 && start > 0 && text[at - 1] == source[start - 1] {
                    continue;
                }
                let same = text[at..].iter().zip(&source[start..]).take_while(|(a, b)| a == b).count();
                if same >= SHORTEST && same > longest[i].len() {
                    longest[i] = at..at + same;
                }
            }
        }
    }
    longest.into_iter().zip(texts).map(|(run, text)| between_characters(text, run)).collect()
}

/// The part of a range that begins and ends between characters.
fn between_characters(text: &str, run: Range<usize>) -> Range<usize> {
    let start = (run.start..run.end).find(|&at| text.is_char_boundary(at)).unwrap_or(run.end);
    let end = (start..=run.end).rev().find(|&at| text.is_char_boundary(at)).unwrap_or(start);
    start..end
}

/// The hash of every run of [`WORDS`] words, whatever their case and what stands between them.
fn runs_of_words(text: &str) -> impl Iterator<Item = u64> {
    let hash = |word: &str| {
        let mut hasher = DefaultHasher::new();
        word.hash(&mut hasher);
        hasher.finish()
    };
    let mut last = [0u64; WORDS];
    let plain = |word: &str| word.trim_matches(|c: char| !c.is_alphanumeric()).to_lowercase();
    let words = text.split_whitespace().map(plain).filter(|word| !word.is_empty());
    words.enumerate().filter_map(move |(i, word)| {
        last.rotate_left(1);
        last[WORDS - 1] = hash(&word);
        (i + 1 >= WORDS).then(|| {
            let mut hasher = DefaultHasher::new();
            last.hash(&mut hasher);
            hasher.finish()
        })
    })
}

fn share(texts: &[&str], sources: &[&str]) -> Option<f64> {
    let runs: Vec<u64> = texts.iter().flat_map(|text| runs_of_words(text)).collect();
    let wanted: HashSet<u64> = runs.iter().copied().collect();
    let there: HashSet<u64> =
        sources.iter().flat_map(|source| runs_of_words(source)).filter(|run| wanted.contains(run)).collect();
    let copied = runs.iter().filter(|run| there.contains(run)).count();
    (!runs.is_empty()).then(|| copied as f64 / runs.len() as f64)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    const SOURCE: &str = "It was the best of times, it was the worst of times, it was the age of wisdom.";

    /// The longest common part, by trying all.
    fn naive(text: &str, source: &str) -> usize {
        let (text, source) = (text.as_bytes(), source.as_bytes());
        let same =
            |a: usize, b: usize| text[a..].iter().zip(&source[b..]).take_while(|(x, y)| x == y).count();
        let all = (0..text.len()).flat_map(|a| (0..source.len()).map(move |b| (a, b)));
        all.map(|(a, b)| same(a, b)).max().unwrap_or_default()
    }

    #[test]
    fn the_longest_run_is_found_wherever_it_stands() {
        for text in [
            "They say: it was the worst of times, it was the age of iron",
            "the worst of times, it was the best of times, it was the worst of winters",
            SOURCE,
        ] {
            let found = Copied::of(&[text], &["something else before it", SOURCE]);
            assert_eq!(found.longest[0].len(), naive(text, SOURCE), "{text}");
            assert!(SOURCE.contains(&text[found.longest[0].clone()]));
        }
        let found = Copied::of(&["nothing of that kind stands there", "short", ""], &[SOURCE]);
        assert!(found.longest.iter().all(Range::is_empty));
        assert_eq!(Copied::of(&[SOURCE], &[]).longest[0], 0..0);
    }

    #[test]
    fn runs_end_between_characters() {
        let found = Copied::of(&["xéééééééééèy"], &["ééééééééééé"]);
        assert_eq!(&"xéééééééééèy"[found.longest[0].clone()], "ééééééééé");
        // è and é begin with the same byte.
        assert_eq!(between_characters("aéb", 0..2), 0..1);
    }

    #[test]
    fn runs_of_eight_words_are_counted() {
        let text = "so it was the best of times, it was the worst of times";
        // Of its six runs, only the one with "so" is not there.
        let found = Copied::of(&[text], &[SOURCE]);
        assert_eq!(found.share, Some(5.0 / 6.0));
        assert_eq!(Copied::of(&["too few words"], &[SOURCE]).share, None);
    }
}
