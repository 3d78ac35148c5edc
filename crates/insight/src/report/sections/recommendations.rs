//! What is recommended: beside simpler ways, to whom it is of use, and to some users by name.

use maud::{Markup, html};
use pellucid_train::metrics::Format;

use super::bar;
use crate::report::data::{Listing, Outcome, RecommendOutcome, ReportData, Target};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let Outcome::Recommendations(outcome) = &target.outcome else { return None };
    Some(html! {
        (ways(outcome))
        @if !outcome.groups.is_empty() { (groups(outcome)) }
        h4 { "Some lists" }
        p { "None of these users was chosen. Marked is what each of them went on to take; nobody can have taken all that he would like." }
        div class="gallery wide" { @for listing in &outcome.listings { (list(listing)) } }
    })
}

fn ways(outcome: &RecommendOutcome) -> Markup {
    let percent = |share: f64| words::value(Format::Percent, share);
    html! {
        p {
            "A list is good if it holds what its user goes on to take. It is also good if it is not the same for everyone: how much of all that there is was "
            "recommended to anybody, and how popular it was already. What the users did go on to take had been taken by "
            (percent(outcome.taken)) " of all."
        }
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Way" }
                    th scope="col" class="number" colspan="2" { "Ten recommendations (nDCG)" }
                    th scope="col" class="number" { "Of all items" }
                    th scope="col" class="number" { "Taken by" }
                } }
                tbody {
                    @for way in &outcome.ways {
                        tr {
                            th scope="row" { (way.name) }
                            td class="number" { (words::value(Format::Number, way.ndcg)) }
                            td class="bar-column" { (bar(way.ndcg, "")) }
                            td class="number" { (percent(way.coverage)) }
                            td class="number" { (percent(way.popularity)) }
                        }
                    }
                }
            }
        }
    }
}

fn groups(outcome: &RecommendOutcome) -> Markup {
    html! {
        h4 { "To whom it is of use" }
        p { "Whoever is like many others is easier to understand. Groups with few users are left out." }
        div class="scroll" {
            table {
                thead { tr {
                    th scope="col" { "Users" }
                    th scope="col" class="number" { "How many" }
                    th scope="col" class="number" colspan="2" { "Ten recommendations (nDCG)" }
                } }
                tbody {
                    @for group in &outcome.groups {
                        tr {
                            th scope="row" { (group.column) ": " (group.value) }
                            td class="number" { (words::count(group.users)) }
                            td class="number" { (words::value(Format::Number, group.ndcg)) }
                            td class="bar-column" { (bar(group.ndcg, "")) }
                        }
                    }
                }
            }
        }
    }
}

fn list(listing: &Listing) -> Markup {
    html! {
        article class="example" {
            div class="said" {
                p class="answer" { (listing.user) }
                @if !listing.liked.is_empty() { p class="truth" { "took, and liked most: " (listing.liked.join(" · ")) } }
                ol class="suggestions" {
                    @for suggestion in &listing.suggestions {
                        li {
                            @if suggestion.taken { mark { (suggestion.item) } } @else { (suggestion.item) }
                            @if let Some(rating) = suggestion.rating { " " span class="sure" { (words::value(Format::Points, rating)) } }
                        }
                    }
                }
            }
        }
    }
}
