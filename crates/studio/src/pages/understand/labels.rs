//! Labels that may be wrong, to be decided on, and to be learned from again.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use pellucid_goals::Doubtful;
use pellucid_insight::report::doubt_card;

use super::Seen;
use crate::address::encoded;
use crate::api::{Doubts, Labels, labels, some_doubts};
use crate::app::App;
use crate::pages::words::count;
use crate::problem::Answer;
use crate::workspace::Name;

pub(super) fn content(seen: &Seen<'_>) -> Option<Markup> {
    if seen.doubts == 0 {
        return None;
    }
    Some(html! {
        p {
            "It believes another label than the given one for " (count(seen.doubts as u64)) " of the rows that it looked at, those that it has learned from among them. "
            "Some of these are mistakes in the data, some are mistakes of the network, and some are simply hard. Look, and decide. "
            "Your files are not changed: what you decide is kept beside them."
        }
        div id="doubts" { p class="waiting" { "Looking the rows up…" } }
        div id="again" class="again" hidden {
            p id="decided" aria-live="polite" {}
            button type="button" class="button" { "Train again" }
        }
    })
}

/// Some doubted rows as cards: a part of the page.
pub(in crate::pages) async fn doubts(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(which): Query<Doubts>,
) -> Answer<Markup> {
    let of = labels(&app, &run, which.target.clone()).await?;
    let drawn = tokio::task::spawn_blocking(move || cards(&run, &of, &which)).await;
    drawn.map_err(|e| crate::problem::Problem::own(e.to_string()))
}

fn cards(run: &Name, of: &Labels, which: &Doubts) -> Markup {
    let some = some_doubts(&of.doubts, which);
    let end = which.from + some.len();
    let drawn: Vec<_> = some.iter().map(|doubt| (doubt, of.tested.doubt(doubt))).collect();
    let wide = drawn.iter().any(|(_, (doubt, ..))| doubt.picture.is_none());
    html! {
        @if let Some(why) = drawn.first().and_then(|(_, (.., bare))| bare.as_ref()) { p class="aside" { "Only the labels can be shown. " (why) } }
        div class=(if wide { "gallery wide" } else { "gallery roomy" })
            data-mended=(of.decided.mended) data-tests=(of.decided.mended_tests) data-kept=(of.decided.kept) {
            @for (doubt, (card, sounds, bare)) in &drawn { (doubt_card(card, &asks(run, of, doubt, sounds, bare.is_none()))) }
        }
        @if end < of.doubts.len() {
            div class="buttons" { button type="button" class="button quiet" data-from=(end) { "Show more" } }
        }
    }
}

/// What can be done with a doubted row.
fn asks(run: &Name, of: &Labels, doubt: &Doubtful, sounds: &[String], whole: bool) -> Markup {
    let decided = of.decisions.get(&doubt.place, &of.column);
    let names = of.tested.target(Some(&of.column)).map(|target| target.names()).unwrap_or_default();
    html! {
        @for column in sounds {
            audio controls preload="none" aria-label={ (column) " of " (doubt.place) }
                src={ "/api/runs/" (run) "/rows/media?row=" (encoded(&doubt.place)) "&column=" (encoded(column)) } {}
        }
        div class="decide" role="group" aria-label={ "The label of " (doubt.place) } data-row=(doubt.place) data-label=(doubt.label) data-value=[decided] {
            button type="button" class="button" data-is=(doubt.likely) { "It is " (doubt.likely) }
            button type="button" class="button quiet" data-is=(doubt.label) { "Keep " (doubt.label) }
            @if names.len() > 2 {
                select aria-label={ "Another label for " (doubt.place) } {
                    option value="" { "It is …" }
                    @for name in names { @if *name != doubt.label && *name != doubt.likely { option value=(name) { (name) } } }
                }
            }
            p class="verdict" hidden { b {} " " button type="button" class="link" data-is="" { "Undo" } }
        }
        @if whole { button type="button" class="link ask" data-why=(doubt.place) aria-label={ "Why does it doubt the label of " (doubt.place) "?" } { "Why?" } }
    }
}
