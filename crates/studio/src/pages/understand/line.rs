//! From which probability on something is said: what comes of each threshold, on a slider.

use maud::{Markup, html};

use super::Seen;
use crate::pages::shell::what_is;

/// Dots that stand for so many rows.
const HUNDRED: usize = 100;

pub(super) fn content(seen: &Seen<'_>) -> Option<Markup> {
    let of = seen.of;
    let names = of.names();
    if names.is_empty() {
        return None;
    }
    // Of two classes it is about the rarer one: an illness, a fault. Of more, answers are first left out where it is not sure.
    let first = if of.is_of_tags() { names.first() } else { rarer(seen).filter(|_| names.len() == 2) };
    let column = &of.column;
    Some(html! {
        p {
            "With each answer it says how sure it is. From where on that is enough is for you to say: what does it cost to miss one, and what does a false alarm cost? "
            "Move the line and see."
        }
        form id="cut" class="cut" data-column=(column) data-data={ "runs/" (seen.run) } {
            p class="field" { label for="cut-of" { "What is asked" }
                select id="cut-of" {
                    @for name in names { option value=(name) selected[Some(name) == first] { @if of.is_of_tags() { "Has it " (name) "?" } @else { "Is it " (name) "?" } } }
                    @if of.is_of_classes() { option value="" selected[first.is_none()] { "Any answer: rather none than a wrong one" } }
                }
            }
            p class="field" { label for="cut-at" { "Say so from" }
                span class="slide" {
                    input id="cut-at" type="range" min="0" max="100" step="1" value="50" aria-describedby="cut-said";
                    output id="cut-now" for="cut-at" { "50 %" }
                    button type="button" class="link" id="cut-usual" hidden { "its own line" }
                }
            }
        }
        p id="cut-said" class="lead" aria-live="polite" {}
        div class="people" aria-hidden="true" {
            @for side in ["it", "none"] {
                figure { div class={ "dots " (side) } id={ "dots-" (side) } { @for _ in 0..HUNDRED { i {} } } figcaption id={ "caption-" (side) } {} }
            }
        }
        dl class="facts" id="cut-facts" {}
        p { "To use this line: " span id="cut-use" {} }
        (what_is("Choosing a line by these rows", "They were not learned from, so what you see is honest for any single line. But whoever picks the line that looks best on them will find it a little worse on new rows: the fewer rows, the more so."))
    })
}

/// The class of two that fewer test rows have.
fn rarer<'a>(seen: &'a Seen<'_>) -> Option<&'a String> {
    let names = seen.of.names();
    let rows = |name: &String| seen.of.cuts(name).map_or(u64::MAX, |cuts| cuts.of_it);
    names.iter().min_by_key(|name| rows(name))
}
