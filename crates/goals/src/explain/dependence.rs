//! How the answer depends on the columns that matter most, on average over rows.

use super::importance::{LEAST, answers_within, evenly, read};
use super::parts::{Span, in_words};
use super::question::Asked;
use crate::Result;
use crate::model::Model;
use crate::outcome::Answers;
use pellucid_data::{Cell, Table};
use pellucid_insight::explain::{MeanAnswer, partial_dependence, quantile_places};
use pellucid_insight::report::data::{Dependence, DependencePoint, Importance};
use pellucid_kinds::{Examples, Prepared, Record, Target};
use std::collections::HashMap;

/// Columns that are looked at, at most.
const COLUMNS: usize = 6;

/// Values of a column, at most: numbers and times, and others.
const VALUES: usize = 20;
const CATEGORIES: usize = 12;

/// Rows over which answers are averaged, at most, and how many of them are shown by themselves.
const MOST: usize = 500;
const SINGLE: usize = 12;

/// Days from 1970 on, which times are encoded as, to years.
const YEAR: f64 = 365.2425;

/// Rows that are answered anew, and the table that they come from.
pub(crate) struct Rows<'a> {
    pub(crate) table: &'a Table,
    pub(crate) examples: &'a Examples,
    pub(crate) records: &'a [usize],
}

/// One value of a column: what it is called, where it lies if values have an order, and a row that has it.
struct Value {
    name: String,
    place: Option<f64>,
    row: usize,
}

/// Finds for the first of `columns`, which matter most, how the answer to one target depends on them: partial dependence with intervals.
/// Takes about `seconds`; where that is too little time or there are too few rows, fewer columns or none.
///
/// # Errors
/// Failures of reading, and no memory.
pub(crate) fn dependence(
    model: &Model,
    rows: &Rows<'_>,
    target: usize,
    columns: &mut [Importance],
    (seconds, seed): (f64, u64),
) -> Result<()> {
    let answers = answers_within(seconds, model, rows.examples, rows.records)?;
    let many = (answers / (VALUES * LEAST)).min(COLUMNS);
    if many == 0 || rows.records.len() < LEAST {
        return Ok(());
    }
    let chosen = evenly(rows.records, (answers / (VALUES * many)).min(MOST));
    let records = read(rows.examples, &chosen)?;
    let inputs = model.encoder.inputs.iter().zip(Span::of(&model.encoder));
    let plain: HashMap<&str, _> = inputs
        .filter(|(_, (_, span))| span.is_plain())
        .map(|((name, kind, prepared), (_, span))| (name.as_str(), (*kind, prepared.as_ref(), span)))
        .collect();
    let mut left = many;
    for column in columns.iter_mut().filter(|column| column.value > 0.0) {
        let Some((kind, prepared, span)) = plain.get(column.name.as_str()).filter(|_| left > 0) else {
            continue;
        };
        left -= 1;
        let values = values(rows, &chosen, &records, &column.name, (*kind, *prepared, span))?;
        let mut answers = Vec::with_capacity(values.len());
        for value in &values {
            let mut dealt = records.clone();
            dealt.iter_mut().for_each(|record| span.copy(&records[value.row], record));
            answers.push(model.answer(&dealt)?.swap_remove(target));
        }
        if values.len() > 1 {
            let found = found(&model.batcher.targets()[target], target, &values, &answers, seed);
            column.dependence = Some(Dependence { years: *kind == "time", ..found });
        }
    }
    Ok(())
}

/// The values of a column that are tried, as the rows have them: numbers and times at their quantiles, others the most frequent.
fn values(
    rows: &Rows<'_>,
    chosen: &[usize],
    records: &[Record],
    column: &str,
    (kind, prepared, span): (&str, &dyn Prepared, &Span),
) -> Result<Vec<Value>> {
    let position = rows.table.column_index(column)?;
    let mut all = Vec::with_capacity(chosen.len());
    for (row, &i) in chosen.iter().enumerate() {
        let cells = rows.table.cells(rows.examples.rows()[i])?;
        let cell = cells.cell(position);
        if !matches!(cell, Cell::Missing) && prepared.counts_as_missing(cell).is_none() {
            let place = match kind {
                "number" => span.number(&records[row]),
                "time" => span.number(&records[row]).map(|days| 1970.0 + days / YEAR),
                _ => None,
            };
            all.push(Value { name: in_words(cell), place, row });
        }
    }
    if all.iter().all(|value| value.place.is_some()) {
        return Ok(ordered(all));
    }
    let mut counts: HashMap<String, usize> = HashMap::new();
    all.iter().for_each(|value| *counts.entry(value.name.clone()).or_default() += 1);
    all.sort_by(|a, b| counts[&b.name].cmp(&counts[&a.name]).then_with(|| a.name.cmp(&b.name)));
    all.dedup_by(|b, a| a.name == b.name);
    all.truncate(CATEGORIES);
    Ok(all)
}

