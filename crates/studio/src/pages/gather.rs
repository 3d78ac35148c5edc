//! Gather: drop files, take a sample, record examples, type rows; and what there is already.

use axum::extract::State;
use maud::{Markup, html};
use pellucid_goals::samples::SAMPLES;
use std::time::UNIX_EPOCH;

use super::words::{ago, capital, size};
use super::{runs, shell};
use crate::api;
use crate::app::App;
use crate::problem::{Answer, Page};

/// Runs that are shown on the first page.
const RECENT: usize = 5;

/// The first page.
pub(super) async fn page(State(app): State<App>) -> Page {
    Page(first(&app))
}

fn first(app: &App) -> Answer<Markup> {
    let data = app.workspace.data()?;
    let runs = api::summaries(app)?;
    let body = html! {
        section class="hero" {
            h1 { "What should it learn?" }
            p class="lead" { "Give it examples. It looks at them, learns, says honestly how good it is, and never sends anything away: "
                "all of it happens on this machine." }
        }
        form id="drop" class="drop" data-into="" {
            p class="big" { "Drop files, folders or a zip here" }
            p { "Pictures or sounds in folders named after what they show. A table (CSV, TSV, Parquet, JSON). Texts, melodies, pairs of sentences, ratings." }
            div class="buttons" {
                label class="button" { "Choose files" input type="file" id="files" multiple; }
                label class="button quiet" { "Choose a folder" input type="file" id="folder" webkitdirectory; }
                a class="button quiet" href="/record" { "Record examples" }
            }
            p class="field" { label for="name" { "Name of the data" } input id="name" name="name" autocomplete="off" placeholder="named after the first file" maxlength="60"; }
            div id="arriving" class="arriving" role="group" aria-label="Files that arrive" hidden {}
        }
        details class="paste" {
            summary { "Type or paste rows" }
            form id="paste" {
                p { "The first line names the columns; each further line is an example. Cells from a spreadsheet can be pasted as they are." }
                label for="rows" class="hidden" { "Rows" }
                textarea id="rows" name="rows" rows="8" spellcheck="false" placeholder="text,mood\nwhat a lovely day,good\nI missed the bus,bad" {}
                div class="buttons" { button class="button" { "Use these rows" } }
            }
        }
        section {
            h2 { "Try it with a sample" }
            div class="tiles" {
                @for sample in SAMPLES {
                    button class="tile" data-sample=(sample.name) {
                        b { (capital(sample.name)) } span { (sample.about) } small { (sample.licence) }
                    }
                }
            }
        }
        @if !data.is_empty() {
            section {
                h2 { "Your data" }
                ul class="list" {
                    @for set in &data {
                        li {
                            a href={ "/data/" (set.name) } { (set.name) }
                            span class="aside" {
                                (set.files) @if set.files == 1 { " file, " } @else { " files, " } (size(set.bytes)) " · "
                                (ago(set.changed.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs())))
                            }
                            button class="link remove" data-remove={ "/api/data/" (set.name) } data-what=(set.name)
                                aria-label={ "Remove the data " (set.name) } { "Remove" }
                        }
                    }
                }
            }
        }
        @if !runs.is_empty() {
            section {
                h2 { "What it has learned" }
                (runs::list(&runs[..runs.len().min(RECENT)]))
                @if runs.len() > RECENT { p { a href="/runs" { "All " (runs.len()) " runs" } } }
            }
        }
    };
    Ok(shell::page_with("Gather", Some("/"), &["gather.js"], &body))
}

/// The page where examples are made on the spot.
pub(super) async fn record() -> Markup {
    let body = html! {
        section class="hero" {
            h1 { "Record examples" }
            p class="lead" { "Name the things it should tell apart, and show or say each of them: twenty examples of each are a good start." }
        }
        form id="record" {
            fieldset class="choice" {
                legend { "With" }
                label { input type="radio" name="with" value="camera" checked; " the camera" }
                label { input type="radio" name="with" value="microphone"; " the microphone" }
            }
            p class="field" { label for="name" { "Name of the data" } input id="name" name="name" value="recorded" maxlength="60" required; }
            p id="trouble" class="notice leak" hidden {}
            div class="stage" {
                video id="view" muted playsinline hidden aria-label="What the camera sees" {}
                canvas id="wave" width="600" height="120" hidden aria-label="What the microphone hears" {}
            }
            div id="classes" class="tiles" {}
            div class="buttons" {
                button type="button" class="button quiet" id="more" { "Another class" }
                button type="button" class="button" id="done" disabled { "Use these examples" }
            }
        }
    };
    shell::page_with("Record examples", Some("/"), &["record.js"], &body)
}
