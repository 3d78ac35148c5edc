#![allow(clippy::unwrap_used)]

use super::*;

/// 400 rows of two classes, right in four of five; the probability says how sure.
fn two_classes(rows: u32) -> (Vec<f32>, Vec<u32>) {
    let labels: Vec<u32> = (0..rows).map(|i| u32::from(i % 3 == 0)).collect();
    let p = labels.iter().zip(0..).flat_map(|(&label, i)| {
        let sure = 0.55 + 0.4 * (i % 17) as f32 / 17.0;
        let second = if (i % 5 == 4) ^ (label == 1) { sure } else { 1.0 - sure };
        [1.0 - second, second]
    });
    (p.collect(), labels)
}

#[test]
fn the_interval_of_a_share_is_as_wide_as_theory_says() {
    let (p, labels) = two_classes(400);
    let scores = evaluate_classes(&p, &labels, 2, &[0.6, 0.4], None, 1).unwrap();
    let accuracy = scores.get("accuracy").unwrap();
    assert!((accuracy.value - 0.8).abs() < 1e-12);
    let half_width = 1.96 * (0.8 * 0.2 / 400.0_f64).sqrt();
    assert!((accuracy.low.unwrap() - (0.8 - half_width)).abs() < 0.006, "{accuracy:?}");
    assert!((accuracy.high.unwrap() - (0.8 + half_width)).abs() < 0.006, "{accuracy:?}");
}

#[test]
fn every_interval_holds_its_value_or_is_absent() {
    let (p, labels) = two_classes(300);
    let scores = evaluate_classes(&p, &labels, 2, &[0.6, 0.4], None, 3).unwrap();
    assert_eq!(scores.0.len(), CLASS_METRICS.len());
    for (name, s) in &scores.0 {
        // The calibration error of a resample is biased upwards: its interval need not hold the value.
        if name != "ece" {
            assert!(s.low.unwrap() <= s.value && s.value <= s.high.unwrap(), "{name} {s:?}");
        }
    }
    let truth: Vec<f64> = (0..200).map(|i| (f64::from(i) * 0.7).sin() * 4.0).collect();
    let predicted: Vec<f64> = truth.iter().zip(0..).map(|(t, i)| t + (f64::from(i) * 1.3).cos()).collect();
    let scores = evaluate_numbers(&predicted, &truth, Centre { mean: 0.1, median: 0.0 }, None, 3).unwrap();
    assert_eq!(scores.0.len(), NUMBER_METRICS.len());
    assert!(scores.0.iter().all(|(_, s)| s.low.unwrap() <= s.value && s.value <= s.high.unwrap()));
}

#[test]
fn the_baseline_is_the_trivial_answer() {
    let (p, labels) = two_classes(300);
    let scores = evaluate_classes(&p, &labels, 2, &[0.7, 0.3], None, 0).unwrap();
    let baseline = |name: &str| scores.get(name).unwrap().baseline.unwrap();
    assert!((baseline("accuracy") - 2.0 / 3.0).abs() < 1e-12);
    assert!((baseline("balanced_accuracy") - 0.5).abs() < 1e-12);
    assert!((baseline("auc") - 0.5).abs() < 1e-12);
    let log_loss = -(2.0 / 3.0 * 0.7_f64.ln() + 1.0 / 3.0 * 0.3_f64.ln());
    assert!((baseline("log_loss") - log_loss).abs() < 1e-6);

    let truth = [0.0, 1.0, 2.0, 9.0];
    let scores = evaluate_numbers(&truth, &truth, Centre { mean: 3.0, median: 1.5 }, None, 0).unwrap();
    let baseline = |name: &str| scores.get(name).unwrap().baseline;
    assert_eq!(baseline("mae"), Some((1.5 + 0.5 + 0.5 + 7.5) / 4.0));
    assert_eq!(baseline("r2"), Some(0.0));
    assert_eq!(baseline("correlation"), None);
}

/// Rows of three tags, the first in every third row, the second in every fourth, the third nowhere; each tenth answer is wrong.
fn three_tags(rows: usize) -> (Vec<f32>, Vec<bool>, Vec<bool>) {
    let truth: Vec<bool> = (0..rows).flat_map(|i| [i % 3 == 0, i % 4 == 0, false]).collect();
    let answered: Vec<bool> = truth.iter().enumerate().map(|(i, &t)| t ^ (i % 10 == 1)).collect();
    let p = answered.iter().enumerate().map(|(i, &a)| if a { 0.6 } else { 0.1 } + (i % 7) as f32 * 0.05);
    (p.collect(), truth, answered)
}

#[test]
fn tags_have_intervals_and_trivial_answers() {
    let (p, truth, answered) = three_tags(240);
    let prior = TagPrior { shares: vec![0.3, 0.2, 0.1], commonest: vec![0] };
    let run = |seed| evaluate_tags(&p, &truth, &answered, &prior, None, seed).unwrap();
    let scores = run(1);
    assert_eq!(scores.0.len(), TAG_METRICS.len());
    assert!(scores.0.iter().all(|(_, s)| s.low.unwrap() <= s.value && s.value <= s.high.unwrap()));
    assert!(scores == run(1) && scores.get("auc") != run(2).get("auc"));
    let baseline = |name: &str| scores.get(name).unwrap().baseline.unwrap();
    // Every tag for every row: 2·share / (1 + share), of shares of a third, a quarter and nothing.
    assert!((baseline("macro_f1") - (0.5 + 0.4 + 0.0) / 3.0).abs() < 1e-12);
    // The first tag alone for every row: right in 80 rows, and wholly so in the 60 of them without the second.
    assert!((baseline("micro_f1") - 160.0 / (240.0 + 80.0 + 60.0)).abs() < 1e-12);
    assert!((baseline("subset_accuracy") - 0.25).abs() < 1e-12);
    assert_eq!(baseline("auc"), 0.5);
    let surprise = |share: f64, p: f64| -share * p.ln() - (1.0 - share) * (1.0 - p).ln();
    let expected = (surprise(1.0 / 3.0, 0.3) + surprise(0.25, 0.2) + surprise(0.0, 0.1)) / 3.0;
    assert!((baseline("log_loss") - expected).abs() < 1e-6);
    let json = serde_json::to_value(&scores).unwrap();
    assert_eq!(serde_json::from_value::<Scores>(json).unwrap(), scores);
}

