//! What every split promises.

use pellucid_data::{ErrorKind, Part, SplitOptions, SplitPlan, Splits, split};
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

fn options(seed: u64) -> SplitOptions {
    SplitOptions { seed, ..SplitOptions::default() }
}

fn check_shape(splits: &Splits, rows: usize) {
    assert_eq!(splits.parts.len(), rows);
    let mut all: Vec<usize> =
        [Part::Train, Part::Validation, Part::Test].into_iter().flat_map(|part| splits.rows(part)).collect();
    all.sort_unstable();
    assert_eq!(all, (0..rows).collect::<Vec<_>>());
    assert_eq!(splits.counts().iter().sum::<usize>(), rows);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn strata_keep_their_proportions(classes in prop::collection::vec(0_u32..6, 4..600), seed: u64) {
        let splits = split(classes.len(), SplitPlan::Stratified(&classes), &options(seed)).unwrap();
        check_shape(&splits, classes.len());
        let rows = classes.len() as f64;
        let [_, validation, test] = splits.counts();
        prop_assert_eq!(validation, ((rows * 0.1).round() as usize).max(1));
        prop_assert_eq!(test, ((rows * 0.2).round() as usize).max(1));
        for class in 0..6 {
            let members = (0..classes.len()).filter(|row| classes[*row] == class);
            let in_test = members.clone().filter(|row| splits.parts[*row] == Part::Test).count() as f64;
            let exact = members.count() as f64 * test as f64 / rows;
            prop_assert!((in_test - exact).abs() <= 1.0, "class {} has {} test rows, exactly {}", class, in_test, exact);
        }
    }

    #[test]
    fn groups_never_cross(groups in prop::collection::vec(0_u64..40, 30..400), seed: u64, with_strata: bool) {
        let strata: Vec<u32> = groups.iter().enumerate().map(|(i, g)| ((i as u64 + g) % 3) as u32).collect();
        let plan = SplitPlan::Group { groups: &groups, strata: with_strata.then_some(&strata) };
        let splits = split(groups.len(), plan, &options(seed)).unwrap();
        check_shape(&splits, groups.len());
        let mut part_of: BTreeMap<u64, Part> = BTreeMap::new();
        for (group, part) in groups.iter().zip(&splits.parts) {
            prop_assert_eq!(part_of.entry(*group).or_insert(*part), part);
        }
        prop_assert!(splits.counts().iter().all(|count| *count > 0));
    }

    #[test]
    fn time_blocks_follow_each_other(times in prop::collection::vec(any::<i64>(), 20..300), seed: u64) {
        let splits = split(times.len(), SplitPlan::Time(&times), &options(seed)).unwrap();
        check_shape(&splits, times.len());
        let span = |part: Part| {
            let of = splits.rows(part).into_iter().map(|row| times[row]).collect::<Vec<_>>();
            (of.iter().copied().min().unwrap(), of.iter().copied().max().unwrap())
        };
        prop_assert!(span(Part::Train).1 < span(Part::Validation).0);
        prop_assert!(span(Part::Validation).1 < span(Part::Test).0);
    }

    #[test]
    fn the_seed_decides(rows in 50_usize..300, seed: u64) {
        let one = split(rows, SplitPlan::Random, &options(seed)).unwrap();
        check_shape(&one, rows);
        prop_assert_eq!(&one, &split(rows, SplitPlan::Random, &options(seed)).unwrap());
        let other = split(rows, SplitPlan::Random, &options(seed.wrapping_add(1))).unwrap();
        prop_assert_ne!(one.parts, other.parts);
    }
}

#[test]
fn the_split_of_a_seed_is_the_same_on_every_machine() {
    let classes: Vec<u32> = (0..20).map(|i| i % 2).collect();
    let splits = split(20, SplitPlan::Stratified(&classes), &options(7)).unwrap();
    assert_eq!(splits.rows(Part::Test), TEST_ROWS_OF_SEED_7);
    assert_eq!(splits.counts(), [14, 2, 4]);
}

/// Recorded once; a change here would change every user's split.
const TEST_ROWS_OF_SEED_7: [usize; 4] = [5, 10, 17, 18];

