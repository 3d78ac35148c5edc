//! Scores as a table: each with its interval and what a trivial answer would score, and what to make of it.

use super::{Style, count, plain};
use pellucid_goals::Evaluation;
use pellucid_insight::intervals::Scored;
use pellucid_insight::report::words::{Standing, few_rows, interval, standing, value};
use pellucid_train::metrics::{Format, Metric, by_name};

/// The table of all targets. `which` says which rows were scored: `it never saw`.
pub(crate) fn scores(evaluation: &Evaluation, which: &str, style: Style) -> String {
    let mut text = String::new();
    for (target, scores) in &evaluation.targets {
        let known: Vec<(&Metric, &Scored)> =
            scores.0.iter().filter_map(|(name, scored)| Some((by_name(name)?, scored))).collect();
        let rows = evaluation.rows as u64;
        let rows_are = evaluation.rows_are.as_str();
        let rows_are = if rows == 1 { rows_are.trim_end_matches('s') } else { rows_are };
        let heading = format!("`{target}` on {} {rows_are} {which}", count(rows));
        text.push_str(&format!("{}\n", style.bold(&heading)));
        let mut cells = vec![[
            "".to_owned(),
            "score".to_owned(),
            "95 % interval".to_owned(),
            "trivial answer".to_owned(),
        ]];
        cells.extend(known.iter().map(|(metric, scored)| row(metric, scored)));
        text.push_str(&table(&cells, style));
        if let Some(verdict) = known.first().and_then(|(metric, scored)| verdict(metric, scored, rows, style))
        {
            text.push_str(&format!("  {verdict}\n"));
        }
    }
    text
}

fn row(metric: &Metric, scored: &Scored) -> [String; 4] {
    let shown = |x: f64| plain(&value(metric.format, x));
    let unit = if metric.format == Format::Percent { " %" } else { "" };
    [
        metric.label.to_owned(),
        shown(scored.value),
        interval(metric.format, scored).map_or_else(|| "–".to_owned(), |i| format!("{}{unit}", plain(&i))),
        scored.baseline.map_or_else(|| "–".to_owned(), shown),
    ]
}

/// The first column left, the others right; the first row is the heading.
fn table(cells: &[[String; 4]], style: Style) -> String {
    let width = |column: usize| cells.iter().map(|row| row[column].chars().count()).max().unwrap_or(0);
    let widths: [usize; 4] = std::array::from_fn(width);
    let mut text = String::new();
    for (i, [name, numbers @ ..]) in cells.iter().enumerate() {
        let mut line = format!("  {name:<width$}", width = widths[0]);
        for (number, width) in numbers.iter().zip(&widths[1..]) {
            line.push_str(&format!("   {number:>width$}"));
        }
        text.push_str(&if i == 0 { style.dim(&line) } else { line });
        text.push('\n');
    }
    text
}

fn verdict(metric: &Metric, scored: &Scored, rows: u64, style: Style) -> Option<String> {
    Some(match standing(metric, scored, rows)? {
        Standing::TooFew => style.yellow(&few_rows(rows)),
        Standing::Better => style.green("Better than a trivial answer, and not by chance."),
        Standing::PerhapsBetter => {
            style.yellow("Better than a trivial answer, but perhaps by chance: more test rows would tell.")
        }
        Standing::NotBetter => style.yellow("No better than a trivial answer: do not use it."),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_insight::intervals::Scores;

    #[test]
    fn the_table_is_aligned_and_judged() {
        let scored = |value, low, high, baseline| Scored { value, low, high, baseline };
        let scores_of = Scores(vec![
            ("accuracy".to_owned(), scored(0.942, Some(0.923), Some(0.96), Some(0.625))),
            ("log_loss".to_owned(), scored(0.2, None, None, None)),
        ]);
        let evaluation = Evaluation {
            rows: 1624,
            rows_are: "pictures".to_owned(),
            targets: [("ill".to_owned(), scores_of)].into(),
        };
        let text = scores(&evaluation, "it never saw", Style::of_stdout());
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines[0], "`ill` on 1,624 pictures it never saw");
        assert!(
            lines[2].contains("94.2 %") && lines[2].contains("92.3–96.0 %") && lines[2].ends_with("62.5 %")
        );
        let widths: Vec<usize> = lines[1..4].iter().map(|line| line.chars().count()).collect();
        assert!(widths.iter().all(|w| *w == widths[0]), "{text}");
        assert!(lines[4].contains("not by chance"));
        let text = scores(&Evaluation { rows: 1, ..evaluation }, "of this data", Style::of_stdout());
        assert!(text.starts_with("`ill` on 1 picture of this data"), "{text}");
        assert!(text.contains("A single row says little") && !text.contains("by chance"), "{text}");
    }
}
