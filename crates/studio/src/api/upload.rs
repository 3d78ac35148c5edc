//! Files that arrive: straight to the disk, piece by piece, so that none needs memory and none that breaks off is lost.
//!
//! A file is sent by `PUT` with the headers `Upload-Offset` (the byte at which this piece begins) and `Upload-Length` (the bytes of the
//! whole file); `HEAD` tells how many bytes have arrived. It becomes a part of the data set when it is whole.

use axum::body::Body;
use axum::extract::{Path, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::{IntoResponse, Response};
use serde::Deserialize;
use std::fs::OpenOptions;
use std::path::Path as FilePath;
use tokio::fs::File;
use tokio::io::AsyncWriteExt;
use tokio_stream::StreamExt;
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::workspace::{Inside, Name};

const OFFSET: HeaderName = HeaderName::from_static("upload-offset");
const LENGTH: HeaderName = HeaderName::from_static("upload-length");

/// The largest file, in bytes.
const LARGEST: u64 = 64 << 30;

/// Bytes that must stay free on the disk.
const FREE: u64 = 1 << 30;

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new().routes(routes!(arrived, receive))
}

/// Which file of which data set.
#[derive(Deserialize)]
struct Of {
    name: Name,
    file: Inside,
}

/// How many bytes of a file have arrived: the header `Upload-Offset`.
#[utoipa::path(
    head, path = "/data/{name}/files/{*file}",
    params(
        ("name" = String, Path, description = "The data set, which is made with its first file"),
        ("file" = String, Path, description = "The file's path in it"),
    ),
    responses((status = 204, headers(("upload-offset" = u64, description = "Bytes that have arrived"))))
)]
async fn arrived(State(app): State<App>, Path(of): Path<Of>) -> Response {
    let whole = app.workspace.file(&of.name, &of.file).metadata();
    let part = app.workspace.arriving(&of.name, &of.file).metadata();
    let bytes = whole.or(part).map_or(0, |about| about.len());
    (StatusCode::NO_CONTENT, [(OFFSET, bytes.to_string())]).into_response()
}

/// Takes a piece of a file.
#[utoipa::path(
    put, path = "/data/{name}/files/{*file}",
    params(
        ("name" = String, Path, description = "The data set, which is made with its first file"),
        ("file" = String, Path, description = "The file's path in it"),
        ("upload-offset" = Option<u64>, Header, description = "The byte at which this piece begins"),
        ("upload-length" = u64, Header, description = "The bytes of the whole file"),
    ),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses(
        (status = 201, description = "The file is whole"), (status = 204, description = "More is to come"),
        (status = 409, description = "The piece does not begin where the last one ended"),
        (status = 413, description = "More bytes than were said, or than the disk has room for"), (status = 422), (status = 507, description = "The disk is full"),
    )
)]
async fn receive(
    State(app): State<App>,
    Path(of): Path<Of>,
    headers: HeaderMap,
    body: Body,
) -> Answer<Response> {
    let number = |name: &HeaderName| headers.get(name).and_then(|v| v.to_str().ok()?.parse::<u64>().ok());
    let length = number(&LENGTH).filter(|&length| length <= LARGEST).ok_or_else(|| {
        Problem::senseless(format!("the header Upload-Length must say the file's bytes, at most {LARGEST}"))
    })?;
    let offset = number(&OFFSET).unwrap_or(0);
    let (part, whole) = (app.workspace.arriving(&of.name, &of.file), app.workspace.file(&of.name, &of.file));
    make_room(&part, length.saturating_sub(offset))?;
    let end = take(&part, offset, length, body).await?;
    let about = [(OFFSET, end.to_string())];
    if end < length {
        return Ok((StatusCode::NO_CONTENT, about).into_response());
    }
    let failed = |e: std::io::Error| Problem::file("the file cannot be kept", &whole, &e);
    let folder = whole.parent().unwrap_or(&whole);
    std::fs::create_dir_all(folder).and_then(|()| std::fs::rename(&part, &whole)).map_err(failed)?;
    Ok((StatusCode::CREATED, about).into_response())
}

/// Makes the folder of a file that arrives, if there is room for it on the disk.
fn make_room(part: &FilePath, bytes: u64) -> Answer<()> {
    let folder = part.parent().unwrap_or(part);
    std::fs::create_dir_all(folder).map_err(|e| Problem::file("the file cannot be kept", folder, &e))?;
    match pellucid_base::free_disk(folder) {
        Some(free) if free < bytes.saturating_add(FREE) => Err(Problem::new(
            StatusCode::PAYLOAD_TOO_LARGE,
            format!(
                "there is no room for this file: it needs {bytes} bytes, and {free} are free on the disk"
            ),
        )),
        _ => Ok(()),
    }
}

/// Appends what arrives; gives the bytes that are there then. What broke off stays.
async fn take(part: &FilePath, offset: u64, length: u64, body: Body) -> Answer<u64> {
    let failed = |e: std::io::Error| Problem::file("the file cannot be kept", part, &e);
    let file = OpenOptions::new().create(true).append(true).open(part).map_err(failed)?;
    file.try_lock()
        .map_err(|_| Problem::conflict("this file is being sent already, perhaps from another tab"))?;
    let mut file = File::from_std(file);
    if offset == 0 {
        file.set_len(0).await.map_err(failed)?;
    }
    let mut end = file.metadata().await.map_err(failed)?.len();
    if end != offset {
        return Err(Problem::conflict(format!(
            "{end} bytes have arrived, but this piece begins at {offset}"
        )));
    }
    let mut pieces = body.into_data_stream();
    loop {
        let Some(piece) = pieces.next().await else { break };
        let piece = piece.map_err(|e| Problem::new(StatusCode::BAD_REQUEST, e.to_string()))?;
        end += piece.len() as u64;
        if end > length {
            let why = format!("more bytes arrive than the {length} that were said");
            return Err(Problem::new(StatusCode::PAYLOAD_TOO_LARGE, why));
        }
        file.write_all(&piece).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)?;
    file.sync_all().await.map_err(failed)?;
    Ok(end)
}
