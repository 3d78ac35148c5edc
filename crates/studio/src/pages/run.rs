//! Train: what a run is doing, live, or what became of it.

use axum::extract::{Path, State};
use maud::{Markup, PreEscaped, html};

use super::shell::{self, steps};
use super::{runs, words};
use crate::api::{self, Summary};
use crate::app::App;
use crate::jobs::State as Stage;
use crate::problem::{Answer, Page};
use crate::workspace::Name;

/// The page of a run.
pub(super) async fn page(State(app): State<App>, Path(run): Path<Name>) -> Page {
    Page(shown(&app, &run).await)
}

async fn shown(app: &App, name: &Name) -> Answer<Markup> {
    let run = api::summary(app, name)?;
    // Before the first step there are none.
    let curves = api::curves_of(app, name).await.ok();
    let glimpse = api::glimpse_of(app, name).await.unwrap_or_default();
    let network = api::network_of(app, name).await.unwrap_or_default();
    let finished = run.state == Stage::Finished;
    let body = html! {
        nav class="crumbs" aria-label="Where this is" { a href="/runs" { "Runs" } " / " (name) }
        (steps(&run.name, finished, "Train"))
        section class="run" id="run" data-run=(name) data-state=(run.state.name()) {
            h1 { (name) " " span id="state" { (runs::state(run.state)) } }
            (told(&run))
            @if run.state == Stage::Training { (progress()) }
            (buttons(&run))
            div id="curves" { @if let Some(curves) = &curves { (PreEscaped(curves)) } }
            section id="network" class="glimpse" hidden[network.is_empty()] {
                h2 { @if finished { "The network that has learned" } @else { "The network that learns" } }
                div { (PreEscaped(&network)) }
            }
            @if !finished {
                section id="glimpse" class="glimpse" hidden[glimpse.is_empty()] { h2 { "What it does now" } div { (PreEscaped(&glimpse)) } }
            }
            details open[run.state == Stage::Training] { summary { "What it says" } ol id="log" class="log" {} }
        }
    };
    Ok(shell::page_with(&run.name, Some("/runs"), &["train.js"], &body))
}

/// What is to be said of a run that is not at work.
fn told(run: &Summary) -> Markup {
    html! {
        @match run.state {
            Stage::Training => {},
            Stage::Finished => p class="lead" { "It has learned all it was asked to. " a href={ "/runs/" (run.name) "/understand" } { "See how good it is" }
                ", or " a href={ "/runs/" (run.name) "/use" } { "put it to use" } "." },
            Stage::Stopped => p class="lead" { "It was stopped, and nothing is lost: it can go on from where it was, and will end as if it never had been." },
            Stage::Failed => {
                p class="lead" { "This did not work." }
                @if let Some(why) = run.why.as_ref().filter(|why| !why.is_empty()) { pre class="why" { (why) } }
            },
        }
        @if run.changed > 0 && run.state != Stage::Training { p class="aside" { "Changed " (words::ago(run.changed)) "." } }
    }
}

/// What moves while it learns.
fn progress() -> Markup {
    html! {
        div class="progress" {
            progress id="progress" max="1" aria-label="How far it is" {}
            p id="now" class="lead" { "It begins…" }
            p id="numbers" class="aside" {}
        }
    }
}

fn buttons(run: &Summary) -> Markup {
    html! {
        div class="buttons" {
            @match run.state {
                Stage::Training => button class="button quiet" data-do="stop" { "Stop, and keep what it knows" },
                Stage::Stopped => button class="button" data-do="resume" { "Go on" },
                Stage::Finished | Stage::Failed => {},
            }
        }
    }
}
