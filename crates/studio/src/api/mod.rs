//! `/api/…`: one file for each thing that can be asked about. `/api/openapi.json` describes it all, from the code.

mod ask;
mod asked;
mod data;
pub(crate) mod document;
mod events;
mod export;
mod groups;
mod labels;
mod network;
mod runs;
mod standalone;
mod tested;
mod upload;

pub(crate) use asked::{Asked, Effort, Goal};
pub(crate) use data::check_data;
pub(crate) use labels::{Labels, Which as Doubts, labels, some as some_doubts};
pub(crate) use network::network_of;
pub(crate) use runs::{Summary, curves_of, glimpse_of, summaries, summary};
pub(crate) use tested::{SomeRows, Which, found};

use axum::middleware::map_response;
use axum::routing::get;
use axum::{Json, Router};
use utoipa::OpenApi;
use utoipa_axum::router::OpenApiRouter;

use crate::app::App;
use crate::problem::Problem;

/// What the document says beside the routes.
#[derive(OpenApi)]
#[openapi(info(
    title = "Pellucid studio",
    description = "Data sets, trainings and answers on this machine."
))]
struct Document;

/// All routes, below `/api`.
pub(crate) fn routes() -> Router<App> {
    let described = OpenApiRouter::with_openapi(Document::openapi());
    let described =
        described.merge(data::routes()).merge(upload::routes()).merge(runs::routes()).merge(ask::routes());
    let described = described
        .merge(tested::routes())
        .merge(labels::routes())
        .merge(groups::routes())
        .merge(export::routes())
        .merge(network::routes());
    let (router, document) = described.split_for_parts();
    let mut document = document::completed(document);
    document.servers = Some(vec![utoipa::openapi::Server::new("/api")]);
    router
        .route("/openapi.json", get(move || async { Json(document) }))
        .fallback(nothing)
        .layer(map_response(document::as_problem))
}

async fn nothing() -> Problem {
    Problem::missing("there is nothing at this address · see /api/openapi.json for what there is")
}
