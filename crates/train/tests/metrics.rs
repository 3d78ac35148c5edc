//! Metrics against scikit-learn, scipy and sacrebleu, and on rows where they have no meaning.
#![allow(clippy::unwrap_used)]

use pellucid_train::metrics::{
    self, ClassRows, Confusion, Counts, MetricError, NumberRows, TagRows, TextRows,
};
use serde::Deserialize;
use std::collections::{BTreeMap, BTreeSet};

#[derive(Deserialize)]
struct Reference {
    classes: Vec<ClassCase>,
    numbers: Vec<NumberCase>,
    tags: Vec<TagCase>,
    texts: Vec<TextCase>,
}

#[derive(Deserialize)]
struct ClassCase {
    name: String,
    classes: usize,
    p: Vec<f32>,
    labels: Vec<u32>,
    scores: BTreeMap<String, Option<f64>>,
    confusion: Vec<u64>,
}

#[derive(Deserialize)]
struct NumberCase {
    name: String,
    predicted: Vec<f64>,
    truth: Vec<f64>,
    scores: BTreeMap<String, Option<f64>>,
}

#[derive(Deserialize)]
struct TagCase {
    name: String,
    tags: usize,
    p: Vec<f32>,
    truth: Vec<bool>,
    answered: Vec<bool>,
    scores: BTreeMap<String, Option<f64>>,
}

#[derive(Deserialize)]
struct TextCase {
    name: String,
    answers: Vec<String>,
    truth: Vec<String>,
    scores: BTreeMap<String, Option<f64>>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/metrics.json")).unwrap()
}