/// At most [`VALUES`] of values with an order: at quantiles of the rows and, where many rows share a value, of the distinct values between
/// them, too.
fn ordered(mut all: Vec<Value>) -> Vec<Value> {
    let place = |value: &Value| value.place.unwrap_or_default();
    all.sort_by(|a, b| place(a).total_cmp(&place(b)));
    let of_rows: Vec<f64> =
        quantile_places(all.len(), VALUES).into_iter().map(|at| place(&all[at])).collect();
    all.dedup_by(|b, a| place(a) == place(b));
    if all.len() <= VALUES {
        return all;
    }
    let is_quantile = |value: &Value| of_rows.contains(&place(value));
    let left = VALUES.saturating_sub(all.iter().filter(|value| is_quantile(value)).count());
    let of_values = quantile_places(all.len(), left);
    let kept = all.into_iter().enumerate().filter(|(at, value)| is_quantile(value) || of_values.contains(at));
    kept.map(|(_, value)| value).collect()
}

/// The curve of means, for a number or for the class or tag whose probability is moved most.
fn found(target: &Target, place: usize, values: &[Value], answers: &[Answers], seed: u64) -> Dependence {
    let outputs = match target {
        Target::Number { .. } => 0..1,
        // Of two classes it is the rarer one, as where groups are compared; the other is its mirror image.
        Target::Classes { names, counts } if names.len() == 2 => {
            let rarer = usize::from(counts.first() > counts.get(1));
            rarer..rarer + 1
        }
        Target::Classes { names, .. } | Target::Tags { names, .. } => 0..names.len(),
    };
    let of = |output: usize| -> Vec<Vec<f64>> {
        let asked = Asked { target: place, output };
        answers.iter().map(|answers| asked.values(target, answers)).collect()
    };
    let moved = |output: usize| {
        let means = of(output).into_iter().map(|x| x.iter().sum::<f64>() / x.len().max(1) as f64);
        let ends = means.fold((f64::INFINITY, f64::NEG_INFINITY), |(a, b), x| (a.min(x), b.max(x)));
        ends.1 - ends.0
    };
    let first = outputs.start;
    let most = outputs.map(|output| (output, moved(output)));
    let (output, _) = most.fold((first, f64::NEG_INFINITY), |a, b| if b.1 > a.1 { b } else { a });
    let answers = of(output);
    let rows = answers.first().map_or(0, Vec::len);
    let class = match target {
        Target::Number { .. } => None,
        Target::Classes { names, .. } | Target::Tags { names, .. } => names.get(output).cloned(),
    };
    let point = |(value, mean): (&Value, MeanAnswer)| DependencePoint {
        value: value.name.clone(),
        place: value.place,
        mean: mean.mean,
        low: mean.low,
        high: mean.high,
    };
    let rising = match (answers.first(), answers.last()) {
        (Some(first), Some(last)) if values.iter().all(|value| value.place.is_some()) => {
            let up = first.iter().zip(last).filter(|(first, last)| last > first).count();
            Some(up as f64 / rows.max(1) as f64)
        }
        _ => None,
    };
    let shown = (0..rows).step_by(rows.div_ceil(SINGLE).max(1));
    Dependence {
        class,
        rows: rows as u64,
        years: false,
        points: values.iter().zip(partial_dependence(&answers, seed)).map(point).collect(),
        single: shown.map(|row| answers.iter().map(|of| of[row]).collect()).collect(),
        rising,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tried(values: impl Iterator<Item = f64>) -> Vec<f64> {
        let value = |(row, x): (usize, f64)| Value { name: x.to_string(), place: Some(x), row };
        ordered(values.enumerate().map(value).collect()).into_iter().filter_map(|value| value.place).collect()
    }

    #[test]
    fn a_number_that_is_mostly_0_is_tried_at_its_rare_large_values_too() {
        let even = tried((0..1001).rev().map(f64::from));
        assert!(even.len() == VALUES && even[0] == 25.0 && even[VALUES - 1] == 975.0, "{even:?}");
        let mostly = tried((0..500).map(|i| if i < 470 { 0.0 } else { f64::from(100 * i) }));
        assert!((VALUES - 3..=VALUES).contains(&mostly.len()) && mostly[0] == 0.0, "{mostly:?}");
        assert!(mostly.windows(2).all(|pair| pair[0] < pair[1]));
        assert_eq!(tried([3.0, 1.0, 3.0, 2.0].into_iter()), [1.0, 2.0, 3.0]);
        assert!(tried(std::iter::empty()).is_empty());
    }
}
