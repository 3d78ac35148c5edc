//! The parts of the page, one file each, in the order of the visible lists.

mod classes;
mod confidence;
mod confusion;
mod data;
mod dependence;
mod doubts;
mod examples;
mod explained;
mod glimpse;
mod groups;
mod hero;
mod importance;
mod learned_from;
mod likeness;
mod looks;
mod melodies;
mod missed;
mod network;
mod numbers;
mod pictures;
mod recommendations;
mod reproduce;
mod scores;
mod tags;
mod texts;
mod training;
mod usage;
mod weak;
mod writing;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use maud::{Markup, html};

use super::data::{ReportData, Severity, Target};

pub(super) use confusion::drawn as confusion;
pub(super) use doubts::card as doubt;
pub(super) use examples::card as example;
pub(super) use explained::card;
pub(super) use glimpse::glimpse;
pub(super) use hero::hero;
pub(super) use looks::looks;
pub(super) use missed::{recommendation, translation};
pub(super) use network::drawn as network;
pub(super) use training::drawn;

/// A picture's PNG bytes as an address inside of the page.
fn data_url(png: &[u8]) -> String {
    format!("data:image/png;base64,{}", STANDARD.encode(png))
}

/// The same of a sound's WAV bytes.
fn sound_url(wav: &[u8]) -> String {
    format!("data:audio/wav;base64,{}", STANDARD.encode(wav))
}

/// One part of the page about `T`: the whole run or one target.
pub(super) struct Part<T> {
    /// Its anchor and class.
    pub(super) id: &'static str,
    /// Its heading.
    pub(super) title: &'static str,
    /// Its name in the list of contents.
    pub(super) short: &'static str,
    /// What it says; nothing when there is nothing to say.
    pub(super) content: fn(&ReportData, &T) -> Option<Markup>,
}

/// What is said of each target.
pub(super) static TARGET_PARTS: [Part<Target>; 17] = [
    Part { id: "scores", title: "How good it is", short: "Scores", content: scores::content },
    Part { id: "confusion", title: "What it takes for what", short: "Mistakes", content: confusion::content },
    Part { id: "classes", title: "Class by class", short: "Classes", content: classes::content },
    Part { id: "tags", title: "Tag by tag", short: "Tags", content: tags::content },
    Part { id: "texts", title: "Short texts and long ones", short: "Lengths", content: texts::content },
    Part { id: "writing", title: "What it writes", short: "Samples", content: writing::content },
    Part { id: "melodies", title: "What it writes", short: "Samples", content: melodies::content },
    Part { id: "pictures", title: "What it paints", short: "Samples", content: pictures::content },
    Part {
        id: "recommendations",
        title: "What it recommends",
        short: "Lists",
        content: recommendations::content,
    },
    Part { id: "numbers", title: "Predicted and true", short: "Numbers", content: numbers::content },
    Part {
        id: "confidence",
        title: "Can its certainty be believed?",
        short: "Certainty",
        content: confidence::content,
    },
    Part { id: "weak", title: "Where it is weaker", short: "Weaker", content: weak::content },
    Part { id: "groups", title: "Whom it serves how well", short: "Groups", content: groups::content },
    Part { id: "importance", title: "Which columns matter", short: "Columns", content: importance::content },
    Part { id: "explained", title: "Why it answered so", short: "Why", content: explained::content },
    Part { id: "examples", title: "See for yourself", short: "Examples", content: examples::content },
    Part { id: "labels", title: "Labels that may be wrong", short: "Labels", content: doubts::content },
];

/// What is said of the run.
pub(super) static RUN_PARTS: [Part<ReportData>; 7] = [
    Part {
        id: "likeness",
        title: "Is the test like the training?",
        short: "Likeness",
        content: likeness::content,
    },
    Part { id: "training", title: "How it learned", short: "Learning", content: training::content },
    Part { id: "network", title: "What the network looks like", short: "Network", content: network::content },
    Part { id: "layers", title: "What its layers look for", short: "Layers", content: looks::content },
    Part { id: "data", title: "The data", short: "Data", content: data::content },
    Part { id: "usage", title: "Use and limits", short: "Use and limits", content: usage::content },
    Part { id: "reproduce", title: "Make it again", short: "Make it again", content: reproduce::content },
];

/// What the person must know before believing any figure.
pub(super) fn notices(data: &ReportData) -> Markup {
    let mut notices: Vec<_> = data.data.notices.iter().collect();
    notices.sort_by_key(|notice| match notice.severity {
        Severity::Leak => 0,
        Severity::Warning => 1,
        Severity::Note => 2,
    });
    html! {
        @for notice in notices {
            aside class={ "notice " (notice.severity.to_string().to_lowercase()) } {
                p { strong { (notice.severity) ": " (prose(&notice.title)) } }
                @if !notice.text.is_empty() { p { (prose(&notice.text)) } }
            }
        }
    }
}

/// A drawing with its heading, and the same facts as text or table for those who want them.
fn figure(heading: &str, drawing: Markup, caption: Markup) -> Markup {
    html! {
        figure {
            p class="heading" { (heading) }
            (drawing)
            figcaption { (caption) }
        }
    }
}

/// Text in which `back-quoted` parts are code.
pub fn prose(text: &str) -> Markup {
    html! {
        @for (i, part) in text.split('`').enumerate() {
            @if i % 2 == 1 { code { (part) } } @else { (part) }
        }
    }
}

/// A share as a bar inside a table's cell.
fn bar(share: f64, class: &str) -> Markup {
    let width = if share.is_finite() { share.clamp(0.0, 1.0) * 100.0 } else { 0.0 };
    html! { span class={ "bar-cell " (class) } aria-hidden="true" { span style=(format!("width:{width:.1}%")) {} } }
}
