//! Each tag on its own: found, and truly there when answered.

use maud::{Markup, html};
use pellucid_train::metrics::Tally;

use super::bar;
use crate::report::data::{Outcome, ReportData, TagFigures, TagOutcome, Target};
use crate::report::words;

/// Tags shown before the rest is folded away: the best and the worst are seen at once.
const UNFOLDED: usize = 40;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Tags(outcome) = &target.outcome else { return None };
    if outcome.tags.iter().all(|tag| tag.rows + tag.answered == 0) {
        return None;
    }
    let mut tags: Vec<(&TagFigures, Tally)> = outcome.tags.iter().map(|tag| (tag, tally(tag))).collect();
    // The best first; tags of which nothing is known last.
    let f1 = |(_, tally): &(&TagFigures, Tally)| tally.f1().unwrap_or(-1.0);
    tags.sort_by(|a, b| f1(b).total_cmp(&f1(a)));
    let (first, rest) = tags.split_at(tags.len().min(UNFOLDED));
    Some(html! {
        p {
            "A row may have several tags. Each is answered from a probability of its own on, its threshold: the one that "
            "balanced finding the tag and raising no false alarm best on the validation rows."
            @if outcome.always {
                " Every training row had a tag; so a row without one above its threshold is given the likeliest."
            }
        }
        (table(first))
        @if !rest.is_empty() { details { summary { (rest.len()) " more tags" } (table(rest)) } }
        (not_learned(outcome))
    })
}

fn tally(tag: &TagFigures) -> Tally {
    Tally { truth: tag.rows, answered: tag.answered, right: tag.right }
}

fn table(tags: &[(&TagFigures, Tally)]) -> Markup {
    let share = |value: Option<f64>| {
        html! {
            td class="number" { (value.map_or_else(|| "–".to_owned(), words::percent)) }
            td class="bar-column" { @if let Some(value) = value { (bar(value, "")) } }
        }
    };
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Tag" }
                    th scope="col" colspan="2" { "Balance of both" br; small { "F1" } }
                    th scope="col" colspan="2" { "Found" br; small { "of the rows that have it (recall)" } }
                    th scope="col" colspan="2" { "Right when answered" br; small { "of the rows given it (precision)" } }
                    th scope="col" class="number" { "Rows" br; small { "in the test" } }
                    th scope="col" class="number" { "Share" br; small { "in training" } }
                    th scope="col" class="number" { "Threshold" br; small { "probability" } }
                } }
                tbody {
                    @for (tag, tally) in tags {
                        tr {
                            th scope="row" { (tag.name) }
                            (share(tally.f1()))
                            (share(tally.recall()))
                            (share(tally.precision()))
                            td class="number" { (words::count(tag.rows)) }
                            td class="number" { (words::percent(tag.share)) }
                            td class="number" { (words::percent(tag.threshold)) }
                        }
                    }
                }
            }
        }
    }
}

fn not_learned(outcome: &TagOutcome) -> Markup {
    let what = match outcome.left_out {
        0 => return html! {},
        1 => "1 tag is".to_owned(),
        n => format!("{} tags are", words::count(n)),
    };
    html! { p class="aside" { (what) " too rare among the training rows to be learned, and never answered." } }
}
