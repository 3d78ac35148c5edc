//! Answers of a trained network. Each question is a command of the program, which is told along with the answer: what happens here can be
//! done again in a terminal, word for word.

use axum::Json;
use axum::body::{Body, Bytes};
use axum::extract::{DefaultBodyLimit, Path, Query, State};
use axum::http::HeaderName;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use pellucid_base::quoted;
use pellucid_goals::about;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::ffi::OsString;
use std::path::PathBuf;
use std::process::{Output, Stdio};
use std::sync::LazyLock;
use std::time::Duration;
use tempfile::TempDir;
use tokio::io::AsyncReadExt;
use tokio::process::{ChildStdout, Command};
use tokio::sync::Semaphore;
use utoipa::{IntoParams, ToSchema};
use utoipa_axum::router::OpenApiRouter;
use utoipa_axum::routes;

use super::data::plain;
use super::standalone::Standalone;
use crate::address::in_header;
use crate::app::App;
use crate::problem::{Answer, Problem};
use crate::workspace::{Inside, Name};

/// The command that was carried out, as it can be typed in a terminal.
const COMMAND: HeaderName = HeaderName::from_static("pellucid-command");

/// Bytes of an input, at most.
const LARGEST: usize = 64 << 20;

/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(300);

/// Questions that are answered at once; more wait.
static AT_ONCE: LazyLock<Semaphore> = LazyLock::new(|| Semaphore::new(4));

pub(super) fn routes() -> OpenApiRouter<App> {
    OpenApiRouter::new()
        .routes(routes!(takes))
        .routes(routes!(predict))
        .routes(routes!(explain))
        .routes(routes!(translate))
        .routes(routes!(explain_translations))
        .routes(routes!(generate))
        .routes(routes!(recommend))
        .layer(DefaultBodyLimit::max(LARGEST))
}

/// What the network of a run takes and gives.
#[utoipa::path(
    get, path = "/runs/{run}/about", params(("run" = String, Path, description = "The run")),
    responses((status = 200, body = Value), (status = 404), (status = 422, description = "It is not finished"))
)]
async fn takes(State(app): State<App>, Path(run): Path<Name>) -> Answer<Json<Value>> {
    let about = about(app.workspace.run(&run)?.path())?;
    Ok(Json(serde_json::to_value(about).map_err(|e| Problem::own(e.to_string()))?))
}

/// What is asked beside the input itself.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Input {
    /// The input's name, such as `photo.jpg` or `rows.csv`: its ending says what it is.
    #[param(value_type = String)]
    file: Inside,
    /// Sets and intervals that hold the truth in this share of cases.
    coverage: Option<f64>,
}

/// Answers of a network.
#[derive(Serialize, ToSchema)]
struct Answered {
    /// The command that was carried out.
    command: String,
    /// One object for each row: `input`, `<target>`, `<target>_p`, `<target>_p_<class>` and so on.
    rows: Value,
    /// Inputs without an answer, and why.
    warnings: String,
}

/// Answers what is in the body: a picture, a sound, a table, a zip.
#[utoipa::path(
    post, path = "/runs/{run}/predict", params(("run" = String, Path, description = "The run"), Input),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, body = Answered), (status = 404), (status = 422))
)]
async fn predict(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(input): Query<Input>,
    body: Bytes,
) -> Answer<Json<Answered>> {
    let mut asked = Asked::new(&app, "predict", &run)?;
    let out = asked.folder.path().join("answers.json");
    asked.flag("--coverage", input.coverage.map(|share| share.to_string()));
    asked.input(&input.file, &body)?;
    asked.hidden("--out", &out);
    let output = asked.output(&app).await?;
    let rows = std::fs::read(&out).map_err(|e| Problem::file("the answers cannot be read", &out, &e))?;
    let rows = serde_json::from_slice(&rows).map_err(|e| Problem::own(e.to_string()))?;
    let warnings = String::from_utf8_lossy(&output.stderr).trim().to_owned();
    Ok(Json(Answered { command: asked.shown, rows, warnings }))
}

