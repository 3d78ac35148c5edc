//! "Did you mean …?": the candidate closest to a misspelt name.

/// The candidate nearest to `name` by edit distance, or nothing when all are too far to be a typing slip.
///
/// The distance counts insertions, deletions, substitutions and swaps of neighbours (optimal string
/// alignment) and ignores case. A candidate counts as near when the distance is at most a third of the longer
/// name (at least 1); the first of several equally near ones wins.
///
/// ```
/// use pellucid_base::nearest;
/// assert_eq!(nearest("outcom", ["age", "outcome"]), Some("outcome"));
/// assert_eq!(nearest("salary", ["age", "outcome"]), None);
/// ```
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted: Vec<char> = name.to_lowercase().chars().collect();
    let mut best: Option<(usize, &str)> = None;
    for candidate in candidates {
        let other: Vec<char> = candidate.to_lowercase().chars().collect();
        let distance = edit_distance(&wanted, &other);
        let near = (wanted.len().max(other.len()) / 3).max(1);
        if distance <= near && best.is_none_or(|(least, _)| distance < least) {
            best = Some((distance, candidate));
        }
    }
    best.map(|(_, candidate)| candidate)
}

/// Optimal string alignment distance with three rolling rows of the usual table.
fn edit_distance(a: &[char], b: &[char]) -> usize {
    let mut before = vec![0; b.len() + 1];
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn distance(a: &str, b: &str) -> usize {
        edit_distance(&a.chars().collect::<Vec<_>>(), &b.chars().collect::<Vec<_>>())
    }

    #[test]
    fn known_distances() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("kitten", "sitting", 3),
            ("flaw", "lawn", 2),
            ("abcd", "acbd", 1),
            ("ca", "abc", 3),
        ] {
            assert_eq!(distance(a, b), expected, "{a} → {b}");
            assert_eq!(distance(b, a), expected, "{b} → {a}");
        }
    }

    #[test]
    fn the_nearest_name_wins_and_far_ones_do_not() {
        assert_eq!(nearest("Lable", ["image", "label", "table"]), Some("label"));
        assert_eq!(nearest("x", ["y"]), Some("y"));
        assert_eq!(nearest("weight", ["height_cm", "sex"]), None);
        assert_eq!(nearest("anything", []), None);
    }
}
