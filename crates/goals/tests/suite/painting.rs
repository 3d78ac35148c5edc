//! New pictures: stripes of two directions, learned, painted by label, painted anew and scored.

use crate::resuming::{go_on, stopped};
use crate::{config, folder, model_bytes, put, refused, score, trained};
use image::{DynamicImage, GrayImage, ImageFormat, Luma, Rgb, RgbImage};
use pellucid_goals::{
    Brush, Config, Ended, Generator, Painting, Pixels, Run, Unwatched, decode, drawn_glimpse, evaluate,
    generator, judge,
};
use pellucid_tensor::Stream;
use std::io::Cursor;
use std::path::{Path, PathBuf};

const SIDE: u32 = 12;

fn png(picture: impl Into<DynamicImage>) -> Vec<u8> {
    let mut bytes = Cursor::new(Vec::new());
    picture.into().write_to(&mut bytes, ImageFormat::Png).unwrap();
    bytes.into_inner()
}

/// Bands of light and shade, four pixels each, that begin anywhere.
fn bands(lying: bool, random: &mut Stream) -> GrayImage {
    let (start, light) = (random.below(8) as u32, 200 + random.below(40) as u8);
    GrayImage::from_fn(SIDE, SIDE, |x, y| {
        let along = if lying { y } else { x };
        Luma([if (along + start) / 4 % 2 == 0 { light } else { 30 }])
    })
}

/// Pictures of lying and standing bands, each in a folder.
fn pictures(folder: &Path, count: usize) -> PathBuf {
    let mut random = Stream::new(3, "bands", 0);
    for i in 0..count {
        for (label, lying) in [("lying", true), ("standing", false)] {
            put(folder, &format!("bands/{label}/{i:03}.png"), png(bands(lying, &mut random)));
        }
    }
    folder.join("bands")
}

fn small(data: &Path, steps: u64) -> Config {
    let mut config = config(data, &[], steps);
    // So few bands can be drawn that some are drawn twice.
    (config.data.generate, config.data.allow_leaks) = (true, true);
    (config.network.width, config.network.channels) = (None, Some(16));
    (config.training.batch, config.training.learning_rate) = (Some(32), Some(4e-3));
    config
}

fn painter(run: &Run) -> Painting {
    match generator(run.path()).unwrap() {
        Generator::Paints(model) => *model,
        Generator::Writes(_) => panic!("it writes"),
    }
}

/// How much more brightness changes from row to row than from column to column, from −1 to 1.
fn lies(picture: &Pixels) -> f64 {
    let (grey, side) = (picture.channels(1), picture.width);
    let apart = |step: usize, of: &dyn Fn(usize) -> bool| -> f64 {
        let places = (0..grey.len()).filter(|&i| of(i));
        places.map(|i| f64::from(grey[i].abs_diff(grey[i + step]))).sum()
    };
    let down = apart(side, &|i| i + side < grey.len());
    let across = apart(1, &|i| i % side + 1 < side);
    (down - across) / (down + across).max(1.0)
}

fn apart(a: &Pixels, b: &Pixels) -> f64 {
    let pairs = a.channels(1).into_iter().zip(b.channels(1)).map(|(a, b)| f64::from(a.abs_diff(b)));
    pairs.sum::<f64>() / (a.width * a.height) as f64
}

