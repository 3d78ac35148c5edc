//! Several labels a row: learned, answered, scored, and kept apart from categories.

use crate::{config, folder, lines, model_bytes, put, score, trained};
use pellucid_data::{OutValues, Part};
use pellucid_goals::{Config, Model, Unwatched, Use, evaluate, inspect, predict};
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};

/// Songs whose moods follow from their numbers; `separator` stands between moods. Some songs have no mood if `without`.
pub(crate) fn songs(rows: usize, seed: u64, separator: &str, without: bool) -> String {
    let mut random = Stream::new(seed, "songs", 0);
    lines("tempo,loudness,major,mood", rows, |_| {
        let (tempo, loudness) = (random.between(60.0, 180.0), random.between(-30.0, 0.0));
        let major = random.below(2) == 1;
        let mut noisy = |x: f32, spread: f32| x + spread * random.normal();
        let moods = [
            ("wild", noisy(tempo, 8.0) > 130.0 && loudness > -15.0),
            ("calm", noisy(loudness, 2.0) < -18.0),
            ("happy", major && tempo > 90.0),
            ("sad", !major && noisy(tempo, 8.0) < 120.0),
            ("frantic", tempo > 172.0),
        ];
        let mut there: Vec<&str> = moods.iter().filter(|m| m.1).map(|m| m.0).collect();
        if there.is_empty() {
            there.push(if without { "none" } else { "happy" });
        }
        format!("{tempo:.1},{loudness:.2},{major},\"{}\"", there.join(separator))
    })
}

fn of(folder: &Path, steps: u64) -> Config {
    config(&put(folder, "songs.csv", songs(900, 1, " ", false)), &["mood"], steps)
}

/// The texts of a column of answers.
fn texts(found: &pellucid_goals::Predictions, name: &str) -> Vec<String> {
    match &found.columns.iter().find(|c| c.name == name).unwrap().values {
        OutValues::Text(texts) => texts.clone(),
        other => panic!("{other:?}"),
    }
}

