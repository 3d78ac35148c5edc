//! What is taken for what, and the rows behind each count.

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use pellucid_goals::TestedRow;
use pellucid_insight::report::{asked_confusion, example_card, section};

use super::Seen;
use crate::address::encoded;
use crate::api::{SomeRows, Which, found};
use crate::app::App;
use crate::pages::words::count;
use crate::problem::Answer;
use crate::workspace::Name;

pub(super) fn content(seen: &Seen<'_>) -> Option<Markup> {
    let drawn = match (seen.of.is_of_classes(), seen.of.is_of_tags()) {
        (true, _) => asked_confusion(seen.target),
        (_, true) => section(seen.facts, seen.target, "tags"),
        _ => return None,
    };
    Some(looked_up(seen, drawn))
}

/// The same of numbers, which are more or less far off.
pub(super) fn of_numbers(seen: &Seen<'_>) -> Option<Markup> {
    let is_of_numbers = seen.of.names().is_empty();
    is_of_numbers.then(|| looked_up(seen, section(seen.facts, seen.target, "numbers")))
}

/// A drawing of all answers, and below it the rows that are asked for.
fn looked_up(seen: &Seen<'_>, drawn: Option<Markup>) -> Markup {
    let (of, names) = (seen.of, seen.of.names());
    html! {
        @if let Some(drawn) = drawn { (drawn) }
        @if of.is_of_classes() { p class="aside" { "Press a number to see the rows behind it, or choose here." } }
        form id="filter" class="filter" aria-label="Which rows are shown" {
            @if of.is_of_classes() {
                (choice("truth", "Truly", names, "anything"))
                (choice("answer", "Answered", names, "anything"))
            } @else if of.is_of_tags() {
                (choice("differ", "Mistaken about", names, "any tag"))
                (choice("truth", "Truly has", names, "anything"))
            }
            p class="field" { label for="which-right" { "Answers" }
                select id="which-right" name="right" {
                    option value="" { "all" }
                    option value="false" selected { @if names.is_empty() { "far ones" } @else { "wrong ones" } }
                    option value="true" { @if names.is_empty() { "near ones" } @else { "right ones" } }
                }
            }
            p class="field" { label for="which-order" { "First" }
                select id="which-order" name="order" {
                    @if names.is_empty() {
                        option value="worst" { "the largest errors" }
                        option value="best" { "the smallest errors" }
                    } @else {
                        option value="worst" { "the worst: wrong, although sure" }
                        option value="best" { "the best: right, and sure" }
                        option value="unsure" { "the least sure" }
                    }
                }
            }
        }
        // Whoever listens hears how many there are, and not all of them.
        p id="how-many" class="hidden" role="status" {}
        div id="shown" tabindex="-1" { p class="waiting" { "Looking the rows up…" } }
    }
}

fn choice(name: &str, label: &str, names: &[String], all: &str) -> Markup {
    let id = format!("which-{name}");
    html! {
        p class="field" { label for=(id) { (label) }
            select id=(id) name=(name) {
                option value="" { (all) }
                @for name in names { option value=(name) { (name) } }
            }
        }
    }
}

/// Some tested rows as cards: a part of the page.
pub(in crate::pages) async fn examples(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(which): Query<Which>,
) -> Answer<Markup> {
    Ok(cards(&run, &found(&app, &run, which).await?))
}

fn cards(run: &Name, some: &SomeRows) -> Markup {
    let end = some.from + some.rows.len();
    let wide = some.rows.iter().any(|row| row.example.picture.is_none());
    html! {
        @if some.from == 0 {
            p class="found" { @match some.total {
                0 => "No row is like that.",
                1 => "One row is like that.",
                n => { (count(n as u64)) " rows are like that." },
            } }
            // What keeps one row from being shown keeps all.
            @if let Some(why) = some.rows.first().and_then(|row| row.bare.as_ref()) { p class="aside" { "Only the answers can be shown. " (why) } }
        }
        div class=(if wide { "gallery wide" } else { "gallery" }) { @for row in &some.rows { (example_card(&row.example, &asks(run, row))) } }
        @if end < some.total {
            div class="buttons" { button type="button" class="button quiet" data-from=(end) { "Show more" } }
        }
    }
}

/// What can be done with a row.
fn asks(run: &Name, row: &TestedRow) -> Markup {
    html! {
        @for column in &row.sounds {
            audio controls preload="none" aria-label={ (column) " of " (row.example.place) }
                src={ "/api/runs/" (run) "/rows/media?row=" (encoded(&row.example.place)) "&column=" (encoded(column)) } {}
        }
        @if row.bare.is_none() {
            button type="button" class="link ask" data-why=(row.example.place) aria-label={ "Why did it answer so for " (row.example.place) "?" } { "Why?" }
        }
    }
}
