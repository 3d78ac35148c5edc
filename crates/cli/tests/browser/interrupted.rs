//! Trainings that nobody looks at, or that are stopped, killed and resumed.

use crate::http::{studio, studio_in};
use crate::visit::{LAPTOP, all_is_well, put, table, visit};

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
