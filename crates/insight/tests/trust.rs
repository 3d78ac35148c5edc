//! Two-sample tests beside SciPy's (`reference/trust.py`), and that they name what is planted and nothing else.
#![allow(clippy::unwrap_used)]

use pellucid_insight::trust::{
    Movement, Spread, chi_square, fisher_exact, holm, kolmogorov_smirnov, mann_whitney, moved, weak_segments,
};
use pellucid_tensor::Stream;
use serde::Deserialize;

#[derive(Deserialize)]
struct Reference {
    smirnov: Vec<Samples<f64>>,
    chi_square: Vec<Samples<u64>>,
    fisher: Vec<Counted>,
    mann_whitney: Vec<Inside>,
    holm: Corrected,
}

#[derive(Deserialize)]
struct Samples<T> {
    a: Vec<T>,
    b: Vec<T>,
    statistic: f64,
    p: f64,
}

#[derive(Deserialize)]
struct Counted {
    counts: [u64; 4],
    p: f64,
}

#[derive(Deserialize)]
struct Inside {
    numbers: Vec<f64>,
    inside: Vec<usize>,
    p: f64,
}

#[derive(Deserialize)]
struct Corrected {
    p: Vec<f64>,
    corrected: Vec<f64>,
}

fn near(found: f64, expected: f64, what: &str) {
    // What is nearly certain is 1 less very little: digits are lost there, but none that counts.
    let apart = (found - expected).abs();
    assert!(apart <= 1e-8 * expected || apart < 1e-13, "{what}: {found} for {expected}");
}

#[test]
fn tests_are_scipys() {
    let r: Reference = serde_json::from_str(include_str!("reference/trust.json")).unwrap();
    for Samples { a, b, statistic, p } in &r.smirnov {
        let found = kolmogorov_smirnov(a, b).unwrap();
        near(found.statistic, *statistic, "largest difference");
        near(found.p, *p, &format!("of {} and {}", a.len(), b.len()));
    }
    for Samples { a, b, statistic, p } in &r.chi_square {
        let found = chi_square(a, b).unwrap();
        near(found.statistic, *statistic, "chi-square");
        near(found.p, *p, "of chi-square");
    }
    for Counted { counts: [found, drawn, marked, all], p } in r.fisher {
        near(fisher_exact(found, drawn, marked, all), p, "exact");
    }
    for Inside { numbers, inside, p } in &r.mann_whitney {
        near(mann_whitney(numbers, inside), *p, "ranks");
    }
    for (found, expected) in holm(&r.holm.p).into_iter().zip(r.holm.corrected) {
        near(found, expected, "corrected");
    }
    assert_eq!(kolmogorov_smirnov(&[1.0], &[f64::NAN]), None);
    assert_eq!(chi_square(&[3, 0], &[9, 0]), None);
}

/// Columns of a table: a number that is mostly 0, a bell, whole numbers, and categories of which some are rare.
fn columns(rows: usize, random: &mut Stream) -> Vec<Vec<f64>> {
    let mut all = vec![Vec::new(); 12];
    for _ in 0..rows {
        for (place, column) in all.iter_mut().enumerate() {
            let x = f64::from(random.normal());
            column.push(match place % 4 {
                0 if x < 1.4 => 0.0,
                1 => x,
                2 => (10.0 + 3.0 * x).round(),
                3 => (x * x * 4.0).floor().min(19.0),
                _ => x,
            });
        }
    }
    all
}

fn spreads(columns: &[Vec<f64>]) -> Vec<Spread> {
    let spread = |(place, column): (usize, &Vec<f64>)| match place % 4 {
        3 => Spread::of_codes(column, 20),
        _ => Spread::of_numbers(column),
    };
    columns.iter().enumerate().map(spread).collect()
}

#[test]
fn samples_of_the_same_data_rarely_move() {
    let mut named = 0;
    for draw in 0..200 {
        let mut random = Stream::new(draw, "drift", 0);
        let [before, now] = [300 + 20 * draw as usize, 120].map(|rows| columns(rows, &mut random));
        named += usize::from(!moved(&spreads(&before), &now, None).is_empty());
    }
    // One in a hundred was promised: of 200, more than six would come once in a hundred times.
    assert!(named <= 6, "{named} of 200");
}

#[test]
fn planted_shifts_are_named_the_farthest_first() {
    let mut random = Stream::new(7, "drift", 0);
    let (before, mut now) = (columns(4_000, &mut random), columns(500, &mut random));
    now[5].iter_mut().for_each(|x| *x += 1.0);
    now[2].iter_mut().for_each(|x| *x += 1.0);
    for code in now[3].iter_mut().take(120) {
        *code = 19.0;
    }
    let found = moved(&spreads(&before), &now, None);
    assert_eq!(found.iter().map(|moved| moved.column).collect::<Vec<_>>(), [5, 3, 2]);
    assert!((0.3..0.45).contains(&found[0].size) && found[0].p < 1e-9, "{found:?}");
    let Movement::Code { code, shares: (was, is) } = found[1].what else { unreachable!() };
    assert!(code == 19 && was < 0.1 && is > 0.2, "{found:?}");
    let Movement::Numbers { medians: (was, is), .. } = found[0].what else { unreachable!() };
    assert!((is - was - 1.0).abs() < 0.2);
    // Rows of five people only say little.
    assert!(moved(&spreads(&before), &now, Some((40, 5))).is_empty());
}

