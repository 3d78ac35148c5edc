//! Data sets: what there is, what is in it, and what the checks say.

use axum::Json;
use axum::extract::{Path, Query, State};
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use pellucid_data::{Cell, Table};
use pellucid_goals::samples::{self, SAMPLES};
use pellucid_kinds::cell_text;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::process::Stdio;
use std::time::{Duration, UNIX_EPOCH};
use tokio::process::Command;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::Asked;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::workspace::{Inside, Name};

/// Rows that are given at once, at most.
const ROWS: usize = 200;

/// Characters of a cell that are shown.
const SHOWN: usize = 300;

/// Bytes of rows that are typed or pasted, at most.
const PASTED: usize = 8 << 20;

/// How long a check may take.
const PATIENCE: Duration = Duration::from_secs(600);

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(list))
        .routes(routes!(remove))
        .routes(routes!(take_sample))
        .routes(routes!(paste))
        .routes(routes!(rows))
        .routes(routes!(media))
        .routes(routes!(check))
}

/// A data set.
#[derive(Serialize, ToSchema)]
struct About {
    /// Its name.
    name: String,
    /// Its files.
    files: usize,
    /// Their bytes.
    bytes: u64,
    /// When it changed last, in seconds since 1970.
    changed: u64,
}

/// All data sets, the newest first.
#[utoipa::path(get, path = "/data", responses((status = 200, body = Vec<About>)))]
async fn list(State(app): State<App>) -> Answer<Json<Vec<About>>> {
    let about = |set: crate::workspace::DataSet| About {
        name: set.name.to_string(),
        files: set.files,
        bytes: set.bytes,
        changed: set.changed.duration_since(UNIX_EPOCH).map_or(0, |age| age.as_secs()),
    };
    Ok(Json(app.workspace.data()?.into_iter().map(about).collect()))
}

/// Removes a data set. Runs that were trained on it stay.
#[utoipa::path(
    delete, path = "/data/{name}", params(("name" = String, Path, description = "The data set")),
    responses((status = 204), (status = 404, description = "There is none of this name"))
)]
async fn remove(State(app): State<App>, Path(name): Path<Name>) -> Answer<StatusCode> {
    let folder = app.workspace.data_folder(&name);
    let failed = |e: std::io::Error| Problem::file("the data set cannot be removed", &folder, &e);
    match folder.symlink_metadata().map_err(failed)?.is_dir() {
        true => std::fs::remove_dir_all(&folder).map_err(failed)?,
        false => std::fs::remove_file(&folder).map_err(failed)?,
    }
    Ok(StatusCode::NO_CONTENT)
}

/// What was made.
#[derive(Serialize, ToSchema)]
pub(super) struct Made {
    /// Its name.
    pub(super) name: String,
}

/// Puts a sample that lies inside the program among the data sets.
#[utoipa::path(
    post, path = "/samples/{sample}", params(("sample" = String, Path, description = "The sample")),
    responses((status = 201, body = Made), (status = 422, description = "There is none of this name"))
)]
async fn take_sample(State(app): State<App>, Path(sample): Path<String>) -> Answer<(StatusCode, Json<Made>)> {
    let known = SAMPLES.iter().find(|known| known.name == sample);
    let name: Name = known.map_or(sample.as_str(), |known| known.name).parse().map_err(Problem::senseless)?;
    let folder = app.workspace.data_folder(&name);
    let unpacked = tokio::task::spawn_blocking(move || samples::extract(&sample, &folder)).await;
    unpacked.map_err(|e| Problem::own(e.to_string()))??;
    Ok((StatusCode::CREATED, Json(Made { name: name.to_string() })))
}

/// A table that was typed or pasted.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Pasted {
    /// The file's name, such as `rows.csv`.
    #[schema(value_type = String)]
    file: Inside,
    /// Its content: lines of cells between commas, semicolons or tabs, the first with the names of the columns.
    text: String,
}

