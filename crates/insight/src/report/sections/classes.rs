//! Each class on its own: found, and truly it when answered.

use maud::{Markup, html};
use pellucid_train::metrics::Confusion;

use super::bar;
use crate::report::data::{Outcome, ReportData, Target};
use crate::report::words;

/// More classes than this are folded away.
const UNFOLDED: usize = 20;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Classes(outcome) = &target.outcome else { return None };
    let matrix = Confusion::from_counts(outcome.classes.len(), outcome.confusion.clone())?;
    if matrix.counts().iter().all(|&count| count == 0) {
        return None;
    }
    let share = |value: Option<f64>| {
        html! {
            td class="number" { (value.map_or_else(|| "–".to_owned(), words::percent)) }
            td class="bar-column" { @if let Some(value) = value { (bar(value, "")) } }
        }
    };
    let table = html! {
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Class" }
                    th scope="col" colspan="2" { "Found" br; small { "of the rows that are it (recall)" } }
                    th scope="col" colspan="2" { "Right when answered" br; small { "of the rows called it (precision)" } }
                    th scope="col" class="number" { "Rows" br; small { "in the test" } }
                    th scope="col" class="number" { "Share" br; small { "in training" } }
                } }
                tbody {
                    @for (class, name) in outcome.classes.iter().enumerate() {
                        tr {
                            th scope="row" { (name) }
                            (share(matrix.recall(class)))
                            (share(matrix.precision(class)))
                            td class="number" { (words::count(matrix.support(class))) }
                            td class="number" {
                                (outcome.prior.get(class).map_or_else(|| "–".to_owned(), |&p| words::percent(f64::from(p))))
                            }
                        }
                    }
                }
            }
        }
    };
    Some(if outcome.classes.len() > UNFOLDED {
        html! { details { summary { "All " (outcome.classes.len()) " classes" } (table) } }
    } else {
        table
    })
}