/// Explains the answer to what is in the body, as a page.
#[utoipa::path(
    post, path = "/runs/{run}/explain", params(("run" = String, Path, description = "The run"), Input),
    request_body(content = Vec<u8>, content_type = "application/octet-stream"),
    responses((status = 200, content_type = "text/html"), (status = 404), (status = 422))
)]
async fn explain(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(input): Query<Input>,
    body: Bytes,
) -> Answer<Response> {
    let mut asked = Asked::new(&app, "explain", &run)?;
    asked.input(&input.file, &body)?;
    asked.page(&app).await
}

/// Texts to translate.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Texts {
    /// The texts.
    texts: Vec<String>,
    /// Translations of each that are shown.
    #[serde(default)]
    alternatives: Option<u8>,
    /// The column whose language is written, if the network knows both ways.
    #[serde(default)]
    to: Option<String>,
}

/// Objects that a command gave, one a line.
#[derive(Serialize, ToSchema)]
struct Lines {
    /// The command that was carried out.
    command: String,
    /// What it gave.
    lines: Vec<Value>,
}

/// Translates texts.
#[utoipa::path(
    post, path = "/runs/{run}/translate", params(("run" = String, Path, description = "The run")), request_body = Texts,
    responses((status = 200, body = Lines), (status = 404), (status = 422))
)]
async fn translate(
    State(app): State<App>,
    Path(run): Path<Name>,
    Json(texts): Json<Texts>,
) -> Answer<Json<Lines>> {
    let mut asked = Asked::new(&app, "translate", &run)?;
    asked.switch("--json");
    asked.flag("--alternatives", texts.alternatives.map(|n| n.to_string()));
    asked.flag("--to", texts.to);
    asked.operands(texts.texts);
    asked.lines(&app).await
}

/// Texts whose translations are to be explained.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Translated {
    /// The texts.
    texts: Vec<String>,
    /// The column whose language is written, if the network knows both ways.
    #[serde(default)]
    to: Option<String>,
}

/// Explains the translations of texts, as a page: from which words each written word was made.
#[utoipa::path(
    post, path = "/runs/{run}/translate/explain", params(("run" = String, Path, description = "The run")), request_body = Translated,
    responses((status = 200, content_type = "text/html"), (status = 404), (status = 422))
)]
async fn explain_translations(
    State(app): State<App>,
    Path(run): Path<Name>,
    Json(translated): Json<Translated>,
) -> Answer<Response> {
    let mut asked = Asked::new(&app, "explain", &run)?;
    asked.flag("--target", translated.to);
    asked.operands(translated.texts);
    asked.page(&app).await
}

/// What is to be made.
#[derive(Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Wish {
    /// How a text begins.
    prompt: Option<String>,
    /// Characters of a text, or bars of a melody.
    length: Option<u32>,
    /// How daring: below 1 keeps to what is likely.
    temperature: Option<f64>,
    /// What is to be seen in a picture.
    label: Option<String>,
    /// How many pictures.
    count: Option<u8>,
    /// What all chance is derived from.
    seed: Option<u64>,
    /// A melody as what: `wav`, the usual, `midi`, or `roll`, a drawing (SVG).
    #[param(inline)]
    form: Option<Form>,
}

/// How a melody is given.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
enum Form {
    #[default]
    Wav,
    Midi,
    Roll,
}

impl Form {
    /// The flag that asks for it, the file's name, and its media type.
    fn asked(self) -> (&'static str, &'static str, &'static str) {
        match self {
            Form::Wav => ("--wav", "melody.wav", "audio/wav"),
            Form::Midi => ("--out", "melody.mid", "audio/midi"),
            Form::Roll => ("--roll", "melody.svg", "image/svg+xml"),
        }
    }
}

