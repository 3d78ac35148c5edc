//! Groups on both sides: the same patient, speaker or object in training and in test rows.

use std::collections::BTreeMap;

use pellucid_data::Part;

use super::finding::{Example, count, of};
use super::{Cells, Column, Dataset, Finding, MISSING, Severity};

/// Words in a column's name that mean "who or what was measured".
const WORDS: [&str; 24] = [
    "patient",
    "subject",
    "speaker",
    "actor",
    "user",
    "person",
    "participant",
    "customer",
    "client",
    "animal",
    "donor",
    "family",
    "household",
    "author",
    "writer",
    "singer",
    "artist",
    "session",
    "video",
    "recording",
    "clip",
    "case",
    "student",
    "group",
];
/// Last words that make any name the name of something: `scan_id`.
const ENDINGS: [&str; 3] = ["id", "ids", "uid"];

/// Where the groups of one column lie.
struct Spread {
    /// Groups with a row in each part: training, validation, test.
    groups: [usize; 3],
    /// Groups of test rows that also have training or validation rows.
    test_shared: Vec<u32>,
    /// Groups of validation rows that also have training rows.
    validation_shared: Vec<u32>,
}

fn spread(column: &Column<'_>, parts: &[Part]) -> Spread {
    let mut seen: BTreeMap<u32, [bool; 3]> = BTreeMap::new();
    let codes = codes_of(column);
    for (&code, &part) in codes.iter().zip(parts) {
        if code != MISSING {
            seen.entry(code).or_default()[super::part_index(part)] = true;
        }
    }
    let mut spread = Spread { groups: [0; 3], test_shared: Vec::new(), validation_shared: Vec::new() };
    for (&code, &[train, validation, test]) in &seen {
        for (total, present) in spread.groups.iter_mut().zip([train, validation, test]) {
            *total += usize::from(present);
        }
        if test && (train || validation) {
            spread.test_shared.push(code);
        }
        if validation && train {
            spread.validation_shared.push(code);
        }
    }
    spread
}

/// Codes of a column of any kind; equal values get equal codes.
fn codes_of(column: &Column<'_>) -> Vec<u32> {
    let mut known: BTreeMap<u128, u32> = BTreeMap::new();
    let mut code = |value: u128| {
        let next = known.len() as u32;
        *known.entry(value).or_insert(next)
    };
    match column.cells {
        Cells::Codes(codes) => codes.to_vec(),
        Cells::Numbers(values) => values
            .iter()
            .map(|value| if value.is_nan() { MISSING } else { code(u128::from((value + 0.0).to_bits())) })
            .collect(),
        Cells::Prints(prints) => prints.iter().map(|&print| code(print)).collect(),
    }
}

/// One example per shared group: a judged row and a row of the same group that was trained on.
fn examples(column: &Column<'_>, data: &Dataset<'_>, shared: &[u32], judged: Part) -> Vec<Example> {
    let codes = codes_of(column);
    let find = |code: u32, wanted: &dyn Fn(Part) -> bool| {
        codes.iter().zip(data.parts).position(|(&c, &part)| c == code && wanted(part))
    };
    let one = |&code: &u32| {
        let (there, here) = (find(code, &|part| part == judged)?, find(code, &|part| part < judged)?);
        let who = match column.cells {
            Cells::Codes(_) => column.value(code),
            _ => "the same group".to_owned(),
        };
        let text = format!(
            "{who}: {} ({}) and {} ({})",
            (data.row_name)(there),
            judged.name(),
            (data.row_name)(here),
            data.parts[here].name()
        );
        Some(Example { rows: vec![there, here], text })
    };
    shared.iter().take(super::EXAMPLES).filter_map(one).collect()
}

