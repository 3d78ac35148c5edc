//! Texts that were written freely, and how much of them is copied.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::bar;
use crate::copied::WORDS;
use crate::report::data::{Outcome, ReportData, Target, WritingOutcome, Written};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Writing(outcome) = &target.outcome else { return None };
    Some(html! {
        p {
            "None of these texts was chosen: they are the first " (outcome.samples.len()) " that it wrote. "
            "The " mark { "marked" } " run of each is the longest that stands word for word in the texts that it learned from."
        }
        div class="gallery wide" { @for written in &outcome.samples { (sample(written)) } }
        h4 { "Does it copy?" }
        p {
            "A copy is no new text. Phrases that everybody uses stand in any two texts, so the same is counted for texts by people, "
            "as many and as long, which it did not learn from: more than there is memorised."
        }
        (copies(outcome))
    })
}

fn sample(written: &Written) -> Markup {
    let (start, end) = written.copied;
    let parts = [written.text.get(..start), written.text.get(start..end), written.text.get(end..)];
    let [before, copied, after] = parts.map(Option::unwrap_or_default);
    html! {
        article class="example" {
            p class="written" { (before) @if !copied.is_empty() { mark { (copied) } } (after) }
        }
    }
}

fn copies(outcome: &WritingOutcome) -> Markup {
    let rows = [("Its own texts", outcome.own), ("Texts by people", outcome.people)];
    html! {
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Texts" }
                    th scope="col" class="number" { "Longest copied run" br; small { "characters" } }
                    th scope="col" class="number" colspan="2" { "Runs of " (WORDS) " words that stand there" }
                } }
                tbody {
                    @for (name, copies) in rows {
                        tr {
                            th scope="row" { (name) }
                            td class="number" { @if copies.longest > 0 { (words::count(copies.longest)) } @else { "hardly any" } }
                            @match copies.share {
                                Some(share) => {
                                    td class="number" { (words::value(Format::Percent, share)) }
                                    td class="bar-column" { (bar(share, "")) }
                                }
                                None => { td class="number" colspan="2" { "–" } }
                            }
                        }
                    }
                }
            }
        }
    }
}
