//! Rows that occur more than once: across splits, within one, and with different answers.

use std::collections::HashMap;

use pellucid_data::Part;

use super::chance::explained_by_chance;
use super::finding::{Example, count, of, percent, share};
use super::{Cells, Column, Dataset, Finding, MISSING, Severity, hash_rows};

/// Share of the judged rows from which copies make the score untrue: they can lift it by a whole point.
pub(super) const LEAK_SHARE: f64 = 0.01;
/// Share below which copies are only worth a note.
const WARNING_SHARE: f64 = 0.001;
/// Share explained by chance up to which the rest is surely copied, and from which nothing is held against the split.
/// The explanation falls short where columns depend on each other: on subsets of the columns of Adult (UCI), whose
/// equal rows are natural, it reaches 84 to 100 %.
const HARDLY_CHANCE: f64 = 0.5;
const MERE_CHANCE: f64 = 0.8;

/// Rows of the test (validation) split that are also in the training rows, and copies within a split.
///
/// In tables a row is its inputs and its answers, and as many as coincidence explains aren't held against the split:
/// where few columns have few values, equal rows are bound to occur. Pictures and texts (columns of
/// fingerprints) never coincide, whatever the answer. From 1 % of the test rows on, of which chance explains less than
/// half, it is a leak; a single copy of a picture is a warning.
#[must_use]
pub fn duplicates(data: &Dataset<'_>) -> Vec<Finding> {
    let content = data.inputs.iter().any(|input| matches!(input.cells, Cells::Prints(_)));
    let compared: Vec<&Column<'_>> =
        if content { data.inputs.iter().collect() } else { data.inputs.iter().chain(data.targets).collect() };
    let prints = hash_rows(compared.iter().copied(), data.parts.len());
    let filled = filled_rows(data);
    let rows_of = |wanted: &dyn Fn(Part) -> bool| -> Vec<usize> {
        filled.iter().copied().filter(|&row| wanted(data.parts[row])).collect()
    };
    let chance = |here: &[usize], there: &[usize]| {
        if content { 0.0 } else { explained_by_chance(&compared, &prints, here, there) }
    };

    let mut findings = Vec::new();
    for judged in [Part::Test, Part::Validation] {
        let (here, there) = (rows_of(&|part| part == judged), rows_of(&|part| part < judged));
        let first = first_rows(&prints, &there);
        let twins: Vec<(usize, usize)> =
            here.iter().filter_map(|&row| first.get(&prints[row]).map(|&twin| (row, twin))).collect();
        if !twins.is_empty() {
            findings.push(across(data, judged, here.len(), &twins, chance(&here, &there)));
        }
    }
    findings.extend(within(data, &prints, &filled));
    findings
}

fn across(
    data: &Dataset<'_>,
    judged: Part,
    rows: usize,
    twins: &[(usize, usize)],
    by_chance: f64,
) -> Finding {
    let copies = share(twins.len(), rows) * (1.0 - by_chance);
    let severity = match judged {
        _ if by_chance >= MERE_CHANCE => Severity::Note,
        Part::Test if copies >= LEAK_SHARE && by_chance < HARDLY_CHANCE => Severity::Leak,
        Part::Test if copies >= WARNING_SHARE || by_chance == 0.0 => Severity::Warning,
        Part::Validation if copies >= LEAK_SHARE => Severity::Warning,
        _ => Severity::Note,
    };
    let learned = if judged == Part::Test { "training or validation" } else { "training" };
    let mut what = format!("{} {} rows are also {learned} rows", of(twins.len(), rows), judged.name());
    if by_chance > 0.05 {
        what += &format!("; with so few distinct values, chance explains {} of that", percent(by_chance));
    }
    let advice = match severity {
        Severity::Note => "So few, or so natural in such a table, that the score stays true.",
        _ => {
            "Remove the copies before splitting, or, where equal rows belong together (one patient, one recording), \
             split by group."
        }
    };
    let example = |&(row, twin): &(usize, usize)| Example {
        rows: vec![row, twin],
        text: format!(
            "{} ({}) is {} ({})",
            (data.row_name)(row),
            judged.name(),
            (data.row_name)(twin),
            data.parts[twin].name()
        ),
    };
    Finding::new(severity, "duplicates_across_splits", what + ".", advice)
        .with_examples(twins.iter().map(example))
}