/// Checks a split against the column that the person gave with `--group`.
///
/// A group with test rows and training or validation rows is a leak; one with validation and training rows only, a
/// warning.
#[must_use]
pub fn group_on_both_sides(column: &Column<'_>, data: &Dataset<'_>) -> Vec<Finding> {
    let spread = spread(column, data.parts);
    let name = column.name;
    let advice = format!(
        "Split anew by the group (--group {name}, without a given split), so that each one is on one side."
    );
    let mut findings = Vec::new();
    if !spread.test_shared.is_empty() {
        let what = format!(
            "{} groups of `{name}` in the test rows are in the training rows too: the score would measure how well \
             known ones are recognised, not new ones.",
            of(spread.test_shared.len(), spread.groups[2])
        );
        findings.push(
            Finding::new(Severity::Leak, "group_on_both_sides", what, &advice)
                .about(name)
                .with_examples(examples(column, data, &spread.test_shared, Part::Test)),
        );
    }
    if !spread.validation_shared.is_empty() {
        let what = format!(
            "{} groups of `{name}` in the validation rows are in the training rows too: training would stop too late.",
            of(spread.validation_shared.len(), spread.groups[1])
        );
        findings.push(
            Finding::new(Severity::Warning, "group_on_both_sides", what, advice)
                .about(name)
                .with_examples(examples(column, data, &spread.validation_shared, Part::Validation)),
        );
    }
    findings
}

/// Looks for columns that seem to name patients, speakers and the like, and that the split put on both sides.
///
/// A column is one if its name says so (`patient`, `speaker_id`, …), its values repeat (two rows each on average,
/// but none has a fifth of all rows), there are at least five of them, and half of the test rows' values or more
/// occur among the training rows. Columns that are a target aren't considered.
#[must_use]
pub fn group_hints(data: &Dataset<'_>) -> Vec<Finding> {
    let candidates = data.inputs.iter().chain(data.others);
    candidates.filter(|column| names_a_group(column.name)).filter_map(|column| hint(column, data)).collect()
}

fn hint(column: &Column<'_>, data: &Dataset<'_>) -> Option<Finding> {
    if let Cells::Numbers(values) = column.cells
        && values.iter().any(|value| !value.is_nan() && value.fract() != 0.0)
    {
        return None;
    }
    let mut codes: Vec<u32> = codes_of(column).into_iter().filter(|&code| code != MISSING).collect();
    codes.sort_unstable();
    let (mut groups, mut largest) = (0, 0);
    for group in codes.chunk_by(|a, b| a == b) {
        groups += 1;
        largest = largest.max(group.len());
    }
    if groups < 5 || codes.len() < 2 * groups || largest * 5 > codes.len() {
        return None;
    }
    let spread = spread(column, data.parts);
    if spread.test_shared.len() * 2 < spread.groups[2] || spread.test_shared.is_empty() {
        return None;
    }
    let name = column.name;
    let what = format!(
        "`{name}` seems to say whom or what the rows belong to ({} values, some {} rows each), and {} of those in the \
         test rows are in the training rows too.",
        count(groups),
        count(codes.len() / groups),
        of(spread.test_shared.len(), spread.groups[2])
    );
    let advice = format!("If new ones are what you want to predict for, split by it: --group {name}");
    let examples = examples(column, data, &spread.test_shared, Part::Test);
    Some(
        Finding::new(Severity::Warning, "group_on_both_sides", what, advice)
            .about(name)
            .with_examples(examples),
    )
}

/// Whether a column's name has a word for a person, an animal, a recording, or ends in `id`.
fn names_a_group(name: &str) -> bool {
    let words = words(name);
    let known = |word: &String| WORDS.iter().any(|known| word == known || *word == format!("{known}s"));
    words.iter().any(known)
        || words.last().is_some_and(|last| {
            ENDINGS.contains(&last.as_str()) || WORDS.iter().any(|known| *last == format!("{known}id"))
        })
}

