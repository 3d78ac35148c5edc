//! Labels that may be wrong: looked at, decided on, and learned from again.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use pellucid_goals::{Config, Doubtful, Tested};
use serde::{Deserialize, Serialize};
use std::sync::{Arc, PoisonError};
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::data::Made;
use super::runs::begin;
use crate::app::App;
use crate::corrections::{Corrections, WRITING};
use crate::problem::{Answer, Problem};
use crate::tested::beside;
use crate::workspace::Name;

/// Rows that are given at once, at most, and if nothing is said.
const MOST: usize = 100;
const USUAL: usize = 12;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(doubts)).routes(routes!(decide)).routes(routes!(again))
}

/// Which doubts.
#[derive(Clone, Debug, Default, Deserialize, IntoParams)]
#[serde(default, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
pub(crate) struct Which {
    /// The column of the labels; the first that is answered if it is left out.
    pub(crate) target: Option<String>,
    /// The first row that is given, from 0.
    pub(crate) from: usize,
    /// How many, at most 100.
    pub(crate) count: Option<usize>,
}

/// Rows whose label is doubted.
#[derive(Serialize, ToSchema)]
struct Doubts {
    /// The column of the labels.
    target: String,
    /// All that are doubted, the most doubtful first.
    total: usize,
    /// The first that is given, from 0.
    from: usize,
    /// Some of them.
    rows: Vec<Doubted>,
    /// What was decided so far.
    decided: Decided,
}

/// A row whose label is doubted.
#[derive(Serialize, ToSchema)]
struct Doubted {
    /// What reports call it.
    row: String,
    /// The label that it has.
    label: String,
    /// The likelier one.
    likely: String,
    /// How sure the network is of that one.
    probability: f64,
    /// What a person decided.
    value: Option<String>,
}

/// What was decided on labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Decided {
    /// Labels that are to be others.
    pub(crate) mended: usize,
    /// Those of them that are of test rows: they change the measure as well.
    pub(crate) mended_tests: usize,
    /// Doubted labels that stay.
    pub(crate) kept: usize,
}

/// Doubts of a run, with all that has been decided on its data.
pub(crate) struct Labels {
    pub(crate) tested: Arc<Tested>,
    pub(crate) column: String,
    pub(crate) doubts: Vec<Doubtful>,
    pub(crate) decisions: Corrections,
    pub(crate) decided: Decided,
}

/// Looks doubts up.
pub(crate) async fn labels(app: &App, run: &Name, target: Option<String>) -> Answer<Labels> {
    let tested = app.tested.get(&app.workspace, run).await?;
    let config = app.workspace.run(run)?.config()?;
    // Where nothing can be kept, doubts can still be looked at.
    let decisions = match Corrections::place(&app.workspace, &config) {
        Ok(_) => Corrections::of_run(&app.workspace, &config)?,
        Err(_) => Corrections::default(),
    };
    beside(move || {
        let column = tested.target(target.as_deref())?.column.clone();
        let doubts = tested.doubtful(&column)?;
        let learned = match &config.data.corrections {
            Some(path) => Corrections::read(path).unwrap_or_default(),
            None => Corrections::default(),
        };
        let decided = counted(&tested, &column, &doubts, &decisions, &learned);
        Ok(Labels { tested, column, doubts, decisions, decided })
    })
    .await
}

/// Counts what a training with these decisions would learn otherwise than one with those that were `learned` with.
fn counted(
    tested: &Tested,
    target: &str,
    doubts: &[Doubtful],
    decisions: &Corrections,
    learned: &Corrections,
) -> Decided {
    let mut decided = Decided::default();
    for [row, column, value] in decisions.all() {
        let label =
            doubts.iter().find(|doubt| column == target && doubt.place == *row).map(|doubt| &doubt.label);
        if label == Some(value) {
            decided.kept += 1;
        } else if learned.get(row, column) != Some(value) {
            decided.mended += 1;
            decided.mended_tests += usize::from(tested.has(row));
        }
    }
    decided
}

