//! Questions to a person at the terminal, when a column could be of two kinds.

use pellucid_goals::{ColumnPlan, Config, Error, Survey, Use};
use std::io::{self, BufRead, IsTerminal, Write};

/// Asks about columns that could be of two kinds, if a person sits at the terminal, and writes the answers into the
/// configuration. Whoever is not asked can say so with `--kind COLUMN=KIND`.
///
/// # Errors
/// Data that cannot be read.
pub(crate) fn about_kinds(config: &mut Config) -> Result<(), Error> {
    if config.data.sample.is_some() || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let survey = Survey::new(&config.data)?;
    for column in &survey.columns {
        // Inputs that look like a scale do well as numbers; for what is predicted the kind decides everything.
        if column.role == Use::Target
            && let Some(kind) = question(column, &mut io::stdin().lock(), &mut io::stderr())
        {
            config.data.kinds.insert(column.name.clone(), kind.to_owned());
        }
    }
    Ok(())
}

/// Asks about one column; `None` if there is nothing to ask, or no answer.
fn question(
    column: &ColumnPlan,
    answers: &mut dyn BufRead,
    questions: &mut dyn Write,
) -> Option<&'static str> {
    let (kind, or) = (column.kind?.name(), column.or?);
    loop {
        write!(questions, "{}.\nIs it a {kind} (just press Enter) or a {or}? ", column.reason).ok()?;
        questions.flush().ok()?;
        let mut line = String::new();
        if answers.read_line(&mut line).ok()? == 0 {
            return None;
        }
        let answer = line.trim().to_lowercase();
        if answer.is_empty() {
            return Some(kind);
        }
        if let Some(chosen) = [kind, or].into_iter().find(|name| name.starts_with(&answer)) {
            return Some(chosen);
        }
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn answers_may_be_short_and_wrong_ones_are_asked_again() {
        let column = ColumnPlan {
            name: "stars".to_owned(),
            position: 0,
            kind: Some(pellucid_kinds::kind("category").unwrap()),
            role: Use::Target,
            reason: "`stars` looks like a category: 5 distinct values in 90 rows".to_owned(),
            or: Some("number"),
        };
        let ask = |text: &str| question(&column, &mut text.as_bytes(), &mut io::sink());
        assert_eq!(ask("\n"), Some("category"));
        assert_eq!(ask("Num\n"), Some("number"));
        assert_eq!(ask("perhaps\nc\n"), Some("category"));
        assert_eq!(ask(""), None);
        assert_eq!(
            question(&ColumnPlan { or: None, ..column.clone() }, &mut "n\n".as_bytes(), &mut io::sink()),
            None
        );
    }
}
