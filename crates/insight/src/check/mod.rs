//! Leak and quality checks: would the score be true, and is the data fit to learn from?
//!
//! The checks are functions of plain columns; they don't know how the caller stores a table. [`check_table`] runs
//! all that need only columns and splits. Pictures have two checks more: [`near_duplicates`] for copies that were
//! saved anew, and [`neighbours_on_both_sides`] for frames of one recording that a random split tore apart. Whoever has compared how
//! columns are spread in training and test says so by [`test_is_unlike_training`].
//!
//! ```
//! use pellucid_data::Part;
//! use pellucid_insight::check::{Cells, Column, Dataset, check_table};
//!
//! let parts: Vec<Part> = (0..400).map(|row| if row % 4 == 0 { Part::Test } else { Part::Train }).collect();
//! let ill: Vec<u32> = (0..400).map(|row| row * 7 / 3 % 2).collect();
//! let days: Vec<f64> = ill.iter().map(|&ill| if ill == 1 { 12.0 } else { f64::NAN }).collect();
//! let age: Vec<f64> = (0..400).map(|row| f64::from(row * 37 % 71)).collect();
//! let inputs = [Column::new("days_in_hospital", Cells::Numbers(&days)), Column::new("age", Cells::Numbers(&age))];
//! let targets = [Column::new("ill", Cells::Codes(&ill))];
//!
//! let report = check_table(&Dataset { parts: &parts, inputs: &inputs, targets: &targets, ..Dataset::default() });
//! assert!(report.has_leak());
//! assert_eq!(report.findings[0].code, "gives_answer_away");
//! ```

mod answer;
mod balance;
mod chance;
mod columns;
mod dct;
mod duplicates;
mod finding;
mod fingerprint;
mod groups;
mod near;
mod order;
mod pictures;
mod rules;
mod sequence;
mod shift;

pub use answer::{Revealed, gives_answer_away, revealed};
pub use balance::{classes, too_few_rows};
pub use columns::columns;
pub use duplicates::{conflicting_labels, duplicates};
pub use finding::{CheckReport, EXAMPLES, Example, Finding, Severity};
pub use fingerprint::{hash_bytes, hash_cell, hash_picture, hash_rows};
pub use groups::{group_hints, group_on_both_sides};
pub use near::{NearTwin, near_duplicates, near_twins};
pub use order::order_on_both_sides;
pub use pictures::{PictureIndex, SIDE, Thumbnail, thumbnail};
pub use sequence::neighbours_on_both_sides;
pub use shift::test_is_unlike_training;

use pellucid_data::Part;

/// The code of a missing category.
pub const MISSING: u32 = u32::MAX;

/// The cells of one column, one per row.
#[derive(Clone, Copy, Debug)]
pub enum Cells<'a> {
    /// Numbers and moments; NaN where missing.
    Numbers(&'a [f64]),
    /// Categories and flags, as a code per distinct value; [`MISSING`] where missing.
    Codes(&'a [u32]),
    /// Anything else (texts, pictures) by the fingerprint of its content: [`hash_bytes`], [`hash_picture`].
    Prints(&'a [u128]),
}

impl Cells<'_> {
    /// Number of rows.
    #[must_use]
    pub fn len(&self) -> usize {
        match self {
            Cells::Numbers(values) => values.len(),
            Cells::Codes(codes) => codes.len(),
            Cells::Prints(prints) => prints.len(),
        }
    }

    /// Whether there are no rows.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Whether the cell is missing; a row outside the column is.
    #[must_use]
    pub fn is_missing(&self, row: usize) -> bool {
        match self {
            Cells::Numbers(values) => values.get(row).is_none_or(|value| value.is_nan()),
            Cells::Codes(codes) => codes.get(row).is_none_or(|&code| code == MISSING),
            Cells::Prints(prints) => row >= prints.len(),
        }
    }
}

/// A named column.
#[derive(Clone, Copy, Debug)]
pub struct Column<'a> {
    /// Its name in the data set.
    pub name: &'a str,
    /// Its cells.
    pub cells: Cells<'a>,
    /// What each code stands for; may be empty, or shorter than the codes reach.
    pub values: &'a [String],
}

impl<'a> Column<'a> {
    /// A column whose codes have no names.
    #[must_use]
    pub fn new(name: &'a str, cells: Cells<'a>) -> Column<'a> {
        Column { name, cells, values: &[] }
    }

    /// Gives the codes their names.
    #[must_use]
    pub fn with_values(self, values: &'a [String]) -> Column<'a> {
        Column { values, ..self }
    }

    /// A code in words.
    fn value(&self, code: u32) -> String {
        match self.values.get(code as usize) {
            Some(value) => format!("`{value}`"),
            None => format!("number {code}"),
        }
    }
}

