//! Would more data help? Curves that go on, those that do not, and runs of which it cannot be known.

use crate::{config, flats, folder, lines, put, trained};
use pellucid_goals::{Forecast, Unwatched, forecast};
use pellucid_tensor::Stream;
use std::sync::atomic::AtomicBool;

/// A class that many columns have a little to do with: the more rows, the better that is known.
fn faint(rows: usize) -> String {
    const COLUMNS: usize = 12;
    let mut random = Stream::new(3, "faint", 0);
    let names: Vec<String> = (0..COLUMNS).map(|i| format!("c{i}")).collect();
    lines(&format!("{},class", names.join(",")), rows, |_| {
        let numbers: Vec<f32> = (0..COLUMNS).map(|_| random.normal()).collect();
        let sum: f32 = numbers.iter().enumerate().map(|(i, x)| if i % 2 == 0 { *x } else { -*x }).sum();
        let class = if sum + random.normal() > 0.0 { "yes" } else { "no" };
        let numbers: Vec<String> = numbers.iter().map(|x| format!("{x:.3}")).collect();
        format!("{},{class}", numbers.join(","))
    })
}

#[test]
fn what_more_rows_would_bring_is_foreseen_from_fewer() {
    let folder = folder();
    let data = put(folder.path(), "faint.csv", faint(1500));
    let mut config = config(&data, &["class"], 120);
    config.training.validate_every = Some(20);
    let run = trained(config, folder.path(), "run").run;
    let mut seen = Unwatched;
    let found = forecast(run.path(), &mut seen, &AtomicBool::new(false)).unwrap().unwrap();
    assert_eq!((found.target.as_str(), found.metric.as_str()), ("class", "accuracy"));
    // Two trainings with each of four shares, and the run itself.
    let rows: Vec<usize> = found.reached.iter().map(|r| r.0).collect();
    assert_eq!(rows.len(), 9);
    let all = rows[8] as f64;
    for (pair, share) in rows[..8].chunks(2).zip([0.0625, 0.125, 0.25, 0.5]) {
        assert!(pair.iter().all(|&rows| (rows as f64 - share * all).abs() <= 1.0), "{rows:?}");
    }
    assert!(found.reached[0].1 < found.now(), "{found:?}");
    let twice = found.foreseen[0];
    assert!(twice.rows == 2 * rows[8] && twice.low < twice.value && twice.value < twice.high, "{twice:?}");
    assert!(twice.value > 0.75 && twice.high < 1.0, "{twice:?}");
    let kept = std::fs::read(run.path().join("forecast.json")).unwrap();
    assert_eq!(serde_json::from_slice::<Forecast>(&kept).unwrap(), found);
    // The same again, to the bit; and nothing if it is stopped.
    assert_eq!(forecast(run.path(), &mut seen, &AtomicBool::new(false)).unwrap().unwrap(), found);
    assert!(forecast(run.path(), &mut seen, &AtomicBool::new(true)).unwrap().is_none());
}

#[test]
fn too_few_rows_and_other_goals_are_refused() {
    let folder = folder();
    let data = put(folder.path(), "flats.csv", flats(120, 1));
    let run = trained(config(&data, &["class"], 5), folder.path(), "few").run;
    let stop = AtomicBool::new(false);
    let said = forecast(run.path(), &mut Unwatched, &stop).unwrap_err();
    assert!(said.to_string().contains("too few") && said.exit_code() == 3, "{said}");
    let data = put(folder.path(), "poem.txt", "Roses are red, violets are blue.\n".repeat(80));
    let mut writing = config(&data, &[], 3);
    writing.data.generate = true;
    (writing.network.channels, writing.network.context) = (None, Some(16));
    let run = trained(writing, folder.path(), "poem").run;
    let said = forecast(run.path(), &mut Unwatched, &stop).unwrap_err();
    assert!(said.to_string().contains("networks that predict") && said.exit_code() == 2, "{said}");
}
