//! Groups of tested rows on which answers are worse than elsewhere.

use super::report::Predicting;
use crate::audit::Division;
use crate::likeness::{COMPARED, Measure, Measured};
use crate::outcome::Answers;
use crate::trained::Trained;
use crate::{Error, Result, Use};
use pellucid_insight::audit::{Answered, Answers as Judged, audit};
use pellucid_insight::report::data::{Weak, WeakSegment};
use pellucid_insight::trust::{Segment, weak_segments};
use pellucid_kinds::Target;

/// Columns that divide rows, at most: of more, the first.
const COLUMNS: usize = 40;

/// Groups that are named, at most.
const NAMED: usize = 8;

/// The tested rows as they are divided, for one or several targets; of many rows, evenly chosen ones.
pub(super) struct Divided {
    divisions: Vec<Division>,
    /// Each of so many rows is one of them.
    step: usize,
}

impl Divided {
    /// Divides rows by what stands in their columns, those that are set aside included, and by what is measured of their pictures, sounds and texts.
    ///
    /// # Errors
    /// Failures of reading.
    pub(super) fn new(
        trained: &Trained<'_>,
        of: &Predicting<'_>,
        records: &[usize],
        (measures, measured): (&[Measure], &Measured<'_>),
    ) -> Result<Divided> {
        let survey = trained.survey;
        let step = records.len().div_ceil(COMPARED).max(1);
        let rows: Vec<usize> = records.iter().step_by(step).map(|&i| of.examples.rows()[i]).collect();
        let columns = survey.used_as(Use::Input).chain(survey.used_as(Use::Aside)).take(COLUMNS);
        let divisions = columns.map(|column| Division::of_column(&survey.table, &column.name, &rows));
        let mut divisions = divisions.collect::<Result<Vec<_>>>()?;
        divisions.retain(Division::makes_groups);
        // These are of the same rows.
        let of_content = measures.iter().zip(measured.columns()).filter(|(m, _)| m.is_of_content());
        divisions.extend(of_content.map(|(m, column)| Division::by_number(m.name.clone(), column)));
        Ok(Divided { divisions, step })
    }

    /// The groups on which answers to one target are worse than elsewhere: `known` of these positions among the divided rows, with the groups that
    /// belong together.
    ///
    /// # Errors
    /// Answers that cannot be judged.
    pub(super) fn weak(
        &self,
        (column, target): (&str, &Target),
        (known, positions): (&Answers, &[usize]),
        together: Option<&[u32]>,
        seed: u64,
    ) -> Result<Weak> {
        let chosen: Vec<usize> =
            (0..positions.len()).filter(|&i| positions[i].is_multiple_of(self.step)).collect();
        let all = known.misses(target);
        let misses: Vec<f64> = chosen.iter().map(|&i| all[i]).collect();
        let places: Vec<usize> = chosen.iter().map(|&i| positions[i] / self.step).collect();
        let mut divisions: Vec<Division> = self.divisions.iter().map(|d| d.only(&places)).collect();
        let columns = divisions.len();
        // The true class is not known of new rows, and where it is unlikely, answers are wrong: it stands alone.
        if let Target::Classes { names, .. } = target {
            let label = |&i: &usize| names.get(known.truth[i] as usize).cloned().unwrap_or_default();
            let labels: Vec<String> = chosen.iter().map(label).collect();
            divisions.push(Division::of(column.to_owned(), &labels));
        }
        let views: Vec<&[u32]> = divisions.iter().map(|division| division.groups.as_slice()).collect();
        let together: Option<Vec<u32>> =
            together.map(|groups| chosen.iter().map(|&i| groups[positions[i]]).collect());
        let (found, looked_at) = weak_segments(&misses, &views, columns, together.as_deref());
        let name =
            |segment: &Segment| named(segment, &divisions, &misses, together.as_deref(), (target, seed));
        let segments = found.iter().take(NAMED).map(name).collect::<Result<_>>()?;
        Ok(Weak { looked_at: looked_at as u64, segments })
    }
}

/// A segment in words, with the interval of its figure.
fn named(
    segment: &Segment,
    divisions: &[Division],
    misses: &[f64],
    together: Option<&[u32]>,
    (target, seed): (&Target, u64),
) -> Result<WeakSegment> {
    let part = |&(place, group): &(usize, u32)| {
        let division = &divisions[place];
        (division.column.clone(), division.names.get(group as usize).cloned().unwrap_or_default())
    };
    let names = ["inside", "elsewhere"].map(str::to_owned);
    let mut groups = vec![1; misses.len()];
    segment.rows.iter().for_each(|&row| groups[row] = 0);
    let answers = Judged::Number { truth: &vec![0.0; misses.len()], answered: misses };
    let rows = Answered { answers, groups: &groups, names: &names };
    let judged = audit("segment", "misses", rows, together, seed)
        .map_err(|e| Error::model(format!("the answers cannot be judged · {e}")))?;
    let mean = |name: &str| {
        let group = judged.groups.iter().find(|group| group.name == name)?;
        group.figures.first().map(|(_, figure)| *figure)
    };
    let (inside, elsewhere) = (mean(&names[0]).unwrap_or_default(), mean(&names[1]).unwrap_or_default());
    // Of classes and tags it is told what is right, not what is wrong.
    let numbers = matches!(target, Target::Number { .. });
    let told = |x: f64| if numbers { x } else { 1.0 - x };
    let (low, high) = if numbers { (inside.low, inside.high) } else { (inside.high, inside.low) };
    Ok(WeakSegment {
        parts: segment.parts.iter().map(part).collect(),
        rows: segment.rows.len() as u64,
        value: told(inside.value.unwrap_or_default()),
        low: low.map(told),
        high: high.map(told),
        elsewhere: told(elsewhere.value.unwrap_or_default()),
        p: segment.p,
    })
}