/// Copies of a row of the same split.
fn within(data: &Dataset<'_>, prints: &[u128], filled: &[usize]) -> Option<Finding> {
    let mut copies = Vec::new();
    for part in [Part::Train, Part::Validation, Part::Test] {
        let rows: Vec<usize> = filled.iter().copied().filter(|&row| data.parts[row] == part).collect();
        let first = first_rows(prints, &rows);
        copies.extend(rows.iter().filter_map(|&row| {
            let original = *first.get(&prints[row])?;
            (original != row).then_some((row, original))
        }));
    }
    if copies.is_empty() {
        return None;
    }
    let what =
        format!("{} rows repeat an earlier row of the same split.", of(copies.len(), data.parts.len()));
    let advice =
        "Harmless if the thing itself was seen that often; if the file was put together twice, remove them.";
    let example = |&(row, original): &(usize, usize)| Example {
        rows: vec![row, original],
        text: format!("{} is {}", (data.row_name)(row), (data.row_name)(original)),
    };
    Some(
        Finding::new(Severity::Note, "duplicates_within_split", what, advice)
            .with_examples(copies.iter().map(example)),
    )
}

/// The first of the given rows with each print.
fn first_rows(prints: &[u128], rows: &[usize]) -> HashMap<u128, usize> {
    let mut first = HashMap::with_capacity(rows.len());
    for &row in rows {
        first.entry(prints[row]).or_insert(row);
    }
    first
}

/// Rows with at least one input that isn't missing; an empty row equals every other.
fn filled_rows(data: &Dataset<'_>) -> Vec<usize> {
    (0..data.parts.len())
        .filter(|&row| data.inputs.iter().any(|input| !input.cells.is_missing(row)))
        .collect()
}

/// Rows with identical inputs but different answers, and how much accuracy they cost at least.
///
/// From 1 % of the rows lost it is a warning, below that a note; a numeric target gets a note.
#[must_use]
pub fn conflicting_labels(data: &Dataset<'_>) -> Vec<Finding> {
    let prints = hash_rows(data.inputs, data.parts.len());
    let filled = filled_rows(data);
    data.targets.iter().filter_map(|target| conflict(data, target, &prints, &filled)).collect()
}

