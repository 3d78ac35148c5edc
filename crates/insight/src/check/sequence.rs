//! Frames of one recording on both sides: neighbouring rows look alike, and the split tore them apart.
//!
//! Measured share of comparisons won: 89 % for road signs with ten frames each and 99.7 % for a drive, both split at
//! random; below 80 % for the signs split by sign, and for X-rays, digits and clothing, even sorted by class.

use std::collections::BTreeMap;

use pellucid_data::Part;

use super::finding::{Example, count, percent, share};
use super::order::{NEAR, drawn, nearest};
use super::{Finding, PictureIndex, RowName, Severity};

/// Rows at least so far apart are strangers.
const FAR: usize = 100;
/// Fewest comparisons from which anything is said.
const COMPARISONS: usize = 30;
/// Share of comparisons that neighbours must win; without recordings they win half.
const WON: f64 = 0.8;

/// Looks for recordings (video frames, slices of a scan, bursts) that the split put on both sides.
///
/// Each test or validation picture is compared with the nearest row of an earlier split, at most three rows away,
/// and with a far row of the same class drawn by chance. If the order of the rows means nothing, the neighbour is
/// the more similar one half of the time; from 80 % on this is a warning. `classes` holds a code per row, or is empty.
/// Needs rows in the order of the files; says nothing when the splits lie in blocks.
#[must_use]
pub fn neighbours_on_both_sides(
    pictures: &PictureIndex,
    parts: &[Part],
    classes: &[u32],
    row_name: RowName<'_>,
) -> Option<Finding> {
    let mut order: Vec<usize> = (0..pictures.len()).filter(|&at| pictures.rows()[at] < parts.len()).collect();
    order.sort_unstable_by_key(|&at| pictures.rows()[at]);
    let row = |at: usize| pictures.rows()[at];
    let class = |at: usize| classes.get(row(at)).copied().unwrap_or(0);
    let mut by_class: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
    order.iter().for_each(|&at| by_class.entry(class(at)).or_default().push(at));

    let (mut compared, mut won) = (0, 0);
    let mut pairs: Vec<(f32, usize, usize)> = Vec::new();
    for same in by_class.values() {
        for (place, &at) in same.iter().enumerate() {
            let earlier = |other: usize| parts[row(other)] < parts[row(at)];
            let Some(neighbour) =
                nearest(same, place, |other| row(other).abs_diff(row(at)) <= NEAR && earlier(other))
            else {
                continue;
            };
            let Some(stranger) =
                stranger(same, row(at), |other| row(other).abs_diff(row(at)) >= FAR && earlier(other))
            else {
                continue;
            };
            let close = pictures.similarity(at, neighbour);
            compared += 1;
            won += usize::from(close > pictures.similarity(at, stranger));
            pairs.push((close, row(at), row(neighbour)));
        }
    }
    if compared < COMPARISONS || share(won, compared) < WON {
        return None;
    }
    pairs.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
    let what = format!(
        "Neighbouring pictures look alike, as frames of one recording do, and the split put them on both sides: in {} \
         of {} cases a test or validation picture is more like its neighbour in the training rows than like another \
         of its class.",
        percent(share(won, compared)),
        count(compared)
    );
    let advice = "If each recording, object or patient has several pictures, name the column that tells them apart: \
                  --group COLUMN";
    let example = |&(_, a, b): &(f32, usize, usize)| Example {
        rows: vec![a, b],
        text: format!("{} ({}) is like {} ({})", row_name(a), parts[a].name(), row_name(b), parts[b].name()),
    };
    Some(
        Finding::new(Severity::Warning, "neighbours_on_both_sides", what, advice)
            .with_examples(pairs.iter().map(example)),
    )
}

/// A fitting picture drawn by chance.
fn stranger(order: &[usize], row: usize, fits: impl Fn(usize) -> bool) -> Option<usize> {
    drawn(row, |hash| {
        order.get((hash % order.len().max(1) as u64) as usize).copied().filter(|&other| fits(other))
    })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;
    use crate::check::tests::{noise, train_and_test};
    use crate::check::{SIDE, Thumbnail};

    /// A picture that mixes its class, its recording and a moment of its own.
    fn frame(row: usize, class: usize, recording: usize) -> Thumbnail {
        std::array::from_fn(|i| {
            let block = i / 4 % 8 + 8 * (i / (4 * SIDE));
            let mix = 0.4 * noise(class * 64 + block, 60)
                + 0.3 * noise(recording * 64 + block, 61)
                + 0.3 * noise(row * 64 + block, 62);
            (255.0 * mix) as u8
        })
    }

    fn check(parts: &[Part], recording: impl Fn(usize) -> usize, classes: &[u32]) -> Option<Finding> {
        let frames = (0..parts.len()).map(|row| (row, frame(row, row / 200, recording(row))));
        neighbours_on_both_sides(&PictureIndex::new(frames), parts, classes, &|row| format!("frame {row}"))
    }

    #[test]
    fn recordings_torn_apart_are_noticed() {
        let classes: Vec<u32> = (0..800).map(|row| row / 200).collect();
        let torn = train_and_test(800);
        let finding = check(&torn, |row| row / 10, &classes).unwrap();
        assert_eq!(finding.severity, Severity::Warning);
        let [a, b] = finding.examples[0].rows[..] else { unreachable!("a pair") };
        assert!(torn[a] > torn[b] && a.abs_diff(b) <= NEAR);
    }

    #[test]
    fn single_pictures_sorted_by_class_and_splits_by_recording_are_fine() {
        let classes: Vec<u32> = (0..800).map(|row| row / 200).collect();
        assert!(check(&train_and_test(800), |row| row, &classes).is_none());
        let whole = |row: usize| if noise(row / 10, 0) < 0.25 { Part::Test } else { Part::Train };
        let by_recording: Vec<Part> = (0..800).map(whole).collect();
        assert!(check(&by_recording, |row| row / 10, &classes).is_none());
    }

    #[test]
    fn a_few_pictures_prove_nothing() {
        assert!(check(&train_and_test(40), |row| row / 10, &[]).is_none());
    }
}
