//! Labels that are mended in a list beside the data: planted mistakes are found, mended and learned without; what cannot be meant is refused.

use crate::{config, folder, lines, put, refused, score, trained};
use pellucid_data::{OutColumn, write_table};
use pellucid_goals::{Config, Tested};
use pellucid_tensor::Stream;
use std::path::{Path, PathBuf};

/// Of so many training rows that are high, one is noted as low: mistakes of one sort move the border between the two.
const EVERY: usize = 3;

/// Rows whose answer is whether their two causes add up to more than nothing; of some training rows another one is noted.
fn planted(rows: usize) -> (String, Vec<(String, String)>) {
    let mut random = Stream::new(3, "planted", 0);
    let mut wrong = Vec::new();
    let text = lines("a,b,part,answer", rows, |i| {
        let (a, b) = (random.normal(), random.normal());
        let part = ["train", "train", "train", "train", "val", "test"][i % 6];
        let truth = if a + b > 0.0 { "high" } else { "low" };
        let mistaken = part == "train" && truth == "high" && random.below(EVERY) == 0;
        if mistaken {
            wrong.push((format!("row {}", i + 1), truth.to_owned()));
        }
        let noted = if mistaken { "low" } else { truth };
        format!("{a:.3},{b:.3},{part},{noted}")
    });
    (text, wrong)
}

fn of(data: &Path, corrections: Option<PathBuf>) -> Config {
    let mut config = config(data, &["answer"], 150);
    config.data.split = Some("part".to_owned());
    config.data.corrections = corrections;
    config
}

fn list(folder: &Path, rows: &[[&str; 3]]) -> PathBuf {
    let column = |place: usize| rows.iter().map(|row| row[place].to_owned()).collect();
    let columns = ["row", "column", "value"].iter().enumerate();
    let columns: Vec<_> = columns.map(|(place, name)| OutColumn::text(*name, column(place))).collect();
    let path = folder.join("mended.csv");
    write_table(&path, &columns).unwrap();
    path
}

#[test]
fn planted_mistakes_are_mended_and_the_clean_test_is_answered_no_worse() {
    let folder = folder();
    let (text, wrong) = planted(1500);
    let data = put(folder.path(), "rows.csv", &text);
    let first = trained(of(&data, None), folder.path(), "first");
    let tested = Tested::open(first.run.path()).unwrap();
    let doubts = tested.doubtful("answer").unwrap();
    let is_wrong = |place: &str| wrong.iter().find(|(other, _)| other == place);
    let found =
        doubts.iter().filter(|doubt| is_wrong(&doubt.place).is_some_and(|(_, truth)| *truth == doubt.likely));
    let found: Vec<_> = found.collect();
    assert!(2 * found.len() > wrong.len(), "{} of {} planted mistakes are doubted", found.len(), wrong.len());
    assert!(doubts.iter().all(|doubt| (0.0..=1.0).contains(&doubt.probability)));

    let decided: Vec<_> =
        found.iter().map(|doubt| [doubt.place.as_str(), "answer", doubt.likely.as_str()]).collect();
    for [row, column, value] in &decided {
        tested.check_correction(row, column, Some(value)).unwrap();
    }
    let mended = list(folder.path(), &decided);
    let second = trained(of(&data, Some(mended.clone())), folder.path(), "second");
    let accuracy = |run| score(&run, "answer", "accuracy").0;
    let (before, after) = (accuracy(first.evaluation), accuracy(second.evaluation));
    assert!(after >= before, "{before} before, {after} after");
    // The rows that were mended are doubted no more, and the person's own file is as it was.
    let left = Tested::open(second.run.path()).unwrap().doubtful("answer").unwrap();
    let again = left.iter().filter(|doubt| decided.iter().any(|[row, ..]| *row == doubt.place)).count();
    assert!(10 * again < decided.len(), "{again} of {} are doubted again", decided.len());
    assert_eq!(std::fs::read_to_string(&data).unwrap(), text);
    let page = std::fs::read_to_string(second.run.path().join("report.html")).unwrap();
    assert!(page.contains(&format!("{} cells were mended", decided.len())));
    // What it learned with stays with it, whatever becomes of the list.
    std::fs::remove_file(mended).unwrap();
    let tested = Tested::open(second.run.path()).unwrap();
    assert_eq!(tested.row(tested.target(None).unwrap(), 0).unwrap().bare, None);
    let kept = second.run.config().unwrap().data.corrections.unwrap();
    assert!(kept.ends_with("second/corrections.csv"), "{}", kept.display());
}

#[test]
fn what_cannot_be_meant_is_refused() {
    let folder = folder();
    let data = put(folder.path(), "rows.csv", planted(120).0);
    for (rows, says) in [
        (
            &[["row 121", "answer", "high"]][..],
            &["there is no row `row 121`", "mended.csv, line 2", "`row 17`"][..],
        ),
        (&[["row 1", "answer", "low"], ["x.png", "answer", "low"]], &["`x.png`", "line 3"]),
        (&[["row 1", "answr", "low"]], &["did you mean `answer`", "line 2"]),
        (&[["row 1", "answer", "hihg"]], &["there is no class `hihg`", "did you mean `high`", "line 2"]),
        (&[["row 1", "a", "much"]], &["`much` cannot stand in this column", "numbers"]),
        (&[["row 1", "answer", "low"], ["row 1", "answer", "high"]], &["line 3", "in line 2 `low`"]),
    ] {
        let error = refused(of(&data, Some(list(folder.path(), rows))), folder.path()).to_string();
        for words in says {
            assert!(error.contains(words), "`{words}` is not said: {error}");
        }
    }
    let other = put(folder.path(), "other.csv", "row,label\nrow 1,high\n");
    let error = refused(of(&data, Some(other)), folder.path()).to_string();
    assert!(error.contains("other columns than row, column, value"), "{error}");
    refused(of(&data, Some(folder.path().join("none.csv"))), folder.path());
    let mut tastes = of(&data, Some(list(folder.path(), &[["row 1", "answer", "low"]])));
    (tastes.data.predict, tastes.data.split, tastes.data.recommend) = (Vec::new(), None, true);
    assert!(tastes.check().unwrap_err().to_string().contains("`corrections`"));
}

#[test]
fn rows_of_several_files_are_told_apart() {
    let folder = folder();
    let line = |i: usize| format!("{},{}", i % 10, ["low", "high"][usize::from(i % 10 > 4)]);
    let train = put(folder.path(), "train.csv", lines("a,answer", 200, line));
    let test = put(folder.path(), "test.csv", lines("a,answer", 60, line));
    let mut config = config(&train, &["answer"], 20);
    config.data.paths = vec![train, test];
    config.data.allow_leaks = true;
    config.data.corrections = Some(list(folder.path(), &[["test.csv row 3", "answer", "high"]]));
    let done = trained(config.clone(), folder.path(), "run");
    let tested = Tested::open(done.run.path()).unwrap();
    let of = tested.target(None).unwrap();
    let truth = |i: usize| tested.row(of, i).unwrap().example;
    let mended: Vec<_> = (0..tested.len()).map(truth).filter(|row| row.place == "test.csv row 3").collect();
    assert_eq!((mended.len(), mended[0].truth.as_str()), (1, "high"));
    config.data.corrections = Some(list(folder.path(), &[["row 3", "answer", "high"]]));
    assert!(refused(config, &folder.path().join("out")).to_string().contains("there is no row `row 3`"));
}
