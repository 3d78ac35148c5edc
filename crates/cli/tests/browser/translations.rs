//! The way of a translator.

use crate::http::studio;
use crate::visit::{LAPTOP, all_is_well, answer, put, step, train, visit};

/// Pairs of sentences about things of some colour.
fn pairs() -> String {
    let things = [
        ["house", "Haus"],
        ["horse", "Pferd"],
        ["boat", "Boot"],
        ["book", "Buch"],
        ["shirt", "Hemd"],
        ["picture", "Bild"],
    ];
    let colours = [
        ["red", "rote"],
        ["green", "grüne"],
        ["blue", "blaue"],
        ["old", "alte"],
        ["small", "kleine"],
        ["new", "neue"],
    ];
    let who = [
        ["I see", "Ich sehe"],
        ["We see", "Wir sehen"],
        ["You see", "Ihr seht"],
        ["They see", "Sie sehen"],
        ["I draw", "Ich male"],
    ];
    let mut rows = "english,german\n".to_owned();
    for [thing, ding] in things {
        for [colour, farbe] in colours {
            for [who, wer] in who {
                rows += &format!("{who} the {colour} {thing}.,{wer} das {farbe} {ding}.\n");
            }
        }
    }
    rows
}

#[test]
fn pairs_of_sentences_from_a_table_to_a_translation() {
    let studio = studio();
    let file = put(studio.folder.path(), "mine/pairs.csv", pairs());
    let browser = visit(&studio, LAPTOP);
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/pairs");
    browser.wait_for("to learn from");
    answer(&browser, "german", "Predict german from 1 column");
    train(&browser, &studio, "quick", "0.3");

    step(&browser, "understand");
    browser.wait("iframe.report");
    all_is_well(&browser, &studio);
    step(&browser, "use");
    browser.wait_for("english to german");
    browser.write("#text", "I see the red house.\nWe see the old boat.");
    browser.click("form#use button");
    browser.until("return document.querySelectorAll('#answer .translated').length === 2");
    let written = browser.script("return document.querySelector('#answer').innerText");
    assert!(written.as_str().unwrap().contains("das"), "{written}");
    assert!(browser.page().contains("pellucid translate runs/pairs-1"), "{}", browser.page());
    browser.click("#answer .buttons button");
    browser.wait("#answer iframe");
    assert!(browser.page().contains("pellucid explain runs/pairs-1"), "{}", browser.page());
    all_is_well(&browser, &studio);
}