fn conflict(data: &Dataset<'_>, target: &Column<'_>, prints: &[u128], filled: &[usize]) -> Option<Finding> {
    let answer = |row: usize| match target.cells {
        Cells::Codes(codes) => codes.get(row).map(|&code| u128::from(code)),
        Cells::Numbers(values) => values.get(row).map(|value| u128::from((value + 0.0).to_bits())),
        Cells::Prints(prints) => prints.get(row).copied(),
    };
    let mut rows: Vec<(u128, u128, usize)> = filled
        .iter()
        .filter(|&&row| !target.cells.is_missing(row))
        .filter_map(|&row| Some((prints[row], answer(row)?, row)))
        .collect();
    rows.sort_unstable();
    let (mut involved, mut lost) = (0, 0);
    let mut examples = Vec::new();
    for same in rows.chunk_by(|a, b| a.0 == b.0) {
        let most = same.chunk_by(|a, b| a.1 == b.1).map(<[_]>::len).max().unwrap_or(0);
        if let Some(other) = same.iter().find(|row| row.1 != same[0].1) {
            involved += same.len();
            lost += same.len() - most;
            examples.push((same[0].2.min(other.2), same[0].2.max(other.2)));
        }
    }
    if involved == 0 {
        return None;
    }
    examples.sort_unstable();
    let name = target.name;
    let mut what =
        format!("{} rows have the same inputs as another row but another `{name}`", of(involved, rows.len()));
    let mut severity = Severity::Note;
    if let Cells::Codes(_) = target.cells {
        what += &format!("; at least {} must be answered wrong", count(lost));
        if share(lost, rows.len()) >= LEAK_SHARE {
            severity = Severity::Warning;
        }
    }
    let say = |row: usize| match target.cells {
        Cells::Codes(codes) if codes[row] != MISSING => format!("is {}", target.value(codes[row])),
        Cells::Numbers(values) => format!("has {}", values[row]),
        _ => "differs".to_owned(),
    };
    let example = |&(a, b): &(usize, usize)| Example {
        rows: vec![a, b],
        text: format!("{} {}, {} {}", (data.row_name)(a), say(a), (data.row_name)(b), say(b)),
    };
    let advice = "Look at some: labels may be wrong, or a column that tells these rows apart may be missing.";
    Some(
        Finding::new(severity, "conflicting_labels", what + ".", advice)
            .about(name)
            .with_examples(examples.iter().map(example)),
    )
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;
    use crate::check::tests::{noise, train_and_test};

    fn across_splits(findings: &[Finding]) -> Option<&Finding> {
        findings.iter().find(|finding| finding.code == "duplicates_across_splits")
    }

    /// A table of three numbers and an answer, in which every `every`-th test row copies a training row.
    fn copied(rows: usize, every: usize) -> (Vec<Part>, [Vec<f64>; 3], Vec<u32>) {
        let parts = train_and_test(rows);
        let mut columns: [Vec<f64>; 3] =
            std::array::from_fn(|c| (0..rows).map(|row| noise(row, 10 + c as u32)).collect());
        let mut class: Vec<u32> = (0..rows).map(|row| u32::from(noise(row, 1) < 0.5)).collect();
        let tests: Vec<usize> = (0..rows).filter(|&row| parts[row] == Part::Test).collect();
        let trains: Vec<usize> = (0..rows).filter(|&row| parts[row] == Part::Train).collect();
        for (&to, &from) in tests.iter().step_by(every).zip(&trains) {
            columns.iter_mut().for_each(|column| column[to] = column[from]);
            class[to] = class[from];
        }
        (parts, columns, class)
    }

    fn check(parts: &[Part], numbers: &[Vec<f64>], class: &[u32]) -> Vec<Finding> {
        let inputs: Vec<Column<'_>> = numbers.iter().map(|c| Column::new("x", Cells::Numbers(c))).collect();
        let targets = [Column::new("class", Cells::Codes(class))];
        duplicates(&Dataset { parts, inputs: &inputs, targets: &targets, ..Dataset::default() })
    }

    #[test]
    fn copied_rows_are_a_leak_from_one_percent_on() {
        let (parts, columns, class) = copied(8000, 20);
        let findings = check(&parts, &columns, &class);
        let finding = across_splits(&findings).unwrap();
        assert_eq!(finding.severity, Severity::Leak);
        assert!(finding.what.contains("(5.0 %) test rows"), "{}", finding.what);
        assert_eq!(finding.examples.len(), 5);
        let [row, twin] = finding.examples[0].rows[..] else { panic!("two rows") };
        assert_eq!((parts[row], parts[twin]), (Part::Test, Part::Train));
        assert_eq!(columns[2][row], columns[2][twin]);

        let (parts, columns, class) = copied(8000, 400);
        assert_eq!(across_splits(&check(&parts, &columns, &class)).unwrap().severity, Severity::Warning);
        let (parts, columns, class) = copied(8000, 8000);
        let few = check(&parts, &columns, &class);
        assert_ne!(across_splits(&few).unwrap().severity, Severity::Leak);
    }

    #[test]
    fn an_untouched_table_has_no_duplicates() {
        let rows = 4000;
        let parts = train_and_test(rows);
        let column: Vec<f64> = (0..rows).map(|row| noise(row, 10)).collect();
        let class: Vec<u32> = (0..rows).map(|row| u32::from(noise(row, 1) < 0.5)).collect();
        assert!(check(&parts, &[column], &class).is_empty());
    }

    #[test]
    fn coincidence_in_a_coarse_table_is_not_held_against_the_split() {
        let rows = 3000;
        let parts = train_and_test(rows);
        // 5 · 4 · 6 · 10 · 2 = 2,400 possible rows, and the columns depend on each other and on the answer.
        let class: Vec<u32> = (0..rows).map(|row| u32::from(noise(row, 1) < 0.3)).collect();
        let coarse: Vec<Vec<f64>> = [5.0, 4.0, 6.0, 10.0]
            .iter()
            .enumerate()
            .map(|(c, levels)| {
                let shared = |row| {
                    0.6 * noise(row, 20 + c as u32) + 0.3 * noise(row, 19) + 0.1 * f64::from(class[row])
                };
                (0..rows).map(|row| (shared(row) * levels).floor()).collect()
            })
            .collect();
        let findings = check(&parts, &coarse, &class);
        let finding = across_splits(&findings).unwrap();
        assert_eq!(finding.severity, Severity::Note, "{}", finding.what);
        assert!(finding.what.contains("chance explains"), "{}", finding.what);

        // The same coarse table with a third of its test rows copied beside one fine column: caught.
        let (parts, fine, class) = copied(3000, 3);
        let mut columns: Vec<Vec<f64>> =
            fine.iter().map(|c| c.iter().map(|v| (v * 4.0).floor()).collect()).collect();
        columns.push(fine[0].clone());
        assert_eq!(across_splits(&check(&parts, &columns, &class)).unwrap().severity, Severity::Leak);
    }

    #[test]
    fn identical_pictures_count_whatever_their_label() {
        use Part::{Test, Train, Validation};
        let parts = [Train, Train, Train, Validation, Test, Test];
        let prints = [1_u128, 2, 1, 2, 3, 1];
        let labels = [0, 1, 0, 1, 0, 1];
        let inputs = [Column::new("image", Cells::Prints(&prints))];
        let targets = [Column::new("label", Cells::Codes(&labels))];
        let name = |row: usize| format!("img{row}.png");
        let data = Dataset {
            parts: &parts,
            inputs: &inputs,
            targets: &targets,
            row_name: &name,
            ..Dataset::default()
        };
        let findings = duplicates(&data);
        let codes: Vec<_> = findings.iter().map(|f| (f.severity, f.examples[0].text.as_str())).collect();
        assert_eq!(
            codes,
            [
                (Severity::Leak, "img5.png (test) is img0.png (training)"),
                (Severity::Warning, "img3.png (validation) is img1.png (training)"),
                (Severity::Note, "img2.png is img0.png"),
            ]
        );

        let conflicts = conflicting_labels(&data);
        assert_eq!(conflicts.len(), 1);
        assert_eq!(conflicts[0].severity, Severity::Warning);
        assert!(conflicts[0].what.starts_with("3 of 6 (50.0 %) rows"), "{}", conflicts[0].what);
        assert!(conflicts[0].what.ends_with("at least 1 must be answered wrong."));
        assert_eq!(conflicts[0].examples[0].text, "img0.png is number 0, img5.png is number 1");
    }

    #[test]
    fn equal_inputs_with_equal_or_missing_answers_do_not_conflict() {
        let parts = [Part::Train; 4];
        let x = [1.0, 1.0, 1.0, 2.0];
        let y = [0, 0, MISSING, 1];
        let inputs = [Column::new("x", Cells::Numbers(&x))];
        let targets = [Column::new("y", Cells::Codes(&y))];
        let data = Dataset { parts: &parts, inputs: &inputs, targets: &targets, ..Dataset::default() };
        assert!(conflicting_labels(&data).is_empty());
    }

    #[test]
    fn empty_rows_are_not_duplicates() {
        let parts = [Part::Train, Part::Train, Part::Test];
        let x = [f64::NAN; 3];
        let inputs = [Column::new("x", Cells::Numbers(&x))];
        assert!(duplicates(&Dataset { parts: &parts, inputs: &inputs, ..Dataset::default() }).is_empty());
    }
}
