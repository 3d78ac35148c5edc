//! One file for each page. A page is made on the server from what lies on the disk; scripts only send forms and put in what comes back.

mod data;
mod export;
mod gather;
mod playground;
mod run;
mod runs;
pub(crate) mod shell;
mod understand;
pub(crate) mod using;
mod words;

use axum::Router;
use axum::routing::{get, post};

use crate::app::App;
use crate::problem::{Page, Problem};

/// All pages and the parts of them that scripts ask for.
pub(crate) fn routes() -> Router<App> {
    Router::new()
        .route("/", get(gather::page))
        .route("/record", get(gather::record))
        .route("/data/{name}", get(data::page))
        .route("/data/{name}/checked", post(data::checked))
        .route("/playground", get(playground::page))
        .route("/runs", get(runs::page))
        .route("/runs/{run}", get(run::page))
        .route("/runs/{run}/understand", get(understand::page))
        .route("/runs/{run}/understand/examples", get(understand::examples))
        .route("/runs/{run}/understand/doubts", get(understand::doubts))
        .route("/runs/{run}/use", get(using::page))
        .fallback(nothing)
}

async fn nothing() -> Page {
    Page(Err(Problem::missing("There is no page at this address.")))
}
