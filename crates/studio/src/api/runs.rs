//! Runs: trainings that are at work, were stopped, or came to an end.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Html;
use pellucid_goals::{Config, Evaluation, Run, about, drawn_curves, drawn_glimpse};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::time::UNIX_EPOCH;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Asked;
use super::data::Made;
use super::events::{Events, LastHeard, followed};
use crate::app::App;
use crate::jobs::{Job, State as Stage};
use crate::problem::{Answer, Problem};
use crate::workspace::Name;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list, start))
        .routes(routes!(one, remove))
        .routes(routes!(stop))
        .routes(routes!(resume))
        .routes(routes!(events))
        .routes(routes!(curves))
        .routes(routes!(glimpse))
}

/// A run.
#[derive(Serialize, ToSchema)]
pub(crate) struct Summary {
    /// Its name.
    pub(crate) name: String,
    /// How far it is: `training`, `finished`, `stopped`, `failed`.
    #[schema(value_type = String)]
    pub(crate) state: Stage,
    /// When it changed last, in seconds since 1970.
    pub(crate) changed: u64,
    /// What it is learned from.
    pub(crate) data: Vec<String>,
    /// What it answers or makes: `predict`, `translate`, `generate`, `recommend`; as soon as it is known.
    pub(crate) goal: Option<String>,
    /// The scores on rows that were never learned from, when it is finished.
    #[schema(value_type = Option<Value>)]
    pub(crate) evaluation: Option<Evaluation>,
    /// Why it ended, if it failed.
    pub(crate) why: Option<String>,
}

/// All runs, the newest first.
#[utoipa::path(get, path = "/runs", responses((status = 200, body = Vec<Summary>)))]
async fn list(State(app): State<App>) -> Answer<Json<Vec<Summary>>> {
    Ok(Json(summaries(&app)?))
}

/// As the route, for pages.
pub(crate) fn summaries(app: &App) -> Answer<Vec<Summary>> {
    app.workspace.run_names()?.iter().map(|name| summary(app, name)).collect()
}

/// A run.
#[utoipa::path(
    get, path = "/runs/{run}", params(("run" = String, Path, description = "The run")),
    responses((status = 200, body = Summary), (status = 404))
)]
async fn one(State(app): State<App>, Path(run): Path<Name>) -> Answer<Json<Summary>> {
    Ok(Json(summary(&app, &run)?))
}

/// As the route, for pages.
pub(crate) fn summary(app: &App, name: &Name) -> Answer<Summary> {
    if !app.jobs.is_known(name) {
        return Err(Problem::missing(format!("there is no run `{name}`")));
    }
    let state = app.jobs.state(name);
    let folder = app.workspace.runs().join(name.as_str());
    let changed = folder.metadata().and_then(|m| m.modified()).ok();
    let run = app.workspace.run(name).ok();
    let config = run.as_ref().and_then(|run| run.config().ok());
    let finished = run.as_ref().filter(|_| state == Stage::Finished);
    let names = |config: &pellucid_goals::Config| -> Vec<String> {
        let file = |p: &std::path::PathBuf| p.file_name().map(|n| n.to_string_lossy().into_owned());
        config.data.sample.iter().cloned().chain(config.data.paths.iter().filter_map(file)).collect()
    };
    let why = (state == Stage::Failed).then(|| super::data::plain(&app.jobs.last_words(name)));
    Ok(Summary {
        name: name.to_string(),
        state,
        changed: changed.and_then(|t| t.duration_since(UNIX_EPOCH).ok()).map_or(0, |age| age.as_secs()),
        data: config.as_ref().map(names).unwrap_or_default(),
        goal: finished.and_then(|run| about(run.path()).ok()).map(|about| about.goal),
        evaluation: finished.and_then(|run| run.evaluation().ok()),
        why,
    })
}

/// A training that is to begin.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Order {
    /// The data set.
    #[schema(value_type = String)]
    data: Name,
    /// The run's name; the data set's and a number if it is left out.
    #[schema(value_type = Option<String>)]
    name: Option<Name>,
    /// What is asked.
    #[serde(default)]
    asked: Asked,
}

/// Begins a training. It goes on when nobody looks, and can be stopped and resumed.
#[utoipa::path(
    post, path = "/runs", request_body = Order,
    responses((status = 201, body = Made), (status = 404), (status = 409, description = "The name is taken"), (status = 422))
)]
async fn start(State(app): State<App>, Json(order): Json<Order>) -> Answer<(StatusCode, Json<Made>)> {
    let config = order.asked.config(app.workspace.paths(&order.data)?);
    config.check()?;
    let name = match order.name {
        Some(name) => name,
        None => app.workspace.free_run_name(&order.data)?,
    };
    if app.jobs.is_known(&name) {
        return Err(Problem::conflict(format!("there is a run `{name}` already · choose another name")));
    }
    begin(&app, &name, &config)?;
    Ok((StatusCode::CREATED, Json(Made { name: name.to_string() })))
}