#[test]
fn groups_of_even_size_are_balanced_in_rows_and_classes() {
    let groups: Vec<u64> = (0..1000).map(|i| i / 10).collect();
    let strata: Vec<u32> = groups.iter().map(|group| (group % 4 == 0) as u32).collect();
    let splits =
        split(1000, SplitPlan::Group { groups: &groups, strata: Some(&strata) }, &options(3)).unwrap();
    let within_one_group =
        splits.counts().iter().zip([700, 100, 200]).all(|(n, exact)| n.abs_diff(exact) <= 10);
    assert!(within_one_group, "{:?}", splits.counts());
    let rare = |part: Part| splits.rows(part).iter().filter(|row| strata[**row] == 1).count();
    assert!((40..=60).contains(&rare(Part::Test)), "{}", rare(Part::Test));
    assert!((20..=30).contains(&rare(Part::Validation)), "{}", rare(Part::Validation));
}

#[test]
fn given_parts_are_kept_and_what_is_missing_is_cut_from_training() {
    let parts: Vec<Part> = (0..100).map(|i| if i < 80 { Part::Train } else { Part::Test }).collect();
    let splits = split(100, SplitPlan::Given(&parts), &options(1)).unwrap();
    assert_eq!(splits.counts(), [72, 8, 20]);
    assert_eq!(splits.rows(Part::Test), (80..100).collect::<Vec<_>>());

    let groups: Vec<u64> = (0..100).map(|i| i / 8).collect();
    let rest = SplitPlan::Group { groups: &groups, strata: None };
    let splits = split(100, SplitPlan::GivenThen { parts: &parts, rest: &rest }, &options(1)).unwrap();
    assert_eq!(splits.counts(), [72, 8, 20]);
    let held: BTreeSet<u64> = splits.rows(Part::Validation).into_iter().map(|row| groups[row]).collect();
    assert_eq!(held.len(), 1, "a whole group");

    let complete: Vec<Part> = [Part::Train, Part::Validation, Part::Test].repeat(5);
    let splits = split(15, SplitPlan::Given(&complete), &options(1)).unwrap();
    assert_eq!(splits.parts, complete);
    assert_eq!(splits.reason, "split as the data gives it");
}

#[test]
fn parts_that_the_data_does_not_give_are_explained() {
    let parts: Vec<Part> = (0..100).map(|i| if i < 80 { Part::Train } else { Part::Validation }).collect();
    let taken = split(100, SplitPlan::Given(&parts), &options(1)).unwrap().reason;
    assert!(taken.contains("it gives no test rows, so these are taken from its training rows"), "{taken}");
    assert!(taken.contains("64 training, 16 test rows") && !taken.contains(" 0 "), "{taken}");
    let none = SplitOptions { test: 0.0, ..options(1) };
    let without = split(100, SplitPlan::Given(&parts), &none).unwrap().reason;
    assert!(without.contains("it gives no test rows, and the share to take for them is 0"), "{without}");
    assert!(without.ends_with("add some, or set a share"), "{without}");
    let by_chance = split(100, SplitPlan::Random, &none).unwrap().reason;
    assert!(by_chance.ends_with("90 training, 10 validation rows"), "{by_chance}");
}

#[test]
fn shares_of_zero_make_empty_parts() {
    let none = SplitOptions { validation: 0.0, test: 0.0, seed: 1 };
    assert_eq!(split(5, SplitPlan::Random, &none).unwrap().counts(), [5, 0, 0]);
    let times = [3, 1, 2, 5, 4];
    assert_eq!(split(5, SplitPlan::Time(&times), &none).unwrap().counts(), [5, 0, 0]);
}

#[test]
fn what_cannot_be_split_is_refused() {
    let kind = |rows, plan| split(rows, plan, &options(0)).unwrap_err().kind;
    assert_eq!(kind(2, SplitPlan::Random), ErrorKind::Refused);
    assert_eq!(kind(0, SplitPlan::Random), ErrorKind::Refused);
    assert_eq!(kind(6, SplitPlan::Group { groups: &[1, 1, 1, 2, 2, 2], strata: None }), ErrorKind::Refused);
    assert_eq!(kind(5, SplitPlan::Time(&[7; 5])), ErrorKind::Refused);
    assert_eq!(kind(2, SplitPlan::Given(&[Part::Test; 2])), ErrorKind::Refused);
    assert_eq!(kind(3, SplitPlan::Stratified(&[0; 2])), ErrorKind::Usage);
    assert_eq!(kind(2, SplitPlan::Group { groups: &[1, 2], strata: Some(&[1]) }), ErrorKind::Usage);
    let bad = SplitOptions { validation: 0.5, test: 0.5, seed: 0 };
    assert_eq!(split(10, SplitPlan::Random, &bad).unwrap_err().kind, ErrorKind::Usage);
    let nan = SplitOptions { validation: f64::NAN, ..options(0) };
    assert_eq!(split(10, SplitPlan::Random, &nan).unwrap_err().kind, ErrorKind::Usage);
}
