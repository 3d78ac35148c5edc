//! The studio's small sister: one network as a web page, and as an API for other programs.
//!
//! | address | answer |
//! |---|---|
//! | `POST /api/predict` | answers to rows (JSON) or to a file (`?file=photo.jpg`) |
//! | `GET /api/about` | what the network takes and gives |
//! | `GET /health` | `ok`, as soon as it can answer |
//! | `GET /metrics` | counts for Prometheus |
//! | `GET /api/openapi.json` | all of this, described |

mod batcher;
mod metrics;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use pellucid_goals::{Answerer, Error, Given};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::net::IpAddr;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tower_http::timeout::RequestBodyTimeoutLayer;
use utoipa::{IntoParams, OpenApi, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::api::document::{as_problem, completed};
use crate::app::{listen, runtime, stopped};
use crate::guard::{Guard, check};
use crate::pages::using;
use crate::problem::{Answer, Page, Problem};
use crate::{assets, server};
use batcher::Batcher;
use metrics::Metrics;

/// Bytes of a request, at most.
const LARGEST: usize = 32 << 20;

/// Rows of a request, at most.
const ROWS: usize = 10_000;

/// How long a sender may be silent within a request.
const PATIENCE: Duration = Duration::from_secs(10);

/// A network that is about to be served.
pub struct Service<'a> {
    /// Its run's folder, or its model folder.
    pub run: &'a Path,
    /// The address; this machine only, if it is not given. Any other needs a token in each request.
    pub address: Option<IpAddr>,
    /// The port; any free one, if it is not given.
    pub port: Option<u16>,
}

/// What handlers share.
#[derive(Clone)]
struct App {
    name: Arc<str>,
    answerer: Arc<Answerer>,
    batcher: Batcher,
    metrics: Arc<Metrics>,
}

/// Serves a network until Ctrl-C; `opened` hears the address, and the token if there is one.
///
/// # Errors
/// A damaged model, one that does not predict, and a port that is taken.
pub fn serve(service: Service<'_>, opened: &mut dyn FnMut(&str, Option<&str>)) -> Result<(), Error> {
    let answerer = Arc::new(Answerer::open(service.run)?);
    let name = service.run.file_name().map(|n| n.to_string_lossy().into_owned()).unwrap_or_default();
    runtime()
        .and_then(|runtime| {
            runtime.block_on(async {
                let listener = listen(service.address, service.port).await?;
                let address = listener.local_addr().map_err(|e| e.to_string())?;
                let guard = match address.ip().is_loopback() {
                    true => Guard::without_token(address),
                    false => Guard::new(address)?,
                };
                opened(&format!("http://{address}/"), guard.token());
                let metrics = Arc::new(Metrics::default());
                let batcher = Batcher::new(answerer.clone(), metrics.clone());
                let app = App { name: name.into(), answerer, batcher, metrics };
                server::serve(listener, routes(app, guard), stopped()).await.map_err(|e| e.to_string())
            })
        })
        .map_err(Error::usage)
}

#[derive(OpenApi)]
#[openapi(info(title = "A network of Pellucid", description = "Answers of one network on this machine."))]
struct Document;

fn routes(app: App, guard: Guard) -> Router {
    let described = OpenApiRouter::with_openapi(Document::openapi())
        .routes(routes!(takes))
        .routes(routes!(predict))
        .routes(routes!(health))
        .routes(routes!(counts));
    let (router, document) = described.split_for_parts();
    let document = completed(document);
    router
        .route("/", get(page))
        .route("/api/openapi.json", get(move || async { Json(document) }))
        .fallback(nothing)
        .layer(map_response(as_problem))
        .layer(DefaultBodyLimit::max(LARGEST))
        .layer(RequestBodyTimeoutLayer::new(PATIENCE))
        .with_state(app)
        .merge(assets::routes())
        .layer(from_fn_with_state(guard, check))
}

async fn nothing() -> Problem {
    Problem::missing("there is nothing at this address · see /api/openapi.json for what there is")
}

async fn page(State(app): State<App>) -> Page {
    Page(Ok(using::single(&app.name, app.answerer.about())))
}

/// What the network takes and gives.
#[utoipa::path(get, path = "/api/about", responses((status = 200, body = Value)))]
async fn takes(State(app): State<App>) -> Answer<Json<Value>> {
    Ok(Json(serde_json::to_value(app.answerer.about()).map_err(|e| Problem::own(e.to_string()))?))
}

