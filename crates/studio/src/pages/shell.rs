//! What all pages have in common.

use maud::{DOCTYPE, Markup, html};

/// A place of the first row: address and name.
const PLACES: [(&str, &str); 3] = [("/", "Gather"), ("/runs", "Runs"), ("/playground", "Playground")];

/// A page of this title, at one of the places of the first row, with this body.
pub(crate) fn page(title: &str, place: Option<&str>, body: &Markup) -> Markup {
    page_with(title, place, &[], body)
}

/// As [`page`], with scripts.
pub(crate) fn page_with(title: &str, place: Option<&str>, scripts: &[&str], body: &Markup) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { (title) " · Pellucid" }
                link rel="icon" href="/assets/icon.svg";
                link rel="stylesheet" href="/assets/report.css";
                link rel="stylesheet" href="/assets/studio.css";
                @for script in scripts { script type="module" src={ "/assets/" (script) } {} }
            }
            body class="studio" {
                a class="skip" href="#main" { "Skip to the page" }
                header class="bar" {
                    a class="brand" href="/" { img src="/assets/icon.svg" alt="" width="26" height="26"; "Pellucid" }
                    nav aria-label="Studio" {
                        @for (address, name) in PLACES {
                            a href=(address) aria-current=[(place == Some(address)).then_some("page")] { (name) }
                        }
                    }
                }
                main id="main" tabindex="-1" { (body) }
                div id="says" role="status" aria-live="polite" {}
            }
        }
    }
}

/// The way from data to use, with the step that is shown.
pub(crate) fn steps(run: &str, finished: bool, here: &str) -> Markup {
    let steps = [
        ("Train", format!("/runs/{run}")),
        ("Understand", format!("/runs/{run}/understand")),
        ("Use", format!("/runs/{run}/use")),
    ];
    html! {
        nav class="steps" aria-label="Steps" {
            @for (name, address) in steps {
                @if finished || name == "Train" {
                    a href=(address) aria-current=[(name == here).then_some("step")] { (name) }
                } @else {
                    span class="later" { (name) }
                }
            }
        }
    }
}

/// A word that not everyone knows, with what it means.
pub(crate) fn what_is(term: &str, means: &str) -> Markup {
    html! {
        details class="what" { summary { (term) " " span class="mark" { "what is this?" } } p { (means) } }
    }
}
