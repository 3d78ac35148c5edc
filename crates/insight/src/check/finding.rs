//! What a check says: findings with a severity, a stable code, a sentence with figures, and advice.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding matters, the gravest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// The score would not be true: training stops unless the person says otherwise.
    Leak,
    /// Likely to hurt, or to mislead.
    Warning,
    /// Worth knowing.
    Note,
}

/// A few rows that show what a finding means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Example {
    /// Row numbers, counted from 0, in the order in which the text names them.
    pub rows: Vec<usize>,
    /// The rows in words: "test/a.png is train/b.png".
    pub text: String,
}

/// One thing that a check found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Stable name for scripts: `duplicates_across_splits`, `gives_answer_away`, …
    pub code: String,
    /// The column concerned, if it is one.
    pub column: Option<String>,
    /// What was found, with figures.
    pub what: String,
    /// What to do about it.
    pub advice: String,
    /// At most [`EXAMPLES`] of them.
    pub examples: Vec<Example>,
}

/// Most examples that a finding carries.
pub const EXAMPLES: usize = 5;

impl Finding {
    pub(super) fn new(
        severity: Severity,
        code: &str,
        what: impl Into<String>,
        advice: impl Into<String>,
    ) -> Finding {
        Finding {
            severity,
            code: code.to_owned(),
            column: None,
            what: what.into(),
            advice: advice.into(),
            examples: Vec::new(),
        }
    }

    pub(super) fn about(mut self, column: &str) -> Finding {
        self.column = Some(column.to_owned());
        self
    }

    pub(super) fn with_examples(mut self, examples: impl IntoIterator<Item = Example>) -> Finding {
        self.examples = examples.into_iter().take(EXAMPLES).collect();
        self
    }
}

/// Everything that the checks found, the gravest first.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct CheckReport {
    /// The findings, sorted by severity; within one severity in the order of the checks.
    pub findings: Vec<Finding>,
}

impl CheckReport {
    /// Adds findings and keeps the order.
    pub fn extend(&mut self, findings: impl IntoIterator<Item = Finding>) {
        self.findings.extend(findings);
        self.findings.sort_by_key(|finding| finding.severity);
    }

    /// Whether anything was found that makes the score untrue.
    #[must_use]
    pub fn has_leak(&self) -> bool {
        self.findings.iter().any(|finding| finding.severity == Severity::Leak)
    }

    /// How many findings there are of one severity.
    #[must_use]
    pub fn count(&self, severity: Severity) -> usize {
        self.findings.iter().filter(|finding| finding.severity == severity).count()
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Severity::Leak => "leak",
            Severity::Warning => "warning",
            Severity::Note => "note",
        })
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "{:<8} {} [{}]", self.severity, self.what, self.code)?;
        for example in &self.examples {
            writeln!(f, "           · {}", example.text)?;
        }
        if !self.advice.is_empty() {
            writeln!(f, "         → {}", self.advice)?;
        }
        Ok(())
    }
}

impl fmt::Display for CheckReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.findings.is_empty() {
            return writeln!(f, "The checks found nothing to object to.");
        }
        self.findings.iter().try_for_each(|finding| write!(f, "{finding}"))
    }
}

/// A count with separators: 12,345.
pub(super) fn count(n: usize) -> String {
    crate::report::words::count(n as u64)
}

/// `part` of `whole` in words: "31 of 624 (5.0 %)".
pub(super) fn of(part: usize, whole: usize) -> String {
    format!("{} of {} ({})", count(part), count(whole), percent(share(part, whole)))
}

/// A share as a percentage with one decimal.
pub(super) fn percent(share: f64) -> String {
    if share > 0.0 && share < 0.001 {
        "under 0.1 %".to_owned()
    } else if share < 1.0 && share > 0.999 {
        "over 99.9 %".to_owned()
    } else {
        format!("{:.1} %", 100.0 * share)
    }
}

/// `part / whole`, or 0 of nothing.
pub(super) fn share(part: usize, whole: usize) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::panic)]
    use super::*;

    #[test]
    fn figures_read_well() {
        assert_eq!(count(7), "7");
        assert_eq!(count(1234), "1,234");
        assert_eq!(count(1_234_567), "1,234,567");
        assert_eq!(of(31, 624), "31 of 624 (5.0 %)");
        assert_eq!(percent(0.0), "0.0 %");
        assert_eq!(percent(0.0004), "under 0.1 %");
        assert_eq!(percent(0.9999), "over 99.9 %");
        assert_eq!(percent(1.0), "100.0 %");
    }

    #[test]
    fn a_report_puts_leaks_first_and_reads_in_a_terminal() {
        let mut report = CheckReport::default();
        assert!(!report.has_leak());
        assert!(report.to_string().contains("nothing to object"));
        report
            .extend([Finding::new(Severity::Note, "constant_column", "One value.", "Remove it.").about("a")]);
        assert!(!report.has_leak());
        let pair = Example { rows: vec![3, 9], text: "row 4 is row 10".into() };
        report.extend([Finding::new(
            Severity::Leak,
            "duplicates_across_splits",
            "Two rows.",
            "Split again.",
        )
        .with_examples([pair])]);
        assert!(report.has_leak());
        assert_eq!(report.count(Severity::Note), 1);
        assert_eq!(
            report.to_string(),
            "leak     Two rows. [duplicates_across_splits]\n           · row 4 is row 10\n         → Split again.\n\
             note     One value. [constant_column]\n         → Remove it.\n"
        );
        let json = serde_json::to_string(&report).unwrap();
        assert!(json.contains(r#""severity":"leak""#));
        assert_eq!(serde_json::from_str::<CheckReport>(&json).unwrap(), report);
    }
}
