//! Style and scripts: files inside the program, so that no page needs anything from elsewhere.

use axum::Router;
use axum::extract::Path;
use axum::http::header::{CACHE_CONTROL, CONTENT_TYPE, ETAG, IF_NONE_MATCH};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use sha2::{Digest, Sha256};
use std::sync::LazyLock;

const SCRIPT: &str = "text/javascript; charset=utf-8";
const STYLE: &str = "text/css; charset=utf-8";
const DRAWING: &str = "image/svg+xml";

/// A file.
struct Asset {
    name: &'static str,
    kind: &'static str,
    content: &'static str,
}

/// All files, by name.
static ASSETS: &[Asset] = &[
    Asset { name: "report.css", kind: STYLE, content: pellucid_insight::report::STYLE },
    Asset { name: "studio.css", kind: STYLE, content: include_str!("studio.css") },
    Asset { name: "icon.svg", kind: DRAWING, content: include_str!("icon.svg") },
    Asset { name: "common.js", kind: SCRIPT, content: include_str!("common.js") },
    Asset { name: "gather.js", kind: SCRIPT, content: include_str!("gather.js") },
    Asset { name: "record.js", kind: SCRIPT, content: include_str!("record.js") },
    Asset { name: "check.js", kind: SCRIPT, content: include_str!("check.js") },
    Asset { name: "rows.js", kind: SCRIPT, content: include_str!("rows.js") },
    Asset { name: "train.js", kind: SCRIPT, content: include_str!("train.js") },
    Asset { name: "sound.js", kind: SCRIPT, content: include_str!("sound.js") },
    Asset { name: "playground.js", kind: SCRIPT, content: include_str!("playground.js") },
    Asset { name: "snippets.js", kind: SCRIPT, content: include_str!("snippets.js") },
    Asset { name: "groups.js", kind: SCRIPT, content: include_str!("groups.js") },
    Asset { name: "labels.js", kind: SCRIPT, content: include_str!("labels.js") },
    Asset { name: "understand.js", kind: SCRIPT, content: include_str!("understand.js") },
    Asset { name: "use.js", kind: SCRIPT, content: include_str!("use.js") },
];

/// A name for the present content of all files: browsers ask again when it changes.
static VERSION: LazyLock<String> = LazyLock::new(|| {
    let mut hash = Sha256::new();
    ASSETS.iter().for_each(|asset| hash.update(asset.content));
    pellucid_base::hex(&hash.finalize()[..8])
});

pub(crate) fn routes() -> Router {
    Router::new().route("/assets/{name}", get(asset))
}

async fn asset(Path(name): Path<String>, headers: HeaderMap) -> Response {
    let Some(asset) = ASSETS.iter().find(|asset| asset.name == name) else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let tag = format!("\"{}\"", *VERSION);
    let about = [(CONTENT_TYPE, asset.kind), (CACHE_CONTROL, "no-cache"), (ETAG, &tag)];
    match headers.get(IF_NONE_MATCH).is_some_and(|known| known.as_bytes() == tag.as_bytes()) {
        true => (StatusCode::NOT_MODIFIED, about).into_response(),
        false => (about, asset.content).into_response(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_is_listed() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/assets");
        for entry in std::fs::read_dir(folder).unwrap() {
            let name = entry.unwrap().file_name().into_string().unwrap();
            let listed = ASSETS.iter().any(|asset| asset.name == name);
            assert!(listed || name == "mod.rs", "{name}");
        }
    }

    #[test]
    fn nothing_is_loaded_from_elsewhere() {
        for asset in ASSETS {
            let outside = asset.content.replace("http://www.w3.org/2000/svg", "");
            assert!(!outside.contains("http://") && !outside.contains("https://"), "{}", asset.name);
        }
    }
}