/// Rows whose label the network doubts, those that it has learned from among them.
#[utoipa::path(
    get, path = "/runs/{run}/doubts", params(("run" = String, Path, description = "The run"), Which),
    responses((status = 200, body = Doubts), (status = 404), (status = 422))
)]
async fn doubts(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(which): Query<Which>,
) -> Answer<Json<Doubts>> {
    let of = labels(&app, &run, which.target.clone()).await?;
    let row = |doubt: &Doubtful| Doubted {
        row: doubt.place.clone(),
        label: doubt.label.clone(),
        likely: doubt.likely.clone(),
        probability: doubt.probability,
        value: of.decisions.get(&doubt.place, &of.column).map(str::to_owned),
    };
    let rows = some(&of.doubts, &which).iter().map(row).collect();
    let (total, from, decided) = (of.doubts.len(), which.from, of.decided);
    Ok(Json(Doubts { target: of.column, total, from, rows, decided }))
}

/// The doubts that are asked for.
pub(crate) fn some<'a>(doubts: &'a [Doubtful], which: &Which) -> &'a [Doubtful] {
    let from = which.from.min(doubts.len());
    let count = which.count.unwrap_or(USUAL).min(MOST).min(doubts.len() - from);
    &doubts[from..from + count]
}

/// A decision on a label.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Decision {
    /// What reports call the row: a file's name, or `row 17`.
    row: String,
    /// The column of the label.
    column: String,
    /// What it is to be, as given to keep a label; nothing to take the decision back.
    value: Option<String>,
}

/// Keeps what a person decides on a label: beside the data set, whose files stay as they are.
#[utoipa::path(
    post, path = "/runs/{run}/corrections", params(("run" = String, Path, description = "The run")), request_body = Decision,
    responses((status = 200, body = Decided), (status = 404), (status = 409, description = "The data is not the studio's"), (status = 422))
)]
async fn decide(
    State(app): State<App>,
    Path(run): Path<Name>,
    Json(decision): Json<Decision>,
) -> Answer<Json<Decided>> {
    let Decision { row, column, value } = decision;
    let config = app.workspace.run(&run)?.config()?;
    let place = Corrections::place(&app.workspace, &config)?;
    let tested = app.tested.get(&app.workspace, &run).await?;
    let (checked, name, value) = (column.clone(), row.clone(), value.filter(|value| !value.is_empty()));
    let of = value.clone();
    beside(move || tested.check_correction(&name, &checked, of.as_deref())).await?;
    {
        let _one = WRITING.lock().unwrap_or_else(PoisonError::into_inner);
        let mut decisions = Corrections::read(&place)?;
        decisions.set(&row, &column, value);
        decisions.write(&place)?;
    }
    Ok(Json(labels(&app, &run, Some(column)).await?.decided))
}

/// Trains again as the run was trained, with all labels that were mended since.
#[utoipa::path(
    post, path = "/runs/{run}/again", params(("run" = String, Path, description = "The run")),
    responses((status = 201, body = Made), (status = 404), (status = 409, description = "Nothing was mended"), (status = 422))
)]
async fn again(State(app): State<App>, Path(run): Path<Name>) -> Answer<(StatusCode, Json<Made>)> {
    let mut config: Config = app.workspace.run(&run)?.config()?;
    let decisions = Corrections::of_run(&app.workspace, &config)?;
    if decisions.is_empty() {
        return Err(Problem::conflict("no label was mended, so it would learn the same again"));
    }
    let data = app.workspace.data_of(&config.data.paths).unwrap_or(run);
    let name = app.workspace.free_run_name(&data)?;
    let list = app.workspace.job(&name).join("corrections.csv");
    decisions.write(&list)?;
    config.data.corrections = Some(list);
    begin(&app, &name, &config)?;
    Ok((StatusCode::CREATED, Json(Made { name: name.to_string() })))
}
