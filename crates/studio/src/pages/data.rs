//! Check: what the data is, what is to be learned from it, and what is wrong with it.

use axum::Json;
use axum::extract::{Path, State};
use maud::{Markup, html};
use pellucid_insight::check::{Finding, Severity};
use pellucid_insight::report::prose;
use serde::Deserialize;

use super::shell::{self, what_is};
use super::words::{capital, count};
use crate::api::{Asked, Effort, Goal, check_data};
use crate::app::App;
use crate::problem::{Answer, Page, Problem};
use crate::workspace::Name;

/// What `pellucid check --json` tells.
#[derive(Deserialize)]
struct Checked {
    rows: usize,
    columns: Vec<Column>,
    splits: Splits,
    #[serde(default)]
    notes: Vec<String>,
    #[serde(default)]
    unreadable: Vec<Unreadable>,
    leak: bool,
    findings: Vec<Finding>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    kind: Option<String>,
    #[serde(rename = "use")]
    role: String,
    reason: String,
    missing: usize,
}

#[derive(Deserialize)]
struct Splits {
    train: usize,
    validation: usize,
    test: usize,
    reason: String,
}

#[derive(Deserialize)]
struct Unreadable {
    place: String,
    why: String,
}

/// Cells that cannot be used and are shown; the rest is counted.
const SHOWN: usize = 8;

/// What the program says of a column that is answered.
const TARGET: &str = "to predict";

/// The page of a data set; the checks come when they are done.
pub(super) async fn page(State(app): State<App>, Path(name): Path<Name>) -> Page {
    Page(opened(&app, &name))
}

fn opened(app: &App, name: &Name) -> Answer<Markup> {
    app.workspace.paths(name)?;
    let body = html! {
        nav class="crumbs" aria-label="Where this is" { a href="/" { "Gather" } " / " (name) }
        form id="ask" data-name=(name) {
            div id="checked" aria-busy="true" { p class="waiting" { "Looking at the data…" } }
        }
        section {
            h2 { "Rows" }
            div id="rows" class="rows" data-name=(name) tabindex="0" aria-label="Rows of the data" {}
        }
    };
    Ok(shell::page_with(name.as_str(), Some("/"), &["check.js", "rows.js"], &body))
}

/// What the checks say of the data as it is asked for: a part of the page.
pub(super) async fn checked(
    State(app): State<App>,
    Path(name): Path<Name>,
    Json(asked): Json<Asked>,
) -> Answer<Markup> {
    let value = check_data(&app, &name, &asked).await?;
    let found: Checked = serde_json::from_value(value).map_err(|e| Problem::own(e.to_string()))?;
    Ok(sentences(&found, &asked))
}