#[test]
fn pictures_are_learned_and_new_ones_show_what_is_asked_for() {
    let folder = folder();
    let data = pictures(folder.path(), 150);
    let done = trained(small(&data, 350), folder.path(), "run");
    let (error, by_pixels) = score(&done.evaluation, "image", "flow_error");
    assert!(error < 0.6 * by_pixels, "{error} {by_pixels}");
    assert!(done.unseen && done.evaluation.rows_are == "pictures");
    let config = done.run.config().unwrap();
    assert_eq!(config.data.inputs, ["image", "label"]);

    let model = painter(&done.run);
    assert_eq!(model.labels, ["lying", "standing"]);
    let brush = Brush { seed: 4, ..Brush::default() };
    let labels: Vec<_> = (0..20).map(|i| Some(i % 2)).collect();
    let painted = model.paint(&labels, &brush, &mut |_| {}).unwrap();
    let right =
        painted.iter().enumerate().filter(|(i, picture)| (lies(picture) > 0.0) == (i % 2 == 0)).count();
    assert!(right >= 19, "{right} of 20 show what was asked for");
    // The picture of a seed and a place is the same, however many are painted.
    let first = model.paint(&labels[..3], &brush, &mut |_| {}).unwrap();
    assert!(first.iter().zip(&painted).all(|(a, b)| apart(a, b) < 1.0));
    assert_eq!(model.paint(&labels, &brush, &mut |_| {}).unwrap()[7].channels(1), painted[7].channels(1));

    // The less is changed, the more stays; a picture of another shape keeps it.
    let own = decode(&png(bands(true, &mut Stream::new(8, "bands", 0)))).unwrap();
    let [little, much] = [0.15, 1.0].map(|change| {
        let of_seed = |seed| model.repaint(&own, Some(0), change, &Brush { seed, ..brush }).unwrap();
        (0..6).map(|seed| apart(&of_seed(seed), &own)).sum::<f64>() / 6.0
    });
    assert!(little < 0.5 * much, "{little} {much}");
    let wide = decode(&png(GrayImage::from_pixel(41, 22, Luma([90])))).unwrap();
    let painted = model.repaint(&wide, None, 0.3, &brush).unwrap();
    assert_eq!((painted.width, painted.height), (40, 22));
    assert!(model.repaint(&wide, None, 0.0, &brush).err().unwrap().to_string().contains("above 0"));
    assert!(model.label("lyng").unwrap_err().to_string().contains("did you mean `lying`?"));

    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    for says in [
        "pictures it never saw",
        "Does it copy?",
        "standing, painted by this network",
        "A copy would be",
        "How it came to be",
    ] {
        assert!(page.contains(says), "the report lacks: {says}");
    }
    assert!(done.run.path().join("samples/lying.png").is_file());
    let table =
        pellucid_data::Table::open(&[done.run.path().join("predictions.parquet")], &Default::default());
    assert_eq!(table.unwrap().rows(), 16);

    // Others' pictures are scored, in whatever size and with whatever labels.
    let mut random = Stream::new(5, "bands", 0);
    let others = folder.path().join("others");
    for i in 0..30 {
        let large =
            DynamicImage::from(bands(i % 2 == 0, &mut random)).resize_exact(36, 36, image::imageops::Nearest);
        let label = if i % 2 == 0 { "lying" } else { "unheard of" };
        put(&others, &format!("{label}/{i}.png"), png(large));
    }
    let scored = evaluate(done.run.path(), Some(&[others]), &mut Unwatched).unwrap();
    assert_eq!(scored.rows, 30);
    assert!((scored.targets["image"].get("flow_error").unwrap().value - error).abs() < 0.5 * error);
}

#[test]
fn a_classifier_says_whether_pictures_show_what_was_asked_for() {
    let folder = folder();
    let data = pictures(folder.path(), 100);
    let painter = trained(small(&data, 300), folder.path(), "painter").run;
    // Some of these few bands are the same; that makes the classifier no worse a judge.
    let mut learned = config(&data, &["label"], 60);
    learned.data.allow_leaks = true;
    let seeing = trained(learned, folder.path(), "seeing").run;
    let judged = judge(painter.path(), seeing.path(), 60, &mut Unwatched).unwrap();
    let of = |metric: &str| judged.targets["label"].get(metric).unwrap().value;
    assert_eq!((judged.rows, judged.rows_are.as_str()), (60, "painted pictures"));
    assert!(of("accuracy") > 0.9, "{}", of("accuracy"));
    let (own, people) = (of("frechet_distance"), of("frechet_distance_of_training"));
    assert!(own.is_finite() && people >= 0.0 && own > people, "{own} {people}");
    // One that has learned nothing is farther off.
    let untrained = trained(small(&data, 2), folder.path(), "untrained").run;
    let judged = judge(untrained.path(), seeing.path(), 60, &mut Unwatched).unwrap();
    assert!(judged.targets["label"].get("frechet_distance").unwrap().value > 2.0 * own);
    for (painter, classifier, says) in
        [(&seeing, &seeing, "only a network that paints"), (&painter, &painter, "does not predict")]
    {
        let said = judge(painter.path(), classifier.path(), 10, &mut Unwatched).unwrap_err();
        assert!(said.to_string().contains(says), "{said}");
    }
}