/// Makes something new: a text, which arrives as it is written, a picture (PNG), or a melody (WAV, MIDI or a drawing of it).
#[utoipa::path(
    post, path = "/runs/{run}/generate", params(("run" = String, Path, description = "The run"), Wish),
    responses((status = 200, content_type = "application/octet-stream"), (status = 404), (status = 422))
)]
async fn generate(
    State(app): State<App>,
    Path(run): Path<Name>,
    Query(wish): Query<Wish>,
) -> Answer<Response> {
    let about = about(app.workspace.run(&run)?.path())?;
    let mut asked = Asked::new(&app, "generate", &run)?;
    asked.flag("--prompt", wish.prompt);
    asked.flag("--length", wish.length.map(|n| n.to_string()));
    asked.flag("--temperature", wish.temperature.map(|t| t.to_string()));
    asked.flag("--label", wish.label);
    asked.flag("--count", wish.count.map(|n| n.to_string()));
    asked.flag("--seed", wish.seed.map(|n| n.to_string()));
    let (flag, file, kind) = match about.answers.first().map(|column| column.kind.as_str()) {
        Some("image") => ("--out", "pictures.png", "image/png"),
        Some("melody") => wish.form.unwrap_or_default().asked(),
        _ => return asked.stream(&app).await,
    };
    let out = asked.folder.path().join(file);
    if flag != "--out" {
        // Notes are written in any case.
        let notes = asked.folder.path().join("notes.mid");
        asked.hidden("--out", &notes);
    }
    asked.hidden(flag, &out);
    asked.output(&app).await?;
    let made = std::fs::read(&out).map_err(|e| Problem::file("what was made cannot be read", &out, &e))?;
    Ok(([(CONTENT_TYPE, kind)], asked.told(), made).into_response())
}

/// For whom.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields, default)]
#[derive(Default)]
struct Taste {
    /// A user of the data.
    user: Option<String>,
    /// What someone new likes.
    liked: Vec<String>,
    /// How many recommendations.
    count: Option<u8>,
}

/// Recommends what a person will like next, and says because of what.
#[utoipa::path(
    post, path = "/runs/{run}/recommend", params(("run" = String, Path, description = "The run")), request_body = Taste,
    responses((status = 200, body = Lines), (status = 404), (status = 422))
)]
async fn recommend(
    State(app): State<App>,
    Path(run): Path<Name>,
    Json(taste): Json<Taste>,
) -> Answer<Json<Lines>> {
    let mut asked = Asked::new(&app, "recommend", &run)?;
    asked.flag("--user", taste.user);
    asked.flag("--liked", Some(taste.liked.join(",")).filter(|liked| !liked.is_empty()));
    asked.flag("--count", taste.count.map(|n| n.to_string()));
    asked.switch("--because");
    asked.switch("--json");
    asked.lines(&app).await
}

/// A command that is being put together.
pub(super) struct Asked {
    arguments: Vec<OsString>,
    /// What stands without a flag, after all others.
    operands: Vec<OsString>,
    /// As it can be typed.
    shown: String,
    /// Where inputs and outputs lie while it is carried out.
    folder: TempDir,
}

impl Asked {
    pub(super) fn new(app: &App, verb: &str, run: &Name) -> Answer<Asked> {
        let path: PathBuf = app.workspace.run(run)?.path().to_owned();
        let folder = tempfile::tempdir().map_err(|e| Problem::own(e.to_string()))?;
        let shown = format!("pellucid {verb} {}", quoted(&format!("runs/{run}")));
        Ok(Asked { arguments: vec![verb.into(), path.into()], operands: Vec::new(), shown, folder })
    }

    /// A flag without a value.
    fn switch(&mut self, name: &str) {
        self.arguments.push(name.into());
        self.shown = format!("{} {name}", self.shown);
    }

    /// A flag with its value, if it is asked for.
    pub(super) fn flag(&mut self, name: &str, value: Option<String>) {
        if let Some(value) = value {
            self.arguments.push(format!("{name}={value}").into());
            self.shown = format!("{} {name} {}", self.shown, quoted(&value));
        }
    }

    /// A flag with a file of ours, which nobody needs to see.
    fn hidden(&mut self, name: &str, file: &std::path::Path) {
        self.arguments.extend([name.into(), file.into()]);
    }

    /// An input, as a file of the name that it had.
    pub(super) fn input(&mut self, name: &Inside, bytes: &[u8]) -> Answer<()> {
        let path = self.keep(name, bytes)?;
        self.shown = format!("{} {}", self.shown, quoted(&name.to_string()));
        self.arguments.push(path.into());
        Ok(())
    }

    /// A file that an input names, beside it.
    pub(super) fn keep(&self, name: &Inside, bytes: &[u8]) -> Answer<PathBuf> {
        let path = name.below(self.folder.path());
        let folder = path.parent().unwrap_or(&path);
        let failed = |e: std::io::Error| Problem::file("the input cannot be kept", &path, &e);
        std::fs::create_dir_all(folder).and_then(|()| std::fs::write(&path, bytes)).map_err(failed)?;
        Ok(path)
    }

