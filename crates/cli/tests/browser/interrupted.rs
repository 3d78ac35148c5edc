//! Files whose window is closed while they arrive; trainings that nobody looks at, or that are stopped, killed and resumed.

use crate::http::{studio, studio_in};
use crate::visit::{LAPTOP, all_is_well, answer, put, table, visit};

/// Pieces of 8 MiB are sent; this is some three of them.
const LONG: usize = 24 << 20;

#[test]
fn a_window_that_is_closed_while_a_file_arrives() {
    let studio = studio();
    let line = format!("{},low\n", "7".repeat(1000));
    let content = format!("a,level\n{}", line.repeat(LONG / line.len()));
    let file = put(studio.folder.path(), "mine/long.csv", &content);
    let browser = visit(&studio, LAPTOP);
    browser.another_window();
    browser.go(&format!("http://{}/", studio.host));
    browser.wait_for("What should it learn?");
    browser.send_slowly(4 << 20);
    browser.write("#files", file.to_str().unwrap());
    browser.until(
        "const bar = document.querySelector('#arriving progress'); return bar !== null && bar.value > 0",
    );
    browser.close_window();
    let path = "/api/data/long/files/long.csv";
    let arrived = || studio.ask("HEAD", path, b"").header("upload-offset").unwrap().parse::<usize>().unwrap();
    let before = arrived();
    assert!(before > 0 && before < content.len(), "{before} of {}", content.len());
    // Nothing of it is a data set yet; chosen again, it goes on from there.
    studio.ask("GET", "/data/long", b"").is(404);
    browser.go(&format!("http://{}/", studio.host));
    browser.wait_for("What should it learn?");
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/long");
    browser.wait_for("What should it learn from this?");
    let there = std::fs::read(studio.folder.path().join("data/long/long.csv")).unwrap();
    assert!(there == content.as_bytes(), "{} of {} bytes", there.len(), content.len());
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
    answer(&browser, "level", "Predict level");
    browser.another_window();
    browser.go(&format!("http://{}/data/pasted", studio.host));
    browser.wait_for("to learn from");
    answer(&browser, "level", "Predict level");
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
    answer(&browser, "level", "Predict level");
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