/// The words of a name in lower case: `PatientID`, `patient_id` and `patient id` give `patient`, `id`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut before_lower = false;
    for letter in name.chars() {
        let starts = letter.is_uppercase() && before_lower;
        if starts || !letter.is_alphabetic() {
            words.push(String::new());
        }
        if letter.is_alphabetic()
            && let Some(word) = words.last_mut()
        {
            word.extend(letter.to_lowercase());
        }
        before_lower = letter.is_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::check::tests::train_and_test;

    #[test]
    fn a_given_group_on_both_sides_is_a_leak() {
        use Part::{Test, Train, Validation};
        let parts = [Train, Train, Validation, Validation, Test, Test, Test];
        let patient = [0, 1, 1, 2, 3, 0, MISSING];
        let names: Vec<String> = ["anna", "ben", "carl", "dora"].map(String::from).to_vec();
        let column = Column::new("patient", Cells::Codes(&patient)).with_values(&names);
        let findings = group_on_both_sides(&column, &Dataset { parts: &parts, ..Dataset::default() });
        assert_eq!(findings.len(), 2);
        assert_eq!(findings[0].severity, Severity::Leak);
        assert!(findings[0].what.starts_with("1 of 2 (50.0 %) groups of `patient`"), "{}", findings[0].what);
        assert_eq!(findings[0].examples[0].rows, [5, 0]);
        assert_eq!(findings[0].examples[0].text, "`anna`: row 6 (test) and row 1 (training)");
        assert_eq!(findings[1].severity, Severity::Warning);
        assert_eq!(findings[1].examples[0].rows, [2, 1]);

        let apart = [0, 0, 1, 1, 2, 2, 2];
        let column = Column::new("patient", Cells::Codes(&apart));
        assert!(group_on_both_sides(&column, &Dataset { parts: &parts, ..Dataset::default() }).is_empty());
    }

    #[test]
    fn a_column_that_looks_like_a_group_brings_the_command() {
        let rows = 600;
        let parts = train_and_test(rows);
        let ids: Vec<f64> = (0..rows).map(|row| (row / 10) as f64).collect();
        let column = |name| [Column::new(name, Cells::Numbers(&ids))];
        for name in ["SpeakerID", "patient", "user_id", "scan id", "Subjects"] {
            let inputs = column(name);
            let findings = group_hints(&Dataset { parts: &parts, inputs: &inputs, ..Dataset::default() });
            assert_eq!(findings.len(), 1, "{name}");
            assert_eq!(findings[0].severity, Severity::Warning);
            assert!(findings[0].advice.ends_with(&format!("--group {name}")));
        }
        for name in ["age", "width", "humid", "usage", "covid", "grid"] {
            let inputs = column(name);
            assert!(
                group_hints(&Dataset { parts: &parts, inputs: &inputs, ..Dataset::default() }).is_empty(),
                "{name}"
            );
        }
    }

    #[test]
    fn unique_ids_few_groups_and_clean_splits_bring_no_hint() {
        let rows = 600;
        let parts = train_and_test(rows);
        let unique: Vec<u32> = (0..rows as u32).collect();
        let two: Vec<u32> = (0..rows as u32).map(|row| row % 2).collect();
        let blocks: Vec<Part> =
            (0..rows).map(|row| if row < 400 { Part::Train } else { Part::Test }).collect();
        let tens: Vec<u32> = (0..rows as u32).map(|row| row / 10).collect();
        for (codes, parts) in [(&unique, &parts), (&two, &parts), (&tens, &blocks)] {
            let inputs = [Column::new("patient_id", Cells::Codes(codes))];
            assert!(group_hints(&Dataset { parts, inputs: &inputs, ..Dataset::default() }).is_empty());
        }
    }

    #[test]
    fn names_split_into_words() {
        assert_eq!(words("PatientID"), ["patient", "id"]);
        assert_eq!(words("user_id 2"), ["user", "id"]);
        assert_eq!(words("physical_sign"), ["physical", "sign"]);
    }
}
