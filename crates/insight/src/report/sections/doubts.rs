//! Labels that may be wrong, to be looked at and mended.

use maud::{Markup, html};

use super::examples::{fields, picture};
use crate::report::data::{Doubt, ReportData, Target};
use crate::report::words;

pub(super) fn content(_: &ReportData, target: &Target) -> Option<Markup> {
    let doubts = target.doubts.as_ref()?;
    Some(html! {
        p {
            (words::count(doubts.found)) " of " (words::count(doubts.looked_at))
            @if doubts.looked_at < doubts.rows { " (of " (words::count(doubts.rows)) ", evenly chosen)" }
            " rows, those of the training among them, have a label that the network believes less than another: "
            "confident learning (Northcutt et al., arXiv 1911.00068). Some are mistakes in the data, some are mistakes of the network, some are simply hard. "
            "Look at them, mend what is wrong, and train again. The whole list is in " code { (doubts.list) } "."
        }
        div class=(if doubts.shown.iter().any(|doubt| doubt.picture.is_none()) { "gallery wide" } else { "gallery" }) {
            @for doubt in &doubts.shown { (card(doubt, &html! {})) }
        }
    })
}

/// A row whose label is doubted, with `more` below all else.
pub(in crate::report) fn card(doubt: &Doubt, more: &Markup) -> Markup {
    html! {
        article class="example wrong" {
            @if let Some(png) = &doubt.picture {
                (picture(png, &format!("{}: labelled {}, likely {}", doubt.place, doubt.label, doubt.likely)))
            }
            div class="said" {
                p class="answer" { (doubt.label) "?" }
                p class="truth" { "likely " b { (doubt.likely) } " (" (words::percent(doubt.probability)) ")" }
                @if !doubt.fields.is_empty() { (fields(&doubt.fields)) }
                p class="place" { (doubt.place) }
                (more)
            }
        }
    }
}
