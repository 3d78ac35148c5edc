//! Understand: how good a network is, and why. What a report tells, to be asked: one file for each part.

mod groups;
mod labels;
mod line;
mod mistakes;

use axum::extract::{Path, Query, State};
use maud::{Markup, html};
use pellucid_goals::{Tested, TestedTarget, about};
use pellucid_insight::report::data::Target;
use pellucid_insight::report::{ReportData, first_finding, section};
use serde::Deserialize;

pub(super) use labels::doubts;
pub(super) use mistakes::examples;

use super::shell::{self, steps};
use crate::address::encoded;
use crate::app::App;
use crate::jobs::Job;
use crate::problem::{Answer, Page, Problem};
use crate::tested::beside;
use crate::workspace::Name;

/// Which answer the page is about.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shown {
    /// The column; the first if it is left out.
    target: Option<String>,
}

/// What the parts of the page are made of.
struct Seen<'a> {
    run: &'a Name,
    of: &'a TestedTarget,
    facts: &'a ReportData,
    target: &'a Target,
    /// How far it is known whether more data would help.
    forecast: &'static str,
    /// Labels that are doubted.
    doubts: usize,
}

/// A part of the page.
struct Part {
    /// Its anchor.
    id: &'static str,
    /// Its heading.
    title: &'static str,
    /// Its name in the list of contents.
    short: &'static str,
    /// What it says; nothing when there is nothing to say.
    content: fn(&Seen<'_>) -> Option<Markup>,
}

/// All parts, in their order.
static PARTS: [Part; 7] = [
    Part { id: "mistakes", title: "What it takes for what", short: "Mistakes", content: mistakes::content },
    Part { id: "errors", title: "Predicted and true", short: "Errors", content: mistakes::of_numbers },
    Part { id: "line", title: "Where to draw the line", short: "The line", content: line::content },
    Part { id: "certainty", title: "Can its certainty be believed?", short: "Certainty", content: certainty },
    Part { id: "by-group", title: "Whom it serves how well", short: "Groups", content: groups::content },
    Part { id: "more", title: "Would more data help?", short: "More data", content: groups::more_data },
    Part { id: "labels", title: "Labels that may be wrong", short: "Labels", content: labels::content },
];

/// The page.
pub(super) async fn page(State(app): State<App>, Path(run): Path<Name>, Query(shown): Query<Shown>) -> Page {
    Page(understood(&app, &run, shown).await)
}

async fn understood(app: &App, name: &Name, shown: Shown) -> Answer<Markup> {
    let run = app.workspace.run(name)?;
    if !run.is_finished() {
        return Err(Problem::conflict(format!(
            "`{name}` is not finished, so there is nothing to understand yet."
        )));
    }
    let predicts = about(run.path())?.goal == "predict";
    let tested = if predicts { app.tested.get(&app.workspace, name).await.map(Some) } else { Ok(None) };
    let body = match tested {
        Ok(Some(tested)) => {
            let name = name.clone();
            let forecast = app.jobs.state(Job::forecast(&name)).name();
            beside(move || asked(&name, &tested, shown.target.as_deref(), forecast)).await?
        }
        Ok(None) => html! { h1 class="hidden" { "How good is " (name) "?" } },
        // Runs of earlier versions have their report.
        Err(why) => html! { h1 class="hidden" { "How good is " (name) "?" } p class="aside" { (why.why()) } },
    };
    let body = html! {
        nav class="crumbs" aria-label="Where this is" { a href="/runs" { "Runs" } " / " (name) }
        (steps(name.as_str(), true, "Understand"))
        (body)
        (report(name))
    };
    Ok(shell::page_with(name.as_str(), Some("/runs"), &["understand.js", "groups.js", "labels.js"], &body))
}

/// What can be asked about a network that predicts.
fn asked(
    run: &Name,
    tested: &Tested,
    column: Option<&str>,
    forecast: &'static str,
) -> Result<Markup, pellucid_goals::Error> {
    let of = tested.target(column)?;
    let facts = tested.facts()?;
    let Some(target) = facts.targets.iter().find(|target| target.column == of.column) else {
        return Ok(
            html! { h1 { "How good is " (run) "?" } p { "No test row has a known answer, so nothing is known of it." } },
        );
    };
    let doubts = tested.doubtful(&of.column)?.len();
    let seen = Seen { run, of, facts: &facts, target, forecast, doubts };
    let parts: Vec<(&Part, Markup)> =
        PARTS.iter().filter_map(|part| Some((part, (part.content)(&seen)?))).collect();
    Ok(html! {
        section class="hero" {
            h1 { "How good is " (run) "?" }
            p class="lead" { (first_finding(&facts, target)) }
            @if facts.targets.len() > 1 {
                p { "It answers several columns: "
                    @for (i, other) in facts.targets.iter().enumerate() {
                        @if i > 0 { ", " }
                        @if other.column == of.column { b { (other.column) } } @else {
                            a href={ "?target=" (encoded(&other.column)) } { (other.column) }
                        }
                    }
                }
            }
            nav class="inside" aria-label="On this page" {
                ul {
                    @for (part, _) in &parts { li { a href={ "#" (part.id) } { (part.short) } } }
                    li { a href="#report" { "Report" } }
                }
            }
        }
        div id="understand" data-run=(run) data-target=(of.column) {
            @for (part, content) in &parts { section id=(part.id) { h2 { (part.title) } (content) } }
        }
        dialog id="why" aria-labelledby="why-title" {
            form method="dialog" { h2 id="why-title" { "Why did it answer so?" } button class="button quiet" { "Close" } }
            div id="reasons" aria-live="polite" {}
        }
    })
}

/// How far probabilities can be believed, as the report draws it.
fn certainty(seen: &Seen<'_>) -> Option<Markup> {
    section(seen.facts, seen.target, "confidence")
}

fn report(run: &Name) -> Markup {
    html! {
        section id="report" {
            h2 { "The whole report" }
            iframe class="report" title={ "Report of " (run) } src={ "/api/runs/" (run) "/report" } loading="lazy" {}
            p class="aside" { a href={ "/api/runs/" (run) "/report" } download={ (run) ".html" } { "Keep this report" } ": one file that needs no connection." }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_an_anchor_of_its_own() {
        let ids: std::collections::HashSet<_> = PARTS.iter().map(|part| part.id).collect();
        assert_eq!(ids.len(), PARTS.len());
    }
}
