//! The way of a folder of pictures.

use crate::http::studio;
use crate::visit::{
    LAPTOP, all_is_well, drop_file, is_answered, is_explained, put, step, train, understand, visit,
};
use std::fs::File;
use std::io::Read;

/// Pictures of each class.
const OF_EACH: usize = 40;

#[test]
fn pictures_in_folders_from_the_folder_to_a_picture_that_is_dropped() {
    let studio = studio();
    let folder = studio.folder.path().join("mine/garments");
    let sample = concat!(env!("CARGO_MANIFEST_DIR"), "/../../samples/clothes.zip");
    let mut sample = zip::ZipArchive::new(File::open(sample).unwrap()).unwrap();
    for class in ["bag", "trousers", "sneaker"] {
        let names: Vec<String> = sample.file_names().map(|name| name.unwrap().into_owned()).collect();
        let of_class = names.iter().filter(|name| name.contains(&format!("/train/{class}/")));
        for (i, name) in of_class.take(OF_EACH).enumerate() {
            let mut bytes = Vec::new();
            sample.by_name(name).unwrap().read_to_end(&mut bytes).unwrap();
            put(&folder, &format!("{class}/{i:02}.png"), bytes);
        }
    }
    let browser = visit(&studio, LAPTOP);
    browser.write("#folder", folder.to_str().unwrap());
    browser.wait_at("/data/garments");
    browser.wait_for("Predict label from 1 column");
    browser.wait("#rows tbody img");
    train(&browser, &studio, "quick", "0.2");

    understand(&browser, &studio, "img");
    step(&browser, "use");
    browser.wait_for("Drop a picture here");
    drop_file(&browser, "/api/data/garments/media?row=0&column=image", "thing.png");
    browser.wait("#given:not([hidden])");
    is_answered(&browser, "bag");
    assert!(browser.page().contains("pellucid predict runs/garments-1 thing.png"), "{}", browser.page());
    browser.click("#why");
    is_explained(&browser, "#answer iframe");
    all_is_well(&browser, &studio);
}
