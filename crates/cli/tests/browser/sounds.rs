//! The way of sounds.

use crate::http::studio;
use crate::visit::{
    LAPTOP, all_is_well, is_answered, is_explained, put, step, tone, train, understand, visit,
};
use std::io::{Cursor, Write};

#[test]
fn sounds_in_a_zip_from_the_file_to_a_sound_that_is_asked_about() {
    let studio = studio();
    let mut zip = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for i in 0..40u8 {
        for (class, pitch) in [("low", 250.0), ("high", 1500.0)] {
            zip.start_file(format!("tones/{class}/{i:02}.wav"), zip::write::SimpleFileOptions::default())
                .unwrap();
            let varied = f32::from(i % 8);
            zip.write_all(&tone(pitch * (1.0 + 0.02 * varied), 0.3 + 0.05 * f32::from(i / 4))).unwrap();
        }
    }
    let zip = zip.finish().unwrap().into_inner();
    let file = put(studio.folder.path(), "mine/tones.zip", zip);
    let browser = visit(&studio, LAPTOP);
    browser.write("#files", file.to_str().unwrap());
    browser.wait_at("/data/tones");
    browser.wait_for("Predict label from 1 column");
    browser.wait("#rows tbody audio");
    train(&browser, &studio, "quick", "0.2");

    understand(&browser, &studio, "audio");
    browser.script("document.querySelector('#shown audio').load(); document.querySelector('#shown audio').preload = 'auto'");
    browser.until("return Math.abs(document.querySelector('#shown audio').duration - 0.5) < 0.01");
    step(&browser, "use");
    let new = put(studio.folder.path(), "mine/new.wav", tone(1480.0, 0.5));
    browser.write("#file", new.to_str().unwrap());
    browser.wait("#heard:not([hidden])");
    is_answered(&browser, "high");
    assert!(browser.page().contains("pellucid predict runs/tones-1 new.wav"), "{}", browser.page());
    browser.click("#why");
    is_explained(&browser, "#answer iframe");
    all_is_well(&browser, &studio);
}
