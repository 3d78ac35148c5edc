//! The way of a recommender.

use crate::http::studio;
use crate::visit::{LAPTOP, all_is_well, put, step, train, visit};
use std::collections::BTreeSet;

/// Forty people of two tastes, and how they rated books.
fn ratings() -> String {
    let mut rows = "user,item,rating\n".to_owned();
    for user in 0..40u32 {
        let taken: BTreeSet<u32> = (0..9).map(|i| (user * 7 + i * i * 5 + i) % 15).collect();
        for item in taken {
            let (tale, likes_tales) = (item % 2 == 0, user % 2 == 0);
            let rating = if tale == likes_tales { 4 + (user + item) % 2 } else { 1 + (user + item) % 2 };
            rows += &format!("reader{user},{}{item},{rating}\n", if tale { "tale" } else { "essay" });
        }
    }
    rows
}

#[test]
fn ratings_from_a_table_to_what_someone_will_like() {
    let studio = studio();
    let file = put(studio.folder.path(), "mine/books.csv", ratings());
    let browser = visit(&studio, LAPTOP);
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/books");
    browser.wait_for("to learn from");
    browser.choose("#goal", "recommend");
    browser.until("return document.querySelector('#goal').value === 'recommend' && !document.querySelector('[aria-busy=true]')");
    train(&browser, &studio, "quick", "0.2");

    step(&browser, "understand");
    browser.wait("iframe.report");
    all_is_well(&browser, &studio);
    step(&browser, "use");
    browser.write("#user", "reader2");
    browser.click("form#use button");
    browser.wait("#answer .recommended li");
    assert!(browser.page().contains("because of"), "{}", browser.page());
    assert!(browser.page().contains("pellucid recommend runs/books-1 --user reader2"), "{}", browser.page());
    browser.script("document.querySelector('#user').value = ''");
    browser.write("#liked", "tale0\ntale2");
    browser.click("form#use button");
    browser.wait_for("--liked tale0,tale2");
    browser.wait("#answer .recommended li");
    assert!(browser.page().contains("give it only to those who may know"), "{}", browser.page());
    all_is_well(&browser, &studio);
}
