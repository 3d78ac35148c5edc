//! The studio as a whole: its parts, its routes, its start and its end.

use axum::Router;
use axum::middleware::from_fn_with_state;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::TcpListener;
use tokio::runtime::{Builder, Runtime};

use tower_http::timeout::RequestBodyTimeoutLayer;

use crate::guard::{Guard, check};
use crate::jobs::Jobs;
use crate::tables::Tables;
use crate::tested::TestedRuns;
use crate::workspace::Workspace;
use crate::{api, assets, pages, server};

/// What all handlers share. Nothing here would be missed after a restart.
#[derive(Clone)]
pub(crate) struct App {
    pub(crate) workspace: Workspace,
    pub(crate) jobs: Jobs,
    pub(crate) tables: Tables,
    pub(crate) tested: TestedRuns,
}

/// How long a sender may be silent within a request.
const PATIENCE: Duration = Duration::from_secs(30);

/// The port that is tried first, so that an address can be kept.
pub(crate) const USUAL: u16 = 4747;

/// A studio that is about to open.
pub struct Studio<'a> {
    /// The folder of data sets and runs.
    pub workspace: &'a Path,
    /// The port on this machine; the usual one, or any free one, if it is not given.
    pub port: Option<u16>,
    /// The program whose verbs train: this one.
    pub program: PathBuf,
}

/// Opens a studio on this machine and answers until Ctrl-C; `opened` hears the address, which holds the key.
///
/// # Errors
/// A folder that cannot be written, and a port that is taken.
pub fn open(studio: Studio<'_>, opened: &mut dyn FnMut(&str)) -> Result<(), String> {
    let workspace = Workspace::open(studio.workspace).map_err(|e| {
        let place = studio.workspace.display();
        format!("the folder of the studio cannot be written · {place} · {e} · name another with --workspace")
    })?;
    runtime()?.block_on(async {
        let listener = listen(None, studio.port).await?;
        let address = listener.local_addr().map_err(|e| e.to_string())?;
        let guard = Guard::new(address)?;
        opened(&format!("http://{address}/?token={}", guard.token().unwrap_or_default()));
        let jobs = Jobs::new(studio.program, workspace.clone());
        let app = App { workspace, jobs, tables: Tables::default(), tested: TestedRuns::default() };
        server::serve(listener, routes(app, guard), stopped()).await.map_err(|e| e.to_string())
    })
}

/// What runs handlers.
///
/// # Errors
/// A system without threads.
pub(crate) fn runtime() -> Result<Runtime, String> {
    let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build();
    runtime.map_err(|e| format!("the system gives no threads: {e}"))
}

/// The address and port that are asked for: else this machine only, and the usual port, or any other if that is taken.
///
/// # Errors
/// A port that is taken, and an address that is not this machine's.
pub(crate) async fn listen(address: Option<IpAddr>, port: Option<u16>) -> Result<TcpListener, String> {
    let address = address.unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST));
    let at = |port| TcpListener::bind(SocketAddr::new(address, port));
    let bound = match port {
        Some(port) => at(port).await,
        None => match at(USUAL).await {
            Err(_) => at(0).await,
            usual => usual,
        },
    };
    bound.map_err(|e| {
        let port = port.unwrap_or(USUAL);
        format!(
            "{address}:{port} cannot be opened · {e} · name another --port, or leave it out for a free one"
        )
    })
}

/// Ready when somebody ends the program.
pub(crate) async fn stopped() {
    let interrupted = tokio::signal::ctrl_c();
    #[cfg(unix)]
    if let Ok(mut asked) = tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate()) {
        tokio::select! {
            _ = interrupted => {}
            _ = asked.recv() => {}
        }
        return;
    }
    drop(interrupted.await);
}

/// All that is answered.
fn routes(app: App, guard: Guard) -> Router {
    Router::new()
        .merge(pages::routes())
        .nest("/api", api::routes())
        .with_state(app)
        .layer(RequestBodyTimeoutLayer::new(PATIENCE))
        .merge(assets::routes())
        .layer(from_fn_with_state(guard, check))
}