fn numbers(found: &pellucid_goals::Predictions, name: &str) -> Vec<f64> {
    match &found.columns.iter().find(|c| c.name == name).unwrap().values {
        OutValues::Number(numbers) => numbers.clone(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn tags_are_recognised_learned_and_answered() {
    let folder = folder();
    let done = trained(of(folder.path(), 500), folder.path(), "run");
    let (f1, every) = score(&done.evaluation, "mood", "macro_f1");
    assert!(f1 > 0.8 && every < 0.6, "F1 {f1}, every tag {every}");
    let (right, commonest) = score(&done.evaluation, "mood", "subset_accuracy");
    assert!(right > 0.65 && commonest < 0.4, "all right {right}, commonest {commonest}");
    assert!(score(&done.evaluation, "mood", "auc").0 > 0.95);
    let (loss, prior) = score(&done.evaluation, "mood", "log_loss");
    assert!(loss < 0.5 * prior, "{loss} against {prior}");
    for (name, scored) in &done.evaluation.targets["mood"].0 {
        assert!(scored.low.unwrap() <= scored.value && scored.value <= scored.high.unwrap(), "{name}");
    }
    let run = done.run.path();
    assert_eq!(evaluate(run, None, &mut Unwatched).unwrap(), done.evaluation);
    let config = std::fs::read_to_string(run.join("config.toml")).unwrap();
    assert!(config.contains("mood = \"tags\""), "{config}");
    let report = std::fs::read_to_string(run.join("report.html")).unwrap();
    for said in ["Tag by tag", "frantic", "Threshold", "Always answering every tag"] {
        assert!(report.contains(said), "{said}");
    }

    let new = put(folder.path(), "new.csv", songs(300, 2, " ", false));
    let elsewhere = evaluate(run, Some(std::slice::from_ref(&new)), &mut Unwatched).unwrap();
    assert!(elsewhere.rows == 300 && score(&elsewhere, "mood", "macro_f1").0 > 0.8);
    let found = predict(run, &[new], &mut Unwatched).unwrap();
    let names: Vec<&str> = found.columns.iter().map(|c| c.name.as_str()).collect();
    let tags = ["calm", "frantic", "happy", "sad", "wild"];
    let mut expected: Vec<String> =
        ["input", "mood"].map(str::to_owned).into_iter().chain(tags.map(|t| format!("mood_p_{t}"))).collect();
    expected.push("unlike_training".to_owned());
    assert_eq!(names, expected);
    // What is answered is what reaches its threshold, or the likeliest.
    let thresholds = Model::load(&done.run.model()).unwrap().thresholds[0].clone().unwrap();
    let p = tags.map(|t| numbers(&found, &format!("mood_p_{t}")));
    for (row, answer) in texts(&found, "mood").iter().enumerate() {
        let above = |k: &usize| p[*k][row] >= f64::from(thresholds[*k]);
        let mut there: Vec<&str> = (0..5).filter(above).map(|k| tags[k]).collect();
        if there.is_empty() {
            there.push(tags[(0..5).max_by(|&a, &b| p[a][row].total_cmp(&p[b][row])).unwrap()]);
        }
        assert_eq!(answer, &there.join(" "), "row {row}");
    }
}

#[test]
fn rows_without_a_tag_are_learned_and_answered_as_such() {
    let folder = folder();
    let data = put(folder.path(), "songs.csv", songs(900, 1, ", ", true));
    let done = trained(config(&data, &["mood"], 400), folder.path(), "run");
    let new = put(folder.path(), "new.csv", songs(200, 2, ", ", true));
    let found = predict(done.run.path(), &[new], &mut Unwatched).unwrap();
    let answers = texts(&found, "mood");
    assert!(answers.iter().any(|a| a == "none"), "{answers:?}");
    assert!(answers.iter().any(|a| a == "calm, happy"), "as the data separates them: {answers:?}");
}

#[test]
fn a_resumed_run_with_tags_equals_an_uninterrupted_one() {
    let folder = folder();
    let small = || {
        let mut config = of(folder.path(), 60);
        config.training.validate_every = Some(7);
        config
    };
    let whole = trained(small(), folder.path(), "whole");
    let run = crate::resuming::stopped(small(), folder.path(), "resumed", 23);
    let Ok(pellucid_goals::Ended::Finished(resumed)) = crate::resuming::go_on(&run, u64::MAX) else {
        panic!("it did not finish")
    };
    assert!(model_bytes(&whole.run) == model_bytes(&run));
    assert_eq!(whole.evaluation, resumed.evaluation);
}

#[test]
fn tags_stand_beside_other_targets_and_some_answers_are_missing() {
    let folder = folder();
    let text = songs(900, 1, "|", false);
    let gaps: Vec<String> = text
        .lines()
        .enumerate()
        .map(|(i, line)| match i % 6 {
            2 => line.rsplit_once(',').unwrap().0.to_owned() + ",",
            _ => line.to_owned(),
        })
        .collect();
    let data = put(folder.path(), "songs.csv", gaps.join("\n"));
    let done = trained(config(&data, &["major", "mood", "tempo"], 400), folder.path(), "run");
    assert_eq!(done.evaluation.targets.len(), 3);
    let known = done.evaluation.targets["mood"].get("macro_f1").unwrap();
    assert!(known.value > known.baseline.unwrap() + 0.05, "{known:?}");
    assert!(score(&done.evaluation, "major", "accuracy").0 > 0.0);
}

#[test]
fn tags_as_inputs_say_what_follows_from_them() {
    let folder = folder();
    let text = songs(900, 1, ";", false);
    let data = put(folder.path(), "songs.csv", text);
    let mut config = config(&data, &["major"], 300);
    config.data.ignore = vec!["tempo".into(), "loudness".into()];
    let done = trained(config, folder.path(), "run");
    let (accuracy, commonest) = score(&done.evaluation, "major", "accuracy");
    assert!(accuracy > commonest + 0.2, "{accuracy} against {commonest}");
}

#[test]
fn the_rarest_tag_is_spread_in_proportion_and_combinations_are_no_rare_classes() {
    let folder = folder();
    let mut asked = of(folder.path(), 1);
    asked.data.kinds.clear();
    let found = inspect(&asked, &mut Unwatched).unwrap();
    let target = found.survey.used_as(Use::Target).next().unwrap();
    assert_eq!(target.kind.unwrap().name(), "tags");
    let (mut frantic, mut all) = ([0; 3], 0);
    for (row, part) in found.splits.parts.iter().enumerate() {
        let cells = found.survey.table.cells(row).unwrap();
        if let pellucid_data::Cell::Text(text) = cells.cell(target.position)
            && text.contains("frantic")
        {
            frantic[*part as usize] += 1;
            all += 1;
        }
    }
    let wanted = |share: f64| (share * f64::from(all)).round() as i32;
    assert!((frantic[Part::Test as usize] - wanted(0.2)).abs() <= 1, "{frantic:?} of {all}");
    assert!((frantic[Part::Validation as usize] - wanted(0.1)).abs() <= 1, "{frantic:?} of {all}");
    assert!(found.splits.reason.contains("the rarest of its tags"), "{}", found.splits.reason);
    let codes: Vec<&str> = found.report.findings.iter().map(|f| f.code.as_str()).collect();
    assert!(!codes.contains(&"rare_class") && !codes.contains(&"class_missing_in_split"), "{codes:?}");
}

#[test]
fn a_column_that_gives_the_tags_away_is_a_leak() {
    let folder = folder();
    let text = songs(2000, 1, " ", false);
    let copied: String = text
        .lines()
        .enumerate()
        .map(|(i, line)| match i {
            0 => format!("{line},code\n"),
            _ => {
                let mood = line.rsplit_once(',').unwrap().1;
                format!("{line},song type {}\n", mood.bytes().map(u32::from).sum::<u32>())
            }
        })
        .collect();
    let error = crate::refused(config(&put(folder.path(), "s.csv", copied), &["mood"], 5), folder.path());
    assert!(error.to_string().contains("code") && error.exit_code() == 3, "{error}");
}

#[test]
fn thresholds_of_another_number_are_damage() {
    let folder = folder();
    let done = trained(of(folder.path(), 10), folder.path(), "run");
    let model: PathBuf = done.run.model();
    let text = std::fs::read_to_string(model.join("config.json")).unwrap();
    let mut value: serde_json::Value = serde_json::from_str(&text).unwrap();
    assert_eq!(value["targets"][0]["thresholds"].as_array().unwrap().len(), 5);
    value["targets"][0]["thresholds"].as_array_mut().unwrap().pop();
    let changed = serde_json::to_vec(&value).unwrap();
    crate::models::replace_config(&model, &changed);
    let why = Model::load(&model).err().unwrap().to_string();
    assert!(why.contains("not one for each tag"), "{why}");
}
