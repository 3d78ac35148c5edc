//! Rows in an order of time that chance tore apart: a test row between two training rows is filled in, not foreseen.

use pellucid_data::Part;

use super::finding::{Example, count, percent, share};
use super::groups::words;
use super::{Cells, Column, Dataset, Finding, MISSING, RowName, Severity, hash_bytes};

/// Places at most so far apart in the order are neighbours.
pub(super) const NEAR: usize = 3;
/// Rows between these shares of all apart are of the same period, and yet no neighbours.
const PERIOD: [f64; 2] = [0.05, 0.10];
/// Fewest comparisons that one of the two must win from which anything is said.
const COMPARISONS: usize = 30;
/// Share of comparisons that neighbours must win, as they do from a rank correlation of about 0.3 on; where the order means nothing, they win half.
const WON: f64 = 0.55;
/// How many standard deviations of a fair coin they must be ahead.
const SURE: f64 = 4.0;
/// A file in which time goes on at so many steps is in order as it is, such as one shop's days after another's.
const IN_ORDER: f64 = 0.9;
/// Answers that only come in so many runs for each are sorted, not in an order of time.
const RUNS: usize = 5;
/// Numbers are runs of equal tenths.
const TENTHS: usize = 10;
/// Words in the name of a moment that lies before the rows, such as a date of birth.
const BEFORE: [&str; 4] = ["birth", "birthday", "born", "dob"];

/// Looks for rows that follow each other in time and that the split put on both sides.
///
/// Each test or validation row is compared with the nearest row of an earlier split, at most three places away in the order of time, and with
/// one of the same period drawn by chance, a twentieth to a tenth of all rows away. If moments mean nothing beyond what the network can learn
/// from their column, the neighbour's answer is the closer one half of the time; clearly above that, from 55 % on, it is a warning. The order is that of
/// each of [`Dataset::moments`], or of the file where these go on in it row by row; without moments, and without a group, that of the file if the answers change
/// too often for a sorted file. Says nothing when the splits lie in blocks.
#[must_use]
pub fn order_on_both_sides(data: &Dataset<'_>) -> Option<Finding> {
    let rows = data.parts.len();
    for moment in data.moments {
        let before = words(moment.name).iter().any(|word| BEFORE.contains(&word.as_str()));
        if let (Cells::Numbers(times), false) = (moment.cells, before)
            && let Some(found) =
                data.targets.iter().find_map(|target| torn(&by_time(times, rows), target, data))
        {
            let what = format!(
                "The rows follow each other in time (`{}`) and were split by chance: {}. Whoever answers rows of the future has no such neighbours, so the \
                 score would be too good.",
                moment.name, found.in_words
            );
            let advice = format!(
                "If the network is to answer rows that come later, test it on the latest ones: --time-column {}",
                moment.name
            );
            let finding = Finding::new(Severity::Warning, "time_on_both_sides", what, advice);
            return Some(finding.about(moment.name).with_examples(found.examples));
        }
    }
    if !data.moments.is_empty() || data.group.is_some() {
        return None;
    }
    let file: Vec<usize> = (0..rows).collect();
    let unsorted = data.targets.iter().filter(|target| !is_sorted(target));
    let found = unsorted.into_iter().find_map(|target| torn(&file, target, data))?;
    let what = format!(
        "Rows that follow each other in the file have like answers, as rows of one time, place or object do, and were split by chance: {}.",
        found.in_words
    );
    let advice = "If the rows are in an order of time, test on the latest (add a column that tells when: --time-column COLUMN); if several belong to one \
                  object or place, keep them together (--group COLUMN).";
    Some(Finding::new(Severity::Warning, "order_on_both_sides", what, advice).with_examples(found.examples))
}

/// The rows in the order of their moments, those without one left out; the file's own where time goes on in it nearly always.
fn by_time(times: &[f64], rows: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..rows.min(times.len())).filter(|&row| !times[row].is_nan()).collect();
    let goes_on = order.windows(2).filter(|pair| times[pair[0]] <= times[pair[1]]).count();
    if share(goes_on, order.len().saturating_sub(1)) < IN_ORDER {
        order.sort_by(|&a, &b| times[a].total_cmp(&times[b]).then(a.cmp(&b)));
    }
    order
}

/// What neighbours in an order tell of each other's answers.
struct Torn {
    in_words: String,
    examples: Vec<Example>,
}

