//! Pages in a window as small as a phone's.

use crate::http::{PAGES, studio};
use crate::support;
use crate::visit::{PHONE, all_is_well, put, table, visit};

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
