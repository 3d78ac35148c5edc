//! The training rows behind an answer.

use maud::{Markup, html};

use super::bar;
use super::examples::{fields, picture};
use crate::report::data::{Explanation, LearnedFrom, LearnedList, LearnedRow};

/// The training rows behind an answer, folded away.
pub(super) fn content(explanation: &Explanation, learned: &LearnedFrom) -> Markup {
    let lists = learned.lists(explanation.class.is_none());
    html! {
        details class="learned" {
            summary { "The training rows behind it" }
            p class="aside" {
                "Of " (learned.looked_at()) ". " b { "Alike" } " are those whose last layer before the answer points the same way (cosine; 1 is the same). "
                b { "Pushed" } " says what one more step of learning on a row would do to this answer: TracIn (Pruthi et al. 2020, arXiv 2002.08484) in the last layer, "
                "at one checkpoint, the weights that were kept. A row that is learned completely pushes no more; one whose label does not fit its looks pushes hard, "
                "so look here for mistakes in the data. Bars are shares of the strongest push."
            }
            @for list in &lists { (rows(list)) }
        }
    }
}

fn rows(list: &LearnedList<'_>) -> Markup {
    let wide = list.rows.iter().any(|row| row.picture.is_none());
    html! {
        h4 { (list.title) }
        div class=(if wide { "gallery wide" } else { "gallery" }) {
            @for row in list.rows { (card(list, row)) }
        }
    }
}

fn card(list: &LearnedList<'_>, row: &LearnedRow) -> Markup {
    let size = list.size(row);
    html! {
        article class=(if row.value < 0.0 { "example against" } else { "example for" }) {
            @if let Some(png) = &row.picture { (picture(png, &format!("{}: {}", row.place, row.label))) }
            div class="said" {
                p class="answer" { (row.label) }
                @if list.whole.is_some() { (bar(size, "")) } @else { p { "cosine " (format!("{size:.3}")) } }
                @if !row.fields.is_empty() { (fields(&row.fields)) }
                p class="place" { (row.place) }
            }
        }
    }
}
