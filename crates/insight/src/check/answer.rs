//! Columns that give the answer away: one input alone predicts the target all but perfectly.

use std::collections::BTreeMap;

use pellucid_data::Part;

use super::finding::{count, percent};
use super::rules::{Alone, Truth, from_codes, from_numbers};
use super::{Cells, Column, Dataset, Finding, MISSING, Severity};

/// Share of the baseline's error removed from which a column is called a leak.
const GIVEN_AWAY: f64 = 0.99;
/// … and from which it is suspicious.
const SUSPICIOUS: f64 = 0.95;
/// Rows of evidence below which nothing is said, and below which a column is never called a leak.
const LEAST_EVIDENCE: usize = 10;
const FIRM_EVIDENCE: usize = 30;
/// More training rows than this are thinned out evenly.
const SAMPLE: usize = 65_536;

/// Looks for inputs that alone answer a target, by their values or by being filled in.
///
/// Only training rows are read. Each column gets a simple rule that is fitted on one half of them and judged on the
/// other. From 99 % of the trivial baseline's error removed it is a leak, from 95 % a warning; where there is only
/// one input column it is a note, since there that is the task. Fingerprints (texts, pictures) are not judged.
#[must_use]
pub fn gives_answer_away(data: &Dataset<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for target in data.targets {
        let rows = training_sample(data.parts, target);
        let folds: Vec<bool> = rows.iter().map(|&row| second_half(row)).collect();
        let Some(answers) = Answers::gather(target, &rows) else { continue };
        for input in data.inputs {
            if let Some((alone, by_presence)) = judge(input, &rows, answers.truth(), &folds) {
                findings.extend(describe(data, input, target, &alone, by_presence));
            }
        }
    }
    findings
}

/// What a column alone tells of something else.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Revealed {
    /// The column.
    pub column: String,
    /// The share of rows in which a simple rule on it is right.
    pub right: f64,
    /// The share in which the commonest value is right.
    pub baseline: f64,
    /// The share of the baseline's error that the rule removes.
    pub score: f64,
}

/// What each of some columns alone tells of the groups that rows are in, the most first: rules are fitted on one half of the
/// rows and judged on the other. Fingerprints (texts, pictures) are not judged.
#[must_use]
pub fn revealed(inputs: &[Column<'_>], groups: &[u32]) -> Vec<Revealed> {
    let parts = vec![Part::Train; groups.len()];
    let target = Column::new("group", Cells::Codes(groups));
    let rows = training_sample(&parts, &target);
    let folds: Vec<bool> = rows.iter().map(|&row| second_half(row)).collect();
    let Some(answers) = Answers::gather(&target, &rows) else { return Vec::new() };
    let of = |input: &Column<'_>| {
        let (alone, _) = judge(input, &rows, answers.truth(), &folds)?;
        let Alone { right, baseline, score, .. } = alone;
        Some(Revealed { column: input.name.to_owned(), right, baseline, score })
    };
    let mut all: Vec<Revealed> = inputs.iter().filter_map(of).collect();
    all.sort_by(|a, b| b.score.total_cmp(&a.score).then_with(|| a.column.cmp(&b.column)));
    all
}

/// The training rows whose answer is known, at most [`SAMPLE`] of them.
fn training_sample(parts: &[Part], target: &Column<'_>) -> Vec<usize> {
    let known = |row: &usize| match target.cells {
        Cells::Numbers(values) => values.get(*row).is_some_and(|value| value.is_finite()),
        _ => !target.cells.is_missing(*row),
    };
    let rows: Vec<usize> = (0..parts.len()).filter(|&row| parts[row] == Part::Train).filter(known).collect();
    if rows.len() <= SAMPLE {
        return rows;
    }
    (0..SAMPLE).map(|i| rows[i * rows.len() / SAMPLE]).collect()
}

/// The half of a row, by a hash, so that no order of the rows can line up with it.
fn second_half(row: usize) -> bool {
    super::hash_bytes(&(row as u64).to_le_bytes(), 0) & 1 == 1
}