/// Whether it can answer.
#[utoipa::path(get, path = "/health", responses((status = 200, content_type = "text/plain")))]
async fn health() -> &'static str {
    "ok"
}

/// Counts of what was answered, for Prometheus.
#[utoipa::path(get, path = "/metrics", responses((status = 200, content_type = "text/plain")))]
async fn counts(State(app): State<App>) -> Response {
    ([(CONTENT_TYPE, "text/plain; version=0.0.4")], app.metrics.text()).into_response()
}

/// What is in the body.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Input {
    /// The name of the picture or sound in the body; left out if it holds rows as JSON.
    file: Option<String>,
}

/// Rows to be answered: objects with a value for each column; columns that are left out are not known.
#[derive(Deserialize, ToSchema)]
#[serde(untagged)]
enum Rows {
    /// Only the rows.
    Bare(Vec<Map<String, Value>>),
    /// In an object.
    Named {
        /// The rows.
        rows: Vec<Map<String, Value>>,
    },
}

/// Answers.
#[derive(Serialize, ToSchema)]
struct Answers {
    /// One object for each row: `<target>`, `<target>_p`, `<target>_p_<class>` and so on.
    #[schema(value_type = Vec<Value>)]
    rows: Vec<Map<String, Value>>,
}

/// Answers rows, or a picture or a sound.
#[utoipa::path(
    post, path = "/api/predict", params(Input),
    request_body(content((Rows = "application/json"), (Vec<u8> = "application/octet-stream"))),
    responses(
        (status = 200, body = Answers), (status = 400, description = "A body that breaks off"), (status = 408, description = "A body that does not come"),
        (status = 413, description = "Too many bytes"), (status = 422, description = "Rows that cannot be read"), (status = 503, description = "Too many questions"),
    )
)]
async fn predict(State(app): State<App>, Query(input): Query<Input>, body: Bytes) -> Response {
    let since = Instant::now();
    let answer = answer(&app, input, &body).await;
    let response = answer.map(Json).into_response();
    app.metrics.request(response.status().as_u16(), since.elapsed());
    response
}

async fn answer(app: &App, input: Input, body: &Bytes) -> Answer<Answers> {
    let is_table = input.file.as_deref().is_none_or(|name| name.ends_with(".json"));
    let questions = match is_table {
        true => rows(body)?,
        false => vec![BTreeMap::from([(String::new(), Given::Bytes(body.to_vec()))])],
    };
    let answerer = app.answerer.clone();
    // Decoding a picture takes longer than a server may look away.
    let prepared = tokio::task::spawn_blocking(move || {
        questions.iter().map(|cells| answerer.prepare(cells)).collect::<Result<Vec<_>, Error>>()
    });
    let prepared = prepared.await.map_err(|e| Problem::own(e.to_string()))??;
    let asked = prepared.into_iter().map(|question| app.batcher.ask(question)).collect::<Result<Vec<_>, _>>();
    let busy = |_| {
        Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too many questions at once · ask again in a moment")
    };
    let mut rows = Vec::new();
    for reply in asked.map_err(busy)? {
        rows.push(reply.await.map_err(|e| Problem::own(e.to_string()))?.map_err(Problem::own)?);
    }
    Ok(Answers { rows })
}

/// The rows of a body.
fn rows(body: &Bytes) -> Answer<Vec<BTreeMap<String, Given>>> {
    let parsed: Rows = serde_json::from_slice(body).map_err(|_| {
        Problem::senseless(
            "the body must be rows as JSON, such as [{\"age\": 40}], or a file that ?file= names",
        )
    })?;
    let (Rows::Bare(rows) | Rows::Named { rows }) = parsed;
    if rows.is_empty() || rows.len() > ROWS {
        return Err(Problem::senseless(format!("a request holds 1 to {ROWS} rows, this one {}", rows.len())));
    }
    rows.into_iter().enumerate().map(|(i, row)| cells(i, row)).collect()
}

fn cells(row: usize, values: Map<String, Value>) -> Answer<BTreeMap<String, Given>> {
    let mut cells = BTreeMap::new();
    for (name, value) in values {
        let given = match value {
            Value::Null => continue,
            Value::String(text) => Given::Text(text),
            Value::Bool(flag) => Given::Flag(flag),
            Value::Number(number) => Given::Number(number.as_f64().unwrap_or(f64::NAN)),
            Value::Array(_) | Value::Object(_) => {
                return Err(Problem::senseless(format!(
                    "row {}, `{name}`: a list or an object is no cell",
                    row + 1
                )));
            }
        };
        cells.insert(name, given);
    }
    Ok(cells)
}
