//! Small data sets, made anew for each test.

use image::{GrayImage, Luma};
use std::fmt::Write;
use std::io::Cursor;
use std::path::Path;

/// Numbers that look random and are the same everywhere (a linear congruential generator, the upper bits).
pub(crate) struct Chance(u64);

impl Chance {
    pub(crate) fn new(seed: u64) -> Chance {
        Chance(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) + 1)
    }

    /// From 0 to 1.
    pub(crate) fn share(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1u64 << 53) as f64
    }
}

/// A table of patients: `age,pressure,city,dose,outcome`, where `outcome` (well, ill) follows from age, pressure and
/// city, with some luck, and `dose` is a number that follows from age and pressure.
pub(crate) fn patients(rows: usize) -> String {
    let mut chance = Chance::new(7);
    let mut text = String::from("age,pressure,city,dose,outcome\n");
    for _ in 0..rows {
        let (age, pressure) = (20.0 + 60.0 * chance.share(), 90.0 + 80.0 * chance.share());
        let city = ["Bern", "Genf", "Chur"][(3.0 * chance.share()) as usize];
        let away = if city == "Chur" { 0.6 } else { -0.3 };
        let risk = (age - 50.0) / 15.0 + (pressure - 130.0) / 20.0 + away + 0.8 * (chance.share() - 0.5);
        let dose = 0.5 * age + 0.2 * pressure + 4.0 * chance.share();
        let outcome = if risk > 0.0 { "ill" } else { "well" };
        writeln!(text, "{age:.2},{pressure:.1},{city},{dose:.2},{outcome}").unwrap();
    }
    text
}

/// Writes [`patients`] into a folder as `patients.csv`.
pub(crate) fn write_patients(folder: &Path, rows: usize) {
    std::fs::write(folder.join("patients.csv"), patients(rows)).unwrap();
}

/// A picture of lying or standing stripes in noise, as PNG.
pub(crate) fn stripes(standing: bool, seed: u64) -> Vec<u8> {
    let mut chance = Chance::new(seed);
    let (width, offset) = (2.0 + 2.0 * chance.share(), 8.0 * chance.share());
    let (light, dark) = (140.0 + 100.0 * chance.share(), 80.0 * chance.share());
    let picture = GrayImage::from_fn(16, 16, |x, y| {
        let along = f64::from(if standing { x } else { y }) + offset;
        let base = if (along / width) as u64 & 1 == 0 { light } else { dark };
        Luma([(base + 90.0 * (chance.share() - 0.5)).clamp(0.0, 255.0) as u8])
    });
    let mut bytes = Cursor::new(Vec::new());
    picture.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Writes a folder `pictures` with the sub-folders `lying` and `standing`.
pub(crate) fn write_pictures(folder: &Path, each: u64) {
    for (class, name) in ["lying", "standing"].into_iter().enumerate() {
        let folder = folder.join("pictures").join(name);
        std::fs::create_dir_all(&folder).unwrap();
        for i in 0..each {
            let bytes = stripes(class == 1, 2 * i + class as u64);
            std::fs::write(folder.join(format!("{i:03}.png")), bytes).unwrap();
        }
    }
}

/// A zip of these files.
pub(crate) fn zip(entries: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    for (name, bytes) in entries {
        writer.start_file(*name, zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}
