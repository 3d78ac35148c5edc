//! Certainty: the reliability diagram, and for two classes the choice of threshold.

use maud::{Markup, html};

use super::figure;
use crate::report::data::{ClassOutcome, Outcome, ReportData, Target};
use crate::report::{plot, words};

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Classes(outcome) = &target.outcome else { return None };
    let rows: u64 = outcome.reliability.iter().map(|bin| bin.rows).sum();
    if rows == 0 {
        return None;
    }
    Some(html! {
        p class="verdict" { (verdict(outcome, rows)) }
        div class="pair" {
            (figure("How sure it was, how often it was right", plot::reliability(&outcome.reliability), html! {
                "Each dot is a group of answers of like certainty, larger for more rows; the lines show how far chance could "
                "move it. Above the diagonal it is too modest, below too sure of itself."
                details { summary { "As a table" } (table(outcome)) }
            }))
            @if let [_, positive] = outcome.classes.as_slice() {
                @if outcome.roc.len() > 1 {
                    (figure(&format!("Finding “{positive}” without false alarms"),
                        plot::roc(positive, &outcome.roc, outcome.roc_at_half), html! {
                        "Answering “" (positive) "” more readily finds more of them and raises more false alarms: every point "
                        "of the curve is one such choice. The diagonal is guessing. "
                        @if let Some((alarms, finds)) = outcome.roc_at_half {
                            "At the usual choice, a probability of one half, it finds " (words::percent(finds)) " with "
                            (words::percent(alarms)) " false alarms."
                        }
                    }))
                }
            }
        }
    })
}

/// The mean certainty against the share of right answers.
fn verdict(outcome: &ClassOutcome, rows: u64) -> String {
    let mean = |value: fn(&crate::report::data::ReliabilityBin) -> f64| {
        outcome.reliability.iter().map(|bin| value(bin) * bin.rows as f64).sum::<f64>() / rows as f64
    };
    let (sure, right) = (mean(|bin| bin.confidence), mean(|bin| bin.right));
    let judgement = match sure - right {
        gap if gap > 0.03 => "It is too sure of itself",
        gap if gap < -0.03 => "It is more modest than it need be",
        _ => "On the whole its certainty can be believed",
    };
    format!(
        "{judgement}: on average it says it is {} sure, and it is right for {}.",
        words::percent(sure),
        words::percent(right)
    )
}

fn table(outcome: &ClassOutcome) -> Markup {
    html! {
        table {
            thead { tr { th scope="col" class="number" { "Sure" } th scope="col" class="number" { "Right" }
                th scope="col" class="number" { "Rows" } } }
            tbody {
                @for bin in outcome.reliability.iter().filter(|bin| bin.rows > 0) {
                    tr {
                        td class="number" { (words::percent(bin.confidence)) }
                        td class="number" { (words::percent(bin.right)) }
                        td class="number" { (words::count(bin.rows)) }
                    }
                }
            }
        }
    }
}
