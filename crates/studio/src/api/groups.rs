//! Whom a network serves how well, and whether more data would help.

use axum::Json;
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use axum::response::sse::{Event, Sse};
use axum::response::{IntoResponse, Response};
use pellucid_goals::{forecast_page, foreseen};
use serde::Deserialize;
use std::convert::Infallible;
use std::ffi::OsString;
use tokio_stream::Stream;
use utoipa::ToSchema;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Asked;
use super::runs::{REPORT_POLICY, followed, summary};
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
async fn forecast(State(app): State<App>, Path(run): Path<Name>) -> Answer<Response> {
    let found = foreseen(&app.workspace.run(&run)?)?;
    let found = found.ok_or_else(|| Problem::missing("whether more data would help was not asked yet"))?;
    let about = [
        (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
        (CONTENT_SECURITY_POLICY, HeaderValue::from_static(REPORT_POLICY)),
    ];
    Ok((about, forecast_page(run.as_str(), &found)).into_response())
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
    get, path = "/runs/{run}/forecast/events",
    params(
        ("run" = String, Path, description = "The run"),
        ("last-event-id" = Option<u64>, Header, description = "The last event that arrived"),
    ),
    responses((status = 200, content_type = "text/event-stream"), (status = 404))
)]
async fn events(
    State(app): State<App>,
    Path(run): Path<Name>,
    headers: HeaderMap,
) -> Answer<Sse<impl Stream<Item = Result<Event, Infallible>>>> {
    summary(&app, &run)?;
    Ok(followed(app, Job::forecast(&run), &headers))
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
