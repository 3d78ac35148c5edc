//! Understand: the report of a run.

use axum::extract::{Path, State};
use maud::{Markup, html};

use super::shell::{self, steps};
use crate::app::App;
use crate::problem::{Answer, Page, Problem};
use crate::workspace::Name;

/// The page.
pub(super) async fn page(State(app): State<App>, Path(run): Path<Name>) -> Page {
    Page(shown(&app, &run))
}

fn shown(app: &App, name: &Name) -> Answer<Markup> {
    let run = app.workspace.run(name)?;
    if !run.is_finished() {
        return Err(Problem::conflict(format!(
            "`{name}` is not finished, so there is nothing to understand yet."
        )));
    }
    let body = html! {
        nav class="crumbs" aria-label="Where this is" { a href="/runs" { "Runs" } " / " (name) }
        (steps(name.as_str(), true, "Understand"))
        h1 class="hidden" { "How good is " (name) "?" }
        iframe class="report" title={ "Report of " (name) } src={ "/api/runs/" (name) "/report" } {}
        p class="aside" { a href={ "/api/runs/" (name) "/report" } download={ (name) ".html" } { "Keep this report" } ": one file that needs no connection." }
    };
    Ok(shell::page(name.as_str(), Some("/runs"), &body))
}
