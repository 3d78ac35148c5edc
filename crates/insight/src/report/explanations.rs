//! A page of explained answers.

use maud::{DOCTYPE, Markup, PreEscaped, html};

use super::STYLE;
use super::data::Explanation;
use super::sections::card;

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_explanations(run: &str, explanations: &[Explanation]) -> String {
    let page: Markup = html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                meta name="generator" content="Pellucid";
                title { (run) " · explained" }
                style { (PreEscaped(STYLE)) }
            }
            body {
                header class="page" { h1 { "Why " (run) " answered so" } }
                main id="main" { section { @for explanation in explanations { (card(explanation)) } } }
                footer class="page" {
                    p { "Made by Pellucid. This page is one file: keep it, send it, print it; it needs no connection." }
                }
            }
        }
    };
    page.into_string()
}
