//! What would have turned an answer: other values of a few columns.

use super::absent::Background;
use super::parts::Part;
use super::question::Question;
use crate::Result;
use pellucid_insight::report::data::{Change, Instead};
use pellucid_kinds::{Feature, Record, Target};

/// Columns that are changed, at most.
const MOST: usize = 4;

/// Records that are answered at once.
const TOGETHER: usize = 256;

/// A column's value, exchanged for that of a background.
struct Candidate {
    part: usize,
    background: usize,
    record: Record,
}

/// Other values of a few columns, as training rows have them, with which another class would be answered (a counterfactual; Wachter et al.,
/// arXiv 1711.00399): one column after the other takes the value that speaks most against the answer, until it turns; the last takes the
/// nearest value that does. Columns in `locked` stay. None if that is not enough, and where no class is answered.
///
/// # Errors
/// No memory.
pub(super) fn instead(
    question: &Question<'_>,
    record: &Record,
    parts: &[Part],
    backgrounds: &[Background],
    locked: &[String],
) -> Result<Option<Instead>> {
    let Target::Classes { names, .. } = &question.model.batcher.targets()[question.asked.target] else {
        return Ok(None);
    };
    let (answer, _) = answered(question, std::slice::from_ref(record), 0)?[0];
    let (mut now, mut changes): (Record, Vec<Change>) = (record.clone(), Vec::new());
    while changes.len() < MOST {
        let candidates = candidates(&now, parts, backgrounds, locked, &changes);
        let mut answers = Vec::with_capacity(candidates.len());
        for some in candidates.chunks(TOGETHER) {
            let records: Vec<Record> = some.iter().map(|candidate| candidate.record.clone()).collect();
            answers.extend(answered(question, &records, answer)?);
        }
        let all = || candidates.iter().zip(&answers);
        let far = |candidate: &Candidate| distance(question, record, &candidate.record);
        let nearest =
            all().filter(|(_, (class, _))| *class != answer).min_by(|a, b| far(a.0).total_cmp(&far(b.0)));
        let strongest = || all().min_by(|a, b| a.1.1.total_cmp(&b.1.1));
        let Some((candidate, (class, _))) = nearest.or_else(strongest) else { return Ok(None) };
        let Part::Column { name, value, .. } = &parts[candidate.part] else { return Ok(None) };
        let to = backgrounds[candidate.background].cells.get(name).cloned().unwrap_or_default();
        changes.push(Change { name: name.clone(), from: value.clone(), to });
        if *class != answer {
            return Ok(Some(Instead { answer: names[*class].clone(), changes }));
        }
        now = candidate.record.clone();
    }
    Ok(None)
}

/// The class that is answered to each record, and the probability of `of`.
fn answered(question: &Question<'_>, records: &[Record], of: usize) -> Result<Vec<(usize, f32)>> {
    let answers = question.model.answer(records)?.swap_remove(question.asked.target);
    let one = |row| (answers.best(row).0, answers.row(row).get(of).copied().unwrap_or_default());
    Ok((0..answers.rows()).map(one).collect())
}

/// Every column that may be changed and is not yet, with every value of a background.
fn candidates(
    now: &Record,
    parts: &[Part],
    backgrounds: &[Background],
    locked: &[String],
    changes: &[Change],
) -> Vec<Candidate> {
    let mut all = Vec::new();
    for (part, of) in parts.iter().enumerate() {
        let Part::Column { name, numbers, codes, .. } = of else { continue };
        if locked.contains(name) || changes.iter().any(|change| change.name == *name) {
            continue;
        }
        for (background, other) in backgrounds.iter().enumerate() {
            let mut record = now.clone();
            record.numbers[numbers.clone()].copy_from_slice(&other.numbers[numbers.clone()]);
            record.codes[codes.clone()].copy_from_slice(&other.codes[codes.clone()]);
            if record != *now {
                all.push(Candidate { part, background, record });
            }
        }
    }
    all
}

/// How far a record is from another: the sum of its numbers' changes in deviations, and one for each other category.
fn distance(question: &Question<'_>, from: &Record, to: &Record) -> f64 {
    let scales = question.model.batcher.features().iter().filter_map(|feature| match feature {
        Feature::Number { scale, .. } => Some(*scale),
        _ => None,
    });
    let numbers = from.numbers.iter().zip(&to.numbers).zip(scales);
    let moved: f64 = numbers.map(|((a, b), scale)| (a - b).abs() / scale).sum();
    moved + from.codes.iter().zip(&to.codes).filter(|(a, b)| a != b).count() as f64
}
