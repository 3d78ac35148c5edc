//! The network of a run, layer by layer, while it learns and after.

use axum::extract::{Path, State};
use axum::response::Html;
use pellucid_goals::drawn_network;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::drawn;
use crate::app::App;
use crate::problem::Answer;
use crate::workspace::Name;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(network))
}

/// What the network of a run is made of, as a part of a page: what goes in, each layer, what comes out; while it learns, with how much each layer
/// changes at the last validation. Empty before the network is built.
#[utoipa::path(
    get, path = "/runs/{run}/network", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/html"), (status = 404))
)]
async fn network(State(app): State<App>, Path(run): Path<Name>) -> Answer<Html<String>> {
    Ok(Html(network_of(&app, &run).await?))
}

/// As the route, for pages.
pub(crate) async fn network_of(app: &App, run: &Name) -> Answer<String> {
    Ok(drawn(app, run, drawn_network).await?.unwrap_or_default())
}
