//! Pictures of every page of the studio, light and dark, for `docs/studio/`: `cargo xtask screenshots`.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

// Other tests use other parts of these.
#[allow(dead_code)]
#[path = "../browser/driver.rs"]
mod driver;
#[allow(dead_code)]
#[path = "../suite/http.rs"]
mod http;
#[allow(dead_code)]
#[path = "../suite/support.rs"]
mod support;

use driver::Browser;
use http::studio;
use std::path::Path;

/// Pages with the words that they wait for.
const PAGES: [(&str, &str, &str); 11] = [
    ("gather", "/", "What should it learn?"),
    ("record", "/record", "Record examples"),
    ("check", "/data/tumours", "to learn from"),
    ("runs", "/runs", "Compared"),
    ("train", "/runs/tumours-1", "It has learned"),
    ("network", "/runs/clothes-1#network", "The network that has learned"),
    ("understand", "/runs/clothes-1/understand", "rows are like that"),
    ("line", "/runs/tumours-1/understand#line", "Of 100 that are"),
    ("labels", "/runs/clothes-1/understand#labels", "Keep "),
    ("use", "/runs/clothes-1/use", "Drop a picture here"),
    ("playground", "/playground", "How a network learns"),
];

fn main() {
    let studio = studio();
    let folder = studio.folder.path();
    for words in [
        &["sample", "tumours", "--out", "data/tumours"][..],
        &["sample", "clothes", "--out", "data/clothes"],
        &["train", "data/tumours/tumours.csv", "--yes", "--name", "tumours-1"],
        &[
            "train",
            "data/tumours/tumours.csv",
            "--yes",
            "--name",
            "tumours-2",
            "--preset",
            "quick",
            "--seed",
            "1",
        ],
        &[
            "train",
            "data/clothes/clothes.zip",
            "--yes",
            "--name",
            "clothes-1",
            "--preset",
            "quick",
            "--time",
            "20s",
        ],
    ] {
        support::run(folder, words).ok();
    }
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/studio");
    std::fs::create_dir_all(&out).unwrap();
    for scheme in ["light", "dark"] {
        let browser = Browser::new([1200, 900], None);
        browser.prefer(scheme);
        browser.go(&format!("http://{}/?token={}", studio.host, studio.token));
        for (name, page, words) in PAGES {
            browser.go(&format!("http://{}{page}", studio.host));
            browser.wait_for(words);
            if let Some((_, part)) = page.split_once('#') {
                // What comes later has moved it.
                let show =
                    format!("document.getElementById({part:?}).scrollIntoView({{behavior: 'instant'}})");
                browser.script(&show);
            }
            if name == "playground" {
                browser.script("document.querySelector('#play').click()");
                std::thread::sleep(std::time::Duration::from_secs(4));
                browser.script(
                    "document.querySelector('#play').click(); document.querySelector('#slow').click()",
                );
            }
            std::thread::sleep(std::time::Duration::from_secs(1));
            std::fs::write(out.join(format!("{name}-{scheme}.png")), browser.picture()).unwrap();
            println!("docs/studio/{name}-{scheme}.png");
        }
    }
}
