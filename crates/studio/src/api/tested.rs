//! The rows that a run was tested on, one by one: found by truth and answer, shown, and explained; and what other thresholds would bring.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use pellucid_goals::{Order, Tested, TestedRow, Wanted};
use serde::{Deserialize, Serialize};
use std::sync::Arc;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::ask::Asked;
use super::data::media_kind;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::tested::beside;
use crate::workspace::{Inside, Name};

/// Rows that are given at once, at most, and if nothing is said.
const MOST: usize = 100;
const USUAL: usize = 24;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(tested))
        .routes(routes!(media))
        .routes(routes!(explain))
        .routes(routes!(thresholds))
}

/// Which rows.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The column that is answered; the first if it is left out.
    pub(crate) target: Option<String>,
    /// Only rows of which this class or tag is true.
    pub(crate) truth: Option<String>,
    /// Only rows for which this class or tag was answered.
    pub(crate) answer: Option<String>,
    /// Only rows that have this tag or were given it, but not both.
    pub(crate) differ: Option<String>,
    /// Only right answers (`true`), or only wrong ones.
    pub(crate) right: Option<bool>,
    /// What comes first: `worst` (the surest mistakes, the largest errors), `best` or `unsure`.
    #[param(value_type = Option<String>)]
    pub(crate) order: First,
    /// The first row that is given, from 0.
    pub(crate) from: usize,
    /// How many, at most 100.
    pub(crate) count: Option<usize>,
}

/// What comes first.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum First {
    #[default]
    Worst,
    Best,
    Unsure,
}

/// Some tested rows.
pub(crate) struct SomeRows {
    pub(crate) target: String,
    pub(crate) total: usize,
    pub(crate) from: usize,
    pub(crate) rows: Vec<TestedRow>,
}

/// Looks rows up.
pub(crate) async fn found(app: &App, run: &Name, which: Which) -> Answer<SomeRows> {
    let tested = app.tested.get(&app.workspace, run).await?;
    beside(move || {
        let target = tested.target(which.target.as_deref())?;
        let order = match which.order {
            First::Worst => Order::Worst,
            First::Best => Order::Best,
            First::Unsure => Order::Unsure,
        };
        let (truth, answer, differ, right) = (which.truth, which.answer, which.differ, which.right);
        let all = tested.find(target, &Wanted { truth, answer, differ, right, order })?;
        let count = which.count.unwrap_or(USUAL).min(MOST);
        let some = all.iter().skip(which.from).take(count);
        let rows = some.map(|&position| tested.row(target, position)).collect::<Result<_, _>>()?;
        Ok(SomeRows { target: target.column.clone(), total: all.len(), from: which.from, rows })
    })
    .await
}

/// Tested rows, as asked for.
#[derive(Serialize, ToSchema)]
struct Found {
    /// The column that was answered.
    target: String,
    /// All rows that were found.
    total: usize,
    /// The first that is given, from 0.
    from: usize,
    /// Some of them.
    rows: Vec<Row>,
}

/// A tested row.
#[derive(Serialize, ToSchema)]
struct Row {
    /// What reports call it: a file's name, or `row 17`.
    row: String,
    /// What is true.
    truth: String,
    /// What was answered.
    answer: String,
    /// How sure that was, for classes.
    probability: Option<f64>,
    /// Whether the answer is right (or near).
    right: bool,
    /// The first columns: name and content.
    #[schema(value_type = Vec<[String; 2]>)]
    fields: Vec<(String, String)>,
    /// The columns that hold sounds, to be had from `/api/runs/{run}/rows/media`.
    sounds: Vec<String>,
    /// Why no more can be shown, where the data are gone or have changed.
    bare: Option<String>,
}

/// The rows that a run was tested on, with truth and answer. Only networks that predict keep them.
#[utoipa::path(
    get, path = "/runs/{run}/tested", params(("run" = String, Path, description = "The run"), Which),
    responses((status = 200, body = Found), (status = 404), (status = 422, description = "It keeps no such rows"))
)]
async fn tested(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(which): Query<Which>,
) -> Answer<Json<Found>> {
    let SomeRows { target, total, from, rows } = found(&app, &run, which).await?;
    let row = |row: TestedRow| {
        let (of, sounds, bare) = (row.example, row.sounds, row.bare);
        let (place, truth, answer, fields) = (of.place, of.truth, of.answer, of.fields);
        let (probability, right) = (of.probability, of.right);
        Row { row: place, truth, answer, probability, right, fields, sounds, bare }
    };
    Ok(Json(Found { target, total, from, rows: rows.into_iter().map(row).collect() }))
}

