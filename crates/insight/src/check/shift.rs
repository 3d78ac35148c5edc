//! A test of another origin: its rows are spread otherwise than those that are learned from.

use super::finding::count;
use super::{Finding, Severity};

/// Columns that are named one by one.
const NAMED: usize = 3;

/// What is said where the test is not like the training: `moved` tells each column that is spread otherwise, in words and the farthest moved
/// first, of so many that were compared. None where nothing moved.
#[must_use]
pub fn test_is_unlike_training(moved: &[String], compared: usize) -> Option<Finding> {
    if moved.is_empty() {
        return None;
    }
    let named = moved.iter().take(NAMED).map(String::as_str).collect::<Vec<_>>().join(", ");
    let more = match moved.len().saturating_sub(NAMED) {
        0 => String::new(),
        n => format!(" and {} more", count(n)),
    };
    Some(Finding::new(
        Severity::Warning,
        "test_is_unlike_training",
        format!(
            "The test rows are spread otherwise than the training rows in {} of {} things that were compared, more than chance explains: {named}{more}.",
            count(moved.len()),
            count(compared)
        ),
        "If new rows will be like those of the test, this is the score to expect. If the two were to be alike, find out where each comes from (another hospital, \
         camera or year?) and split by chance instead.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_farthest_moved_are_named_and_the_others_counted() {
        assert!(test_is_unlike_training(&[], 4).is_none());
        let moved: Vec<String> = ["`a` (x)", "`b` (y)", "`c` (z)", "`d`", "`e`"].map(str::to_owned).to_vec();
        let found = test_is_unlike_training(&moved, 9).unwrap();
        assert!(
            found.what.contains("`a` (x), `b` (y), `c` (z) and 2 more") && found.what.contains("5 of 9"),
            "{}",
            found.what
        );
        assert_eq!(found.severity, Severity::Warning);
    }
}
