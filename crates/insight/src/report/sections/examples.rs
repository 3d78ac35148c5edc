//! Single rows to look at: what it got wrong although it was sure, and what it got right.

use maud::{Markup, html};

use super::data_url;
use crate::report::data::{Example, Outcome, ReportData, Target};
use crate::report::words;

/// Fields of a table row that are shown before the rest is folded away.
const SHOWN_FIELDS: usize = 6;

/// Letters of a value that has room beside its name; longer ones stand below it.
const BESIDE: usize = 24;

/// Pictures narrower than this are enlarged with hard pixel edges.
const TINY: u32 = 128;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let of = |right: bool| target.examples.iter().filter(|e| e.right == right).collect::<Vec<_>>();
    let (right, wrong) = (of(true), of(false));
    let (wrong_title, right_title) = match &target.outcome {
        Outcome::Classes(_) => ("Wrong, although it was sure", "Right, and sure of it"),
        Outcome::Tags(_) => ("The worst misses", "All tags right, and sure of them"),
        Outcome::Numbers(_) => ("The worst misses", "Good answers"),
        Outcome::Texts(_) => ("The farthest from what a person wrote", "The nearest to what a person wrote"),
        // Nobody asked for these works, so none is right or wrong.
        Outcome::Writing(_) | Outcome::Melodies(_) | Outcome::Pictures(_) | Outcome::Recommendations(_) => {
            return None;
        }
    };
    let truth = if matches!(target.outcome, Outcome::Texts(_)) { "a person wrote" } else { "truly" };
    (!target.examples.is_empty()).then(|| {
        html! {
            @for (title, examples) in [(wrong_title, wrong), (right_title, right)] {
                @if !examples.is_empty() {
                    h4 { (title) }
                    div class=(if examples.iter().any(|e| e.picture.is_none()) { "gallery wide" } else { "gallery" }) { @for example in examples { (card(example, truth, &html! {})) } }
                }
            }
        }
    })
}

/// A row with its answer; `truth` stands before what is true, and `more` below all else.
pub(in crate::report) fn card(example: &Example, truth: &str, more: &Markup) -> Markup {
    html! {
        article class=(if example.right { "example right" } else { "example wrong" }) {
            @if let Some(png) = &example.picture {
                (picture(png, &format!("{}: truly {}, answered {}", example.place, example.truth, example.answer)))
            }
            div class="said" {
                p class="answer" {
                    span class="mark" aria-hidden="true" { @if example.right { "✓" } @else { "✗" } }
                    (example.answer)
                    @if let Some(p) = example.probability { " " span class="sure" { (words::percent(p)) " sure" } }
                }
                @if example.right && example.answer == example.truth { p class="truth" { "and it is" } } @else { p class="truth" { (truth) " " b { (example.truth) } } }
                @if !example.fields.is_empty() {
                    (fields(example.fields.get(..SHOWN_FIELDS).unwrap_or(&example.fields)))
                    @if let Some(rest) = example.fields.get(SHOWN_FIELDS..).filter(|rest| !rest.is_empty()) {
                        details { summary { (rest.len()) " more" } (fields(rest)) }
                    }
                }
                p class="place" { (example.place) }
                (more)
            }
        }
    }
}

/// A row's picture, enlarged with hard edges if it is tiny.
pub(super) fn picture(png: &[u8], alt: &str) -> Markup {
    html! { img class=[(width(png) < TINY).then_some("tiny")] loading="lazy" src=(data_url(png)) alt=(alt); }
}

pub(super) fn fields(fields: &[(String, String)]) -> Markup {
    let long = |value: &str| value.chars().count() > BESIDE;
    html! { dl { @for (name, value) in fields { div class=[long(value).then_some("long")] { dt { (name) } dd { (value) } } } } }
}

/// The width that a PNG states in its header; 0 when it has none.
fn width(png: &[u8]) -> u32 {
    png.get(16..20).and_then(|bytes| bytes.try_into().ok()).map_or(0, u32::from_be_bytes)
}
