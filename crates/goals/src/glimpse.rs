//! What a network does while it learns, to be looked at: kept in the run's folder, shown by the studio and the report.

use crate::{Error, Result, Run};
use pellucid_insight::report::data::Glimpse;
use pellucid_insight::report::drawn_glimpse as drawn;
use pellucid_train::{Failure, Glimpse as Kept, RunFolder};
use std::path::Path;

/// So many moments of a training are shown by its report.
const SHOWN: usize = 5;

/// As the training keeps it. What a network makes stays, because it shows how it came to be; of answers only the last are kept.
pub(crate) fn kept(glimpse: &Glimpse) -> std::result::Result<Option<Kept>, Failure> {
    let stays = !matches!(glimpse, Glimpse::Answers(_) | Glimpse::Translations(_));
    let json = serde_json::to_vec(glimpse).map_err(Failure::source)?;
    Ok(Some(Kept { json, stays }))
}

/// What the network of a run does now, drawn as a part of a page; none before the first validation.
///
/// # Errors
/// A file that cannot be read.
pub fn drawn_glimpse(run: &Run) -> Result<Option<String>> {
    let newest = RunFolder::new(run.path(), "").glimpses().pop();
    newest.map(|(_, path)| Ok(drawn(&read(&path)?))).transpose()
}

/// What it made at some moments, from the first to the last, each after about the same multiple of the steps before.
///
/// # Errors
/// A file that cannot be read.
pub(crate) fn course(folder: &RunFolder) -> Result<Vec<(u64, Glimpse)>> {
    let all: Vec<_> = folder.glimpses().into_iter().filter_map(|(step, path)| Some((step?, path))).collect();
    let steps: Vec<u64> = all.iter().map(|(step, _)| *step).collect();
    chosen(&steps).into_iter().map(|i| Ok((all[i].0, read(&all[i].1)?))).collect()
}

/// The positions of the first, the last, and those between whose steps are nearest to a geometric sequence.
fn chosen(steps: &[u64]) -> Vec<usize> {
    let (Some(&first), Some(&last)) = (steps.first(), steps.last()) else { return Vec::new() };
    let (first, last) = (first.max(1) as f64, last.max(1) as f64);
    let mut chosen: Vec<usize> = (0..SHOWN)
        .filter_map(|i| {
            let wanted = first * (last / first).powf(i as f64 / (SHOWN - 1) as f64);
            let apart = |step: u64| (step.max(1) as f64 / wanted).ln().abs();
            (0..steps.len()).min_by(|&a, &b| apart(steps[a]).total_cmp(&apart(steps[b])))
        })
        .collect();
    chosen.dedup();
    chosen
}

fn read(path: &Path) -> Result<Glimpse> {
    let failed =
        |why: String| Error::model(format!("what it did cannot be read · {} · {why}", path.display()));
    let json = std::fs::read(path).map_err(|e| failed(e.to_string()))?;
    serde_json::from_slice(&json).map_err(|e| failed(e.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_are_chosen_in_equal_multiples() {
        let steps: Vec<u64> = (1..=81).map(|n| n * 10).collect();
        let of = |steps: &[u64]| chosen(steps).into_iter().map(|i| steps[i]).collect::<Vec<_>>();
        assert_eq!(of(&steps), [10, 30, 90, 270, 810]);
        assert_eq!(of(&[7, 9]), [7, 9]);
        assert_eq!(of(&[7]), [7]);
        assert_eq!(of(&[]), [0u64; 0]);
    }
}