/// Begins a training of this name with a configuration.
pub(super) fn begin(app: &App, name: &Name, config: &Config) -> Answer<()> {
    let folder = app.workspace.job(name);
    let file = folder.join("asked.toml");
    let failed = |e: std::io::Error| Problem::file("the training cannot be asked for", &file, &e);
    std::fs::create_dir_all(&folder).map_err(failed)?;
    std::fs::write(&file, config.to_toml()?).map_err(failed)?;
    let mut arguments: Vec<OsString> = ["train", "--json", "--config"].map(OsString::from).into();
    arguments.extend([file.clone().into(), "--out".into(), app.workspace.runs().into()]);
    arguments.extend(["--name".into(), name.as_str().into()]);
    app.jobs.start(name, arguments)
}

/// Removes a run that is not being trained.
#[utoipa::path(
    delete, path = "/runs/{run}", params(("run" = String, Path, description = "The run")),
    responses((status = 204), (status = 404), (status = 409, description = "It is being trained"))
)]
async fn remove(State(app): State<App>, Path(run): Path<Name>) -> Answer<StatusCode> {
    if summary(&app, &run)?.state == Stage::Training {
        return Err(Problem::conflict(format!("`{run}` is being trained · stop it first")));
    }
    if app.jobs.is_at_work(&Job::forecast(&run)) {
        return Err(Problem::conflict(format!(
            "it is being found out what more data would bring to `{run}` · stop that first"
        )));
    }
    for folder in [app.workspace.runs().join(run.as_str()), app.workspace.job(&run)] {
        match std::fs::remove_dir_all(&folder) {
            Err(e) if e.kind() != std::io::ErrorKind::NotFound => {
                return Err(Problem::file("the run cannot be removed", &folder, &e));
            }
            _ => {}
        }
    }
    Ok(StatusCode::NO_CONTENT)
}

/// Asks a training to finish its step, save, and end; it can be resumed.
#[utoipa::path(
    post, path = "/runs/{run}/stop", params(("run" = String, Path, description = "The run")),
    responses((status = 202), (status = 404), (status = 409, description = "It is not being trained"))
)]
async fn stop(State(app): State<App>, Path(run): Path<Name>) -> Answer<StatusCode> {
    summary(&app, &run)?;
    app.jobs.stop(&run)?;
    Ok(StatusCode::ACCEPTED)
}

/// Goes on with a training that was stopped or killed: it ends as if it never had been.
#[utoipa::path(
    post, path = "/runs/{run}/resume", params(("run" = String, Path, description = "The run")),
    responses((status = 202), (status = 404), (status = 409, description = "There is nothing to go on from"))
)]
async fn resume(State(app): State<App>, Path(run): Path<Name>) -> Answer<StatusCode> {
    match summary(&app, &run)?.state {
        Stage::Stopped => {}
        Stage::Training => return Err(Problem::conflict(format!("`{run}` is being trained already"))),
        Stage::Finished => return Err(Problem::conflict(format!("`{run}` is finished"))),
        Stage::Failed => return Err(Problem::conflict(format!("`{run}` has saved nothing to go on from"))),
    }
    let folder = app.workspace.runs().join(run.as_str());
    app.jobs.start(&run, vec!["resume".into(), "--json".into(), folder.into()])?;
    Ok(StatusCode::ACCEPTED)
}

/// What happens in a training, as server-sent events: those of `pellucid train --json`, and `state` whenever that changes.
#[utoipa::path(
    get, path = "/runs/{run}/events", params(("run" = String, Path, description = "The run"), LastHeard),
    responses((status = 200, content_type = "text/event-stream"), (status = 404))
)]
async fn events(State(app): State<App>, Path(run): Path<Name>, last: LastHeard) -> Answer<Events> {
    summary(&app, &run)?;
    Ok(followed(app, Job::from(&run), &last))
}

/// The curves of a training so far, as a part of a page.
#[utoipa::path(
    get, path = "/runs/{run}/curves", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/html"), (status = 404))
)]
async fn curves(State(app): State<App>, Path(run): Path<Name>) -> Answer<Html<String>> {
    Ok(Html(curves_of(&app, &run).await?))
}

/// As the route, for pages.
pub(crate) async fn curves_of(app: &App, run: &Name) -> Answer<String> {
    drawn(app, run, drawn_curves).await
}

/// What is drawn of a run's record. That can be long, so it is read beside the threads that answer.
pub(super) async fn drawn<T: Send + 'static>(
    app: &App,
    run: &Name,
    draw: fn(&Run) -> pellucid_goals::Result<T>,
) -> Answer<T> {
    let run = app.workspace.run(run)?;
    let drawn = tokio::task::spawn_blocking(move || draw(&run)).await;
    Ok(drawn.map_err(|e| Problem::own(e.to_string()))??)
}

/// What the network of a training does now, as a part of a page: answers to some rows, or what it writes or paints. Empty before the first
/// validation, and for networks that recommend.
#[utoipa::path(
    get, path = "/runs/{run}/glimpse", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/html"), (status = 404))
)]
async fn glimpse(State(app): State<App>, Path(run): Path<Name>) -> Answer<Html<String>> {
    Ok(Html(glimpse_of(&app, &run).await?))
}

/// As the route, for pages.
pub(crate) async fn glimpse_of(app: &App, run: &Name) -> Answer<String> {
    Ok(drawn(app, run, drawn_glimpse).await?.unwrap_or_default())
}