/// Misses of `rows` answers in `columns` columns of four groups each, worse where `weak` says so.
fn answered(
    rows: usize,
    columns: usize,
    seed: u64,
    weak: impl Fn(&[u32]) -> bool,
) -> (Vec<f64>, Vec<Vec<u32>>) {
    let mut random = Stream::new(seed, "segments", 0);
    let (mut misses, mut groups) = (Vec::new(), vec![Vec::new(); columns]);
    for _ in 0..rows {
        let row: Vec<u32> = (0..columns).map(|_| random.below(4) as u32).collect();
        let wrong = if weak(&row) { 0.4 } else { 0.15 };
        misses.push(f64::from(u8::from(random.uniform() < wrong)));
        groups.iter_mut().zip(&row).for_each(|(column, &group)| column.push(group));
    }
    (misses, groups)
}

fn divisions(groups: &[Vec<u32>]) -> Vec<&[u32]> {
    groups.iter().map(Vec::as_slice).collect()
}

#[test]
fn where_all_rows_are_equally_hard_no_segment_is_named() {
    let mut named = 0;
    for draw in 0..60 {
        let (mut misses, groups) = answered(1_500, 8, draw, |_| false);
        let (found, looked) = weak_segments(&misses, &divisions(&groups), 8, None);
        assert!(looked > 400, "{looked}");
        named += usize::from(!found.is_empty());
        // Sizes of errors, and rows of 150 people.
        let mut random = Stream::new(draw, "errors", 0);
        misses.iter_mut().for_each(|miss| *miss = f64::from(random.normal().powi(2)));
        named += usize::from(!weak_segments(&misses, &divisions(&groups), 8, None).0.is_empty());
        let person: Vec<f64> = (0..150).map(|_| f64::from(random.normal().powi(2))).collect();
        let people: Vec<u32> = (0..1_500).map(|row| row % 150).collect();
        misses.iter_mut().zip(&people).for_each(|(miss, &who)| *miss = person[who as usize]);
        named += usize::from(!weak_segments(&misses, &divisions(&groups), 8, Some(&people)).0.is_empty());
    }
    assert!(named <= 5, "{named} of 180");
}

#[test]
fn planted_weak_segments_are_named_and_only_they() {
    let (misses, groups) = answered(3_000, 6, 1, |row| row[2] == 1);
    let (found, _) = weak_segments(&misses, &divisions(&groups), 8, None);
    assert_eq!(found.iter().map(|s| s.parts.clone()).collect::<Vec<_>>(), [vec![(2, 1)]]);
    assert!(found[0].misses.0 > 0.35 && found[0].misses.1 < 0.2 && found[0].p < 1e-6);
    assert!(found[0].rows.iter().all(|&row| groups[2][row] == 1));

    let (misses, groups) = answered(8_000, 6, 2, |row| row[0] == 3 && row[4] == 2);
    let (found, _) = weak_segments(&misses, &divisions(&groups), 8, None);
    assert_eq!(found[0].parts, [(0, 3), (4, 2)], "{:?}", found.iter().map(|s| &s.parts).collect::<Vec<_>>());
    assert_eq!(found.len(), 1);
    assert!(weak_segments(&misses, &divisions(&groups), 4, None).0.iter().all(|s| s.parts.len() == 1));

    // The sizes of errors, alone and of 800 people with ten rows each.
    let errors: Vec<f64> =
        misses.iter().enumerate().map(|(i, m)| 0.2 + 3.0 * m + (i % 7) as f64 * 0.1).collect();
    assert_eq!(weak_segments(&errors, &divisions(&groups), 8, None).0[0].parts, [(0, 3), (4, 2)]);
    let people: Vec<u32> = (0..8_000).map(|row| row % 800).collect();
    assert_eq!(weak_segments(&errors, &divisions(&groups), 8, Some(&people)).0[0].parts, [(0, 3), (4, 2)]);
}

#[test]
fn small_groups_are_left_alone() {
    let misses: Vec<f64> = (0..200).map(|row| f64::from(u8::from(row < 20))).collect();
    let small: Vec<u32> = (0..200).map(|row| u32::from(row >= 20)).collect();
    let (found, looked) = weak_segments(&misses, &[&small, &vec![0; 200]], 2, None);
    assert!(found.is_empty() && looked == 0, "20 rows are too few, and so is what they leave: {found:?}");
    assert!(weak_segments(&[], &[], 0, None).0.is_empty());
}