/// How the findings call a row: given its number (from 0), its path or another name that a person recognises.
pub type RowName<'a> = &'a dyn Fn(usize) -> String;

/// A data set as the checks see it.
#[derive(Clone, Copy)]
pub struct Dataset<'a> {
    /// The split of every row.
    pub parts: &'a [Part],
    /// The columns that the network sees.
    pub inputs: &'a [Column<'a>],
    /// The columns to predict.
    pub targets: &'a [Column<'a>],
    /// Columns that are neither: identifiers set aside, columns left out by the person.
    pub others: &'a [Column<'a>],
    /// The columns that tell when a row was, whatever else they are used for.
    pub moments: &'a [Column<'a>],
    /// The column given with `--group`.
    pub group: Option<Column<'a>>,
    /// How to call a row.
    pub row_name: RowName<'a>,
}

impl Default for Dataset<'_> {
    fn default() -> Self {
        Dataset {
            parts: &[],
            inputs: &[],
            targets: &[],
            others: &[],
            moments: &[],
            group: None,
            row_name: &|row| format!("row {}", row + 1),
        }
    }
}

/// Runs every check that needs only columns and splits.
///
/// Rows past the end of a column count as missing there. Deterministic.
#[must_use]
pub fn check_table(data: &Dataset<'_>) -> CheckReport {
    let mut report = CheckReport::default();
    report.extend(duplicates(data));
    match &data.group {
        Some(group) => report.extend(group_on_both_sides(group, data)),
        None => report.extend(group_hints(data)),
    }
    report.extend(order_on_both_sides(data));
    report.extend(gives_answer_away(data));
    report.extend(conflicting_labels(data));
    report.extend(too_few_rows(data.parts));
    for target in data.targets {
        report.extend(classes(target, data.parts));
    }
    report.extend(columns(data));
    report
}

/// Position of a part in tables of counts.
fn part_index(part: Part) -> usize {
    match part {
        Part::Train => 0,
        Part::Validation => 1,
        Part::Test => 2,
    }
}

/// How many rows each part has: training, validation, test.
fn part_sizes(parts: &[Part]) -> [usize; 3] {
    let mut sizes = [0; 3];
    for &part in parts {
        sizes[part_index(part)] += 1;
    }
    sizes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A reproducible number in [0, 1) for a row and a stream.
    pub(super) fn noise(row: usize, stream: u32) -> f64 {
        (hash_bytes(&(row as u64).to_le_bytes(), 1000 + stream) >> 75) as f64 / (1_u64 << 53) as f64
    }

    /// Every fourth row by chance is a test row.
    pub(super) fn train_and_test(rows: usize) -> Vec<Part> {
        (0..rows).map(|row| if noise(row, 0) < 0.25 { Part::Test } else { Part::Train }).collect()
    }

    #[test]
    fn clean_data_gives_no_leak_and_no_warning() {
        let n = 2000;
        let parts = train_and_test(n);
        let class: Vec<u32> = (0..n).map(|i| u32::from(noise(i, 1) < 0.5)).collect();
        let a: Vec<f64> = (0..n).map(|i| 2.0 * noise(i, 2) + f64::from(class[i])).collect();
        let b: Vec<u32> = (0..n).map(|i| (noise(i, 3) * 6.0) as u32).collect();
        let inputs = [Column::new("a", Cells::Numbers(&a)), Column::new("b", Cells::Codes(&b))];
        let targets = [Column::new("class", Cells::Codes(&class))];
        let data = Dataset { parts: &parts, inputs: &inputs, targets: &targets, ..Dataset::default() };
        let report = check_table(&data);
        assert!(report.findings.is_empty(), "{report}");
        assert_eq!(report, check_table(&data));
    }

    #[test]
    fn nothing_and_ragged_columns_are_harmless() {
        assert!(!check_table(&Dataset::default()).has_leak());
        let parts = train_and_test(50);
        let short = [1.0, 2.0];
        let codes = [0, 1, 0];
        let inputs = [Column::new("short", Cells::Numbers(&short)), Column::new("none", Cells::Prints(&[]))];
        let targets = [Column::new("codes", Cells::Codes(&codes))];
        let report =
            check_table(&Dataset { parts: &parts, inputs: &inputs, targets: &targets, ..Dataset::default() });
        assert!(report.findings.iter().any(|finding| finding.code == "mostly_missing"), "{report}");
    }
}
