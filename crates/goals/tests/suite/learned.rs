//! Training rows behind answers, and how answers depend on columns: planted, so that it is known what must be found.

use crate::explaining::of_pictures;
use crate::{config, flats, folder, ignoring, lines, put, trained};
use pellucid_goals::{Explain, LearnedFrom, Unwatched, explain};
use pellucid_tensor::Stream;

/// Rows with an unusual mark.
const ODD: usize = 6;

/// Rows of which the number `cause` decides, but for the first ones, which are marked and have the other label.
fn planted(rows: usize) -> String {
    let mut random = Stream::new(7, "planted", 0);
    lines("cause,other,mark,part,answer", rows, |i| {
        let odd = i < ODD;
        let cause = if odd { random.between(0.5, 2.0) } else { random.normal() };
        let answer = if (cause > 0.0) == odd { "low" } else { "high" };
        let (mark, part) =
            (if odd { "odd" } else { "plain" }, ["train", "train", "train", "val", "test"][i % 5]);
        let part = if odd { "train" } else { part };
        format!("{cause:.3},{:.3},{mark},{part},{answer}", random.normal())
    })
}

fn places(rows: &[pellucid_insight::report::data::LearnedRow]) -> Vec<&str> {
    rows.iter().map(|row| row.place.as_str()).collect()
}

#[test]
fn rows_with_a_flipped_label_come_out_first() {
    let folder = folder();
    let data = put(folder.path(), "rows.csv", planted(500));
    let mut config = config(&data, &["answer"], 150);
    (config.data.split, config.data.allow_leaks) = (Some("part".to_owned()), true);
    let run = trained(config, folder.path(), "run").run;
    let input = put(folder.path(), "new.csv", "cause,other,mark\n1.2,0.1,odd\n-1.0,0.3,plain\n");
    let asked = |class: &str| {
        let how = Explain { count: 2, rows: ODD, class: Some(class.to_owned()), ..Explain::default() };
        explain(run.path(), std::slice::from_ref(&input), &how, &mut Unwatched).unwrap()
    };
    let is_odd = |place: &str| (1..=ODD).any(|row| place == format!("row {row}"));
    let found = asked("low");
    assert_eq!(found.without_rows, None);
    let learned: Vec<LearnedFrom> =
        found.explanations.iter().map(|e| e.learned_from.clone().unwrap()).collect();
    let LearnedFrom { looked_at, rows, similar, pushing, .. } = &learned[0];
    assert!(*looked_at == *rows && (290..=310).contains(rows), "{rows} training rows");
    let odd = |rows: &[_]| places(rows).into_iter().filter(|place| is_odd(place)).count();
    assert!(odd(pushing) >= ODD - 1 && is_odd(&pushing[0].place), "{pushing:#?}");
    // An ordinary row with the same numbers may be as much like it as a marked one with others.
    assert!(is_odd(&similar[0].place) && odd(similar) >= 2, "{similar:#?}");
    assert!(pushing.iter().all(|row| row.value > 0.0 && row.label == "low"), "{pushing:#?}");
    assert!(pushing[0].fields.contains(&("mark".to_owned(), "odd".to_owned())));
    assert!(similar.iter().all(|row| (-1.0..=1.0).contains(&row.value)));
    assert!(similar.windows(2).all(|pair| pair[0].value >= pair[1].value));
    // An ordinary row is like others of its own.
    assert!(places(&learned[1].similar).iter().all(|place| !is_odd(place)), "{:#?}", learned[1].similar);
    // What pushes to one of two classes pushes against the other.
    let other = asked("high").explanations[0].learned_from.clone().unwrap();
    assert_eq!(places(&other.against), places(pushing));
    assert!(other.against.iter().all(|row| row.value < 0.0));

    // The report has them for its own rows.
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    assert!(page.contains("The training rows behind it") && page.contains("Pushed against it most"));

    // Without the data, or with other data, the explanation stays.
    let text = std::fs::read_to_string(&data).unwrap();
    std::fs::write(&data, format!("{text}0.5,0.5,plain,train,high\n")).unwrap();
    let found = asked("low");
    assert!(found.explanations.iter().all(|e| e.learned_from.is_none() && !e.columns.is_empty()));
    assert!(found.without_rows.unwrap().contains("the data has changed since"));
    std::fs::rename(&data, folder.path().join("moved.csv")).unwrap();
    let why = asked("low").without_rows.unwrap();
    assert!(why.contains("rows.csv"), "{why}");
}

#[test]
fn pictures_come_with_the_training_pictures_behind_them() {
    let folder = folder();
    let mut config = of_pictures(folder.path());
    (config.network.members, config.training.steps) = (Some(2), Some(40));
    let run = trained(config, folder.path(), "run").run;
    let how = Explain { count: 1, rows: 2, ..Explain::default() };
    let input = folder.path().join("xrays/ill/1.png");
    let ask = |path| explain(path, std::slice::from_ref(&input), &how, &mut Unwatched).unwrap();
    let found = ask(run.path()).explanations.remove(0);
    let learned = found.learned_from.unwrap();
    let all = || learned.similar.iter().chain(&learned.pushing).chain(&learned.against);
    assert!(learned.similar.len() == 2 && learned.lists(false).len() >= 2, "{learned:?}");
    assert!(all().all(|row| row.picture.is_some() && row.place.ends_with(".png")));
    assert!(learned.similar.iter().all(|row| row.label == found.answer), "{:?}", places(&learned.similar));
    let alone = ask(&run.model());
    assert!(alone.without_rows.unwrap().contains("a model folder alone"));
    let none = Explain { rows: 0, ..how };
    let none = explain(&run.model(), std::slice::from_ref(&input), &none, &mut Unwatched).unwrap();
    assert_eq!(none.without_rows, None);
}

#[test]
fn what_a_number_depends_on_is_drawn() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(700, 1));
    let run = trained(ignoring(config(&data, &["rent"], 400), &["class"]), folder.path(), "run").run;
    let page = std::fs::read_to_string(run.path().join("report.html")).unwrap();
    let drawn = page.split("How the answer depends on them").nth(1).unwrap();
    let size = drawn.split("<code>rent</code>").nth(1).unwrap();
    assert!(size.starts_with(" rises from") && size.contains("<code>size</code>"), "{}", &size[..300]);
    let share: f64 = size.split("in ").nth(1).unwrap().split(" of 100").next().unwrap().parse().unwrap();
    assert!(share > 95.0, "{share}");
    let columns = std::fs::read_to_string(run.path().join("columns.json")).unwrap();
    let columns: serde_json::Value = serde_json::from_str(&columns).unwrap();
    let first = &columns["rent"][0];
    assert!(
        first["name"] == "size" && first["dependence"]["points"].as_array().unwrap().len() == 20,
        "{first}"
    );
    // Districts have no order: the pleasant one is dear.
    assert!(drawn.contains("highest at <code>district</code> = south"), "{}", &drawn[..4000]);
}
