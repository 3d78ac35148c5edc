//! What preparation learns, and that it learns it from training rows only.

use crate::{csv, fit, folder, lines, open, put};
use pellucid_data::Cell;
use pellucid_kinds::{Batcher, Feature, Prepared, Record, Role, Target};

/// What stands in each row.
type Cells<'a> = &'a dyn Fn(usize) -> String;

/// The column `c` fitted on the first 60 rows of a table.
fn fitted(kind: &str, role: Role, cell: Cells<'_>) -> Box<dyn Prepared> {
    let table = csv(&lines("c,other", 80, |i| format!("{},1", cell(i))));
    fit(&table, "c", kind, role, &|row| row < 60).unwrap()
}

#[test]
fn changing_test_rows_changes_nothing() {
    let day = |i: usize| format!("2021-{:02}-{:02}", 1 + i * 5 % 12, 1 + i * 7 % 28);
    let cases: [(&str, Cells<'_>, Cells<'_>); 4] = [
        ("number", &|i| format!("{}", i * 37 % 61), &|i| format!("{}", 1_000_000 + i)),
        ("category", &|i| format!("k{}", i % 4), &|i| format!("new{}", i % 2)),
        ("flag", &|i| format!("{}", i % 3 == 0), &|_| "true".to_owned()),
        ("time", &day, &|i| format!("2035-01-{:02}", 1 + i % 28)),
    ];
    for (kind, usual, strange) in cases {
        for role in [Role::Input, Role::Target] {
            if kind == "time" && role == Role::Target {
                continue;
            }
            let state = |cell: Cells<'_>| fitted(kind, role, cell).state();
            let plain = state(usual);
            assert_eq!(plain, state(&|i| if i < 60 { usual(i) } else { strange(i) }), "{kind}");
            assert_eq!(plain, state(&|i| if i < 60 { usual(i) } else { String::new() }), "{kind}");
            assert_ne!(
                plain,
                state(&|i| if i > 8 { usual(i) } else { strange(i) }),
                "{kind} learns from training rows"
            );
        }
    }
}

#[test]
fn changing_test_pictures_changes_nothing() {
    let state = |last: [u8; 3], size: u32| {
        let folder = folder();
        for i in 0..20u32 {
            let (side, colour) = if i < 15 { (6, [i as u8 * 9, 50, 70]) } else { (size, last) };
            let picture = image::RgbImage::from_pixel(side, side + 1, image::Rgb(colour));
            put(&folder, &format!("pictures/{i:02}.png"), crate::pictures::png(&picture.into()));
        }
        let table = open(put(&folder, "table.csv", lines("p", 20, |i| format!("pictures/{i:02}.png"))));
        fit(&table, "p", "image", Role::Input, &|row| row < 15).unwrap().state()
    };
    let plain = state([0, 50, 70], 6);
    assert_eq!(plain, state([255, 255, 255], 40));
    assert_eq!(
        (plain["height"].as_u64(), plain["width"].as_u64(), plain["channels"].as_u64()),
        (Some(7), Some(6), Some(3))
    );
}

#[test]
fn large_pictures_are_fitted_to_the_longest_side_with_the_statistics_of_that_size() {
    let folder = folder();
    for i in 0..3u8 {
        let stripes = image::RgbImage::from_fn(600, 300, |x, _| {
            image::Rgb([if x < 300 { 200 } else { 40 + i }, 90, 0])
        });
        put(&folder, &format!("{i}.png"), crate::pictures::png(&stripes.into()));
    }
    let table = open(put(&folder, "table.csv", lines("p", 3, |i| format!("{i}.png"))));
    let p = fit(&table, "p", "image", Role::Input, &|_| true).unwrap();
    let [Feature::Picture { height, width, channels, mean, scale, .. }] = &p.features()[..] else {
        panic!("one picture")
    };
    assert_eq!((*height, *width, *channels), (32, 64, 3));
    let near = |x: f32, bytes: f32| assert!((255.0 * x - bytes).abs() < 1.0, "{} is not {bytes}", 255.0 * x);
    near(mean[0], 120.5);
    near(mean[1], 90.0);
    near(mean[2], 0.0);
    near(scale[0], 79.5);
}

#[test]
fn classes_are_those_of_the_training_rows_in_order() {
    let c = fitted("category", Role::Target, &|i| {
        if i < 60 { format!("{}", 8 + i % 3) } else { "99".to_owned() }
    });
    let Some(Target::Classes { names, counts }) = c.target() else { panic!("a category has classes") };
    assert_eq!((names, counts), (vec!["8".to_owned(), "9".to_owned(), "10".to_owned()], vec![20, 20, 20]));
    assert_eq!(c.encode_target(Cell::Integer(10)), Some(2.0));
    assert_eq!(c.encode_target(Cell::Integer(99)), None, "a class that training did not see");
    assert_eq!(c.encode_target(Cell::Missing), None);
}

#[test]
fn rare_values_of_an_input_share_a_code_but_rare_classes_do_not() {
    let cell = |i: usize| if i < 58 { format!("k{}", i % 2) } else { format!("rare{i}") };
    let size = |p: &dyn Prepared| match p.features().as_slice() {
        [Feature::Code { size, .. }] => *size,
        other => panic!("{other:?}"),
    };
    assert_eq!(size(fitted("category", Role::Input, &cell).as_ref()), 2 + 1);
    assert_eq!(size(fitted("category", Role::Target, &cell).as_ref()), 4 + 1);
}

