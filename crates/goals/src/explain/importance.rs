//! Which columns matter over all rows: how much worse the answers are if a column is dealt out anew.

use super::parts::Span;
use crate::Result;
use crate::model::Model;
use pellucid_insight::report::data::Importance;
use pellucid_kinds::{Examples, Record};
use pellucid_tensor::Stream;
use std::time::Instant;

/// How often each column is dealt out anew.
const TIMES: usize = 3;

/// Rows that are answered each time, at most and at least.
const MOST: usize = 1_000;
pub(super) const LEAST: usize = 50;

/// Half of a 95 % interval, in standard errors.
const NORMAL: f64 = 1.96;

/// Permutation importance (Breiman 2001; Fisher et al., arXiv 1801.01489) of each input column for one target, the most important first:
/// by how much the share of right answers falls, or the mean error grows, if what stands in the column is exchanged between rows. Takes about
/// `seconds`; empty where there is only one column, or where that is too little time or there are too few rows.
///
/// # Errors
/// Failures of reading, and no memory.
pub(crate) fn importance(
    model: &Model,
    examples: &Examples,
    records: &[usize],
    target: usize,
    (seconds, seed): (f64, u64),
) -> Result<Vec<Importance>> {
    let spans = Span::of(&model.encoder);
    if spans.len() < 2 {
        return Ok(Vec::new());
    }
    let answers = answers_within(seconds, model, examples, records)?;
    let rows = answers / (TIMES * spans.len());
    if rows.min(records.len()) < LEAST {
        return Ok(Vec::new());
    }
    let whole = read(examples, &evenly(records, rows.min(MOST)))?;
    let before = misses(model, &whole, target)?;
    let mut random = Stream::new(seed, "importance", 0);
    let mut all = Vec::with_capacity(spans.len());
    for (name, span) in &spans {
        let mut worse = vec![0.0; whole.len()];
        for _ in 0..TIMES {
            let mut order: Vec<usize> = (0..whole.len()).collect();
            random.shuffle(&mut order);
            let mut dealt = whole.clone();
            for (record, &from) in dealt.iter_mut().zip(&order) {
                span.copy(&whole[from], record);
            }
            let after = misses(model, &dealt, target)?;
            for ((sum, after), before) in worse.iter_mut().zip(after).zip(&before) {
                *sum += (after - before) / TIMES as f64;
            }
        }
        let known: Vec<f64> = worse.into_iter().filter(|x| x.is_finite()).collect();
        let n = known.len().max(1) as f64;
        let mean = known.iter().sum::<f64>() / n;
        let variance = known.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / (n - 1.0).max(1.0);
        let half = NORMAL * (variance / n).sqrt();
        let (low, high) = (mean - half, mean + half);
        all.push(Importance { name: name.clone(), value: mean, low, high, dependence: None });
    }
    all.sort_by(|a, b| b.value.total_cmp(&a.value).then_with(|| a.name.cmp(&b.name)));
    Ok(all)
}

/// How many rows a model answers within `seconds`, as some of these say.
///
/// # Errors
/// Failures of reading, and no memory.
pub(crate) fn answers_within(
    seconds: f64,
    model: &Model,
    examples: &Examples,
    records: &[usize],
) -> Result<usize> {
    let some = evenly(records, LEAST);
    let start = Instant::now();
    model.answer(&read(examples, &some)?)?;
    let each = start.elapsed().as_secs_f64() / some.len().max(1) as f64;
    Ok((seconds / each.max(1e-9)) as usize)
}

/// At most `most` of the records, evenly chosen.
pub(super) fn evenly(records: &[usize], most: usize) -> Vec<usize> {
    records.iter().copied().step_by(records.len().div_ceil(most.max(1)).max(1)).collect()
}

/// Reads some records.
///
/// # Errors
/// Failures of reading.
pub(crate) fn read(examples: &Examples, some: &[usize]) -> Result<Vec<Record>> {
    let one = |&i: &usize| {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        Ok(record)
    };
    some.iter().map(one).collect()
}

/// By how much the answer to each row misses the truth.
fn misses(model: &Model, records: &[Record], place: usize) -> Result<Vec<f64>> {
    let answers = model.answer(records)?.swap_remove(place);
    Ok(answers.misses(&model.batcher.targets()[place]))
}
