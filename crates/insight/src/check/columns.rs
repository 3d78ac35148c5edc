//! Input columns that can't help: constant, mostly missing, or a name for the row.

use super::finding::{count, of, share};
use super::{Cells, Column, Dataset, Finding, MISSING, Severity, groups};

/// Share of missing cells that is worth a note, and a warning.
const OFTEN_MISSING: f64 = 0.5;
const MOSTLY_MISSING: f64 = 0.9;
/// Fewest rows, and share of distinct values, from which a column of codes names its rows.
const NAMED_ROWS: usize = 20;
const DISTINCT: f64 = 0.95;
/// Last words of the names of numbers that merely number the rows.
const NUMBERING: [&str; 7] = ["id", "ids", "uid", "index", "idx", "row", "key"];

/// Looks at every input column on its own.
#[must_use]
pub fn columns(data: &Dataset<'_>) -> Vec<Finding> {
    data.inputs.iter().flat_map(|input| judge(input, data.parts.len())).collect()
}

fn judge(input: &Column<'_>, rows: usize) -> Vec<Finding> {
    let name = input.name;
    let missing = (0..rows).filter(|&row| input.cells.is_missing(row)).count();
    let (present, distinct) = distinct(input);
    let mut findings = Vec::new();
    if share(missing, rows) >= OFTEN_MISSING {
        let severity =
            if share(missing, rows) >= MOSTLY_MISSING { Severity::Warning } else { Severity::Note };
        let what = format!("`{name}` is missing in {} rows.", of(missing, rows));
        let advice = "Find out why; a column that is filled in only in certain cases can mislead.";
        findings.push(Finding::new(severity, "mostly_missing", what, advice).about(name));
    }
    if distinct == 1 && missing == 0 {
        let what = format!("`{name}` has one value only.");
        findings.push(
            Finding::new(Severity::Note, "constant_column", what, "It can't help; leave it out.").about(name),
        );
    } else if present >= NAMED_ROWS && names_rows(input, present, distinct) {
        let what = format!(
            "`{name}` looks like a name for the row: {} different values in {} rows.",
            count(distinct),
            count(present)
        );
        let advice = "Nothing about new rows can be learned from it; leave it out.";
        findings.push(Finding::new(Severity::Note, "identifier", what, advice).about(name));
    }
    findings
}

/// Number of cells that aren't missing, and of different values among them.
fn distinct(input: &Column<'_>) -> (usize, usize) {
    let mut values: Vec<u128> = match input.cells {
        Cells::Numbers(values) => values
            .iter()
            .filter(|value| !value.is_nan())
            .map(|value| u128::from((value + 0.0).to_bits()))
            .collect(),
        Cells::Codes(codes) => {
            codes.iter().filter(|&&code| code != MISSING).map(|&code| u128::from(code)).collect()
        }
        Cells::Prints(prints) => prints.to_vec(),
    };
    let present = values.len();
    values.sort_unstable();
    values.dedup();
    (present, values.len())
}

/// Codes that hardly repeat, or whole numbers that never do and either count up by one or are called an id.
/// Texts and pictures differ by nature.
fn names_rows(input: &Column<'_>, present: usize, distinct: usize) -> bool {
    match input.cells {
        Cells::Codes(_) => share(distinct, present) >= DISTINCT,
        Cells::Numbers(values) => {
            let numbers = || values.iter().copied().filter(|value| !value.is_nan());
            let counts_up = || numbers().zip(numbers().skip(1)).all(|(a, b)| b - a == 1.0);
            let called_id =
                || groups::words(input.name).last().is_some_and(|word| NUMBERING.contains(&word.as_str()));
            distinct == present && numbers().all(|value| value.fract() == 0.0) && (called_id() || counts_up())
        }
        Cells::Prints(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::{noise, train_and_test};

    fn found(column: Column<'_>) -> Vec<(Severity, String)> {
        let parts = train_and_test(100);
        let findings = columns(&Dataset { parts: &parts, inputs: &[column], ..Dataset::default() });
        findings.into_iter().map(|finding| (finding.severity, finding.code)).collect()
    }

    #[test]
    fn useless_columns_are_named_and_useful_ones_are_not() {
        let measured: Vec<f64> = (0..100).map(|i| noise(i, 1)).collect();
        let category: Vec<u32> = (0..100).map(|i| i % 7).collect();
        let shuffled: Vec<f64> = (0..100).map(|i| f64::from(i * 37 % 101)).collect();
        assert!(found(Column::new("measured", Cells::Numbers(&measured))).is_empty());
        assert!(found(Column::new("category", Cells::Codes(&category))).is_empty());
        assert!(found(Column::new("weight", Cells::Numbers(&shuffled))).is_empty());

        let id = [(Severity::Note, "identifier".to_owned())];
        let codes: Vec<u32> = (0..100).collect();
        let line: Vec<f64> = (1000..1100).map(f64::from).collect();
        assert_eq!(found(Column::new("code", Cells::Codes(&codes))), id);
        assert_eq!(found(Column::new("line", Cells::Numbers(&line))), id);
        assert_eq!(found(Column::new("patientId", Cells::Numbers(&shuffled))), id);

        assert_eq!(
            found(Column::new("same", Cells::Numbers(&[1.5; 100]))),
            [(Severity::Note, "constant_column".to_owned())]
        );
    }

    #[test]
    fn missing_cells_are_counted() {
        let every = |n: usize| -> Vec<f64> {
            (0..100).map(|i| if i % n == 0 { noise(i, 1) } else { f64::NAN }).collect()
        };
        let code = |severity| vec![(severity, "mostly_missing".to_owned())];
        assert_eq!(found(Column::new("x", Cells::Numbers(&every(2)))), code(Severity::Note));
        assert_eq!(found(Column::new("x", Cells::Numbers(&every(10)))), code(Severity::Warning));
        assert_eq!(found(Column::new("x", Cells::Numbers(&[]))), code(Severity::Warning));
        let some: Vec<f64> = (0..100).map(|i| if i % 3 == 0 { f64::NAN } else { noise(i, 1) }).collect();
        assert!(found(Column::new("x", Cells::Numbers(&some))).is_empty());
    }
}
