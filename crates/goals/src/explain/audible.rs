//! Sounds with all muted but what speaks for the answer, to be listened to.

use super::method::{BACKGROUNDS, Found};
use super::parts::{Input, Part};
use super::question::Question;
use crate::{Error, Result};
use pellucid_insight::explain::{Case, Parts};
use pellucid_insight::report::data::Audible;
use pellucid_kinds::Feature;
use pellucid_kinds::audio::{RATE, wav};

/// For each of an input's pictures nothing, for each of its sounds one to be listened to: the fields are those among the `first` parts that the
/// explanation names that speak for the answer, the same as those without which it is [measured](super::quality). Nothing if there are none.
///
/// # Errors
/// A sound that can no longer be read, and no memory.
pub(super) fn audible(
    input: &Input<'_>,
    question: &Question<'_>,
    parts: &[Part],
    found: &Found,
    first: usize,
) -> Result<Vec<Option<Audible>>> {
    let attribution = &found.attribution;
    let named: Vec<usize> =
        attribution.order().into_iter().take(first).filter(|&part| attribution.values[part] > 0.0).collect();
    let mut all = Vec::new();
    for (column, _, prepared) in &input.encoder.inputs {
        for feature in prepared.features() {
            let (frames, bands) = match feature {
                Feature::Sound { frames, bands, .. } => (frames, bands),
                Feature::Picture { .. } => {
                    all.push(None);
                    continue;
                }
                _ => continue,
            };
            let (mut gains, mut fields, number) = (vec![0f32; frames * bands], Vec::new(), all.len());
            for &part in &named {
                if let Part::Field { picture, rows, columns } = &parts[part]
                    && *picture == number
                {
                    rows.clone().for_each(|row| gains[row * bands..][columns.clone()].fill(1.0));
                    fields.push(part);
                }
            }
            let cell = input.cells.cell(input.table.column_index(column)?);
            let sound = match fields.is_empty() {
                true => None,
                false => prepared.audible(cell, input.table.files(), &gains).map_err(|why| {
                    Error::model(format!("the sound in `{column}` cannot be muted · {why}"))
                })?,
            };
            let Some(sound) = sound else {
                all.push(None);
                continue;
            };
            let of = |part: &Part| matches!(part, Part::Field { picture, .. } if *picture == number);
            all.push(Some(Audible {
                plain: Some(wav(&sound.plain, RATE)),
                named: Some(wav(&sound.named, RATE)),
                fields: fields.len() as u64,
                of: parts.iter().filter(|part| of(part)).count() as u64,
                only: only(question, &fields)?,
            }));
        }
    }
    Ok(all)
}

/// The answer to these fields alone, on average over backgrounds.
fn only(question: &Question<'_>, fields: &[usize]) -> Result<f64> {
    let there: Vec<bool> = (0..question.count()).map(|part| fields.contains(&part)).collect();
    let backgrounds = question.backgrounds().min(BACKGROUNDS);
    let case = |background| Case { there: there.clone(), background };
    let answers = question.answers(&(0..backgrounds).map(case).collect::<Vec<_>>())?;
    Ok(answers.iter().sum::<f64>() / answers.len().max(1) as f64)
}
