//! What all pages have in common: one file each, without a script, that needs no connection.

use maud::{DOCTYPE, Markup, PreEscaped, html};

/// The style of all pages.
pub const STYLE: &str = include_str!("style.css");

/// A page of this title with this body, as UTF-8 text.
pub(super) fn page(title: &str, body: &Markup) -> String {
    let page = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="Pellucid";
                title { (title) }
                style { (PreEscaped(STYLE)) }
            }
            body { (body) }
        }
    };
    page.into_string()
}

/// The last lines; `when` it was made, if that is known.
pub(super) fn footer(when: Option<&str>) -> Markup {
    html! {
        footer class="page" {
            p {
                "Made by Pellucid" @if let Some(day) = when { " on " (day) }
                ". This page is one file: keep it, send it, print it; it needs no connection."
            }
        }
    }
}
