//! Whom a network serves how well, and whether more data would help.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::StatusCode;
use axum::response::Response;
use pellucid_goals::{forecast_page, foreseen};
use serde::Deserialize;
use std::ffi::OsString;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Asked;
use super::events::{Events, LastHeard, followed};
use super::runs::summary;
use super::standalone::Standalone;
use crate::app::App;
use crate::jobs::{Job, State as Stage};
use crate::problem::{Answer, Problem};
use crate::workspace::Name;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(audit))
        .routes(routes!(forecast, foresee))
        .routes(routes!(events))
        .routes(routes!(stop))
}

/// What is audited.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Audit {
    /// The columns that divide rows into groups; several are also crossed.
    groups: Vec<String>,
    /// The column whose answers are judged; the first if it is left out.
    #[serde(default)]
    target: Option<String>,
}

/// Judges the answers to a run's test rows by group, as a page: figures with intervals, gaps between groups, and thresholds.
#[utoipa::path(
    post, path = "/runs/{run}/audit", params(("run" = String, Path, description = "The run")), request_body = Audit,
    responses((status = 200, content_type = "text/html"), (status = 404), (status = 422, description = "A column that makes no groups"))
)]
async fn audit(State(app): State<App>, Path(run): Path<Name>, Json(audit): Json<Audit>) -> Answer<Response> {
    let mut asked = Asked::new(&app, "audit", &run)?;
    for column in audit.groups {
        asked.flag("--group", Some(column));
    }
    asked.flag("--target", audit.target);
    asked.page(&app).await
}

/// What more data would bring, as a page, if that was asked.
#[utoipa::path(
    get, path = "/runs/{run}/forecast", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/html"), (status = 404, description = "It was not asked, or is not known yet"))
)]
async fn forecast(State(app): State<App>, Path(run): Path<Name>) -> Answer<Standalone> {
    let found = foreseen(&app.workspace.run(&run)?)?;
    let found = found.ok_or_else(|| Problem::missing("whether more data would help was not asked yet"))?;
    Ok(Standalone(forecast_page(run.as_str(), &found).into_bytes()))
}

/// Begins to find out whether more data would help: parts of the rows are learned from, which takes two to three times as long as the training.
#[utoipa::path(
    post, path = "/runs/{run}/forecast", params(("run" = String, Path, description = "The run")),
    responses((status = 202), (status = 404), (status = 409, description = "It is known, or at work"))
)]
async fn foresee(State(app): State<App>, Path(run): Path<Name>) -> Answer<StatusCode> {
    match summary(&app, &run)?.state {
        Stage::Finished => {}
        _ => return Err(Problem::conflict(format!("`{run}` is not finished"))),
    }
    let found = app.workspace.run(&run)?;
    if foreseen(&found)?.is_some() {
        return Err(Problem::conflict("this is known already"));
    }
    let arguments: Vec<OsString> = vec!["forecast".into(), "--events".into(), found.path().into()];
    app.jobs.start(Job::forecast(&run), arguments)?;
    Ok(StatusCode::ACCEPTED)
}

/// How far that is, as server-sent events: `begin`, `advance`, and `state` whenever that changes.
#[utoipa::path(
    get, path = "/runs/{run}/forecast/events", params(("run" = String, Path, description = "The run"), LastHeard),
    responses((status = 200, content_type = "text/event-stream"), (status = 404))
)]
async fn events(State(app): State<App>, Path(run): Path<Name>, last: LastHeard) -> Answer<Events> {
    summary(&app, &run)?;
    Ok(followed(app, Job::forecast(&run), &last))
}

/// Ends it; nothing is kept.
#[utoipa::path(
    post, path = "/runs/{run}/forecast/stop", params(("run" = String, Path, description = "The run")),
    responses((status = 202), (status = 404), (status = 409, description = "It is not at work"))
)]
async fn stop(State(app): State<App>, Path(run): Path<Name>) -> Answer<StatusCode> {
    summary(&app, &run)?;
    app.jobs.stop(Job::forecast(&run))?;
    Ok(StatusCode::ACCEPTED)
}
