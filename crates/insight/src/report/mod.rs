//! The report of a run: one HTML page that works offline, from plain facts.
//!
//! A caller collects [`ReportData`] and gets the whole page from [`render`]: no script, no font, no picture is
//! loaded from anywhere. The page follows the reader's light or dark setting, reads on a phone and prints.

mod audits;
mod blocks;
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
use data::{Curves, Doubt, Example, Glimpse, Network, Roll, Target};
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

/// A network layer by layer, as a part of a page with [`STYLE`]; while it `learns`, with how much each layer changes now.
pub fn drawn_network(network: &Network, learns: bool) -> String {
    sections::network(network, learns).into_string()
}

/// A target's first finding, in a sentence or two.
pub fn first_finding(data: &ReportData, target: &Target) -> String {
    words::headline(data, target).text()
}

/// A section of a target by its name (`confidence`, `numbers`, `tags` …), as a part of a page with [`STYLE`]; none where there is nothing to say.
pub fn section(data: &ReportData, target: &Target, id: &str) -> Option<Markup> {
    TARGET_PARTS.iter().find(|part| part.id == id).and_then(|part| (part.content)(data, target))
}

/// The confusion matrix whose counts are buttons that name their classes (`data-truth`, `data-answer`); none of other answers.
pub fn asked_confusion(target: &Target) -> Option<Markup> {
    sections::confusion(target, true)
}

/// A row with its answer, as a part of a page with [`STYLE`]; `more` stands below all else.
pub fn example_card(example: &Example, more: &Markup) -> Markup {
    sections::example(example, "truly", more)
}

/// A row whose label is doubted, likewise.
pub fn doubt_card(doubt: &Doubt, more: &Markup) -> Markup {
    sections::doubt(doubt, more)
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
