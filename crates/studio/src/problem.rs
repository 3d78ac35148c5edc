//! What cannot be answered, and why: as JSON for programs (RFC 9457), as a page for people.

use axum::Json;
use axum::http::StatusCode;
use axum::http::header::CONTENT_TYPE;
use axum::response::{IntoResponse, Response};
use maud::html;
use pellucid_goals::Error;
use serde_json::json;
use std::path::Path;

use crate::pages::shell;

/// The type of such an answer.
pub(crate) const PROBLEM: &str = "application/problem+json";

/// A request that cannot be answered.
#[derive(Debug)]
pub(crate) struct Problem {
    status: StatusCode,
    why: String,
}

/// The result of everything here that can fail.
pub(crate) type Answer<T> = Result<T, Problem>;

impl Problem {
    /// With a status and a reason in words.
    pub(crate) fn new(status: StatusCode, why: impl Into<String>) -> Problem {
        Problem { status, why: why.into() }
    }

    /// Something that does not exist.
    pub(crate) fn missing(why: impl Into<String>) -> Problem {
        Problem::new(StatusCode::NOT_FOUND, why)
    }

    /// Something asked for that makes no sense.
    pub(crate) fn senseless(why: impl Into<String>) -> Problem {
        Problem::new(StatusCode::UNPROCESSABLE_ENTITY, why)
    }

    /// Something that the present state does not allow.
    pub(crate) fn conflict(why: impl Into<String>) -> Problem {
        Problem::new(StatusCode::CONFLICT, why)
    }

    /// A file that the system refuses.
    pub(crate) fn file(what: &str, path: &Path, error: &std::io::Error) -> Problem {
        let status = match error.kind() {
            std::io::ErrorKind::NotFound => StatusCode::NOT_FOUND,
            std::io::ErrorKind::StorageFull => StatusCode::INSUFFICIENT_STORAGE,
            _ => StatusCode::INTERNAL_SERVER_ERROR,
        };
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        Problem::new(status, format!("{what} · {name} · {error}"))
    }

    /// A failure of the server itself.
    pub(crate) fn own(why: impl Into<String>) -> Problem {
        Problem::new(StatusCode::INTERNAL_SERVER_ERROR, why)
    }

    /// The reason, in words.
    pub(crate) fn why(&self) -> &str {
        &self.why
    }

    /// For people.
    pub(crate) fn page(&self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("This did not work");
        let body = html! {
            section class="problem" {
                h1 { (title) }
                @for line in self.why.split('\n') { p { (line) } }
                p { a href="/" { "To the first page" } }
            }
        };
        (self.status, shell::page(title, None, &body)).into_response()
    }
}

impl From<Error> for Problem {
    fn from(error: Error) -> Problem {
        let status = match error.exit_code() {
            1 => StatusCode::INTERNAL_SERVER_ERROR,
            _ => StatusCode::UNPROCESSABLE_ENTITY,
        };
        Problem::new(status, error.to_string())
    }
}

impl IntoResponse for Problem {
    fn into_response(self) -> Response {
        let title = self.status.canonical_reason().unwrap_or("Error");
        let body = json!({ "title": title, "status": self.status.as_u16(), "detail": self.why });
        (self.status, [(CONTENT_TYPE, PROBLEM)], Json(body)).into_response()
    }
}

/// A page, or the page of a problem.
pub(crate) struct Page(pub(crate) Answer<maud::Markup>);

impl IntoResponse for Page {
    fn into_response(self) -> Response {
        match self.0 {
            Ok(page) => page.into_response(),
            Err(problem) => problem.page(),
        }
    }
}
