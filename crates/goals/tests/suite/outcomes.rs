//! Small data sets are learned well, and the run's folder holds what it promises.

use crate::{config, flats, folder, ignoring, model_bytes, put, score, trained};
use pellucid_data::OutValues;
use pellucid_goals::{Asking, Config, Unwatched, evaluate, forecast, predict, predict_with};
use pellucid_kinds::image::decode;
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;

#[test]
fn a_number_is_predicted_and_the_run_is_complete() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(600, 1));
    let done = trained(ignoring(config(&data, &["rent"], 400), &["class"]), folder.path(), "rents");
    let (r2, baseline) = score(&done.evaluation, "rent", "r2");
    assert!(r2 > 0.9 && baseline < 0.1, "R² {r2}, baseline {baseline}");
    assert!(done.unseen && done.evaluation.rows == 120);
    for file in [
        "config.toml",
        "data_report.json",
        "metrics.jsonl",
        "predictions.parquet",
        "report.html",
        "README.md",
        "evaluation.json",
        "model/config.json",
        "model/model.safetensors",
    ] {
        assert!(std::fs::metadata(done.run.path().join(file)).is_ok_and(|m| m.len() > 0), "{file}");
    }
    assert_eq!(evaluate(done.run.path(), None, &mut Unwatched).unwrap(), done.evaluation);
    let new = put(folder.path(), "new.csv", flats(300, 2));
    let elsewhere = evaluate(done.run.path(), Some(&[new]), &mut Unwatched).unwrap();
    assert_eq!(elsewhere.rows, 300);
    assert!(score(&elsewhere, "rent", "r2").0 > 0.9);
    let scored = elsewhere.targets["rent"].get("mae").unwrap();
    assert!(scored.low.unwrap() <= scored.value && scored.value <= scored.high.unwrap());
}

/// Seconds since 1970, as inputs and as answers: what is learned of them lies far behind the point.
#[test]
fn numbers_with_a_large_offset_are_learned_as_well_as_those_without() {
    let folder = folder();
    let run = |name: &str, offset: f64| {
        let mut random = Stream::new(5, "offsets", 0);
        let text = crate::lines("begin,end", 500, |_| {
            let begin = f64::from(random.between(0.0, 60.0));
            let end = 2.0 * begin + f64::from(random.normal());
            format!("{:.3},{:.3}", offset + begin, offset + end)
        });
        let data = put(folder.path(), &format!("{name}.csv"), text);
        let mut config = config(&data, &["end"], 600);
        config.training.learning_rate = Some(3e-3);
        let done = trained(config, folder.path(), name);
        let new = put(folder.path(), "new.csv", format!("begin\n{}\n{}\n", offset + 10.0, offset + 50.0));
        let found = predict(done.run.path(), &[new], &mut Unwatched).unwrap();
        let OutValues::Number(ends) = &found.columns[1].values else { panic!("{:?}", found.columns) };
        let [(r2, _), (mae, trivial)] = ["r2", "mae"].map(|metric| score(&done.evaluation, "end", metric));
        ([r2, mae, trivial], [ends[0] - offset, ends[1] - offset])
    };
    let (near, far) = (run("near", 0.0), run("far", 1_700_000_000.0));
    assert!(near.0[0] > 0.98, "{near:?}");
    for (near, far) in near.0.into_iter().chain(near.1).zip(far.0.into_iter().chain(far.1)) {
        assert!((near - far).abs() < 1e-2 * near.abs(), "{far} instead of {near}");
    }
}

#[test]
fn several_targets_are_learned_at_once_even_where_some_answers_are_missing() {
    let folder = folder();
    let text = flats(600, 1);
    let gaps: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(i, line)| match i % 5 {
            2 => line.rsplit_once(',').unwrap().0.to_owned() + ",",
            _ => line.to_owned(),
        })
        .collect();
    let data = put(folder.path(), "flats.csv", gaps.join("\n"));
    let done = trained(config(&data, &["class", "rent", "balcony"], 400), folder.path(), "run");
    let (accuracy, commonest) = score(&done.evaluation, "class", "accuracy");
    assert!(accuracy > 0.85 && accuracy > commonest + 0.2, "{accuracy} against {commonest}");
    assert!(score(&done.evaluation, "rent", "r2").0 > 0.85);
    assert_eq!(done.evaluation.targets.len(), 3);
    assert_eq!(done.evaluation.rows, 120);
}

