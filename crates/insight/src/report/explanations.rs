//! A page of explained answers.

use maud::html;

use super::data::Explanation;
use super::page::{footer, page};
use super::sections::card;

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_explanations(run: &str, explanations: &[Explanation]) -> String {
    let body = html! {
        header class="page" { h1 { "Why " (run) " answered so" } }
        main id="main" { section { @for explanation in explanations { (card(explanation)) } } }
        (footer(None))
    };
    page(&format!("{run} · explained"), &body)
}
