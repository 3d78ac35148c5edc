//! The way of a table.

use crate::http::studio;
use crate::visit::{
    LAPTOP, all_is_well, answer, is_answered, is_explained, put, step, table, train, understand, visit,
};

#[test]
fn a_table_from_a_file_to_answers_and_reasons() {
    let studio = studio();
    let browser = visit(&studio, LAPTOP);
    browser.wait_for("What should it learn?");
    all_is_well(&browser, &studio);
    let file = put(studio.folder.path(), "mine/levels.csv", table(500));
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/levels");
    browser.wait_for("What should it learn from this?");
    answer(&browser, "level", "Predict level from 2 columns");
    train(&browser, &studio, "quick", "0.2");

    understand(&browser, &studio, "dl");
    browser.wait("iframe.report");
    step(&browser, "use");
    browser.wait("[name=colour]");
    browser.script("document.querySelector('[name=a]').value = '9800'");
    browser.click("form#use button");
    is_answered(&browser, "high");
    assert!(browser.page().contains("pellucid predict runs/levels-1 row.json"), "{}", browser.page());
    browser.click("#why");
    is_explained(&browser, "#answer iframe");
    browser.click("#export summary");
    assert!(browser.page().contains("pellucid serve levels-1"), "{}", browser.page());
    all_is_well(&browser, &studio);
}