/// The answers of the sampled rows, classes renumbered without gaps.
enum Answers {
    Classes { codes: Vec<u32>, classes: usize },
    Numbers(Vec<f64>),
}

impl Answers {
    /// `None` where there is nothing to judge: a single class, or a target that is neither class nor number.
    fn gather(target: &Column<'_>, rows: &[usize]) -> Option<Answers> {
        match target.cells {
            Cells::Numbers(values) => Some(Answers::Numbers(rows.iter().map(|&row| values[row]).collect())),
            Cells::Codes(all) => {
                let mut dense = BTreeMap::new();
                let codes: Vec<u32> = rows
                    .iter()
                    .map(|&row| {
                        let next = dense.len() as u32;
                        *dense.entry(all[row]).or_insert(next)
                    })
                    .collect();
                (dense.len() > 1).then_some(Answers::Classes { codes, classes: dense.len() })
            }
            Cells::Prints(_) => None,
        }
    }

    fn truth(&self) -> Truth<'_> {
        match self {
            Answers::Classes { codes, classes } => Truth::Classes { codes, classes: *classes },
            Answers::Numbers(values) => Truth::Numbers(values),
        }
    }
}

/// What the column alone achieves, and whether merely being filled in achieves it. `None` for fingerprints.
fn judge(input: &Column<'_>, rows: &[usize], truth: Truth<'_>, folds: &[bool]) -> Option<(Alone, bool)> {
    let by_value = match input.cells {
        Cells::Numbers(values) => {
            let values: Vec<f64> =
                rows.iter().map(|&row| values.get(row).copied().unwrap_or(f64::NAN)).collect();
            from_numbers(&values, truth, folds)
        }
        Cells::Codes(codes) => {
            let codes: Vec<u32> =
                rows.iter().map(|&row| codes.get(row).copied().unwrap_or(MISSING)).collect();
            from_codes(&codes, truth, folds)
        }
        Cells::Prints(_) => return None,
    };
    let missing: Vec<u32> = rows.iter().map(|&row| u32::from(input.cells.is_missing(row))).collect();
    if missing.iter().any(|&m| m != missing[0]) {
        let presence = from_codes(&missing, truth, folds);
        if presence.score >= SUSPICIOUS && presence.score >= by_value.score - 0.01 {
            return Some((presence, true));
        }
    }
    Some((by_value, false))
}

fn describe(
    data: &Dataset<'_>,
    input: &Column<'_>,
    target: &Column<'_>,
    alone: &Alone,
    by_presence: bool,
) -> Option<Finding> {
    if alone.score < SUSPICIOUS || alone.evidence < LEAST_EVIDENCE {
        return None;
    }
    let severity = if data.inputs.len() == 1 {
        Severity::Note
    } else if alone.score >= GIVEN_AWAY && alone.evidence >= FIRM_EVIDENCE {
        Severity::Leak
    } else {
        Severity::Warning
    };
    let (name, answer) = (input.name, target.name);
    let subject = match by_presence {
        true => format!("Whether `{name}` is filled in"),
        false => format!("`{name}` alone"),
    };
    let figures = match target.cells {
        Cells::Numbers(_) => {
            format!("explains {} of the variance of `{answer}` (R² {:.3})", percent(alone.score), alone.score)
        }
        _ => format!(
            "answers `{answer}` right in {} of the rows (always saying the commonest answer: {})",
            percent(alone.right),
            percent(alone.baseline)
        ),
    };
    let advice = match (severity, few_rows_per_value(input, data.parts)) {
        (Severity::Note, _) => "It is the only input, so this is simply an easy task.".to_owned(),
        (_, Some(values)) => format!(
            "Each of its {} values stands for a few rows with one answer, as the name of a patient or of a recording \
             would. If it is one, split by it: --group {name}. If it holds the answer, leave the column out.",
            count(values)
        ),
        _ => format!(
            "Ask whether `{name}` is known before `{answer}` is. If it is written down afterwards or is another name \
             for the answer, leave the column out; if it is known in time, a rule on it may be all that is needed."
        ),
    };
    Some(Finding::new(severity, "gives_answer_away", format!("{subject} {figures}."), advice).about(name))
}

