//! From a mistake to its reasons, and from a label that is doubted to another training.

use crate::http::{Open, studio};
use crate::support;
use crate::visit::{LAPTOP, all_is_well, reasons, rows_behind, train_is_over, visit};

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
    rows_behind(&browser, "td.wrong");
    reasons(&browser, &studio);

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
    train_is_over(&browser);
    let learned =
        std::fs::read_to_string(studio.folder.path().join("runs/clothes-2/corrections.csv")).unwrap();
    assert_eq!(learned, kept);
    all_is_well(&browser, &studio);
}
