//! Predicted numbers beside true ones, and the errors' sizes.

use maud::{Markup, html};

use super::figure;
use crate::report::data::{Outcome, ReportData, Target};
use crate::report::{plot, words};

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Numbers(outcome) = &target.outcome else { return None };
    if outcome.points.is_empty() {
        return None;
    }
    let unit = outcome.unit.as_ref().map_or_else(String::new, |unit| format!(", {unit}"));
    let shown = outcome.points.len() as u64;
    Some(html! {
        div class="pair" {
            (figure("Predicted against true", plot::scatter(&outcome.points, &unit, outcome.trivial), html! {
                "On the diagonal the answer is perfect; the dotted level line is the trivial answer."
                @if shown < target.rows {
                    " " (words::count(shown)) " of " (words::count(target.rows)) " rows are drawn."
                }
            }))
            @if !outcome.errors.counts.is_empty() {
                (figure("How large the errors are", plot::histogram(&outcome.errors, &unit), html! {
                    "Right of zero the answer was too high, left of it too low. The outermost bars also count whatever lies "
                    "beyond them."
                    details { summary { "As a table" } (table(outcome)) }
                }))
            }
        }
    })
}

fn table(outcome: &crate::report::data::NumberOutcome) -> Markup {
    let bins = &outcome.errors;
    let width = (bins.high - bins.low) / bins.counts.len() as f64;
    let edge = |i: usize| format!("{:.3}", bins.low + i as f64 * width).replace('-', "−");
    html! {
        table {
            thead { tr { th scope="col" class="number" { "From" } th scope="col" class="number" { "to" }
                th scope="col" class="number" { "Rows" } } }
            tbody {
                @for (i, &count) in bins.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
                    tr { td class="number" { (edge(i)) } td class="number" { (edge(i + 1)) }
                        td class="number" { (words::count(count)) } }
                }
            }
        }
    }
}