fn sentences(found: &Checked, asked: &Asked) -> Markup {
    let targets: Vec<&Column> = found.columns.iter().filter(|c| c.role == TARGET).collect();
    let inputs = found.columns.iter().filter(|c| c.role == "input").count();
    html! {
        h1 { @match targets.as_slice() {
            [] => "What should it learn from this?",
            [one] => { "Predict " strong { (one.name) } " from " (inputs) @if inputs == 1 { " column" } @else { " columns" } },
            several => { "Predict " (several.len()) " columns from " (inputs) },
        } }
        p class="lead" {
            (count(found.splits.train as u64)) " of " (count(found.rows as u64)) " rows to learn from, "
            (count(found.splits.validation as u64)) " to choose by, " (count(found.splits.test as u64)) " for the final test. "
        }
        p class="aside" { (capital(&found.splits.reason)) "." }
        @for finding in &found.findings {
            aside class={ "notice " (severity(finding)) } {
                p { strong { (prose(&finding.what)) } }
                @if !finding.advice.is_empty() { p { (prose(&finding.advice)) } }
            }
        }
        @if !found.unreadable.is_empty() {
            details class="notice" {
                summary { (count(found.unreadable.len() as u64)) " cells cannot be used" }
                ul { @for bad in found.unreadable.iter().take(SHOWN) { li { (bad.place) ": " (bad.why) } } }
            }
        }
        @for note in &found.notes { p class="aside" { (prose(&capital(note))) "." } }
        fieldset class="settings-of-training" {
            legend { "How it should learn" }
            p class="field" {
                label for="goal" { "Learn to" }
                select id="goal" name="goal" {
                    @for (goal, name, words) in Goal::ALL {
                        option value=(name) selected[goal == asked.goal] { (words) }
                    }
                }
            }
            p class="field" {
                label for="effort" { "Effort" }
                select id="effort" name="effort" {
                    @for (effort, name, words) in Effort::ALL {
                        option value=(name) selected[effort == asked.effort] { (words) }
                    }
                }
            }
            p class="field" {
                label for="minutes" { "At most" }
                span { input id="minutes" name="minutes" type="number" min="0.1" max="1440" step="any" value=[asked.minutes] placeholder="as needed"; " minutes" }
            }
            (choice("group", "Keep rows together that share", asked.group.as_deref(), found))
            (what_is("Keep rows together?", "If several rows come from one person or one thing, all of them must be on one side: either it learns from them, or it is \
                tested with them. Otherwise it could recognise the person, and the test would promise too much."))
            (choice("time", "Order in time by", asked.time.as_deref(), found))
            @if found.leak {
                p { label { input type="checkbox" name="allow_leaks" checked[asked.allow_leaks]; " Train although the test would promise too much" } }
            }
            div class="buttons" {
                button class="button" id="train" disabled[found.leak && !asked.allow_leaks] { "Train" }
            }
        }
        h2 { "Columns" }
        (columns(found))
    }
}

/// Why a column was taken for what it is, without its name before it.
fn reason(column: &Column) -> &str {
    column.reason.strip_prefix(&format!("`{}` ", column.name)).unwrap_or(&column.reason)
}

fn severity(finding: &Finding) -> &'static str {
    match finding.severity {
        Severity::Leak => "leak",
        Severity::Warning => "warning",
        Severity::Note => "note",
    }
}

/// A column that may be chosen for something.
fn choice(name: &str, label: &str, chosen: Option<&str>, found: &Checked) -> Markup {
    html! {
        p class="field" {
            label for=(name) { (label) }
            select id=(name) name=(name) {
                option value="" { "nothing" }
                @for column in &found.columns {
                    option value=(column.name) selected[chosen == Some(column.name.as_str())] { (column.name) }
                }
            }
        }
    }
}

/// Each column: what it was taken for and why, and what it is used for.
fn columns(found: &Checked) -> Markup {
    html! {
        div class="scroll" {
            table class="columns" {
                thead { tr { th scope="col" { "Column" } th scope="col" { "Use" } th scope="col" { "Kind" } th scope="col" { "Why" } } }
                tbody {
                    @for column in &found.columns {
                        tr {
                            th scope="row" { (column.name) }
                            td {
                                select name="use" data-column=(column.name) aria-label={ "Use of " (column.name) } {
                                    @let (target, aside) = (column.role == TARGET, column.role == "set aside");
                                    option value="input" selected[!target && !aside] { @if target || aside { "learn from it" } @else if column.role == "input" { "learn from it" } @else { (column.role) } }
                                    option value="target" selected[target] { "predict it" }
                                    option value="aside" selected[aside] { "leave it out" }
                                }
                            }
                            td {
                                select name="kind" data-column=(column.name) data-was=(column.kind.as_deref().unwrap_or("")) aria-label={ "Kind of " (column.name) } {
                                    @if column.kind.is_none() { option value="" selected { "none" } }
                                    @for kind in pellucid_kinds::KINDS {
                                        option value=(kind.name()) title=(kind.about()) selected[column.kind.as_deref() == Some(kind.name())] { (kind.name()) }
                                    }
                                }
                            }
                            td class="reason" {
                                (prose(reason(column))) @if column.missing > 0 { "; " (count(column.missing as u64)) " missing" }
                            }
                        }
                    }
                }
            }
        }
    }
}