    /// Texts, whatever they begin with.
    fn operands(&mut self, texts: Vec<String>) {
        for text in texts {
            self.shown = format!("{} {}", self.shown, quoted(&text));
            self.operands.push(text.into());
        }
    }

    /// The header that tells the command.
    fn told(&self) -> [(HeaderName, String); 1] {
        [(COMMAND, in_header(&self.shown))]
    }

    /// The program with its arguments; none may hold the byte that ends them for the system.
    fn command(&self, app: &App) -> Answer<Command> {
        let mut all = self.arguments.iter().chain(&self.operands);
        if all.any(|argument| argument.as_encoded_bytes().contains(&0)) {
            return Err(Problem::senseless(
                "a text holds a zero byte, with which no program can be asked · leave it out",
            ));
        }
        let mut command = Command::new(app.jobs.program());
        command
            .args(&self.arguments)
            .args((!self.operands.is_empty()).then_some("--"))
            .args(&self.operands)
            .current_dir(app.workspace.root())
            .stdin(Stdio::null())
            .kill_on_drop(true);
        Ok(command)
    }

    /// Carries it out; whoever no longer waits ends it.
    async fn output(&self, app: &App) -> Answer<Output> {
        let own = |e: &dyn std::fmt::Display| Problem::own(format!("the answer cannot be asked for · {e}"));
        let _place = AT_ONCE.acquire().await.map_err(|e| own(&e))?;
        let ended = tokio::time::timeout(PATIENCE, self.command(app)?.output()).await;
        let output =
            ended.map_err(|_| Problem::senseless("the answer took too long"))?.map_err(|e| own(&e))?;
        match output.status.success() {
            true => Ok(output),
            false => Err(Problem::senseless(plain(&String::from_utf8_lossy(&output.stderr)))),
        }
    }

    /// Carries it out; what it writes is a page.
    pub(super) async fn page(mut self, app: &App) -> Answer<Response> {
        let out = self.folder.path().join("page.html");
        self.hidden("--out", &out);
        self.output(app).await?;
        let page = std::fs::read(&out).map_err(|e| Problem::file("the page cannot be read", &out, &e))?;
        Ok((self.told(), Standalone(page)).into_response())
    }

    /// Carries it out; each line that it gives is an object.
    async fn lines(self, app: &App) -> Answer<Json<Lines>> {
        let output = self.output(app).await?;
        let text = String::from_utf8_lossy(&output.stdout);
        let lines = text.lines().map(serde_json::from_str).collect::<Result<_, _>>();
        Ok(Json(Lines { command: self.shown, lines: lines.map_err(|e| Problem::own(e.to_string()))? }))
    }

    /// Carries it out, and passes on what it gives as it comes.
    async fn stream(self, app: &App) -> Answer<Response> {
        let own = |e: &dyn std::fmt::Display| Problem::own(format!("the text cannot be asked for · {e}"));
        let mut command = self.command(app)?;
        let mut child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().map_err(|e| own(&e))?;
        let mut text = child.stdout.take().ok_or_else(|| own(&"it has no output"))?;
        // Whether there will be anything is known when the first piece is there.
        let first = piece(&mut text).await.map_err(|e| own(&e))?;
        if first.is_empty() {
            let output = child.wait_with_output().await.map_err(|e| own(&e))?;
            return Err(Problem::senseless(plain(&String::from_utf8_lossy(&output.stderr))));
        }
        let told = self.told();
        let (send, receive) = tokio::sync::mpsc::channel(16);
        tokio::spawn(async move {
            let mut next = Ok(first);
            // The process ends with this task, so a reader who has gone ends the writing.
            let (_child, _asked) = (child, self);
            loop {
                let last = !matches!(&next, Ok(piece) if !piece.is_empty());
                if send.send(next).await.is_err() || last {
                    return;
                }
                next = piece(&mut text).await;
            }
        });
        let body = Body::from_stream(tokio_stream::wrappers::ReceiverStream::new(receive));
        Ok(([(CONTENT_TYPE, "text/plain; charset=utf-8")], told, body).into_response())
    }
}

/// The next bytes of an output; none at its end.
async fn piece(from: &mut ChildStdout) -> std::io::Result<Bytes> {
    let mut bytes = vec![0; 4096];
    let read = from.read(&mut bytes).await?;
    bytes.truncate(read);
    Ok(bytes.into())
}
