//! Runs: what has been learned, what is being learned, and how they compare.

use axum::extract::State;
use maud::{Markup, html};
use pellucid_goals::Evaluation;
use pellucid_insight::intervals::Scored;

use super::shell;
use super::words::ago;
use crate::api::{self, Summary};
use crate::app::App;
use crate::jobs::State as Stage;
use crate::problem::{Answer, Page};

/// The page of all runs.
pub(super) async fn page(State(app): State<App>) -> Page {
    Page(all(&app))
}

fn all(app: &App) -> Answer<Markup> {
    let runs = api::summaries(app)?;
    let body = html! {
        section class="hero" { h1 { "Runs" } }
        @if runs.is_empty() {
            p { "Nothing has been learned yet. " a href="/" { "Give it examples." } }
        } @else {
            (list(&runs))
            (compared(&runs))
        }
    };
    Ok(shell::page_with("Runs", Some("/runs"), &["gather.js"], &body))
}

/// Runs, one a line.
pub(super) fn list(runs: &[Summary]) -> Markup {
    html! {
        ul class="list" {
            @for run in runs {
                li {
                    a href={ "/runs/" (run.name) } { (run.name) }
                    (state(run.state))
                    span class="aside" {
                        @if let Some(score) = run.evaluation.as_ref().and_then(headline) { (score) " · " }
                        @if !run.data.is_empty() { (run.data.join(", ")) " · " }
                        @if run.changed > 0 { (ago(run.changed)) }
                    }
                    @if run.state != Stage::Training {
                        button class="link remove" data-remove={ "/api/runs/" (run.name) } data-what=(run.name)
                            aria-label={ "Remove the run " (run.name) } { "Remove" }
                    }
                }
            }
        }
    }
}

/// How far a run is, in a word.
pub(super) fn state(state: Stage) -> Markup {
    let (class, word) = match state {
        Stage::Training => ("training", "is learning"),
        Stage::Finished => ("finished", "finished"),
        Stage::Stopped => ("stopped", "stopped"),
        Stage::Failed => ("failed", "did not work"),
    };
    html! { span class={ "state " (class) } { (word) } }
}

/// The first score of a finished run, in a few words.
fn headline(evaluation: &Evaluation) -> Option<String> {
    let (target, scores) = evaluation.targets.iter().next()?;
    let (name, score) = scores.0.first()?;
    let interval = interval(score).map(|ends| format!(" ({ends})")).unwrap_or_default();
    Some(format!("{target}: {} {:.3}{interval}", name.replace('_', " "), score.value))
}

/// The ends of a score's interval.
fn interval(score: &Scored) -> Option<String> {
    Some(format!("{:.3}–{:.3}", score.low?, score.high?))
}

fn score<'a>(run: &'a Summary, target: &str, name: &str) -> Option<&'a Scored> {
    let scores = run.evaluation.as_ref()?.targets.get(target)?;
    scores.0.iter().find(|(other, _)| other == name).map(|(_, score)| score)
}

/// Finished runs that answered the same question on the same number of rows, side by side; none is called better than another whose
/// interval overlaps.
fn compared(runs: &[Summary]) -> Markup {
    let mut groups: Vec<(String, Vec<&Summary>)> = Vec::new();
    for run in runs {
        let Some(evaluation) = &run.evaluation else { continue };
        let targets: Vec<&str> = evaluation.targets.keys().map(String::as_str).collect();
        let question = format!("{} on {} {}", targets.join(", "), evaluation.rows, evaluation.rows_are);
        match groups.iter_mut().find(|(same, _)| *same == question) {
            Some((_, all)) => all.push(run),
            None => groups.push((question, vec![run])),
        }
    }
    groups.retain(|(_, all)| all.len() > 1);
    html! {
        @for (question, all) in &groups {
            section {
                h2 { "Compared: " (question) }
                @for (target, scores) in all.first().and_then(|run| run.evaluation.as_ref()).into_iter().flat_map(|e| &e.targets) {
                    div class="scroll" {
                        table {
                            thead { tr {
                                th scope="col" { (target) }
                                @for (name, _) in &scores.0 { th scope="col" class="number" { (name.replace('_', " ")) } }
                            } }
                            tbody {
                                @for run in all {
                                    tr {
                                        th scope="row" { a href={ "/runs/" (run.name) } { (run.name) } }
                                        @for (name, _) in &scores.0 {
                                            td class="number" {
                                                @if let Some(score) = score(run, target, name) {
                                                    (format!("{:.3}", score.value)) " "
                                                    small { (interval(score).unwrap_or_default()) }
                                                }
                                            }
                                        }
                                    }
                                }
                            }
                        }
                    }
                }
                p class="aside" { "The small numbers are 95 % intervals: two runs whose intervals overlap may be equally good, and chance decided between them." }
            }
        }
    }
}
