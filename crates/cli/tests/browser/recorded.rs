//! Examples that are made on the spot.

use crate::driver::Browser;
use crate::http::studio;
use crate::support;
use crate::visit::{LAPTOP, all_is_well, put, tone, visit};
use std::f64::consts::TAU;
use std::path::Path;
use std::time::{Duration, Instant};

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
    let since = Instant::now();
    while recorded().1 == 0 && since.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let (pictures, sounds) = recorded();
    assert!(pictures >= 4 && sounds >= 1, "{pictures} pictures, {sounds} sounds");
    all_is_well(&browser, &studio);
}

/// The share of a recording's power that lies at a pitch (Goertzel 1958), of 16 bits and one channel.
fn share_at(file: &Path, pitch: f64) -> f64 {
    let bytes = std::fs::read(file).unwrap();
    let rate = f64::from(u32::from_le_bytes(bytes[24..28].try_into().unwrap()));
    let samples: Vec<f64> =
        bytes[44..].chunks_exact(2).map(|two| f64::from(i16::from_le_bytes([two[0], two[1]]))).collect();
    let sum = |wave: fn(f64) -> f64| -> f64 {
        samples.iter().enumerate().map(|(i, x)| x * wave(TAU * pitch * i as f64 / rate)).sum()
    };
    let power: f64 = samples.iter().map(|x| x * x).sum();
    2.0 * (sum(f64::sin).powi(2) + sum(f64::cos).powi(2)) / (samples.len() as f64 * power)
}

#[test]
fn what_the_microphone_hears_is_what_is_kept() {
    let studio = studio();
    let heard = put(studio.folder.path(), "mine/heard.wav", tone(700.0, 1.0));
    let browser = Browser::new(LAPTOP, Some(&heard));
    browser.go(&format!("http://{}/?token={}", studio.host, studio.token));
    browser.go(&format!("http://{}/record", studio.host));
    browser.click("[value=microphone]");
    browser.hold(".class:nth-child(1) button", Duration::from_millis(400));
    let recorded = || -> Vec<_> {
        let folder = studio.folder.path().join("data/recorded");
        let files =
            support::files(&folder).into_iter().filter(|file| file.extension().is_some_and(|e| e == "wav"));
        files.map(|file| folder.join(file)).collect()
    };
    let since = Instant::now();
    while recorded().is_empty() && since.elapsed() < Duration::from_secs(30) {
        std::thread::sleep(Duration::from_millis(100));
    }
    let file = recorded().pop().expect("a recording");
    let (tone, other) = (share_at(&file, 700.0), share_at(&file, 1_000.0));
    assert!(tone > 0.4 && other < 0.05, "{tone} at its pitch, {other} at another");
    all_is_well(&browser, &studio);
}
