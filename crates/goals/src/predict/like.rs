//! How like the tested rows are to those that were learned from.

use super::report::Predicting;
use super::shown::{ShownRow, shown_row};
use crate::Result;
use crate::likeness::Measured;
use crate::trained::Trained;
use pellucid_data::Part;
use pellucid_insight::report::data::{Likeness, UnlikeRow};
use pellucid_insight::trust::UNLIKE;
use std::collections::HashSet;

/// The most unlike rows that are shown.
const SHOWN: usize = 8;

/// How like the tested records are to those that were learned from; `rates` says of each how unlike it is, as far as that is known.
///
/// # Errors
/// Failures of reading.
pub(super) fn likeness(
    trained: &Trained<'_>,
    of: &Predicting<'_>,
    records: &[usize],
    measured: &Measured<'_>,
    rates: &[f64],
) -> Result<Option<Likeness>> {
    let Some(known) = &of.model.likeness else { return Ok(None) };
    let groups = |records: &[usize]| -> Result<Option<u64>> {
        let groups = trained.groups(records.iter().map(|&i| of.examples.rows()[i]))?;
        Ok(groups.map(|groups| groups.iter().collect::<HashSet<_>>().len() as u64))
    };
    let independent = groups(&of.records[Part::Train as usize])?.zip(groups(records)?);
    let mut unlike: Vec<(usize, f64)> =
        rates.iter().copied().enumerate().filter(|(_, rate)| *rate >= UNLIKE).collect();
    let count = unlike.len() as u64;
    unlike.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let shown = unlike.iter().take(SHOWN).map(|&(place, _)| {
        let row = of.examples.rows()[records[place]];
        let ShownRow { picture, fields } = shown_row(trained.survey, row)?;
        Ok(UnlikeRow { place: trained.survey.row_name(row), picture, fields })
    });
    Ok(Some(Likeness {
        rows: records.len() as u64,
        unlike: (!rates.is_empty()).then_some(count),
        shown: shown.collect::<Result<_>>()?,
        columns: known.spreads.len() as u64,
        moved: measured.moved(&known.spreads, independent),
        groups: independent.map(|(_, tested)| tested),
    }))
}