#[test]
fn the_same_seed_gives_the_same_interval() {
    let (p, labels) = two_classes(100);
    let run = |seed| evaluate_classes(&p, &labels, 2, &[0.5, 0.5], None, seed).unwrap();
    assert_eq!(run(5), run(5));
    assert_ne!(run(5).get("auc"), run(6).get("auc"));
}

#[test]
fn rows_that_belong_together_are_drawn_together() {
    // 20 groups of 20 equal rows hold as much as 20 rows: the interval is √20 times wider.
    let groups: Vec<u32> = (0..400).map(|row| row / 20).collect();
    let labels = vec![0; 400];
    let p: Vec<f32> = groups.iter().flat_map(|g| if g % 4 == 0 { [0.2, 0.8] } else { [0.8, 0.2] }).collect();
    let width = |groups| {
        let scores = evaluate_classes(&p, &labels, 2, &[0.5, 0.5], groups, 2).unwrap();
        let accuracy = *scores.get("accuracy").unwrap();
        accuracy.high.unwrap() - accuracy.low.unwrap()
    };
    let ratio = width(Some(&groups[..])) / width(None);
    assert!((3.6..5.4).contains(&ratio), "{ratio}");
}

#[test]
fn too_little_data_has_no_interval_and_perfection_no_certainty() {
    let one = evaluate_classes(&[0.4, 0.6], &[0], 2, &[0.5, 0.5], None, 0).unwrap();
    assert_eq!((one.get("log_loss").unwrap().low, one.get("auc")), (None, None));
    let one_group =
        evaluate_numbers(&[1.0, 2.0], &[1.5, 2.0], Centre { mean: 1.0, median: 1.0 }, Some(&[7, 7]), 0);
    assert_eq!(one_group.unwrap().get("mae").unwrap().high, None);

    let labels: Vec<u32> = (0..50).map(|i| i % 2).collect();
    let p: Vec<f32> = labels.iter().flat_map(|&l| if l == 0 { [0.9, 0.1] } else { [0.1, 0.9] }).collect();
    let accuracy = *evaluate_classes(&p, &labels, 2, &[0.5, 0.5], None, 0).unwrap().get("accuracy").unwrap();
    // scipy.stats.beta.ppf(0.025, 50, 1)
    assert!((accuracy.low.unwrap() - 0.928_878_3).abs() < 1e-6 && accuracy.high == Some(1.0), "{accuracy:?}");

    assert!(evaluate_classes(&[], &[], 2, &[0.5, 0.5], None, 0).unwrap().0.is_empty());
    assert!(evaluate_numbers(&[1.0], &[1.0], Centre { mean: 0.0, median: 0.0 }, Some(&[]), 0).is_err());
    assert!(evaluate_classes(&[0.4, 0.6], &[0], 2, &[1.0], None, 0).is_err());
}

#[test]
fn percentiles_interpolate() {
    let scores: Vec<f64> = (0..=1000).rev().map(f64::from).collect();
    assert_eq!(percentiles(scores, 1001), Some((25.0, 975.0)));
    assert_eq!(percentiles(vec![1.0], 3), None);
}

#[test]
fn scores_are_the_object_that_evaluate_prints() {
    let scores =
        evaluate_numbers(&[1.0, 2.0], &[1.0, 2.0], Centre { mean: 1.0, median: 1.5 }, None, 0).unwrap();
    let json = serde_json::to_value(&scores).unwrap();
    assert_eq!(json["mae"], serde_json::json!({"value": 0.0, "low": 0.0, "high": 0.0, "baseline": 0.5}));
    assert_eq!(serde_json::from_value::<Scores>(json).unwrap(), scores);
}

#[test]
fn texts_are_scored_beside_a_trivial_answer_with_intervals() {
    let truth: Vec<String> =
        (0..60).map(|i| format!("the cat number {i} sat on the mat near the door")).collect();
    let answers: Vec<String> =
        (0..60).map(|i| if i % 3 == 0 { format!("a cat {i} sat there") } else { truth[i].clone() }).collect();
    let nothing = vec!["nothing".to_owned(); 60];
    let scores = evaluate_texts(&answers, &truth, &nothing, None, 1).unwrap();
    assert_eq!(scores.0.len(), TEXT_METRICS.len());
    for (name, s) in &scores.0 {
        assert!(s.low.unwrap() < s.value && s.value < s.high.unwrap(), "{name} {s:?}");
        assert!(s.baseline.unwrap() < 10.0, "{name} {s:?}");
    }
    assert_eq!(scores, evaluate_texts(&answers, &truth, &nothing, None, 1).unwrap());
    assert!(evaluate_texts(&answers[1..], &truth, &nothing, None, 1).is_err());
}