#[test]
fn own_layers_take_the_place_of_the_network() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(400, 1));
    let mut own = ignoring(config(&data, &["rent"], 300), &["class"]);
    own.network.layers =
        Some(vec!["dense 32".into(), "relu".into(), "dropout 0.1".into(), "dense 16".into(), "relu".into()]);
    let done = trained(own, folder.path(), "own");
    assert!(score(&done.evaluation, "rent", "r2").0 > 0.8);
    let model = std::fs::read_to_string(done.run.model().join("config.json")).unwrap();
    assert!(model.contains("dense 32"));
    let elsewhere =
        evaluate(done.run.path(), Some(&[put(folder.path(), "new.csv", flats(99, 2))]), &mut Unwatched);
    assert_eq!(elsewhere.unwrap().rows, 99);
}

#[test]
fn data_larger_than_the_memory_gives_the_same_model() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(2500, 1));
    let run = |memory, name: &str| {
        let mut config = ignoring(config(&data, &["class"], 30), &["rent"]);
        config.data.memory = memory;
        trained(config, folder.path(), name)
    };
    let (roomy, tight) = (run(None, "roomy"), run(Some(2000), "tight"));
    assert!(model_bytes(&roomy.run) == model_bytes(&tight.run));
    assert_eq!(roomy.evaluation, tight.evaluation);
}

/// Draws a disc or a square somewhere in a noisy picture and writes it as PNG.
pub(crate) fn picture(random: &mut Stream, disc: bool, light: f32) -> Vec<u8> {
    let (cx, cy) = (random.between(5.0, 11.0), random.between(5.0, 11.0));
    let mut pixels = Vec::new();
    for y in 0..16 {
        for x in 0..16 {
            let (dx, dy) = ((x as f32 - cx).abs(), (y as f32 - cy).abs());
            let inside = if disc { dx * dx + dy * dy < 16.0 } else { dx.max(dy) < 3.5 && dx.min(dy) > 1.2 };
            pixels
                .push((60.0 + 12.0 * random.normal() + if inside { light } else { 0.0 }).clamp(0.0, 255.0)
                    as u8);
        }
    }
    // A portable grey map is the simplest picture there is; PNG is what people have.
    let mut bytes = std::io::Cursor::new(Vec::new());
    let grey = image::GrayImage::from_raw(16, 16, pixels).unwrap();
    grey.write_to(&mut bytes, image::ImageFormat::Png).unwrap();
    bytes.into_inner()
}

fn pictures(folder: &Path) -> PathBuf {
    let mut random = Stream::new(1, "pictures", 0);
    for i in 0..300 {
        let disc = i % 2 == 0;
        let bytes = picture(&mut random, disc, 120.0);
        put(folder, &format!("shapes/{}/{i}.png", if disc { "disc" } else { "frame" }), bytes);
    }
    folder.join("shapes")
}

fn for_pictures(mut config: Config) -> Config {
    // Drawings of the same thing lie near each other, which the checks rightly notice.
    config.data.allow_leaks = true;
    config.training.batch = Some(32);
    config
}

#[test]
fn pictures_are_told_apart() {
    let folder = folder();
    let data = pictures(folder.path());
    let done = trained(for_pictures(config(&data, &[], 100)), folder.path(), "run");
    let (accuracy, commonest) = score(&done.evaluation, "label", "accuracy");
    assert!(accuracy > 0.9 && commonest < 0.6, "{accuracy} against {commonest}");
    let report = std::fs::read_to_string(done.run.path().join("report.html")).unwrap();
    assert!(report.contains("data:image/png;base64,"), "the report shows pictures");
    assert!(decode(&std::fs::read(data.join("disc/0.png")).unwrap()).unwrap().is_grey());
}

#[test]
fn own_layers_for_pictures_end_in_a_vector_or_are_refused() {
    let folder = folder();
    let data = pictures(folder.path());
    let with = |layers: &[&str]| {
        let mut config = for_pictures(config(&data, &[], 12));
        config.network.layers = Some(layers.iter().map(|l| (*l).to_owned()).collect());
        config
    };
    let why = crate::refused(with(&["conv 3x3 8", "relu"]), folder.path()).to_string();
    assert!(why.contains("global pool") && why.contains("[16, 16, 8]"), "{why}");
    let done =
        trained(with(&["conv 3x3 8 stride 2", "batch norm", "relu", "global pool"]), folder.path(), "run");
    assert_eq!(done.evaluation.rows, 60);
}

#[test]
fn pictures_and_columns_together_know_more_than_either() {
    let folder = folder();
    let mut random = Stream::new(2, "both", 0);
    // The answer is the shape if the sign says so, and its opposite otherwise: neither alone says anything.
    let text = crate::lines("file,sign,noise,y", 400, |i| {
        let (disc, as_it_is) = (random.below(2) == 1, random.below(2) == 1);
        put(folder.path(), &format!("p/{i}.png"), picture(&mut random, disc, 120.0));
        let y = if disc == as_it_is { "left" } else { "right" };
        format!("p/{i}.png,{},{:.2},{y}", if as_it_is { "same" } else { "other" }, random.normal())
    });
    let data = put(folder.path(), "table.csv", text);
    let done = trained(for_pictures(config(&data, &["y"], 250)), folder.path(), "both");
    let (accuracy, commonest) = score(&done.evaluation, "y", "accuracy");
    assert!(accuracy > 0.8 && commonest < 0.65, "{accuracy} against {commonest}");
}

