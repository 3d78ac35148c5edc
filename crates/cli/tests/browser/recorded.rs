//! Examples that are made on the spot.

use crate::http::studio;
use crate::support;
use crate::visit::{LAPTOP, all_is_well, visit};
use std::time::Duration;

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