/// Writes a table that was typed or pasted into a data set, which is made if there is none of this name.
#[utoipa::path(
    post, path = "/data/{name}/rows", params(("name" = String, Path, description = "The data set")), request_body = Pasted,
    responses((status = 201, body = Made), (status = 422, description = "An empty table"))
)]
async fn paste(
    State(app): State<App>,
    Path(name): Path<Name>,
    Json(pasted): Json<Pasted>,
) -> Answer<(StatusCode, Json<Made>)> {
    if pasted.text.trim().is_empty() || pasted.text.len() > PASTED {
        return Err(Problem::senseless(format!(
            "a table of 1 to {PASTED} bytes can be pasted; drop a larger one as a file"
        )));
    }
    let path = app.workspace.file(&name, &pasted.file);
    let folder = path.parent().unwrap_or(&path);
    std::fs::create_dir_all(folder).map_err(|e| Problem::file("the folder cannot be made", folder, &e))?;
    pellucid_data::write_atomic(&path, |out| out.write_all(pasted.text.as_bytes()))
        .map_err(pellucid_goals::Error::from)?;
    Ok((StatusCode::CREATED, Json(Made { name: name.to_string() })))
}

/// Which rows.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Window {
    /// The first row, from 0.
    #[serde(default)]
    from: usize,
    /// How many, at most 200.
    #[serde(default = "usual_count")]
    count: usize,
}

fn usual_count() -> usize {
    50
}

/// Some rows of a data set.
#[derive(Serialize, ToSchema)]
struct Rows {
    /// All rows that there are.
    total: usize,
    /// The names of the columns.
    columns: Vec<String>,
    /// The first row that is given, from 0.
    from: usize,
    /// The cells of each row, in the order of the columns.
    rows: Vec<Vec<Shown>>,
}

/// A cell.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "lowercase", tag = "is", content = "value")]
enum Shown {
    /// Nothing.
    Missing,
    /// Text, perhaps shortened.
    Text(String),
    /// A number.
    Number(f64),
    /// A picture, to be had from `/api/data/{name}/media`.
    Picture(String),
    /// A sound, to be had there as well.
    Sound(String),
}

/// Some rows of a data set, to be looked at.
#[utoipa::path(
    get, path = "/data/{name}/rows", params(("name" = String, Path, description = "The data set"), Window),
    responses((status = 200, body = Rows), (status = 404), (status = 422, description = "Data that cannot be read"))
)]
async fn rows(
    State(app): State<App>,
    Path(name): Path<Name>,
    Query(window): Query<Window>,
) -> Answer<Json<Rows>> {
    let table = app.tables.get(&app.workspace, &name).await?;
    let from = window.from.min(table.rows());
    let count = window.count.min(ROWS).min(table.rows() - from);
    let columns: Vec<String> = table.columns().iter().map(|column| column.name.clone()).collect();
    let rows = (from..from + count).map(|row| {
        let cells = table.cells(row).map_err(pellucid_goals::Error::from)?;
        Ok((0..columns.len()).map(|column| shown(cells.cell(column))).collect())
    });
    let rows = rows.collect::<Answer<_>>()?;
    Ok(Json(Rows { total: table.rows(), columns, from, rows }))
}

fn shown(cell: Cell<'_>) -> Shown {
    match cell {
        Cell::Missing => Shown::Missing,
        Cell::Number(x) => Shown::Number(x),
        Cell::Integer(n) => Shown::Number(n as f64),
        Cell::Text(text) => match media_kind(text) {
            Some(kind) if kind.starts_with("image/") => Shown::Picture(text.to_owned()),
            Some(_) => Shown::Sound(text.to_owned()),
            None => Shown::Text(shortened(text)),
        },
        other => Shown::Text(shortened(&cell_text(other).unwrap_or_default())),
    }
}

fn shortened(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}

