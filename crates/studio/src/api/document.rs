//! The description of an API, and what holds for all of its questions: that they can be refused, and how.

use axum::http::header::{ALLOW, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};
use utoipa::openapi::path::PathItem;
use utoipa::openapi::{ContentBuilder, OpenApi, RefOr, ResponseBuilder};

use crate::problem::{PROBLEM, Problem};

/// With what any question can be refused.
const REFUSALS: [(&str, &str); 10] = [
    ("400", "The question cannot be read"),
    ("401", "The token is missing"),
    ("403", "Another page asks"),
    ("404", "There is no such thing"),
    ("408", "The question does not come to its end"),
    ("409", "The present state does not allow it"),
    ("413", "The question is too large"),
    ("415", "The body is of another type"),
    ("421", "Another server is meant"),
    ("422", "What is asked for makes no sense"),
];

/// The largest reason that is told, in bytes.
const REASON: usize = 64 << 10;

/// The document with all refusals, and with paths in the form of OpenAPI.
pub(crate) fn completed(mut document: OpenApi) -> OpenApi {
    let paths = std::mem::take(&mut document.paths.paths);
    for (path, mut item) in paths {
        for operation in operations(&mut item) {
            for (status, means) in REFUSALS {
                let responses = &mut operation.responses.responses;
                // What a route says of its own refusals is more exact, but lacks their form.
                let own = match responses.remove(status) {
                    Some(RefOr::T(own)) if !own.description.is_empty() => own.description,
                    _ => means.to_owned(),
                };
                let content = ContentBuilder::new().build();
                let refusal = ResponseBuilder::new().description(own).content(PROBLEM, content).build();
                responses.insert(status.to_owned(), refusal.into());
            }
        }
        document.paths.paths.insert(path.replace("{*", "{"), item);
    }
    document
}

/// What can be asked at a path.
fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut utoipa::openapi::path::Operation> {
    let PathItem { get, put, post, delete, head, .. } = item;
    [get, put, post, delete, head].into_iter().flatten()
}

/// Gives refusals that the framework writes as plain text the form of all others.
pub(crate) async fn as_problem(response: Response) -> Response {
    let kind = response.headers().get(CONTENT_TYPE).map(|kind| kind.as_bytes());
    let is_plain = kind.is_none_or(|kind| kind.starts_with(b"text/plain"));
    if !response.status().is_client_error() || !is_plain {
        return response;
    }
    let (parts, body) = response.into_parts();
    let reason = axum::body::to_bytes(body, REASON).await.unwrap_or_default();
    let reason = match String::from_utf8_lossy(&reason).into_owned() {
        none if none.is_empty() => parts.status.canonical_reason().unwrap_or("refused").to_owned(),
        reason => reason,
    };
    let mut problem = Problem::new(parts.status, reason).into_response();
    if let Some(methods) = parts.headers.get(ALLOW) {
        problem.headers_mut().insert(ALLOW, methods.clone());
    }
    problem
}
