//! Whether a column looks like tags, as opposed to categories of several words and to sentences.

use super::MOST;
use super::cells::Separator;
use crate::{Guess, Profile};
use pellucid_data::Storage;
use std::collections::{BTreeSet, HashMap};

/// Tags in fewer rows than this say nothing about how the column is made.
const FREQUENT: usize = 5;

/// Of the frequent tags as large a share must behave like tags.
const MOSTLY: f64 = 0.9;

/// Rows with several tags: at least this share, and at least [`FREQUENT`].
const SEVERAL: f64 = 0.01;

/// At most this share of all named tags may be rare ones.
const STRAY: f64 = 0.1;

/// More tags in a row on average are the words of a text.
const LONG: f64 = 10.0;

/// What is known of one tag.
#[derive(Default)]
struct Seen {
    rows: usize,
    /// Different cells that name it.
    cells: usize,
    /// Rows that name nothing else.
    alone: usize,
}

/// Tags are few, recur in several combinations, and come in varying number. `New York` and `San Francisco` are no tags: their
/// words occur in one combination only; neither are `dark red` and `light red`: where spaces separate, nearly every tag
/// must also stand alone somewhere, which `dark` does not; nor names and addresses, which all have as many parts.
pub(super) fn recognise(profile: &Profile) -> Option<Guess> {
    if profile.storage != Storage::Text || profile.pictures > 0 {
        return None;
    }
    if profile.words {
        return stated(profile);
    }
    let texts = || profile.values.iter().map(|(text, times)| (text.as_str(), *times));
    let separator = Separator::of(texts());
    let (mut seen, mut rows_of_length) = (HashMap::<&str, Seen>::new(), HashMap::<usize, usize>::new());
    let (mut named, mut combinations) = (0, BTreeSet::new());
    for (text, times) in texts() {
        let parts: Vec<&str> = separator.parts(text).collect();
        let tags: BTreeSet<&str> = parts.iter().copied().collect();
        if tags.len() < parts.len() {
            return None;
        }
        *rows_of_length.entry(tags.len()).or_default() += times;
        named += times * tags.len();
        for &tag in &tags {
            let seen = seen.entry(tag).or_default();
            seen.rows += times;
            seen.cells += 1;
            seen.alone += if tags.len() == 1 { times } else { 0 };
        }
        combinations.insert(tags);
    }
    let rows: usize = rows_of_length.values().sum();
    let frequent: Vec<_> = seen.iter().filter(|(_, s)| s.rows >= FREQUENT).collect();
    let most = rows_of_length.values().copied().max()?;
    let mostly = |is: &dyn Fn(&str, &Seen) -> bool| {
        let count = frequent.iter().filter(|(tag, seen)| is(tag, seen)).count();
        count as f64 >= MOSTLY * frequent.len() as f64
    };
    let at_least = |count: usize, share: f64| count >= FREQUENT && count as f64 >= share * rows as f64;
    let several = rows_of_length.iter().filter(|(length, _)| **length > 1).map(|(_, rows)| rows).sum();
    let stray = named - frequent.iter().map(|(_, s)| s.rows).sum::<usize>();
    let is = (2..=MOST).contains(&frequent.len())
        && at_least(several, SEVERAL)
        && at_least(rows - most, SEVERAL)
        && named as f64 <= LONG * rows as f64
        && stray as f64 <= STRAY * named as f64
        && mostly(&|_, seen| seen.cells > 1)
        && mostly(&|tag, _| tag.parse::<f64>().is_err())
        && (separator != Separator::Space || mostly(&|_, seen| seen.alone > 0));
    let reason = format!(
        "{} tags between {} recur in {} combinations in {rows} rows",
        frequent.len(),
        separator.name(),
        combinations.len(),
    );
    is.then(|| Guess::new(0.85, reason))
}

/// A column of which its file says that cells are sets of words: tags if any word recurs, for nothing is learned from rare ones.
fn stated(profile: &Profile) -> Option<Guess> {
    let mut rows: HashMap<&str, usize> = HashMap::new();
    for (text, times) in &profile.values {
        let words: BTreeSet<&str> = Separator::Space.parts(text).collect();
        words.into_iter().for_each(|word| *rows.entry(word).or_default() += times);
    }
    let recurring = rows.values().filter(|&&rows| rows >= FREQUENT).count();
    let reason = format!("its file says that cells are sets of words, of which {recurring} recur");
    (recurring > 0).then(|| Guess::new(1.0, reason))
}
