//! Pages of explained answers, and of what layers look for.

use maud::{Markup, html};

use super::data::{ExplainedRecommendation, ExplainedTranslation, Explanation, Looks};
use super::page::{footer, page};
use super::sections::{card, looks, recommendation, translation};

/// The page, as UTF-8 text: one file that needs no connection.
pub fn render_explanations(run: &str, explanations: &[Explanation]) -> String {
    let cards = html! { @for explanation in explanations { (card(explanation)) } };
    explained(run, &format!("Why {run} answered so"), &cards)
}

/// The page of what the layers of a run's networks look for, as [`render_explanations`].
pub fn render_looks(run: &str, all: &[Looks]) -> String {
    let parts = html! { @for one in all { (looks(one, all.len() > 1)) } };
    explained(run, &format!("What the layers of {run} look for"), &parts)
}

/// The page of explained translations, as [`render_explanations`].
pub fn render_translations(run: &str, all: &[ExplainedTranslation]) -> String {
    let cards = html! { @for one in all { (translation(one)) } };
    explained(run, &format!("Why {run} translated so"), &cards)
}

/// The page of explained recommendations to `whom`, as [`render_explanations`].
pub fn render_recommendations(run: &str, whom: &str, all: &[ExplainedRecommendation]) -> String {
    let cards = html! {
        p {
            "Each thing that was taken speaks for or against each recommendation, and what they say adds up. Named is what speaks most for it, with its share of all "
            "that does. Then it is measured: if what is named had not been taken, the recommendation must fall further than without as many other things by chance."
        }
        @for one in all { (recommendation(one)) }
    };
    explained(run, &format!("Why {run} recommends this to {whom}"), &cards)
}

fn explained(run: &str, title: &str, content: &Markup) -> String {
    let body = html! {
        header class="page" { h1 { (title) } }
        main id="main" { section { (content) } }
        (footer(None))
    };
    page(&format!("{run} · explained"), &body)
}
