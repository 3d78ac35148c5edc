//! Runs: what has been learned, what is being learned, and how they compare.

use axum::extract::State;
use maud::{Markup, PreEscaped, html};
use pellucid_goals::Evaluation;
use pellucid_insight::intervals::Scored;
use pellucid_insight::report::words::label;

use super::shell;
use super::words::ago;
use crate::api::{self, Summary};
use crate::app::App;
use crate::jobs::State as Stage;
use crate::problem::{Answer, Page};
use crate::workspace::Name;
use std::collections::{BTreeMap, BTreeSet};

/// The page of all runs.
pub(super) async fn page(State(app): State<App>) -> Page {
    Page(all(&app).await)
}

async fn all(app: &App) -> Answer<Markup> {
    let runs = api::summaries(app)?;
    let body = html! {
        section class="hero" { h1 { "Runs" } }
        @if runs.is_empty() {
            p { "Nothing has been learned yet. " a href="/" { "Give it examples." } }
        } @else {
            (list(&runs))
            (compared(app, &runs).await)
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
    Some(format!("{target}: {} {:.3}{interval}", label(name), score.value))
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
async fn compared(app: &App, runs: &[Summary]) -> Markup {
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
    let mut beside = Vec::with_capacity(groups.len());
    for (_, all) in &groups {
        beside.push(html! { (differences(&settings(app, all))) (curves(app, all).await) });
    }
    html! {
        @for ((question, all), beside) in groups.iter().zip(&beside) {
            section {
                h2 { "Compared: " (question) }
                @for (target, scores) in all.first().and_then(|run| run.evaluation.as_ref()).into_iter().flat_map(|e| &e.targets) {
                    div class="scroll" {
                        table {
                            thead { tr {
                                th scope="col" { (target) }
                                @for (name, _) in &scores.0 { th scope="col" class="number" { (label(name)) } }
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
                (beside)
            }
        }
    }
}

/// Curves are drawn of so many runs, the newest.
const DRAWN: usize = 4;

/// How runs learned, one below the other.
async fn curves(app: &App, runs: &[&Summary]) -> Markup {
    let mut drawn = Vec::new();
    for run in runs.iter().take(DRAWN) {
        let Ok(name) = run.name.parse::<Name>() else { continue };
        if let Ok(curves) = api::curves_of(app, &name).await {
            drawn.push((&run.name, curves));
        }
    }
    html! {
        details class="curves" {
            summary { "How they learned" }
            @for (name, curves) in &drawn { h3 { (name) } (PreEscaped(curves)) }
        }
    }
}

/// All settings of each of these runs, by name.
fn settings(app: &App, runs: &[&Summary]) -> Vec<(String, BTreeMap<String, String>)> {
    let of = |run: &&Summary| {
        let config = app.workspace.run(&run.name.parse().ok()?).ok()?.config().ok()?;
        Some((run.name.clone(), config.settings()))
    };
    runs.iter().filter_map(of).collect()
}

/// The settings in which runs differ.
fn differences(runs: &[(String, BTreeMap<String, String>)]) -> Markup {
    let names: BTreeSet<&String> = runs.iter().flat_map(|(_, settings)| settings.keys()).collect();
    let values = |name: &String| runs.iter().map(|(_, settings)| settings.get(name)).collect::<Vec<_>>();
    let differ: Vec<(&String, Vec<Option<&String>>)> = names
        .into_iter()
        .map(|name| (name, values(name)))
        .filter(|(_, values)| values.windows(2).any(|two| two[0] != two[1]))
        .collect();
    html! {
        @if differ.is_empty() { p { "All of their settings are the same." } } @else {
            h3 { "In what their settings differ" }
            div class="scroll" {
                table {
                    thead { tr { th scope="col" { "Setting" } @for (name, _) in runs { th scope="col" { (name) } } } }
                    tbody {
                        @for (name, values) in &differ {
                            tr { th scope="row" { code { (name) } } @for value in values { td { (value.map_or("–", String::as_str)) } } }
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_settings_that_differ_are_shown() {
        let run = |name: &str, steps: &str, seed: Option<&str>| {
            let seed = seed.map(|seed| ("training.seed".to_owned(), seed.to_owned()));
            let all = [
                ("training.steps".to_owned(), steps.to_owned()),
                ("training.batch".to_owned(), "64".to_owned()),
            ];
            (name.to_owned(), all.into_iter().chain(seed).collect::<BTreeMap<_, _>>())
        };
        let shown = differences(&[run("a", "10", None), run("b", "20", Some("1"))]).into_string();
        assert!(
            shown.contains("training.steps") && shown.contains("training.seed") && shown.contains("–"),
            "{shown}"
        );
        assert!(!shown.contains("training.batch"), "{shown}");
        assert!(
            differences(&[run("a", "10", None), run("b", "10", None)]).into_string().contains("are the same")
        );
    }
}