/// Which cell.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Cell {
    /// What reports call the row: a file's name, or `row 17`.
    row: String,
    /// The column's name.
    column: String,
}

/// The picture or the sound of a row of the run's data.
#[utoipa::path(
    get, path = "/runs/{run}/rows/media", params(("run" = String, Path, description = "The run"), Cell),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404), (status = 422))
)]
async fn media(State(app): State<App>, Path(run): Path<Name>, Query(of): Query<Cell>) -> Answer<Response> {
    let tested = app.tested.get(&app.workspace, &run).await?;
    let (name, bytes) = beside(move || tested.media(&of.row, &of.column)).await?;
    let kind = media_kind(&name).unwrap_or("application/octet-stream");
    Ok(([(CONTENT_TYPE, kind)], bytes).into_response())
}

/// Which answer.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Asks {
    /// What reports call the row: a file's name, or `row 17`.
    row: String,
    /// The column that is answered; the first if it is left out.
    target: Option<String>,
}

/// Explains the answer to a row of the run's data, as a page.
#[utoipa::path(
    post, path = "/runs/{run}/rows/explain", params(("run" = String, Path, description = "The run"), Asks),
    responses((status = 200, content_type = "text/html"), (status = 404), (status = 422))
)]
async fn explain(State(app): State<App>, Path(run): Path<Name>, Query(of): Query<Asks>) -> Answer<Response> {
    let tested: Arc<Tested> = app.tested.get(&app.workspace, &run).await?;
    let target = of.target;
    let files = beside(move || tested.files(&of.row)).await?.files;
    let mut asked = Asked::new(&app, "explain", &run)?;
    asked.flag("--target", target);
    for (i, (name, bytes)) in files.iter().enumerate() {
        // A name that is none on all systems still ends as the file does.
        let plain = || format!("input.{}", name.rsplit('.').next().unwrap_or("png")).parse();
        let name: Inside = name.parse().or_else(|_| plain()).map_err(Problem::senseless)?;
        match i {
            0 => asked.input(&name, bytes)?,
            _ => drop(asked.keep(&name, bytes)?),
        }
    }
    asked.page(&app).await
}

/// Whose probability is compared with thresholds.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Of {
    /// The column that is answered; the first if it is left out.
    target: Option<String>,
    /// The class or tag; if it is left out, answers of any class are looked at, which are left out below a threshold.
    class: Option<String>,
}

/// What comes of a hundred and one thresholds.
#[derive(Serialize, ToSchema)]
struct Thresholds {
    /// The column.
    target: String,
    /// The class or tag, if one was named.
    class: Option<String>,
    /// The threshold that the network itself answers by, if there is one.
    usual: Option<f64>,
    /// Rows that are of the class; all rows, if none was named.
    of_it: u64,
    /// Rows that are not.
    of_none: u64,
    /// For each threshold 0, 0.01 … 1 two counts. With a class: rows of it that are found, and false alarms. Without: rows that are
    /// answered, and those of them that are answered rightly.
    at: Vec<[u64; 2]>,
}

/// What would come of other thresholds, counted on the tested rows.
#[utoipa::path(
    get, path = "/runs/{run}/thresholds", params(("run" = String, Path, description = "The run"), Of),
    responses((status = 200, body = Thresholds), (status = 404), (status = 422))
)]
async fn thresholds(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(of): Query<Of>,
) -> Answer<Json<Thresholds>> {
    let tested = app.tested.get(&app.workspace, &run).await?;
    let counted = beside(move || {
        let target = tested.target(of.target.as_deref())?;
        let name = target.column.clone();
        Ok(match of.class {
            Some(class) => {
                let cuts = target.cuts(&class)?;
                let (usual, at) = (target.usual(&class), cuts.at.iter().map(|cut| [cut.found, cut.alarms]));
                let (of_it, of_none, at) = (cuts.of_it, cuts.of_none, at.collect());
                Thresholds { target: name, class: Some(class), usual, of_it, of_none, at }
            }
            None => {
                let at: Vec<_> = target.at_least()?.iter().map(|one| [one.answered, one.right]).collect();
                let of_it = at.first().map_or(0, |all| all[0]);
                Thresholds { target: name, class: None, usual: Some(0.0), of_it, of_none: 0, at }
            }
        })
    });
    Ok(Json(counted.await?))
}
