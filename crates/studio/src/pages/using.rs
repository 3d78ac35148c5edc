//! Use: try a network, with whatever it takes.

use axum::extract::{Path, State};
use maud::{Markup, html};
use pellucid_goals::{About, AboutColumn, about};

use super::export;
use super::shell::{self, steps};
use crate::app::{App, USUAL};
use crate::problem::{Answer, Page};
use crate::workspace::Name;

/// The page.
pub(super) async fn page(State(app): State<App>, Path(run): Path<Name>) -> Page {
    Page(shown(&app, &run))
}

fn shown(app: &App, name: &Name) -> Answer<Markup> {
    let about = about(app.workspace.run(name)?.path())?;
    let before = html! {
        nav class="crumbs" aria-label="Where this is" { a href="/runs" { "Runs" } " / " (name) }
        (steps(name.as_str(), true, "Use"))
    };
    let after = export::section(name.as_str(), &about);
    Ok(tried(name.as_str(), &about, &format!("/api/runs/{name}"), &before, &after))
}

/// The page of a network that is served by itself.
pub(crate) fn single(name: &str, about: &About) -> Markup {
    tried(name, about, "/api", &html! {}, &html! {})
}

/// A network to be tried, whose answers come from addresses below `base`, between what stands before and after it.
fn tried(name: &str, about: &About, base: &str, before: &Markup, after: &Markup) -> Markup {
    let body = html! {
        (before)
        form id="use" data-name=(name) data-base=(base) data-goal=(about.goal) data-media=(media(about).unwrap_or_default()) {
            @match about.goal.as_str() {
                "translate" => (translate(about)),
                "generate" => (generate(about)),
                "recommend" => (recommend()),
                _ => (predict(about, base != "/api")),
            }
        }
        div id="answer" aria-live="polite" {}
        p id="command" class="command" hidden { span class="aside" { "The same in a terminal: " } code {} }
        details id="code" class="code" data-served=(served()) hidden { summary { "The same from other programs" } div {} }
        (after)
    };
    shell::page_with(name, Some("/runs"), &["use.js"], &body)
}

/// Where `pellucid serve` listens if nothing else is said.
fn served() -> String {
    format!("http://127.0.0.1:{USUAL}")
}

/// Whether the network takes pictures or sounds, and nothing else.
fn media(about: &About) -> Option<&'static str> {
    match about.inputs.as_slice() {
        [AboutColumn { kind, .. }] if kind == "image" => Some("image"),
        [AboutColumn { kind, .. }] if kind == "audio" => Some("audio"),
        _ => None,
    }
}

fn names(columns: &[AboutColumn]) -> String {
    columns.iter().map(|column| column.name.as_str()).collect::<Vec<_>>().join(", ")
}

fn predict(about: &About, all: bool) -> Markup {
    html! {
        h1 { "What is the " (names(&about.answers)) "?" }
        @match media(about) {
            Some(kind) => {
                div class="drop" id="drop" {
                    p class="big" { @if kind == "image" { "Drop a picture here" } @else { "Drop a sound here" } }
                    div class="buttons" {
                        label class="button" { "Choose a file" input type="file" id="file" accept={ (kind) "/*" }; }
                        @if kind == "image" {
                            button type="button" class="button quiet" id="camera" { "Use the camera" }
                            button type="button" class="button quiet" id="draw" { "Draw" }
                        } @else {
                            button type="button" class="button quiet" id="microphone" { "Use the microphone" }
                        }
                    }
                    video id="view" muted playsinline hidden aria-label="What the camera sees" {}
                    canvas id="paper" width="280" height="280" hidden aria-label="Draw here" {}
                    img id="given" alt="What was given" hidden;
                    audio id="heard" controls hidden {}
                    div class="buttons" { button type="button" class="button" id="take" hidden { "Ask" } }
                }
            },
            None => {
                div class="inputs" { @for column in &about.inputs { (field(column)) } }
                div class="buttons" { button class="button" { "Ask" } @if all { button type="button" class="button quiet" id="why" { "Ask, and say why" } } }
                @if all { details {
                    summary { "Many rows at once" }
                    p { "A table with these columns: " (names(&about.inputs)) "." }
                    label class="button quiet" { "Choose a table" input type="file" id="file"; }
                } }
            },
        }
        @if all && media(about).is_some() {
            div class="buttons" { button type="button" class="button quiet" id="why" hidden { "Why?" } }
        }
    }
}

/// A column that can be filled in.
fn field(column: &AboutColumn) -> Markup {
    let id = format!("of-{}", column.name);
    let usual = column.usual.as_deref().unwrap_or_default();
    html! {
        p class="field" {
            label for=(id) { (column.name) }
            @match column.kind.as_str() {
                "text" => textarea id=(id) name=(column.name) rows="3" {},
                "number" => input id=(id) name=(column.name) type="number" step="any" value=(usual);,
                "flag" => select id=(id) name=(column.name) { option value="true" { "yes" } option value="false" { "no" } option value="" { "not known" } },
                "category" if !column.values.is_empty() => select id=(id) name=(column.name) {
                    @for value in &column.values { option value=(value) selected[value == usual] { (value) } }
                    option value="" { "not known" }
                },
                _ => input id=(id) name=(column.name) value=(usual);,
            }
        }
    }
}

fn translate(about: &About) -> Markup {
    html! {
        h1 { (names(&about.inputs)) " to " (names(&about.answers)) }
        label for="text" class="hidden" { "Text" }
        textarea id="text" name="text" rows="4" placeholder="Write something" {}
        div class="buttons" { button class="button" { "Translate" } }
    }
}

fn generate(about: &About) -> Markup {
    let made = about.answers.first();
    let kind = made.map(|column| column.kind.as_str()).unwrap_or_default();
    html! {
        h1 { @match kind { "image" => "Paint", "melody" => "Compose", _ => "Write" } }
        @if kind == "text" || kind.is_empty() {
            p class="field" { label for="prompt" { "Begin with" } textarea id="prompt" name="prompt" rows="2" {} }
            p class="field" { label for="length" { "Length" } input id="length" name="length" type="number" min="1" max="20000" value="500"; }
        }
        @if kind == "image" {
            @if let Some(labels) = made.map(|column| &column.values).filter(|labels| !labels.is_empty()) {
                p class="field" { label for="label" { "Of" } select id="label" name="label" {
                    option value="" { "everything" }
                    @for label in labels { option { (label) } }
                } }
            }
            p class="field" { label for="count" { "How many" } input id="count" name="count" type="number" min="1" max="64" value="12"; }
        } @else {
            p class="field" { label for="temperature" { "How daring" } input id="temperature" name="temperature" type="range" min="0.3" max="1.3" step="0.05" value="0.8"; }
        }
        div class="buttons" { button class="button" { "Begin" } }
    }
}

fn recommend() -> Markup {
    html! {
        h1 { "What will they like?" }
        p class="field" { label for="user" { "Someone in the data" } input id="user" name="user"; }
        p class="field" { label for="liked" { "Or someone new, who likes (one a line)" } textarea id="liked" name="liked" rows="4" {} }
        div class="buttons" { button class="button" { "Recommend" } }
    }
}