#[test]
fn an_interrupted_painter_goes_on_with_the_same_bits() {
    let folder = folder();
    let data = pictures(folder.path(), 40);
    let mut config = small(&data, 24);
    config.training.validate_every = Some(5);
    let whole = trained(config.clone(), folder.path(), "whole").run;
    let run = stopped(config, folder.path(), "parts", 13);
    match go_on(&run, u64::MAX) {
        Ok(Ended::Finished(_)) => {}
        _ => panic!("it did not come to its end"),
    }
    assert_eq!(model_bytes(&run), model_bytes(&whole));
    // What it painted on the way is kept, and the same.
    let painted = |run: &Run| -> Vec<(String, Vec<u8>)> {
        let files = std::fs::read_dir(run.path().join("glimpses")).unwrap().flatten();
        let mut files: Vec<_> =
            files.map(|f| (f.file_name().into_string().unwrap(), std::fs::read(f.path()).unwrap())).collect();
        files.sort();
        files
    };
    let (parts, whole_painted) = (painted(&run), painted(&whole));
    assert_eq!(whole_painted.len(), 5, "one after each validation");
    assert_eq!(parts, whole_painted);
    assert!(whole_painted.windows(2).all(|two| two[0].1 != two[1].1), "what it paints does not change");
    assert!(drawn_glimpse(&run).unwrap().unwrap().contains("data:image/png;base64,"));
}

#[test]
fn pictures_that_are_in_training_and_test_are_named() {
    let folder = folder();
    let mut random = Stream::new(9, "noise", 0);
    for i in 0..60 {
        let noise = png(GrayImage::from_fn(SIDE, SIDE, |_, _| Luma([random.below(256) as u8])));
        put(folder.path(), &format!("split/{}/{i}.png", ["train", "test"][i % 4 / 3]), &noise);
        if i % 20 == 0 {
            put(folder.path(), &format!("split/test/again-{i}.png"), &noise);
        }
    }
    let mut config = small(&folder.path().join("split"), 3);
    config.data.allow_leaks = false;
    let error = refused(config, folder.path()).to_string();
    assert!(error.contains("again-0.png") || error.contains("again-20.png"), "{error}");
}

#[test]
fn few_large_pictures_in_colour_without_labels_are_learned_in_parts() {
    let folder = folder();
    let mut random = Stream::new(6, "colours", 0);
    for i in 0..30 {
        let (width, height) = (60 + random.below(20) as u32, 44 + random.below(8) as u32);
        let hue = random.below(200) as u8;
        let picture = RgbImage::from_fn(width, height, |x, y| Rgb([hue, (3 * x) as u8, (5 * y) as u8]));
        put(folder.path(), &format!("all/{i}.png"), png(picture));
    }
    put(folder.path(), "all/none.png", "no picture");
    let mut config = small(&folder.path().join("all"), 3);
    (config.data.max_side, config.data.skip_share) = (Some(24), Some(0.1));
    let done = trained(config, folder.path(), "run");
    let model = painter(&done.run);
    assert!(model.labels.is_empty());
    let painted = model.paint(&[None], &Brush { steps: 2, ..Brush::default() }, &mut |_| {}).unwrap();
    assert_eq!((painted[0].width, painted[0].height), (24, 16));
    let decisions = std::fs::read_to_string(done.run.path().join("decisions.json")).unwrap();
    assert!(decisions.contains("three of four pictures are cut"));
    assert!(model.label("x").unwrap_err().to_string().contains("without labels"));
    let page = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    assert!(page.contains("none.png"), "what cannot be read is listed");
}

#[test]
fn what_does_nothing_for_painting_is_refused() {
    let folder = folder();
    let data = pictures(folder.path(), 20);
    let mut wide = small(&data, 2);
    wide.network.width = Some(64);
    let error = refused(wide, &folder.path().join("out"));
    assert!(error.to_string().contains("`width` does nothing where pictures are painted"), "{error}");
    let none = folder.path().join("none");
    for i in 0..5 {
        put(&none, &format!("{i}.png"), "no picture");
    }
    let error = refused(small(&none, 2), &folder.path().join("out"));
    assert!(
        error.to_string().contains("none of the pictures can be read") && error.exit_code() == 3,
        "{error}"
    );
}
