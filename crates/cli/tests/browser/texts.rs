//! The way of texts.

use crate::http::studio;
use crate::visit::{
    LAPTOP, all_is_well, answer, is_answered, is_explained, put, step, train, understand, visit,
};

/// Things that people say, and their mood.
fn said() -> String {
    let things = ["day", "meal", "walk", "film", "room", "song", "talk", "house"];
    let words = [
        ["lovely", "good"],
        ["wonderful", "good"],
        ["kind", "good"],
        ["awful", "bad"],
        ["dull", "bad"],
        ["nasty", "bad"],
    ];
    let mut rows = "text,mood\n".to_owned();
    for (i, thing) in things.iter().enumerate() {
        for [word, mood] in words {
            for begin in ["What a", "It was a", "That was such a", "I had a", "They spoke of a"] {
                rows += &format!("\"{begin} {word} {thing}, number {i}\",{mood}\n");
            }
        }
    }
    rows
}

#[test]
fn texts_from_a_table_to_a_sentence_that_is_typed() {
    let studio = studio();
    let file = put(studio.folder.path(), "mine/moods.csv", said());
    let browser = visit(&studio, LAPTOP);
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/moods");
    browser.wait_for("to learn from");
    answer(&browser, "mood", "Predict mood from 1 column");
    train(&browser, &studio, "good", "0.2");

    understand(&browser, &studio, "dl");
    step(&browser, "use");
    browser.write("textarea[name=text]", "It was a wonderful house");
    browser.click("form#use button");
    is_answered(&browser, "good");
    assert!(browser.page().contains("pellucid predict runs/moods-1 row.json"), "{}", browser.page());
    browser.click("#why");
    is_explained(&browser, "#answer iframe");
    all_is_well(&browser, &studio);
}
