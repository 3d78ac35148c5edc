//! Enough rows, and enough of every class, in every split.

use pellucid_data::Part;

use super::finding::{count, of, percent, share};
use super::{Cells, Column, Finding, MISSING, Severity, part_sizes};

/// Training rows below which nothing reliable is learned from scratch.
const FEW_TRAINING: usize = 50;
/// Test rows below which the score itself is mostly luck.
const FEW_TEST: usize = 100;
/// Training rows below which a class is rare.
const RARE: usize = 10;
/// How many times commoner the commonest class may be than the rarest without a word.
const UNEVEN: usize = 10;
/// Share of the commonest class from which always saying it looks like success.
const LOPSIDED: f64 = 0.95;

/// Too few rows to learn from, or to say how well it went.
///
/// With n test rows the 95 % interval of a share reaches up to 0.98 / √n to either side.
#[must_use]
pub fn too_few_rows(parts: &[Part]) -> Vec<Finding> {
    let [train, _, test] = part_sizes(parts);
    let mut findings = Vec::new();
    if train < FEW_TRAINING {
        let what = format!("There are only {train} training rows.");
        let advice = "Collect more; some hundred per class is a good start.";
        findings.push(Finding::new(Severity::Warning, "too_few_rows", what, advice));
    }
    if test < FEW_TEST {
        let what = match test {
            0 => "There are no test rows, so how good the network is will stay unknown.".to_owned(),
            _ => format!(
                "With only {test} test rows, an accuracy is known to within ± {:.0} points.",
                (98.0 / (test as f64).sqrt()).min(100.0)
            ),
        };
        let severity = if test == 0 { Severity::Warning } else { Severity::Note };
        findings.push(Finding::new(severity, "too_few_rows", what, "Set more rows aside for the test."));
    }
    findings
}

/// How the classes of a target are spread: one only, uneven, rare, or absent from a split. Also missing answers.
#[must_use]
pub fn classes(target: &Column<'_>, parts: &[Part]) -> Vec<Finding> {
    let mut findings = Vec::new();
    let rows = parts.len();
    let missing = (0..rows).filter(|&row| target.cells.is_missing(row)).count();
    if missing > 0 {
        let severity = if share(missing, rows) >= 0.5 { Severity::Warning } else { Severity::Note };
        let what = format!("{} rows have no `{}`.", of(missing, rows), target.name);
        let advice = "They can't be learned from or judged.";
        findings.push(Finding::new(severity, "missing_answers", what, advice).about(target.name));
    }
    match target.cells {
        Cells::Codes(codes) => {
            findings.extend(judge_classes(target, &per_class(codes, parts), part_sizes(parts)))
        }
        Cells::Numbers(values) => {
            let mut known = values.iter().take(rows).filter(|value| !value.is_nan());
            let first = known.next();
            if first.is_some() && known.all(|value| Some(value) == first) {
                findings.push(only_one_answer(target));
            }
        }
        Cells::Prints(_) => {}
    }
    findings
}

/// A class and its rows in each part.
type ClassRows = (u32, [usize; 3]);

fn per_class(codes: &[u32], parts: &[Part]) -> Vec<ClassRows> {
    let mut rows: Vec<(u32, Part)> = codes
        .iter()
        .zip(parts)
        .filter(|(code, _)| **code != MISSING)
        .map(|(&code, &part)| (code, part))
        .collect();
    rows.sort_unstable();
    let count = |same: &[(u32, Part)]| {
        let mut counts = [0; 3];
        same.iter().for_each(|&(_, part)| counts[super::part_index(part)] += 1);
        (same[0].0, counts)
    };
    rows.chunk_by(|a, b| a.0 == b.0).map(count).collect()
}

fn only_one_answer(target: &Column<'_>) -> Finding {
    let what = format!("`{}` is the same in every row: there is nothing to learn.", target.name);
    Finding::new(
        Severity::Warning,
        "constant_target",
        what,
        "Add rows with other answers, or predict another column.",
    )
    .about(target.name)
}

fn judge_classes(target: &Column<'_>, classes: &[ClassRows], sizes: [usize; 3]) -> Vec<Finding> {
    if let [_] = classes {
        return vec![only_one_answer(target)];
    }
    let trained: Vec<ClassRows> = classes.iter().copied().filter(|(_, rows)| rows[0] > 0).collect();
    let mut findings: Vec<Finding> = Vec::new();
    findings.extend(imbalance(target, &trained));
    let rare: Vec<ClassRows> = trained.into_iter().filter(|(_, rows)| rows[0] < RARE).collect();
    if !rare.is_empty() {
        let listed: Vec<String> = rare
            .iter()
            .take(5)
            .map(|(code, rows)| format!("{} ({})", target.value(*code), rows[0]))
            .collect();
        let more = if rare.len() > 5 { ", …" } else { "" };
        let what = format!(
            "{} of the classes of `{}` have fewer than {RARE} training rows: {}{more}.",
            count(rare.len()),
            target.name,
            listed.join(", ")
        );
        let advice = "Collect more of them, or join rare classes into one.";
        findings.push(Finding::new(Severity::Warning, "rare_class", what, advice).about(target.name));
    }
    findings.extend(absent(target, classes, sizes));
    findings
}