fn compare(
    case: &str,
    found: &[(&'static metrics::Metric, Option<f64>)],
    expected: &BTreeMap<String, Option<f64>>,
) {
    assert_eq!(found.len(), expected.len(), "{case}: the list and the reference name different metrics");
    for (metric, value) in found {
        match (value, expected[metric.name]) {
            (Some(a), Some(b)) => {
                assert!(
                    (a - b).abs() <= 1e-6 * b.abs().max(1.0),
                    "{case}, {}: {a} instead of {b}",
                    metric.name
                );
            }
            (a, b) => assert_eq!(*a, b, "{case}, {}", metric.name),
        }
    }
}

#[test]
fn classes_equal_scikit_learn() {
    for case in reference().classes {
        let rows = ClassRows::new(&case.p, &case.labels, case.classes).unwrap();
        compare(&case.name, &metrics::score_classes(&rows), &case.scores);
        assert_eq!(Confusion::new(&rows).counts(), case.confusion, "{}", case.name);
    }
}

#[test]
fn numbers_equal_scikit_learn_and_scipy() {
    for case in reference().numbers {
        let rows = NumberRows::new(&case.predicted, &case.truth).unwrap();
        compare(&case.name, &metrics::score_numbers(&rows), &case.scores);
    }
}

#[test]
fn tags_equal_scikit_learn() {
    for case in reference().tags {
        let rows = TagRows::new(&case.p, &case.truth, &case.answered, case.tags).unwrap();
        compare(&case.name, &metrics::score_tags(&rows), &case.scores);
    }
}

#[test]
fn texts_equal_sacrebleu() {
    for case in reference().texts {
        let rows = TextRows::new(&case.answers, &case.truth).unwrap();
        compare(&case.name, &metrics::score_texts(&rows), &case.scores);
    }
}

#[test]
fn counts_are_repeated_texts() {
    for case in reference().texts {
        let times: Vec<u32> = (0..case.truth.len() as u32).map(|row| (row * 7 + 3) % 4).collect();
        let listed = |texts: &[String]| {
            let rows = texts.iter().zip(&times);
            rows.flat_map(|(text, &t)| std::iter::repeat_n(text.clone(), t as usize)).collect::<Vec<_>>()
        };
        let rows = TextRows::new(&case.answers, &case.truth).unwrap();
        let repeated = TextRows::new(&listed(&case.answers), &listed(&case.truth)).unwrap();
        let counts = Counts::new(times);
        for (m, (_, value)) in metrics::TEXT_METRICS.iter().zip(metrics::score_texts(&repeated)) {
            assert_eq!((m.score)(&rows, &counts), value, "{}, {}", case.name, m.metric.name);
        }
    }
    assert!(matches!(TextRows::new(&["a"], &[""; 2]), Err(MetricError::Length { .. })));
}

/// Times in seconds since 1970 are scored as exactly as seconds since yesterday.
#[test]
fn a_large_offset_changes_no_score() {
    let truth: Vec<f64> = (0..50).map(|i| f64::from(i) * 0.5).collect();
    let predicted: Vec<f64> = truth.iter().zip(0..).map(|(t, i)| t + f64::from(i % 5) * 0.25).collect();
    let moved = |values: &[f64]| values.iter().map(|v| v + 1_700_000_000.0).collect::<Vec<_>>();
    let near = metrics::score_numbers(&NumberRows::new(&predicted, &truth).unwrap());
    let (predicted, truth) = (moved(&predicted), moved(&truth));
    let far = metrics::score_numbers(&NumberRows::new(&predicted, &truth).unwrap());
    for ((metric, near), (_, far)) in near.iter().zip(&far) {
        let (near, far) = (near.unwrap(), far.unwrap());
        assert!((near - far).abs() < 1e-9, "{}: {far} instead of {near}", metric.name);
    }
}

/// Counting a row twice is the same as listing it twice: what the bootstrap rests on.
#[test]
fn counts_are_repeated_rows() {
    for case in reference().classes {
        let times: Vec<u32> = (0..case.labels.len() as u32).map(|row| (row * 7 + 3) % 4).collect();
        let (mut p, mut labels) = (Vec::new(), Vec::new());
        for (row, &t) in times.iter().enumerate() {
            for _ in 0..t {
                p.extend_from_slice(&case.p[row * case.classes..(row + 1) * case.classes]);
                labels.push(case.labels[row]);
            }
        }
        let rows = ClassRows::new(&case.p, &case.labels, case.classes).unwrap();
        let repeated = ClassRows::new(&p, &labels, case.classes).unwrap();
        let counts = Counts::new(times);
        for (m, (_, listed)) in metrics::CLASS_METRICS.iter().zip(metrics::score_classes(&repeated)) {
            match ((m.score)(&rows, &counts), listed) {
                (Some(a), Some(b)) => {
                    assert!((a - b).abs() < 1e-9, "{}, {}: {a} {b}", case.name, m.metric.name)
                }
                (a, b) => assert_eq!(a, b, "{}, {}", case.name, m.metric.name),
            }
        }
    }
}

#[test]
fn counts_are_repeated_rows_of_tags() {
    fn repeated<T: Copy>(values: &[T], tags: usize, times: &[u32]) -> Vec<T> {
        let rows = values.chunks(tags).zip(times);
        rows.flat_map(|(row, &t)| row.repeat(t as usize)).collect()
    }
    for case in reference().tags {
        let times: Vec<u32> =
            (0..(case.truth.len() / case.tags) as u32).map(|row| (row * 7 + 3) % 4).collect();
        let rows = TagRows::new(&case.p, &case.truth, &case.answered, case.tags).unwrap();
        let p = repeated(&case.p, case.tags, &times);
        let [truth, answered] = [&case.truth, &case.answered].map(|v| repeated(v, case.tags, &times));
        let listed = metrics::score_tags(&TagRows::new(&p, &truth, &answered, case.tags).unwrap());
        let counts = Counts::new(times);
        for (m, (_, listed)) in metrics::TAG_METRICS.iter().zip(listed) {
            match ((m.score)(&rows, &counts), listed) {
                (Some(a), Some(b)) => assert!((a - b).abs() < 1e-9, "{}, {}", case.name, m.metric.name),
                (a, b) => assert_eq!(a, b, "{}, {}", case.name, m.metric.name),
            }
        }
    }
}

#[test]
fn without_rows_nothing_has_a_value() {
    let classes = ClassRows::new(&[], &[], 3).unwrap();
    assert!(metrics::score_classes(&classes).iter().all(|(_, value)| value.is_none()));
    let numbers = NumberRows::new(&[], &[]).unwrap();
    assert!(metrics::score_numbers(&numbers).iter().all(|(_, value)| value.is_none()));
    let tags = TagRows::new(&[], &[], &[], 3).unwrap();
    assert!(metrics::score_tags(&tags).iter().all(|(_, value)| value.is_none()));
}

/// Sums of 0.1 are not exact: their rounding must not pass for variation.
#[test]
fn constants_have_no_correlation_and_no_explained_variation() {
    let (constant, varying): (Vec<f64>, Vec<f64>) = (0..37).map(|i| (0.1, f64::from(i).sin() + 3.3)).unzip();
    let value = |predicted: &[f64], truth: &[f64], name: &str| {
        let scores = metrics::score_numbers(&NumberRows::new(predicted, truth).unwrap());
        scores.into_iter().find(|(metric, _)| metric.name == name).unwrap().1
    };
    assert_eq!(value(&constant, &varying, "correlation"), None);
    assert_eq!(value(&varying, &constant, "correlation"), None);
    assert_eq!(value(&varying, &constant, "r2"), None);
    assert!(value(&constant, &varying, "r2").is_some());
}

#[test]
fn the_area_under_the_drawn_curve_is_the_auc() {
    for case in reference().classes.into_iter().filter(|case| case.classes == 2) {
        let rows = ClassRows::new(&case.p, &case.labels, 2).unwrap();
        let Some(curve) = metrics::roc_curve(&rows, 1) else {
            assert_eq!(case.scores["auc"], None);
            continue;
        };
        let area: f64 = curve.points.windows(2).map(|w| (w[1].0 - w[0].0) * (w[1].1 + w[0].1) / 2.0).sum();
        assert!((area - case.scores["auc"].unwrap()).abs() < 1e-9, "{}", case.name);
        assert_eq!((curve.points[0], *curve.points.last().unwrap()), ((0.0, 0.0), (1.0, 1.0)));
    }
}

#[test]
fn the_bins_add_up_to_the_calibration_error() {
    for case in reference().classes {
        let rows = ClassRows::new(&case.p, &case.labels, case.classes).unwrap();
        let bins = metrics::reliability(&rows);
        assert_eq!(bins.len(), metrics::BINS);
        let error: f64 = bins.iter().map(|b| b.rows as f64 * (b.right - b.confidence).abs()).sum();
        assert!((error / rows.len() as f64 - case.scores["ece"].unwrap()).abs() < 1e-6, "{}", case.name);
    }
}

#[test]
fn precision_recall_and_support_of_a_class() {
    let matrix = Confusion::from_counts(3, vec![5, 1, 0, 2, 2, 0, 0, 0, 0]).unwrap();
    assert_eq!((matrix.support(0), matrix.answered(0)), (6, 7));
    assert_eq!((matrix.recall(0), matrix.precision(0)), (Some(5.0 / 6.0), Some(5.0 / 7.0)));
    assert_eq!((matrix.recall(2), matrix.precision(2)), (None, None));
    assert_eq!(matrix.count(0, 9), 0);
    assert!(Confusion::from_counts(3, vec![1; 8]).is_none());
}

#[test]
fn what_cannot_be_scored_is_named() {
    let error = |p: &[f32], labels: &[u32]| ClassRows::new(p, labels, 2).map(|_| ()).unwrap_err();
    assert!(matches!(error(&[0.5], &[0]), MetricError::Length { predictions: 1, answers: 1, per_answer: 2 }));
    assert!(matches!(error(&[0.5, 0.5], &[2]), MetricError::Label { row: 0, label: 2, .. }));
    assert!(matches!(error(&[0.5, 0.5, f32::NAN, 0.0], &[0, 1]), MetricError::Value { row: 1, .. }));
    let tags = |p: &[f32], n| TagRows::new(p, &[true, false], &[true, true], n).map(|_| ()).unwrap_err();
    assert!(matches!(tags(&[0.5, f32::NAN], 1), MetricError::Value { row: 1, .. }));
    assert!(matches!(tags(&[0.5], 2), MetricError::Length { predictions: 1, answers: 1, per_answer: 2 }));
    assert!(matches!(tags(&[], 0), MetricError::Length { .. }));
    assert!(matches!(error(&[1.5, -0.5], &[0]), MetricError::Value { row: 0, .. }));
    assert!(error(&[0.5, f32::NAN], &[0]).to_string().contains("row 0"));
    assert!(matches!(
        NumberRows::new(&[0.0, f64::INFINITY], &[0.0, 1.0]).map(|_| ()),
        Err(MetricError::Value { row: 1, .. })
    ));
}

#[test]
fn the_list_is_complete_and_described() {
    let names: BTreeSet<&str> = metrics::all().map(|m| m.name).collect();
    let contract = [
        "accuracy",
        "balanced_accuracy",
        "macro_f1",
        "auc",
        "log_loss",
        "ece",
        "mae",
        "rmse",
        "r2",
        "micro_f1",
        "bleu",
        "chrf",
    ];
    assert!(contract.iter().all(|name| names.contains(name)));
    assert_eq!(names.len(), metrics::all().count(), "a name stands twice");
    for metric in metrics::all() {
        assert!(metric.meaning.ends_with('.') && !metric.label.is_empty(), "{}", metric.name);
        assert_eq!(metrics::by_name(metric.name), Some(metric));
    }
    assert!(metrics::by_name("accuracy").unwrap().better(0.9, 0.8));
    assert!(metrics::by_name("log_loss").unwrap().better(0.1, 0.2));
}

#[test]
fn values_are_written_for_people() {
    use metrics::Format;
    assert_eq!(Format::Percent.show(0.94213), "94.2 %");
    assert_eq!(Format::Points.show(33.267), "33.3");
    assert_eq!(Format::Number.show(0.98144), "0.981");
    assert_eq!(Format::Number.show(-0.00002), "0.000");
    assert_eq!(Format::Number.show(12.345), "12.3");
    assert_eq!(Format::TargetUnit.show(1234.5678), "1235");
    assert_eq!(Format::TargetUnit.show(4.086), "4.09");
    assert_eq!(Format::TargetUnit.show(0.00001), "1.00e-5");
    assert_eq!(Format::TargetUnit.show(0.0), "0.000");
}