#[test]
fn a_number_is_standardised_by_training_rows_and_unknown_parts_are_finite() {
    let p =
        fitted("number", Role::Input, &|i| if i % 6 == 0 { "NA".to_owned() } else { format!("{}", i % 6) });
    let batcher = Batcher::new(p.features(), vec![]);
    let batch = |cell: Cell<'_>| {
        let mut record = Record::default();
        p.encode(cell, None, &mut record).unwrap();
        batcher.assemble(&[record], None).unwrap().numbers.unwrap().to_vec()
    };
    // 1 to 5 equally often: mean 3, deviation √2.
    let two = batch(Cell::Integer(2));
    assert!((two[0] + 1.0 / 2f64.sqrt()).abs() < 1e-6, "{two:?}");
    assert_eq!(two.last(), Some(&0.0), "it is not missing");
    let missing = batch(Cell::Missing);
    assert_eq!(
        (missing[0], missing.last()),
        (0.0, Some(&1.0)),
        "the median, and the word that it is missing"
    );
    for cell in
        [Cell::Number(f64::INFINITY), Cell::Number(f64::NAN), Cell::Number(1e30), Cell::Integer(i64::MIN)]
    {
        let values = batch(cell);
        assert!(values.iter().all(|v| v.is_finite() && v.abs() <= 5.0), "{cell:?}: {values:?}");
    }
}

#[test]
fn a_number_is_told_apart_from_its_neighbours_however_large_its_offset() {
    for offset in [0, 1_700_000_000, 9_000_000_000_000] {
        let p = fitted("number", Role::Input, &|i| format!("{}", offset + i as i64 % 40));
        let batcher = Batcher::new(p.features(), vec![]);
        let encode = |x: i64| {
            let mut record = Record::default();
            p.encode(Cell::Integer(x), None, &mut record).unwrap();
            batcher.assemble(&[record], None).unwrap().numbers.unwrap().to_vec()
        };
        let small = fitted("number", Role::Input, &|i| format!("{}", i % 40));
        let same = Batcher::new(small.features(), vec![]);
        for x in 0..40 {
            let mut record = Record::default();
            small.encode(Cell::Integer(x), None, &mut record).unwrap();
            let plain = same.assemble(&[record], None).unwrap().numbers.unwrap().to_vec();
            let near = encode(offset + x).iter().zip(&plain).all(|(a, b)| (a - b).abs() < 1e-3);
            assert!(near, "{offset} + {x}: {:?} instead of {plain:?}", encode(offset + x));
        }
    }
}

#[test]
fn a_constant_number_stays_finite() {
    for value in ["0", "7", "1e30", "-3.5"] {
        let p = fitted("number", Role::Input, &|_| value.to_owned());
        let mut records = [Record::default(), Record::default()];
        p.encode(Cell::Number(value.parse().unwrap()), None, &mut records[0]).unwrap();
        p.encode(Cell::Number(12.0), None, &mut records[1]).unwrap();
        let batch = Batcher::new(p.features(), vec![]).assemble(&records, None).unwrap();
        assert!(batch.numbers.unwrap().to_vec().iter().all(|x| x.is_finite()), "{value}");
    }
}

#[test]
fn a_time_is_a_trend_and_places_on_circles() {
    let p = fitted("time", Role::Input, &|i| format!("2021-03-{:02} {:02}:00", 1 + i % 28, i % 24));
    let encode = |ms| {
        let mut record = Record::default();
        p.encode(Cell::Time(ms), None, &mut record).unwrap();
        record.numbers
    };
    const DAY: i64 = 86_400_000;
    // 1970-01-01 was a Thursday.
    let [trend, year_sin, year_cos, week_sin, week_cos, day_sin, day_cos] = encode(DAY / 4)[..] else {
        panic!("seven numbers")
    };
    let near = |x: f64, y: f64| assert!((x - y).abs() < 1e-12, "{x} is not {y}");
    near(trend, 0.25);
    near(year_sin, 0.0);
    near(year_cos, 1.0);
    near(week_sin, (std::f64::consts::TAU * 3.0 / 7.0).sin());
    near(week_cos, (std::f64::consts::TAU * 3.0 / 7.0).cos());
    near(day_sin, 1.0); // six in the morning is a quarter of the day
    near(day_cos, 0.0);
    let later = encode(DAY / 4 + 7 * DAY);
    assert_eq!(
        (later[3], later[4], later[5]),
        (week_sin, week_cos, day_sin),
        "a week later the week is as far"
    );
    // Without times of day there is no circle for them.
    let dates = fitted("time", Role::Input, &|i| format!("2021-03-{:02}", 1 + i % 28));
    assert_eq!(dates.features().len(), 5);
    assert!(dates.target().is_none());
}

#[test]
fn columns_that_cannot_be_fitted_say_which_and_what_to_do() {
    let table = csv(&lines("c,t,x", 80, |i| match i < 60 {
        true => format!(",2021-01-{:02},inf", 1 + i % 28),
        false => "a,2021-01-01,3".to_owned(),
    }));
    let why = |column: &str, kind: &str, role| {
        fit(&table, column, kind, role, &|row| row < 60).err().unwrap().to_string()
    };
    for (column, kind, role, parts) in [
        ("c", "category", Role::Input, ["no training row has a value", "`c`", "--ignore"]),
        ("x", "number", Role::Input, ["no training row has a finite number", "`x`", "--ignore"]),
        ("t", "time", Role::Target, ["a time cannot be predicted", "`t`", "predict a number"]),
        ("c", "id", Role::Input, ["an identifier cannot be learned from", "`c`", "--kind"]),
        ("c", "image", Role::Input, ["none of the pictures can be read", "`c`", "no picture is given"]),
    ] {
        let why = why(column, kind, role);
        assert!(parts.iter().all(|part| why.contains(part)), "{why}");
        assert!(why.contains("table"), "{why}");
    }
}