/// The number of distinct values, where they are many and each has but a few rows.
fn few_rows_per_value(input: &Column<'_>, parts: &[Part]) -> Option<usize> {
    let Cells::Codes(codes) = input.cells else { return None };
    let mut seen: Vec<u32> = codes.iter().copied().filter(|&code| code != MISSING).collect();
    seen.sort_unstable();
    seen.dedup();
    (seen.len() >= 20 && seen.len() * 20 <= parts.len() * 10).then_some(seen.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{noise, train_and_test};

    fn codes_of(findings: &[Finding]) -> Vec<(Severity, Option<&str>)> {
        findings.iter().map(|f| (f.severity, f.column.as_deref())).collect()
    }

    fn check(inputs: &[Column<'_>], target: Column<'_>, rows: usize) -> Vec<Finding> {
        let parts = train_and_test(rows);
        gives_answer_away(&Dataset { parts: &parts, inputs, targets: &[target], ..Dataset::default() })
    }

    #[test]
    fn a_number_that_encodes_the_class_is_a_leak_and_noise_is_not() {
        let n = 2000;
        let class: Vec<u32> = (0..n).map(|i| (noise(i, 1) * 3.0) as u32).collect();
        let code: Vec<f64> =
            class.iter().enumerate().map(|(i, &c)| f64::from(c) * 2.0 + noise(i, 2)).collect();
        let random: Vec<f64> = (0..n).map(|i| noise(i, 3)).collect();
        let helpful: Vec<f64> =
            class.iter().enumerate().map(|(i, &c)| f64::from(c) + 2.0 * noise(i, 4)).collect();
        let inputs = [
            Column::new("random", Cells::Numbers(&random)),
            Column::new("code", Cells::Numbers(&code)),
            Column::new("helpful", Cells::Numbers(&helpful)),
        ];
        let findings = check(&inputs, Column::new("class", Cells::Codes(&class)), n);
        assert_eq!(codes_of(&findings), [(Severity::Leak, Some("code"))]);
        assert!(findings[0].what.contains("answers `class` right in"), "{}", findings[0].what);
    }

    #[test]
    fn a_strong_but_imperfect_column_is_a_warning() {
        let n = 4000;
        let class: Vec<u32> = (0..n).map(|i| u32::from(noise(i, 1) < 0.5)).collect();
        let almost: Vec<u32> =
            class.iter().enumerate().map(|(i, &c)| if noise(i, 2) < 0.015 { 1 - c } else { c }).collect();
        let other: Vec<u32> = (0..n).map(|i| (noise(i, 3) * 5.0) as u32).collect();
        let inputs =
            [Column::new("almost", Cells::Codes(&almost)), Column::new("other", Cells::Codes(&other))];
        let findings = check(&inputs, Column::new("class", Cells::Codes(&class)), n);
        assert_eq!(codes_of(&findings), [(Severity::Warning, Some("almost"))]);
    }

    #[test]
    fn distinct_values_do_not_look_predictive_but_a_group_does() {
        let n = 2000;
        let class: Vec<u32> = (0..n).map(|i| u32::from(noise(i / 30, 1) < 0.5)).collect();
        let id: Vec<u32> = (0..n as u32).collect();
        let serial: Vec<f64> = (0..n).map(|i| noise(i, 9) * 1e6).collect();
        let patient: Vec<u32> = (0..n as u32).map(|i| i / 30).collect();
        let inputs = [
            Column::new("id", Cells::Codes(&id)),
            Column::new("serial", Cells::Numbers(&serial)),
            Column::new("patient", Cells::Codes(&patient)),
        ];
        let findings = check(&inputs, Column::new("class", Cells::Codes(&class)), n);
        assert_eq!(codes_of(&findings), [(Severity::Leak, Some("patient"))]);
        assert!(findings[0].advice.contains("--group patient"), "{}", findings[0].advice);
    }

    #[test]
    fn being_filled_in_can_be_the_answer() {
        let n = 1000;
        let dead: Vec<u32> = (0..n).map(|i| u32::from(noise(i, 1) < 0.2)).collect();
        let cause: Vec<u32> = (0..n).map(|i| if dead[i] == 1 { i as u32 } else { MISSING }).collect();
        let gaps: Vec<u32> =
            (0..n).map(|i| if noise(i, 2) < 0.2 { MISSING } else { (noise(i, 3) * 4.0) as u32 }).collect();
        let inputs =
            [Column::new("cause_of_death", Cells::Codes(&cause)), Column::new("gaps", Cells::Codes(&gaps))];
        let findings = check(&inputs, Column::new("dead", Cells::Codes(&dead)), n);
        assert_eq!(codes_of(&findings), [(Severity::Leak, Some("cause_of_death"))]);
        assert!(findings[0].what.starts_with("Whether `cause_of_death` is filled in"));
    }

    #[test]
    fn numeric_targets_are_judged_by_explained_variance() {
        let n = 3000;
        let price: Vec<f64> = (0..n).map(|i| (noise(i, 1) * 8.0).exp()).collect();
        let with_tax: Vec<f64> = price.iter().map(|p| p * 1.19).collect();
        let log: Vec<f64> = price.iter().enumerate().map(|(i, p)| p.ln() + 0.3 * noise(i, 5)).collect();
        let size: Vec<f64> = price.iter().enumerate().map(|(i, p)| p.ln() + 6.0 * noise(i, 2)).collect();
        let inputs = [
            Column::new("size", Cells::Numbers(&size)),
            Column::new("with_tax", Cells::Numbers(&with_tax)),
            Column::new("log", Cells::Numbers(&log)),
        ];
        let findings = check(&inputs, Column::new("price", Cells::Numbers(&price)), n);
        assert_eq!(codes_of(&findings)[0], (Severity::Leak, Some("with_tax")));
        assert!(findings.iter().all(|f| f.column.as_deref() != Some("size")));
        assert!(findings[0].what.contains("R² 1.000"), "{}", findings[0].what);
    }

    #[test]
    fn the_only_input_is_the_task_and_a_few_rows_prove_nothing() {
        let celsius: Vec<f64> = (0..200).map(f64::from).collect();
        let fahrenheit: Vec<f64> = celsius.iter().map(|c| c * 1.8 + 32.0).collect();
        let inputs = [Column::new("celsius", Cells::Numbers(&celsius))];
        let findings = check(&inputs, Column::new("fahrenheit", Cells::Numbers(&fahrenheit)), 200);
        assert_eq!(codes_of(&findings), [(Severity::Note, Some("celsius"))]);

        let class = [0, 1, 0, 1, 0, 1, 0, 1];
        let same = [5, 6, 5, 6, 5, 6, 5, 6];
        let inputs = [Column::new("a", Cells::Codes(&same)), Column::new("b", Cells::Codes(&class))];
        assert!(check(&inputs, Column::new("class", Cells::Codes(&class)), 8).is_empty());
    }

    #[test]
    fn test_rows_are_never_read() {
        let n = 1000;
        let parts = train_and_test(n);
        let class: Vec<u32> = (0..n).map(|i| u32::from(noise(i, 1) < 0.5)).collect();
        let column: Vec<u32> = (0..n)
            .map(|i| if parts[i] == Part::Test { class[i] } else { u32::from(noise(i, 2) < 0.5) })
            .collect();
        let other = vec![0; n];
        let inputs =
            [Column::new("column", Cells::Codes(&column)), Column::new("other", Cells::Codes(&other))];
        assert!(check(&inputs, Column::new("class", Cells::Codes(&class)), n).is_empty());
    }
}
