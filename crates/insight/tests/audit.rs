//! Audits beside Fairlearn's figures (`reference/audit.py`), and what bounds are kept by.
#![allow(clippy::unwrap_used)]

use pellucid_insight::audit::{Answered, Answers, Audit, Requirement, Verdict, audit};
use serde::Deserialize;
use std::collections::BTreeMap;

#[derive(Deserialize)]
struct Reference {
    group: Vec<u32>,
    truth: Vec<bool>,
    answered: Vec<bool>,
    numbers: Vec<f64>,
    guessed: Vec<f64>,
    figures: BTreeMap<String, Vec<f64>>,
    mae: Vec<f64>,
    gaps: BTreeMap<String, (f64, Option<f64>)>,
}

fn reference() -> Reference {
    serde_json::from_str(include_str!("reference/audit.json")).unwrap()
}

fn names(n: usize) -> Vec<String> {
    (0..n).map(|i| format!("group {i}")).collect()
}

fn of_classes(r: &Reference) -> Audit {
    let probability: Vec<f32> = r.answered.iter().map(|&a| if a { 0.8 } else { 0.1 }).collect();
    let answers = Answers::Class { truth: &r.truth, answered: &r.answered, probability: &probability };
    audit("group", "yes", Answered { answers, groups: &r.group, names: &names(3) }, None, 1).unwrap()
}

fn of_numbers(r: &Reference) -> Audit {
    let answers = Answers::Number { truth: &r.numbers, answered: &r.guessed };
    audit("group", "size", Answered { answers, groups: &r.group, names: &names(3) }, None, 1).unwrap()
}

#[test]
fn figures_and_gaps_are_fairlearns() {
    let r = reference();
    let (classes, numbers) = (of_classes(&r), of_numbers(&r));
    for (g, name) in names(3).iter().enumerate() {
        let figure = |audit: &Audit, figure: &str| {
            let group = audit.groups.iter().find(|group| group.name == *name).unwrap();
            group.figures.iter().find(|(n, _)| n == figure).unwrap().1
        };
        for (wanted, by_group) in &r.figures {
            let found = figure(&classes, wanted);
            assert!((found.value.unwrap() - by_group[g]).abs() < 1e-9, "{wanted} of {name}: {found:?}");
            assert!(found.low.unwrap() <= by_group[g] && by_group[g] <= found.high.unwrap());
        }
        assert!((figure(&numbers, "mae").value.unwrap() - r.mae[g]).abs() < 1e-9);
    }
    for (name, (difference, ratio)) in &r.gaps {
        let found = classes.gap(name).or_else(|| numbers.gap(name)).unwrap();
        assert!((found.value.unwrap() - difference).abs() < 1e-9, "{found:?}, expected {difference}");
        match ratio {
            Some(ratio) => assert!((found.ratio.unwrap() - ratio).abs() < 1e-9, "{found:?}"),
            None => assert!(found.ratio.is_none()),
        }
        assert!(found.lacking.is_empty() && found.low.unwrap() < found.high.unwrap());
    }
    assert_eq!(classes.groups[0].name, "group 0", "the largest first");
    assert!((classes.groups.iter().map(|group| group.share).sum::<f64>() - 1.0).abs() < 1e-12);
}

#[test]
fn bounds_are_kept_only_where_the_data_say_so() {
    let r = reference();
    let judged = |text: &str, audit: &Audit| Requirement::parse(text).unwrap().judge(audit);
    let all = of_classes(&r);
    assert_eq!(judged("equalized_odds<=0.9", &all), Some(Verdict::Met));
    assert_eq!(judged("equalized_odds <= 0.01", &all), Some(Verdict::NotMet));
    assert_eq!(judged("worst_accuracy>=0.5", &all), Some(Verdict::Met));
    assert_eq!(judged("worst_accuracy>=0.99", &all), Some(Verdict::NotMet));
    assert_eq!(judged("mae_gap<=1", &all), None, "that is measured of numbers");
    // A fourth group of five rows, all answered right: it must not pass for lack of rows.
    let mut few = reference();
    for i in 0..5 {
        few.group.push(3);
        few.truth.push(i % 2 == 0);
        few.answered.push(i % 2 == 0);
    }
    let probability = vec![0.5; few.truth.len()];
    let answers = Answers::Class { truth: &few.truth, answered: &few.answered, probability: &probability };
    let small =
        audit("group", "yes", Answered { answers, groups: &few.group, names: &names(4) }, None, 1).unwrap();
    let gap = small.gap("equalized_odds").unwrap();
    assert_eq!(gap.lacking, ["group 3"]);
    assert_eq!(gap.value, all.gap("equalized_odds").unwrap().value, "what cannot be told changes nothing");
    assert_eq!(judged("equalized_odds<=0.9", &small), Some(Verdict::NotEnoughData));
    assert_eq!(judged("equalized_odds<=0.01", &small), Some(Verdict::NotMet));
    for (text, says) in [
        ("equalised_odds<=0.1", "did you mean `equalized_odds`?"),
        ("equalized_odds<0.1", "write a measure"),
        ("equalized_odds<=many", "`many` is not a number"),
        ("equalized_odds>=0.1", "is required with <="),
        ("worst_accuracy<=0.1", "is required with >="),
    ] {
        let why = Requirement::parse(text).unwrap_err();
        assert!(why.contains(says), "{text}: {why}");
    }
    assert_eq!(Requirement::parse("worst_accuracy>=0.5").unwrap().to_string(), "worst_accuracy>=0.5");
}

#[test]
fn lists_that_do_not_fit_are_refused() {
    let (truth, answered, probability) = ([true, false], [true, false], [0.5f32; 2]);
    let answers = Answers::Class { truth: &truth, answered: &answered, probability: &probability };
    for groups in [&[0u32][..], &[0, 2]] {
        assert!(audit("g", "yes", Answered { answers, groups, names: &names(2) }, None, 1).is_err());
    }
    let empty = Answers::Number { truth: &[], answered: &[] };
    let found = audit("g", "x", Answered { answers: empty, groups: &[], names: &[] }, None, 1).unwrap();
    assert!(found.groups.is_empty() && found.gaps.iter().all(|gap| gap.value.is_none()));
}
