//! Splitting whole groups: greedily, the largest first, each to the part that then lies closest to its share.

use super::chance::Chance;
use super::{Part, Targets};
use crate::error::{DataError, Result};
use std::collections::BTreeMap;

const PARTS: [Part; 3] = [Part::Train, Part::Validation, Part::Test];

/// Rows of one group, counted by class.
struct Group {
    rows: Vec<usize>,
    classes: Vec<(usize, usize)>,
}

/// The part of every row; all rows of a group are in the same part, and every part that has a target gets at
/// least one group.
///
/// # Errors
/// `Refused` when there are fewer groups than parts.
pub(super) fn by_group(
    groups: &[u64],
    strata: Option<&[u32]>,
    targets: Targets,
    seed: u64,
) -> Result<Vec<Part>> {
    let (mut members, class_sizes) = gather(groups, strata);
    let wanted: Vec<Part> = PARTS.into_iter().filter(|part| targets[*part as usize] > 0).collect();
    if members.len() < wanted.len() {
        return Err(DataError::refused(format!(
            "{} groups cannot fill {} parts",
            members.len(),
            wanted.len()
        ))
        .because("all rows of a group stay in one part")
        .advise("choose a column with more groups, or split without it"));
    }
    Chance::new(seed).shuffle(&mut members);
    members.sort_by_key(|group| std::cmp::Reverse(group.rows.len()));

    let total = groups.len() as f64;
    let share = |part: Part| targets[part as usize] as f64 / total;
    let mut filled = vec![[0.0_f64; 3]; class_sizes.len()];
    let mut empty = wanted.clone();
    let mut parts = vec![Part::Train; groups.len()];
    for (i, group) in members.iter().enumerate() {
        // The last groups go where there is nothing yet.
        let choices = if members.len() - i <= empty.len() { &empty } else { &wanted };
        // How much further from its wanted rows a part would be, relative to them, summed over the group's classes.
        let cost = |part: Part| -> f64 {
            let term = |(class, count): &(usize, usize)| {
                let target = (class_sizes[*class] as f64 * share(part)).max(f64::MIN_POSITIVE);
                let now = filled[*class][part as usize] / target;
                let then = now + *count as f64 / target;
                ((then - 1.0).powi(2) - (now - 1.0).powi(2)) * share(part)
            };
            group.classes.iter().map(term).sum()
        };
        let best =
            choices.iter().copied().min_by(|a, b| cost(*a).total_cmp(&cost(*b))).unwrap_or(Part::Train);
        empty.retain(|part| *part != best);
        group.classes.iter().for_each(|(class, count)| filled[*class][best as usize] += *count as f64);
        group.rows.iter().for_each(|row| parts[*row] = best);
    }
    Ok(parts)
}

/// The groups in the order of their numbers, and the size of each class.
fn gather(groups: &[u64], strata: Option<&[u32]>) -> (Vec<Group>, Vec<usize>) {
    let mut class_of: BTreeMap<u32, usize> = BTreeMap::new();
    let mut class_sizes = Vec::new();
    let mut rows_of: BTreeMap<u64, (Vec<usize>, BTreeMap<usize, usize>)> = BTreeMap::new();
    for (row, group) in groups.iter().enumerate() {
        let class = *class_of.entry(strata.map_or(0, |strata| strata[row])).or_insert_with(|| {
            class_sizes.push(0);
            class_sizes.len() - 1
        });
        class_sizes[class] += 1;
        let (rows, classes) = rows_of.entry(*group).or_default();
        rows.push(row);
        *classes.entry(class).or_default() += 1;
    }
    let groups =
        rows_of.into_values().map(|(rows, classes)| Group { rows, classes: classes.into_iter().collect() });
    (groups.collect(), class_sizes)
}