/// Compares neighbours in an order with rows of the same period; none if they are not clearly alike.
fn torn(order: &[usize], target: &Column<'_>, data: &Dataset<'_>) -> Option<Torn> {
    let parts = data.parts;
    let [from, to] = PERIOD.map(|share| (share * order.len() as f64) as usize);
    let (mut compared, mut won) = (0, 0);
    let mut pairs = Vec::new();
    for (place, &row) in order.iter().enumerate() {
        let earlier = |other: usize| parts[other] < parts[row];
        let Some(neighbour) = nearest(order, place, earlier) else { continue };
        let Some(stranger) = of_period(order, place, from.max(NEAR + 1), to, earlier) else { continue };
        let (Some(close), Some(far)) = (apart(target, row, neighbour), apart(target, row, stranger)) else {
            continue;
        };
        if close != far {
            compared += 1;
            won += usize::from(close < far);
        }
        pairs.push((close, row, neighbour));
    }
    let ahead = won as f64 - compared as f64 / 2.0;
    let clearly = ahead >= SURE * (compared as f64).sqrt() / 2.0;
    if compared < COMPARISONS || share(won, compared) < WON || !clearly {
        return None;
    }
    pairs.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let in_words = format!(
        "in {} of {} comparisons that differ, `{}` of a test or validation row is closer to that of its neighbour among the training rows than to that of \
         another training row of about the same time",
        percent(share(won, compared)),
        count(compared),
        target.name
    );
    let example = |&(_, a, b): &(f64, usize, usize)| example(a, b, parts, data.row_name);
    Some(Torn { in_words, examples: pairs.iter().take(super::EXAMPLES).map(example).collect() })
}

fn example(a: usize, b: usize, parts: &[Part], name: RowName<'_>) -> Example {
    let text =
        format!("{} ({}) follows or precedes {} ({})", name(a), parts[a].name(), name(b), parts[b].name());
    Example { rows: vec![a, b], text }
}

/// How far apart the answers of two rows are; none where one is missing.
fn apart(target: &Column<'_>, a: usize, b: usize) -> Option<f64> {
    if target.cells.is_missing(a) || target.cells.is_missing(b) {
        return None;
    }
    match target.cells {
        Cells::Numbers(values) => Some((values[a] - values[b]).abs()),
        Cells::Codes(codes) => Some(f64::from(u8::from(codes[a] != codes[b]))),
        Cells::Prints(_) => None,
    }
}

/// Whether answers come in few runs of equals, as in a file sorted by them.
fn is_sorted(target: &Column<'_>) -> bool {
    let codes: Vec<u32> = match target.cells {
        Cells::Numbers(values) => {
            let mut order: Vec<usize> = (0..values.len()).filter(|&row| !values[row].is_nan()).collect();
            order.sort_by(|&a, &b| values[a].total_cmp(&values[b]));
            let mut tenths = vec![MISSING; values.len()];
            let each = order.len().div_ceil(TENTHS).max(1);
            order.iter().enumerate().for_each(|(rank, &row)| tenths[row] = (rank / each) as u32);
            tenths
        }
        Cells::Codes(codes) => codes.to_vec(),
        Cells::Prints(_) => return true,
    };
    let mut distinct = codes.clone();
    distinct.sort_unstable();
    distinct.dedup();
    codes.chunk_by(|a, b| a == b).count() < RUNS * distinct.len()
}

/// The fitting row closest in order to the one at `place`, the earlier one of two; none if it is no neighbour.
pub(super) fn nearest(order: &[usize], place: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    (1..=NEAR).find_map(|step| {
        let before = place.checked_sub(step).and_then(|place| order.get(place));
        before.into_iter().chain(order.get(place + step)).copied().find(|&other| fits(other))
    })
}

/// A fitting row from so many places away to so many, on either side, drawn by chance.
fn of_period(
    order: &[usize],
    place: usize,
    from: usize,
    to: usize,
    fits: impl Fn(usize) -> bool,
) -> Option<usize> {
    let wide = to.checked_sub(from)?.max(1) as u64;
    drawn(place, |hash| {
        let step = from + (hash / 2 % wide) as usize;
        let there = if hash.is_multiple_of(2) { place.checked_sub(step) } else { Some(place + step) };
        there.and_then(|there| order.get(there)).copied().filter(|&other| fits(other))
    })
}

