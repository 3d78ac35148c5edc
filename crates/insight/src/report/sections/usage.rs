//! What it may be used for, where it must not be trusted, and the commands.

use maud::{Markup, html};

use super::prose;
use crate::report::data::ReportData;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    let card = &data.card;
    if card.intended_use.is_empty() && card.limits.is_empty() && card.commands.is_empty() {
        return None;
    }
    Some(html! {
        @if !card.intended_use.is_empty() { p { (card.intended_use) } }
        @if !card.limits.is_empty() {
            h4 { "Limits" }
            ul { @for limit in &card.limits { li { (prose(limit)) } } }
        }
        @if !card.commands.is_empty() {
            h4 { "Put it to use" }
            dl class="commands" { @for (what, command) in &card.commands { dt { (what) } dd { pre { code { (command) } } } } }
        }
    })
}