fn imbalance(target: &Column<'_>, trained: &[ClassRows]) -> Option<Finding> {
    let total: usize = trained.iter().map(|(_, rows)| rows[0]).sum();
    let &(common, most) = trained.iter().max_by_key(|(code, rows)| (rows[0], std::cmp::Reverse(*code)))?;
    let &(scarce, least) = trained.iter().min_by_key(|(code, rows)| (rows[0], *code))?;
    let lopsided = share(most[0], total) >= LOPSIDED;
    if !lopsided && most[0] <= UNEVEN * least[0] {
        return None;
    }
    let what = format!(
        "The classes of `{}` are uneven: {} has {} of the training rows, {} has {}.",
        target.name,
        target.value(common),
        percent(share(most[0], total)),
        target.value(scarce),
        count(least[0])
    );
    let advice = format!(
        "Judge by balanced accuracy: always saying {} would already be right in {} of the rows.",
        target.value(common),
        percent(share(most[0], total))
    );
    let severity = if lopsided { Severity::Warning } else { Severity::Note };
    Some(Finding::new(severity, "imbalance", what, advice).about(target.name))
}

/// Classes that one split has and another lacks.
fn absent(target: &Column<'_>, classes: &[ClassRows], sizes: [usize; 3]) -> Vec<Finding> {
    let mut findings = Vec::new();
    for (position, part) in [Part::Train, Part::Validation, Part::Test].into_iter().enumerate() {
        let lacking: Vec<ClassRows> =
            classes.iter().copied().filter(|(_, rows)| rows[position] == 0).collect();
        if sizes[position] == 0 || lacking.is_empty() {
            continue;
        }
        let listed: Vec<String> = lacking.iter().take(5).map(|(code, _)| target.value(*code)).collect();
        let what = format!(
            "{} of {} classes of `{}` have no {} row: {}{}.",
            count(lacking.len()),
            count(classes.len()),
            target.name,
            part.name(),
            listed.join(", "),
            if lacking.len() > 5 { ", …" } else { "" }
        );
        let (severity, advice) = match part {
            Part::Train => {
                let rows: usize = lacking.iter().map(|(_, rows)| rows[1] + rows[2]).sum();
                (
                    Severity::Warning,
                    format!("The network can't learn them; {} rows are bound to be wrong.", count(rows)),
                )
            }
            _ => (Severity::Note, "How well they are recognised stays unknown there.".to_owned()),
        };
        findings.push(Finding::new(severity, "class_missing_in_split", what, advice).about(target.name));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use Part::{Test, Train, Validation};

    fn found(findings: &[Finding]) -> Vec<(Severity, &str)> {
        findings.iter().map(|finding| (finding.severity, finding.code.as_str())).collect()
    }

    fn spread(counts: &[(u32, Part, usize)]) -> (Vec<u32>, Vec<Part>) {
        counts.iter().flat_map(|&(code, part, n)| std::iter::repeat_n((code, part), n)).unzip()
    }

    fn judge(counts: &[(u32, Part, usize)]) -> Vec<Finding> {
        let (codes, parts) = spread(counts);
        classes(&Column::new("y", Cells::Codes(&codes)), &parts)
    }

    #[test]
    fn even_classes_are_fine() {
        assert!(judge(&[(0, Train, 60), (1, Train, 40), (0, Test, 20), (1, Test, 20)]).is_empty());
    }

    #[test]
    fn uneven_rare_and_absent_classes_are_named() {
        let findings = judge(&[(0, Train, 300), (1, Train, 25), (0, Test, 50), (1, Test, 5)]);
        assert_eq!(found(&findings), [(Severity::Note, "imbalance")]);
        assert!(findings[0].what.contains("number 0 has 92.3 %"), "{}", findings[0].what);

        let findings = judge(&[(0, Train, 990), (1, Train, 9), (0, Test, 100), (1, Test, 10)]);
        assert_eq!(found(&findings), [(Severity::Warning, "imbalance"), (Severity::Warning, "rare_class")]);
        assert!(findings[1].what.ends_with("number 1 (9)."), "{}", findings[1].what);

        let findings =
            judge(&[(0, Train, 50), (1, Train, 50), (0, Validation, 9), (1, Test, 9), (2, Test, 9)]);
        let absent = (Severity::Note, "class_missing_in_split");
        assert_eq!(found(&findings), [(Severity::Warning, "class_missing_in_split"), absent, absent]);
        assert!(findings[0].advice.contains("9 rows are bound to be wrong"));
    }

    #[test]
    fn a_single_answer_leaves_nothing_to_learn() {
        assert_eq!(found(&judge(&[(3, Train, 60), (3, Test, 40)])), [(Severity::Warning, "constant_target")]);
        let parts = [Train; 4];
        let same = Column::new("y", Cells::Numbers(&[2.0, 2.0, f64::NAN, 2.0]));
        assert_eq!(
            found(&classes(&same, &parts)),
            [(Severity::Note, "missing_answers"), (Severity::Warning, "constant_target")]
        );
        assert!(classes(&Column::new("y", Cells::Numbers(&[2.0, 2.0, 3.0, 2.0])), &parts).is_empty());
    }

    #[test]
    fn few_rows_are_told_with_their_interval() {
        let (_, parts) = spread(&[(0, Train, 500), (0, Test, 49)]);
        let findings = too_few_rows(&parts);
        assert_eq!(found(&findings), [(Severity::Note, "too_few_rows")]);
        assert!(findings[0].what.ends_with("± 14 points."), "{}", findings[0].what);
        let (_, parts) = spread(&[(0, Train, 30), (0, Test, 100)]);
        assert_eq!(found(&too_few_rows(&parts)), [(Severity::Warning, "too_few_rows")]);
        let (_, parts) = spread(&[(0, Train, 50), (0, Test, 100)]);
        assert!(too_few_rows(&parts).is_empty());
    }
}
