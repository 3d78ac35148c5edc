//! Certainty: the reliability diagram, and for two classes the choice of threshold.

use maud::{Markup, html};

use super::figure;
use crate::report::data::{ClassOutcome, Coverage, Outcome, ReportData, Target};
use crate::report::{plot, words};

pub(super) fn content(data: &ReportData, target: &Target) -> Option<Markup> {
    let promised = target.coverage.as_ref().map(|coverage| promised(data, target, coverage));
    let by_certainty = match &target.outcome {
        Outcome::Classes(outcome) => of_classes(outcome),
        _ => None,
    };
    (promised.is_some() || by_certainty.is_some()).then(|| {
        html! {
            @if let Some(by_certainty) = by_certainty { (by_certainty) }
            @if let Some(promised) = promised { (promised) }
        }
    })
}

/// How often sets or intervals held the truth.
fn promised(data: &ReportData, target: &Target, coverage: &Coverage) -> Markup {
    let share = coverage.held as f64 / coverage.rows.max(1) as f64;
    let (low, high) = plot::wilson(share, coverage.rows as f64);
    let numbers = matches!(target.outcome, Outcome::Numbers(_));
    html! {
        h4 { "Answers that hold the truth as often as you ask" }
        p {
            @if numbers {
                "Ask for " (words::percent(coverage.asked)) ", and each answer comes with an interval: here, the answer and " (format!("{:.3}", coverage.size)) " to either side. "
            } @else {
                "Ask for " (words::percent(coverage.asked)) ", and each answer names as many classes as that takes, here " (format!("{:.2}", coverage.size)) " on average. "
            }
            "On the " (words::count(coverage.rows)) " " (data.rows_are) " of the test, "
            b { (words::percent(share)) } " held the truth (95 % interval " (words::percent(low)) " to " (words::percent(high)) "). "
            "This needs no trust in the network, only that new rows are like those it was tested on."
        }
        details { summary { "How" }
            p {
                "Split conformal prediction on the validation rows (Angelopoulos & Bates, arXiv 2107.07511"
                @if numbers { "; absolute errors)." } @else {
                    "; classes whose probability is high enough, LAC, Sadinle et al., arXiv 1609.00451). Probabilities were made to mean what they say by dividing the network's outputs by "
                    (format!("{:.2}", coverage.temperature)) " (temperature scaling, Guo et al., arXiv 1706.04599), which the validation rows chose"
                    @if coverage.dirichlet { ", and by a weight and a bias for each class (beta and Dirichlet calibration, Kull et al., arXiv 1910.12656), since that made validation rows less surprising that were held back" }
                    "."
                }
            }
            p { "On the command line: " code { "pellucid predict … --coverage " (coverage.asked) } }
        }
    }
}

fn of_classes(outcome: &ClassOutcome) -> Option<Markup> {
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
