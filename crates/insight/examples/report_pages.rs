//! Writes reports of made-up runs, to look at while changing the layout:
//! `cargo run -p pellucid-insight --example report_pages -- target/report-pages`.
#![allow(clippy::unwrap_used, unreachable_pub, missing_docs)]

#[path = "../tests/report/fixture.rs"]
mod fixture;

use std::fs;
use std::path::PathBuf;

fn main() {
    let folder = PathBuf::from(std::env::args().nth(1).unwrap_or_else(|| "target/report-pages".to_owned()));
    fs::create_dir_all(&folder).unwrap();
    let pages = [
        ("two-classes", fixture::xrays()),
        ("ten-classes", fixture::many_classes(10)),
        ("forty-classes", fixture::many_classes(40)),
        ("hundred-classes", fixture::many_classes(100)),
        ("numbers", fixture::minutes()),
        ("tags", fixture::moods()),
        ("texts", fixture::sentences()),
        ("new-texts", fixture::poems()),
        ("new-melodies", fixture::chorales()),
        ("new-pictures", fixture::clothes()),
        ("recommendations", fixture::films()),
        ("several-targets", fixture::several_targets()),
        ("deliveries", fixture::deliveries()),
        ("hostile-names", fixture::hostile()),
    ];
    for (name, data) in pages {
        fs::write(folder.join(format!("{name}.html")), pellucid_insight::report::render(&data)).unwrap();
    }
}