/// What `pick` makes of a number drawn by a hash; none if eight draws give nothing.
pub(super) fn drawn(of: usize, pick: impl Fn(u64) -> Option<usize>) -> Option<usize> {
    (0..8).find_map(|attempt| pick(hash_bytes(&(of as u64).to_le_bytes(), attempt) as u64))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::tests::{noise, train_and_test};

    const ROWS: usize = 2000;

    fn found(parts: &[Part], moments: &[Column<'_>], target: Cells<'_>) -> Option<Finding> {
        let targets = [Column::new("demand", target)];
        order_on_both_sides(&Dataset { parts, moments, targets: &targets, ..Dataset::default() })
    }

    /// A value that wanders: each is the one before, and a step by chance.
    fn wandering() -> Vec<f64> {
        let mut at = 0.0;
        (0..ROWS)
            .map(|row| {
                at = 0.9 * at + noise(row, 40) - 0.5;
                at
            })
            .collect()
    }

    fn days() -> Vec<f64> {
        (0..ROWS).map(|row| 86_400_000.0 * row as f64).collect()
    }

    #[test]
    fn moments_that_chance_tore_apart_are_noticed_in_any_order_of_the_file() {
        let (parts, days, demand) = (train_and_test(ROWS), days(), wandering());
        let moment = |days| [Column::new("day", Cells::Numbers(days))];
        let finding = found(&parts, &moment(&days), Cells::Numbers(&demand)).unwrap();
        assert_eq!((finding.code.as_str(), finding.severity), ("time_on_both_sides", Severity::Warning));
        assert!(finding.advice.ends_with("--time-column day"), "{}", finding.advice);
        assert!(parts[finding.examples[0].rows[0]] > parts[finding.examples[0].rows[1]]);

        let mut shuffled: Vec<usize> = (0..ROWS).collect();
        shuffled.sort_by(|&a, &b| noise(a, 44).total_cmp(&noise(b, 44)));
        let pick = |of: &[f64]| -> Vec<f64> { shuffled.iter().map(|&row| of[row]).collect() };
        let (days, demand) = (pick(&days), pick(&demand));
        assert!(found(&parts, &moment(&days), Cells::Numbers(&demand)).is_some());
        let rising: Vec<u32> = demand.iter().map(|&x| u32::from(x > 0.0)).collect();
        assert!(found(&parts, &moment(&days), Cells::Codes(&rising)).is_some());
        assert!(
            found(&parts, &[], Cells::Numbers(&demand)).is_none(),
            "without moments, this order means nothing"
        );
    }

    #[test]
    fn the_days_of_one_shop_after_those_of_another_are_an_order() {
        let (parts, demand) = (train_and_test(ROWS), wandering());
        let days: Vec<f64> = (0..ROWS).map(|row| (row % 100) as f64).collect();
        assert!(
            found(&parts, &[Column::new("day", Cells::Numbers(&days))], Cells::Numbers(&demand)).is_some()
        );
    }

    #[test]
    fn files_in_order_without_moments_are_noticed_and_sorted_ones_are_not() {
        let (parts, demand) = (train_and_test(ROWS), wandering());
        let finding = found(&parts, &[], Cells::Numbers(&demand)).unwrap();
        assert_eq!(finding.code, "order_on_both_sides");
        let sorted: Vec<f64> = (0..ROWS).map(|row| row as f64 + noise(row, 41)).collect();
        assert!(found(&parts, &[], Cells::Numbers(&sorted)).is_none());
        let classes: Vec<u32> = (0..ROWS).map(|row| (row / 200) as u32).collect();
        assert!(found(&parts, &[], Cells::Codes(&classes)).is_none());
    }

    #[test]
    fn what_the_moment_itself_tells_and_splits_by_time_are_no_leak() {
        let (parts, days, demand) = (train_and_test(ROWS), days(), wandering());
        let column = [Column::new("day", Cells::Numbers(&days))];
        let trend: Vec<f64> = (0..ROWS).map(|row| row as f64 / ROWS as f64 + 2.0 * noise(row, 42)).collect();
        assert!(found(&parts, &column, Cells::Numbers(&trend)).is_none());
        let chance: Vec<u32> = (0..ROWS).map(|row| u32::from(noise(row, 43) < 0.3)).collect();
        assert!(found(&parts, &column, Cells::Codes(&chance)).is_none());
        let blocks: Vec<Part> =
            (0..ROWS).map(|row| if row < 1500 { Part::Train } else { Part::Test }).collect();
        assert!(found(&blocks, &column, Cells::Numbers(&demand)).is_none());
        let born = [Column::new("date_of_birth", Cells::Numbers(&days))];
        assert!(found(&parts, &born, Cells::Numbers(&demand)).is_none());
        assert!(found(&train_and_test(60), &column, Cells::Numbers(&demand[..60])).is_none(), "too few");
    }
}
