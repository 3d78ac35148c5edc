//! Doubtful labels beside those that cleanlab finds (`reference/labels.py`).
#![allow(clippy::unwrap_used)]

use pellucid_insight::trust::doubtful_labels;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    labels: Vec<u32>,
    p: Vec<f32>,
    issues: Vec<usize>,
}

#[test]
fn doubtful_labels_are_cleanlabs_in_the_same_order() {
    let r: Reference = serde_json::from_str(include_str!("reference/labels.json")).unwrap();
    let found = doubtful_labels(&r.p, &r.labels, 4);
    assert_eq!(found.iter().map(|d| d.row).collect::<Vec<_>>(), r.issues);
    assert!(found.windows(2).all(|two| two[0].margin <= two[1].margin));
    assert!(found.iter().all(|d| d.likely != r.labels[d.row] as usize));
}

#[test]
fn where_all_agrees_nothing_is_doubted() {
    assert!(doubtful_labels(&[0.9, 0.1, 0.2, 0.8], &[0, 1], 2).is_empty());
    assert!(doubtful_labels(&[], &[], 3).is_empty());
    assert!(doubtful_labels(&[0.5, 0.5], &[7], 2).is_empty(), "a label that is no class");
}
