//! What of a run can be carried elsewhere: its model as one file, its report, its model card.

use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use pellucid_data::write_zip;
use pellucid_goals::Run;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::runs::summary;
use super::standalone::Standalone;
use crate::address::encoded;
use crate::app::App;
use crate::jobs::State as Stage;
use crate::problem::{Answer, Problem};
use crate::workspace::Name;

/// The model card, in a run's folder and beside a model that is carried elsewhere.
const CARD: &str = "README.md";

/// Bytes of a model that are sent at once, and how many such pieces may wait for a slow reader.
const PIECE: usize = 64 << 10;
const WAITING: usize = 8;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(model)).routes(routes!(report)).routes(routes!(card))
}

/// The model of a finished run as a zip: a folder of the run's name with all that its network needs, and the model card. Unpacked anywhere, it
/// takes the place of the run wherever a network is to answer.
#[utoipa::path(
    get, path = "/runs/{run}/model", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "application/zip"), (status = 404), (status = 409, description = "It is not finished"))
)]
async fn model(State(app): State<App>, Path(run): Path<Name>) -> Answer<Response> {
    if summary(&app, &run)?.state != Stage::Finished {
        return Err(Problem::conflict(format!("`{run}` is not finished, so it has no model yet")));
    }
    let files = files(&app.workspace.run(&run)?, &run)?;
    let (send, receive) = mpsc::channel(WAITING);
    tokio::task::spawn_blocking(move || {
        let mut out = BufWriter::with_capacity(PIECE, Sent(send.clone()));
        let written = write_zip(&mut out, &files).and_then(|()| out.flush());
        if let Err(broken) = written {
            // The transfer breaks off, so nobody takes half of a model for all of it.
            drop(send.blocking_send(Err(broken)));
        }
    });
    let name = format!("attachment; filename*=UTF-8''{}.zip", encoded(run.as_str()));
    let about = [(CONTENT_TYPE, "application/zip".to_owned()), (CONTENT_DISPOSITION, name)];
    Ok((about, Body::from_stream(ReceiverStream::new(receive))).into_response())
}

/// The files that a model consists of, by their names in the archive.
fn files(found: &Run, run: &Name) -> Answer<Vec<(String, PathBuf)>> {
    let folder = found.model();
    let failed = |e: io::Error| Problem::file("the model cannot be read", &folder, &e);
    let mut files = vec![(format!("{run}/{CARD}"), found.path().join(CARD))];
    files.retain(|(_, card)| card.symlink_metadata().is_ok_and(|about| about.is_file()));
    for entry in std::fs::read_dir(&folder).map_err(failed)? {
        let entry = entry.map_err(failed)?;
        if entry.file_type().map_err(failed)?.is_file() {
            files.push((format!("{run}/{}", entry.file_name().to_string_lossy()), entry.path()));
        }
    }
    files.sort();
    Ok(files)
}

/// Takes bytes to a reader of the network.
struct Sent(mpsc::Sender<io::Result<Bytes>>);

impl Write for Sent {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let gone = |_| io::Error::from(io::ErrorKind::BrokenPipe);
        self.0.blocking_send(Ok(Bytes::copy_from_slice(bytes))).map_err(gone)?;
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The report of a finished run: a page that needs no connection.
#[utoipa::path(
    get, path = "/runs/{run}/report", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/html"), (status = 404))
)]
async fn report(State(app): State<App>, Path(run): Path<Name>) -> Answer<Standalone> {
    Ok(Standalone(file(&app, &run, "report.html", "there is no report yet").await?))
}

/// The model card of a finished run: what it is for, how good it is, and what it must not be used for, as Markdown.
#[utoipa::path(
    get, path = "/runs/{run}/card", params(("run" = String, Path, description = "The run")),
    responses((status = 200, content_type = "text/markdown"), (status = 404))
)]
async fn card(State(app): State<App>, Path(run): Path<Name>) -> Answer<Response> {
    let card = file(&app, &run, CARD, "there is no model card yet").await?;
    Ok(([(CONTENT_TYPE, "text/markdown; charset=utf-8")], card).into_response())
}

/// A file of a run's folder.
async fn file(app: &App, run: &Name, name: &str, missing: &str) -> Answer<Vec<u8>> {
    let path = app.workspace.run(run)?.path().join(name);
    tokio::fs::read(&path).await.map_err(|e| Problem::file(missing, &path, &e))
}
