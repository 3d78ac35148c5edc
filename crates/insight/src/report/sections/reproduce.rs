//! What it takes to make the run again.

use maud::{Markup, html};

use crate::report::data::ReportData;

pub(super) fn content(data: &ReportData, _: &ReportData) -> Option<Markup> {
    let reproduce = &data.reproduce;
    let facts: Vec<(&str, &str)> = reproduce
        .versions
        .iter()
        .chain(&reproduce.fingerprints)
        .map(|(name, value)| (name.as_str(), value.as_str()))
        .collect();
    Some(html! {
        @if !reproduce.command.is_empty() { pre { code { (reproduce.command) } } }
        dl class="settings" {
            div { dt { "Seed" } dd { b { (data.training.seed) } } }
            @for (name, value) in facts { div { dt { (name) } dd { code { (value) } } } }
        }
        @if !reproduce.config.is_empty() {
            details { summary { "The whole configuration" } pre { code { (reproduce.config) } } }
        }
    })
}