/// What a file is for the browser, by its name.
pub(super) fn media_kind(name: &str) -> Option<&'static str> {
    let end = name.rsplit_once('.')?.1.to_lowercase();
    Some(match end.as_str() {
        "png" => "image/png",
        "jpg" | "jpeg" => "image/jpeg",
        "gif" => "image/gif",
        "webp" => "image/webp",
        "bmp" => "image/bmp",
        "wav" => "audio/wav",
        "mp3" => "audio/mpeg",
        "ogg" => "audio/ogg",
        "flac" => "audio/flac",
        _ => return None,
    })
}

/// Which cell.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Place {
    /// The row, from 0.
    row: usize,
    /// The column's name.
    column: String,
}

/// The picture or the sound that a cell names.
#[utoipa::path(
    get, path = "/data/{name}/media", params(("name" = String, Path, description = "The data set"), Place),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404), (status = 422))
)]
async fn media(
    State(app): State<App>,
    Path(name): Path<Name>,
    Query(place): Query<Place>,
) -> Answer<Response> {
    let table: Table = app.tables.get(&app.workspace, &name).await?;
    let column = table.column_index(&place.column).map_err(pellucid_goals::Error::from)?;
    let cells = table.cells(place.row).map_err(pellucid_goals::Error::from)?;
    let Cell::Text(file) = cells.cell(column) else {
        return Err(Problem::missing("this cell names no file"));
    };
    let kind =
        media_kind(file).ok_or_else(|| Problem::missing("this cell names neither a picture nor a sound"))?;
    let (files, file) = (table.files().cloned(), file.to_owned());
    let read = tokio::task::spawn_blocking(move || files.map(|files| files.read(&file))).await;
    let bytes = read
        .map_err(|e| Problem::own(e.to_string()))?
        .ok_or_else(|| Problem::missing("this data set has no files beside its table"))?
        .map_err(pellucid_goals::Error::from)?;
    Ok(([(CONTENT_TYPE, kind)], bytes).into_response())
}

/// What data is, and what is wrong with it, before anything is trained.
#[utoipa::path(
    post, path = "/data/{name}/check", params(("name" = String, Path, description = "The data set")), request_body = Asked,
    responses((status = 200, description = "Columns, kinds, split and findings", body = Value), (status = 404), (status = 422))
)]
async fn check(
    State(app): State<App>,
    Path(name): Path<Name>,
    Json(asked): Json<Asked>,
) -> Answer<Json<Value>> {
    Ok(Json(check_data(&app, &name, &asked).await?))
}

/// As the route, for pages: the check is a process of its own, which ends when nobody waits for it any more.
pub(crate) async fn check_data(app: &App, name: &Name, asked: &Asked) -> Answer<Value> {
    let config = asked.config(app.workspace.paths(name)?).to_toml()?;
    let file = tempfile::NamedTempFile::new().map_err(|e| Problem::own(e.to_string()))?;
    std::fs::write(file.path(), config)
        .map_err(|e| Problem::file("the check cannot be asked", file.path(), &e))?;
    let mut command = Command::new(app.jobs.program());
    command.args(["check", "--json", "--config"]).arg(file.path()).current_dir(app.workspace.root());
    command.stdin(Stdio::null()).kill_on_drop(true);
    let ended = tokio::time::timeout(PATIENCE, command.output()).await;
    let output = ended
        .map_err(|_| {
            Problem::senseless("looking at this data took too long · give less of it, or use the terminal")
        })?
        .map_err(|e| Problem::own(format!("the check cannot be started · {e}")))?;
    let said = String::from_utf8_lossy(&output.stderr);
    serde_json::from_slice(&output.stdout).map_err(|_| Problem::senseless(plain(&said)))
}

/// What the program said, without the word that it begins errors with.
pub(super) fn plain(said: &str) -> String {
    let said = said.trim();
    said.strip_prefix("error:").unwrap_or(said).trim().to_owned()
}
