//! The report of a run: one HTML page that works offline, from plain facts.
//!
//! A caller collects [`ReportData`] and gets the whole page from [`render`]: no script, no font, no picture is
//! loaded from anywhere. The page follows the reader's light or dark setting, reads on a phone and prints.

mod audits;
pub mod data;
mod encoding;
mod explanations;
mod forecasts;
pub mod measure;
mod page;
mod plot;
mod sections;
pub mod words;

use maud::{Markup, html};

pub use audits::render_audit;
pub use data::ReportData;
use data::{Curves, Glimpse, Roll, Target};
pub use explanations::{render_explanations, render_looks, render_recommendations, render_translations};
pub use forecasts::{forecast_in_words, render_forecast};
pub use page::STYLE;
use page::{footer, page};
pub use sections::prose;
use sections::{Part, RUN_PARTS, TARGET_PARTS};

/// Curves of a training that may still go on, as a part of a page with [`STYLE`].
pub fn learning_curves(curves: &Curves) -> String {
    sections::drawn(curves).into_string()
}

/// A melody as a drawing that needs no page around it.
pub fn piano_roll(roll: &Roll) -> String {
    let drawing = plot::roll(roll).into_string();
    // Without a page there is no style sheet.
    let style =
        "<style>.tone{fill:#2563eb}.tone.copied{fill:#b45309}.grid{stroke:#9ca3af;stroke-opacity:.5}</style>";
    drawing.replacen("<svg ", "<svg xmlns=\"http://www.w3.org/2000/svg\" ", 1).replacen(
        "<title>",
        &format!("{style}<title>"),
        1,
    )
}

/// What a network does while it learns, as a part of a page with [`STYLE`].
pub fn drawn_glimpse(glimpse: &Glimpse) -> String {
    sections::glimpse(glimpse).into_string()
}

/// The page, as UTF-8 text to be written to `report.html`.
pub fn render(data: &ReportData) -> String {
    let targets: Vec<(String, &Target)> =
        data.targets.iter().enumerate().map(|(i, target)| (format!("target-{i}"), target)).collect();
    let parts: Vec<(&Part<ReportData>, Markup)> =
        RUN_PARTS.iter().filter_map(|part| Some((part, (part.content)(data, data)?))).collect();
    let body = html! {
        a class="skip" href="#main" { "Skip to the findings" }
        header class="page" { (sections::hero(data)) }
        nav aria-label="Contents" {
            ul {
                @for (id, target) in &targets {
                    @if targets.len() > 1 {
                        li { a href={ "#" (id) } { (target.column) } }
                    } @else {
                        @for part in TARGET_PARTS.iter().filter(|part| (part.content)(data, target).is_some()) {
                            li { a href={ "#" (id) "-" (part.id) } { (part.short) } }
                        }
                    }
                }
                @for (part, _) in &parts {
                    li { a href={ "#" (part.id) } { (part.short) } }
                }
            }
        }
        main id="main" {
            (sections::notices(data))
            @for (id, target) in &targets {
                section class="target" id=(id) {
                    @if targets.len() > 1 {
                        h2 { span class="eyebrow" { "Predicting" } (target.column) }
                    }
                    @for part in &TARGET_PARTS {
                        @if let Some(content) = (part.content)(data, target) {
                            section id={ (id) "-" (part.id) } {
                                @if targets.len() > 1 { h3 { (part.title) } } @else { h2 { (part.title) } }
                                (content)
                            }
                        }
                    }
                }
            }
            @for (part, content) in &parts {
                section id=(part.id) { h2 { (part.title) } (content) }
            }
        }
        (footer(Some(&data.created)))
    };
    page(&format!("{} · Pellucid report", data.name), &body)
}