#[test]
fn sets_and_intervals_hold_the_truth_and_unsure_answers_can_be_left_out() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(1500, 1));
    let mut config = config(&data, &["class", "rent"], 200);
    config.data.allow_leaks = true;
    let run = trained(config, folder.path(), "run").run;
    let new = put(folder.path(), "new.csv", flats(1000, 2));
    let asking = Asking { coverage: Some(0.9), at_least: Some(0.9), ..Asking::default() };
    let found = predict_with(run.path(), std::slice::from_ref(&new), asking, &mut Unwatched).unwrap();
    let column = |name: &str| &found.columns.iter().find(|c| c.name == name).unwrap().values;
    let (OutValues::Text(sets), OutValues::Text(answers)) = (column("class_set"), column("class")) else {
        panic!("no texts")
    };
    let (OutValues::Number(low), OutValues::Number(high)) = (column("rent_low"), column("rent_high")) else {
        panic!("no numbers")
    };
    let OutValues::Number(p) = column("class_p") else { panic!("no numbers") };
    let text = std::fs::read_to_string(&new).unwrap();
    let (mut in_set, mut in_interval) = (0, 0);
    for (i, line) in text.lines().skip(1).enumerate() {
        let cells: Vec<&str> = line.split(',').collect();
        let (rent, class) = (cells[4].parse::<f64>().unwrap(), cells[5]);
        in_set += usize::from(sets[i].split(" | ").any(|named| named == class));
        in_interval += usize::from((low[i]..=high[i]).contains(&rent));
        assert_eq!(answers[i].is_empty(), p[i] < 0.9, "row {i}: `{}` with {}", answers[i], p[i]);
    }
    // 225 validation rows promise 90 %: a deviation of √(0.09 (1/225 + 1/1000)).
    for held in [in_set, in_interval] {
        assert!((840..=960).contains(&held), "{in_set} {in_interval}");
    }
    let report = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(report.contains("Answers that hold the truth as often as you ask"));
    let sure = Asking { coverage: Some(0.9999), ..Asking::default() };
    let error = predict_with(run.path(), &[new], sure, &mut Unwatched).err().unwrap();
    assert!(error.to_string().contains("cannot be promised") && error.exit_code() == 2, "{error}");
}

#[test]
fn labels_that_were_changed_are_listed() {
    let folder = folder();
    let mut changed = Vec::new();
    let text = flats(2000, 1);
    let spoil = |(i, line): (usize, &str)| match i % 20 {
        7 if i > 0 => {
            changed.push(i);
            match line.strip_suffix("dear") {
                Some(rest) => format!("{rest}cheap"),
                None => line.replace("cheap", "dear"),
            }
        }
        _ => line.to_owned(),
    };
    let text = text.lines().enumerate().map(spoil).collect::<Vec<_>>().join("\n");
    let data = put(folder.path(), "flats.csv", text);
    let run = trained(ignoring(config(&data, &["class"], 300), &["rent"]), folder.path(), "run").run;
    let list = || -> Vec<usize> {
        let text = std::fs::read_to_string(run.path().join("doubtful_labels.csv")).unwrap();
        let row = |line: &str| line.split(',').next().unwrap().trim_start_matches("row ").parse().unwrap();
        text.lines().skip(1).map(row).collect()
    };
    let listed = list();
    let right = listed.iter().filter(|row| changed.contains(row)).count();
    // Flats at the border between cheap and dear are doubted as well.
    assert!(right as f64 > 0.75 * changed.len() as f64, "{right} of {}", changed.len());
    assert!(right as f64 > 0.6 * listed.len() as f64, "{right} of {} listed", listed.len());
    let first = listed.iter().take(50).filter(|row| changed.contains(row)).count();
    assert!(first > 44, "of the first 50, {first} were changed");
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("Labels that may be wrong") && page.contains("doubtful_labels.csv"));
    // Networks that have not learned from a row judge it as well, of training rows only.
    let found = forecast(run.path(), &mut Unwatched, &AtomicBool::new(false)).unwrap().unwrap();
    let (listed, training) = (list(), 0.6 * changed.len() as f64);
    assert_eq!(found.doubted, Some(listed.len()));
    let right = listed.iter().filter(|row| changed.contains(row)).count() as f64;
    assert!(
        right > 0.75 * training && right > 0.55 * listed.len() as f64,
        "{right} of {} listed",
        listed.len()
    );
}
