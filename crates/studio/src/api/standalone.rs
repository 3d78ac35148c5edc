//! Pages that are shown within others, and can be kept.

use axum::http::HeaderValue;
use axum::http::header::{CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use axum::response::{IntoResponse, Response};

/// Such a page brings its style, pictures and sounds along, and no script.
const POLICY: &str =
    "default-src 'none'; img-src data:; media-src data:; style-src 'unsafe-inline'; frame-ancestors 'self'";

/// A page that needs nothing from elsewhere: a report, an explanation.
pub(super) struct Standalone(pub(super) Vec<u8>);

impl IntoResponse for Standalone {
    fn into_response(self) -> Response {
        let about = [
            (CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8")),
            (CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        ];
        (about, self.0).into_response()
    }
}
