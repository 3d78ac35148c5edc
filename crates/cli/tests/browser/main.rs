//! The studio in a real browser: the whole way from data to use, as a person goes it.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

// Other tests use other parts of these.
#[allow(dead_code)]
mod driver;
#[allow(dead_code)]
#[path = "../suite/http.rs"]
mod http;
#[allow(dead_code)]
#[path = "../suite/support.rs"]
mod support;

use driver::Browser;
use http::{Open, PAGES, studio, studio_in};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// A laptop's window, and a phone's.
const LAPTOP: [u32; 2] = [1280, 900];
const PHONE: [u32; 2] = [390, 844];

/// A browser that has the key of a studio.
fn visit(studio: &Open, size: [u32; 2]) -> Browser {
    let browser = Browser::new(size, None);
    browser.go(&format!("http://{}/?token={}", studio.host, studio.token));
    browser
}

/// Nothing was fetched from anywhere else, and no script complained.
fn all_is_well(browser: &Browser, studio: &Open) {
    let fetched =
        browser.script("return performance.getEntriesByType('resource').map((entry) => entry.name)");
    for name in fetched.as_array().unwrap() {
        let name = name.as_str().unwrap();
        assert!(name.starts_with(&format!("http://{}/", studio.host)) || name.starts_with("blob:"), "{name}");
    }
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

/// Rows of a table in which `a` mostly says what `level` is.
fn table(rows: usize) -> String {
    let line = |i: usize| {
        let a = (i * 7919) % 10_007;
        let level = if (a > 5_000) != i.is_multiple_of(23) { "high" } else { "low" };
        format!("{a},{},{level}\n", ["red", "green", "blue"][i % 3])
    };
    format!("a,colour,level\n{}", (0..rows).map(line).collect::<String>())
}

fn put(folder: &Path, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
    let path = folder.join(name);
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::File::create(&path).unwrap().write_all(content.as_ref()).unwrap();
    path
}

/// From the first page with data that is there to a finished run.
fn train(browser: &Browser) {
    browser.wait_for("to learn from");
    browser.choose("#effort", "quick");
    browser.write("#minutes", "0.2");
    browser.click("#train");
    browser.wait_at("/runs/");
    browser.wait("#network .flowing svg .face");
    browser.wait_for("It has learned all it was asked to");
    browser.wait("#curves svg");
}

#[test]
fn a_table_from_a_file_to_answers_and_reasons() {
    let studio = studio();
    let browser = visit(&studio, LAPTOP);
    browser.wait_for("What should it learn?");
    let file = put(studio.folder.path(), "mine/levels.csv", table(500));
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/levels");
    browser.wait_for("What should it learn from this?");
    browser.choose("select[name=use][data-column=level]", "target");
    browser.wait_for("Predict level from 2 columns");
    browser.wait("#rows tbody tr");
    train(&browser);
    all_is_well(&browser, &studio);

    browser.click(".steps a[href$=understand]");
    browser.wait("iframe.report");
    browser.click(".steps a[href$=use]");
    browser.wait("[name=colour]");
    browser.script("document.querySelector('[name=a]').value = '9800'");
    browser.click("form#use button");
    browser.wait(".answer");
    assert!(browser.page().contains("high"), "{}", browser.page());
    assert!(browser.page().contains("pellucid predict runs/levels-1 row.json"), "{}", browser.page());
    browser.click("#why");
    browser.wait("#answer iframe");
    all_is_well(&browser, &studio);
}

/// A sample as a data set, and a network that has looked at it for some seconds.
fn learned(studio: &Open, sample: &str, steps: &str) {
    let folder = studio.folder.path();
    let data = format!("data/{sample}");
    support::run(folder, &["sample", sample, "--out", &data]).ok();
    let file = support::files(&folder.join(&data))
        .into_iter()
        .find(|file| file.extension().is_some_and(|e| e == "zip" || e == "csv"));
    let file = format!("{data}/{}", file.unwrap().display());
    let name = format!("{sample}-1");
    support::run(folder, &["train", &file, "--yes", "--name", &name, "--preset", "quick", "--steps", steps])
        .ok();
}

#[test]
fn from_a_mistake_to_its_reasons_and_from_a_doubt_to_another_training() {
    let studio = studio();
    learned(&studio, "clothes", "40");
    let browser = visit(&studio, LAPTOP);
    browser.go(&format!("http://{}/runs/clothes-1/understand", studio.host));
    browser.wait("#shown .example.wrong img");
    browser.click("td.wrong button");
    browser.wait("td.wrong button[aria-pressed=true]");
    let chosen = "const cell = document.querySelector('button[aria-pressed=true]'); \
         const said = [...document.querySelectorAll('#shown .example .answer')]; \
         return said.length > 0 && said.every((line) => line.textContent.includes(cell.dataset.answer))";
    let since = std::time::Instant::now();
    while browser.script(chosen) != true {
        assert!(since.elapsed() < Duration::from_secs(60), "other rows are shown:\n{}", browser.page());
        std::thread::sleep(Duration::from_millis(100));
    }
    browser.click("#shown [data-why]");
    browser.wait("#why iframe");
    assert!(browser.page().contains("pellucid explain runs/clothes-1"), "{}", browser.page());
    browser.click("#why form button");

    browser.choose("#cut-of", "bag");
    browser.wait_for("Of 100 that are bag");
    let before = browser.script("return document.querySelector('#cut-said').textContent");
    browser.script(
        "const at = document.querySelector('#cut-at'); at.value = 97; at.dispatchEvent(new Event('input'))",
    );
    assert_ne!(browser.script("return document.querySelector('#cut-said').textContent"), before);

    browser.click(".decide [data-is]");
    browser.wait(".example.decided .verdict:not([hidden])");
    browser.wait_for("1 label mended");
    all_is_well(&browser, &studio);
    let kept = std::fs::read_to_string(studio.folder.path().join("corrections/clothes.csv")).unwrap();
    assert_eq!(kept.lines().count(), 2, "{kept}");
    browser.click("#again button");
    browser.wait_at("/runs/clothes-2");
    browser.wait_for("It has learned all it was asked to");
    let learned =
        std::fs::read_to_string(studio.folder.path().join("runs/clothes-2/corrections.csv")).unwrap();
    assert_eq!(learned, kept);
    all_is_well(&browser, &studio);
}

#[test]
fn rows_that_are_pasted_and_a_window_that_is_closed_while_it_learns() {
    let studio = studio();
    let browser = visit(&studio, LAPTOP);
    browser.click(".paste summary");
    browser.wait("#rows");
    let rows = table(400);
    browser.script(&format!("document.querySelector('#rows').value = {rows:?}"));
    browser.write("#name", "pasted");
    browser.click("#paste button");
    browser.wait_at("/data/pasted");
    browser.wait_for("to learn from");
    browser.choose("select[name=use][data-column=level]", "target");
    browser.wait_for("Predict level");
    browser.another_window();
    browser.go(&format!("http://{}/data/pasted", studio.host));
    browser.wait_for("to learn from");
    browser.choose("select[name=use][data-column=level]", "target");
    browser.wait_for("Predict level");
    browser.write("#minutes", "0.3");
    browser.click("#train");
    browser.wait_at("/runs/pasted-1");
    browser.close_window();
    assert_eq!(studio.ended("pasted-1"), "finished");
    browser.go(&format!("http://{}/runs", studio.host));
    browser.wait_for("pasted-1");
    browser.wait_for("finished");
    all_is_well(&browser, &studio);
}

#[test]
fn a_training_is_stopped_and_resumed_after_the_studio_was_killed() {
    let studio = studio();
    put(studio.folder.path(), "data/levels/levels.csv", table(4000));
    let browser = visit(&studio, LAPTOP);
    browser.go(&format!("http://{}/data/levels", studio.host));
    browser.wait_for("to learn from");
    browser.choose("select[name=use][data-column=level]", "target");
    browser.wait_for("Predict level");
    browser.choose("#effort", "best");
    browser.write("#minutes", "30");
    browser.click("#train");
    browser.wait_at("/runs/levels-1");
    browser.wait_for("the best so far");
    browser.click("[data-do=stop]");
    browser.wait_for("it can go on from where it was");
    browser.click("[data-do=resume]");
    browser.wait_for("It goes on from step");
    let folder = studio.folder.clone();
    drop((browser, studio));
    let studio = studio_in(folder);
    let browser = visit(&studio, LAPTOP);
    browser.go(&format!("http://{}/runs/levels-1", studio.host));
    browser.wait_for("is learning");
    browser.click("[data-do=stop]");
    browser.wait_for("it can go on from where it was");
    all_is_well(&browser, &studio);
}

#[test]
fn examples_from_the_camera_and_the_microphone() {
    let studio = studio();
    let browser = visit(&studio, LAPTOP);
    browser.go(&format!("http://{}/record", studio.host));
    browser.wait("#view:not([hidden])");
    browser.write("#name", "");
    for class in [1, 2] {
        // However slow the machine: until there are pictures.
        while browser
            .script(&format!("return document.querySelectorAll('.class:nth-child({class}) img').length"))
            .as_u64()
            < Some(2)
        {
            browser.hold(&format!(".class:nth-child({class}) button"), Duration::from_millis(1500));
        }
    }
    browser.wait("#done:not([disabled])");
    browser.click("[value=microphone]");
    browser.hold(".class:nth-child(2) button", Duration::from_millis(400));
    let recorded = || {
        let files = support::files(&studio.folder.path().join("data/recorded"));
        let with = |end: &str| files.iter().filter(|f| f.to_string_lossy().ends_with(end)).count();
        (with(".png"), with(".wav"))
    };
    let since = std::time::Instant::now();
    while recorded().1 == 0 && since.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let (pictures, sounds) = recorded();
    assert!(pictures >= 4 && sounds >= 1, "{pictures} pictures, {sounds} sounds");
    all_is_well(&browser, &studio);
}

#[test]
fn every_page_fits_a_phone() {
    let studio = studio();
    put(studio.folder.path(), "data/levels/levels.csv", table(300));
    let words = [
        "train",
        "data/levels/levels.csv",
        "--predict",
        "level",
        "--steps",
        "60",
        "--yes",
        "--name",
        "levels-1",
    ];
    support::run(studio.folder.path(), &words).ok();
    let browser = visit(&studio, PHONE);
    for page in PAGES {
        browser.go(&format!("http://{}{page}", studio.host));
        browser.wait("main h1");
        let wider = browser
            .script("return document.documentElement.scrollWidth - document.documentElement.clientWidth");
        assert_eq!(wider, 0, "{page} is wider than the window");
        all_is_well(&browser, &studio);
    }
}
