//! Bad input: a clear message, an exit code, and nothing left behind.

use crate::data::{patients, stripes, write_patients, write_pictures, zip};
use crate::support::{Ran, files, run};
use std::fmt::Write;
use std::path::Path;

/// Trains on data in a new folder; nothing but the data may be there afterwards.
#[track_caller]
fn refused(make: impl FnOnce(&Path), words: &[&str], code: i32, says: &[&str]) -> Ran {
    let folder = tempfile::tempdir().unwrap();
    make(folder.path());
    let before = files(folder.path());
    let words: Vec<&str> = [&["train"], words, &["--steps", "5"]].concat();
    let ran = run(folder.path(), &words).fails(code, says);
    assert_eq!(files(folder.path()), before, "something is left behind");
    let runs = std::fs::read_dir(folder.path().join("runs")).into_iter().flatten().count();
    assert_eq!(runs, 0, "a run's folder is left behind");
    ran
}

fn file(name: &'static str, content: impl AsRef<[u8]>) -> impl FnOnce(&Path) {
    move |folder| std::fs::write(folder.join(name), content).unwrap()
}

/// The table of patients, each line changed.
fn patients_with(change: impl Fn(usize, &str) -> String) -> String {
    patients(200).lines().enumerate().map(|(i, line)| change(i, line) + "\n").collect()
}

#[test]
fn corrections_that_mean_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    let rows: String = (0..60).map(|i| format!("{},{}\n", (i * 7) % 13, ["low", "high"][i / 30])).collect();
    std::fs::write(folder.join("rows.csv"), "a,level\n".to_owned() + &rows).unwrap();
    let words =
        ["train", "rows.csv", "--predict", "level", "--yes", "--steps", "2", "--corrections", "mended.csv"];
    run(folder, &words).fails(2, &["mended.csv"]);
    std::fs::write(folder.join("mended.csv"), "row,column,value\nrow 61,level,low\n").unwrap();
    run(folder, &words).fails(3, &["there is no row `row 61`", "mended.csv, line 2"]);
    std::fs::write(folder.join("mended.csv"), "row,column,value\nrow 60,level,lwo\n").unwrap();
    run(folder, &words).fails(3, &["there is no class `lwo`", "did you mean `low`"]);
    std::fs::write(folder.join("mended.csv"), "row,column,value\nrow 60,level,low\n").unwrap();
    let checked =
        run(folder, &["check", "rows.csv", "--predict", "level", "--corrections", "mended.csv"]).ok();
    assert!(checked.out.contains("1 cell is as mended.csv says"), "{checked:#?}");
}

#[test]
fn folders_without_enough_in_them() {
    refused(|f| std::fs::create_dir(f.join("empty")).unwrap(), &["empty"], 3, &["empty"]);
    refused(|_| {}, &["nowhere"], 2, &["nowhere"]);
    refused(|_| {}, &[], 2, &["no data", "--sample"]);
    let one_class = |folder: &Path| {
        std::fs::create_dir_all(folder.join("one/cats")).unwrap();
        (0..30).for_each(|i| {
            std::fs::write(folder.join(format!("one/cats/{i}.png")), stripes(false, i)).unwrap()
        });
    };
    refused(one_class, &["one"], 3, &["only one class", "one"]);
}

#[test]
fn pictures_that_are_none() {
    let text = |folder: &Path| {
        write_pictures(folder, 10);
        std::fs::write(folder.join("pictures/lying/003.png"), "Dear reader").unwrap();
    };
    refused(text, &["pictures"], 3, &["003.png", "--skip-share"]);
    let folder = tempfile::tempdir().unwrap();
    text(folder.path());
    let words = ["train", "pictures", "--steps", "5", "--batch", "8", "--skip-share", "0.2"];
    let said = run(folder.path(), &words).ok().err;
    assert!(said.contains("warning: 1 of 20 rows cannot be used") && said.contains("003.png"), "{said}");
}

#[test]
fn pictures_that_a_table_names_but_no_one_has() {
    let table = (0..40)
        .fold("picture,y\n".to_owned(), |text, i| text + &format!("gone/{i}.png,{}\n", ["a", "b"][i % 2]));
    refused(file("t.csv", table), &["t.csv", "--predict", "y"], 3, &["`picture`", "none of these exists"]);
    let constant = (0..40).fold("a,y\n".to_owned(), |text, i| text + &format!("1,{}\n", ["p", "q"][i % 2]));
    refused(
        file("t.csv", constant),
        &["t.csv"],
        3,
        &["no column can be an input", "the same value in every row"],
    );
}

#[test]
fn archives_that_are_broken_or_hostile() {
    let pictures: Vec<(String, Vec<u8>)> = (0..20)
        .map(|i| (format!("{}/{i}.png", ["a", "b"][i as usize % 2]), stripes(i % 2 == 1, i)))
        .collect();
    let entries: Vec<(&str, &[u8])> =
        pictures.iter().map(|(name, bytes)| (name.as_str(), bytes.as_slice())).collect();
    let whole = zip(&entries);
    refused(file("cut.zip", &whole[..whole.len() / 2]), &["cut.zip"], 3, &["cut.zip"]);
    let bomb = zip(&[("table.csv", &vec![b'0'; 64 << 20])]);
    assert!(bomb.len() < 1 << 20);
    refused(file("bomb.zip", bomb), &["bomb.zip"], 3, &["bomb.zip"]);
    let nested = zip(&[("one.zip", &zip(&[("a.csv", b"a,b\n1,2\n")])), ("two.zip", &zip(&[]))]);
    refused(
        file("nested.zip", nested),
        &["nested.zip"],
        3,
        &["nested.zip", "only archives", "unpack the outer"],
    );
    for name in ["../outside.csv", "/outside.csv", "a/../../outside.csv"] {
        let climbing = zip(&[(name, patients(200).as_bytes())]);
        let words = ["climbing.zip", "--predict", "outcome"];
        refused(file("climbing.zip", climbing), &words, 3, &["climbing.zip", "outside.csv"]);
    }
}

#[test]
fn tables_that_are_broken() {
    let ragged =
        patients_with(|i, line| if i % 5 == 3 { format!("{line},surplus") } else { line.to_owned() });
    refused(file("ragged.csv", ragged), &["ragged.csv", "--predict", "outcome"], 3, &["ragged.csv", "row 3"]);
    refused(file("nothing.csv", ""), &["nothing.csv"], 3, &["nothing.csv", "empty"]);
    refused(file("header.csv", "a,b\n"), &["header.csv", "--predict", "b"], 3, &["header.csv"]);
    let noise: Vec<u8> = (0..5000u32).map(|i| (i.wrapping_mul(2_654_435_761) >> 13) as u8).collect();
    let ran =
        refused(file("noise.parquet", &noise), &["noise.parquet", "--predict", "b"], 3, &["noise.parquet"]);
    assert!(ran.err.lines().count() < 12, "{ran:#?}");
}

#[test]
fn targets_from_which_nothing_can_be_learned() {
    let with = |column: &'static str, value: fn(usize) -> String| {
        patients_with(
            move |i, line| if i == 0 { format!("{line},{column}") } else { format!("{line},{}", value(i)) },
        )
    };
    let table = |text: String| file("t.csv", text);
    refused(
        table(with("y2", |_| String::new())),
        &["t.csv", "--predict", "y2"],
        3,
        &["y2", "no row has an answer"],
    );
    refused(
        table(with("y2", |_| "same".into())),
        &["t.csv", "--predict", "y2"],
        3,
        &["y2", "only one answer", "`same`"],
    );
    refused(
        table(with("y2", |i| format!("code {i}"))),
        &["t.csv", "--predict", "y2"],
        3,
        &["y2", "200 different"],
    );
    refused(|f| write_patients(f, 50), &["patients.csv", "--predict", "outcom"], 2, &["outcom", "`outcome`"]);
    let other_use = ["patients.csv", "--predict", "outcome", "--ignore", "outcome"];
    refused(|f| write_patients(f, 50), &other_use, 2, &["`outcome`", "--ignore"]);
    let twice = patients(50).replacen("dose,outcome", "outcome,outcome", 1);
    refused(table(twice), &["t.csv", "--predict", "outcome"], 2, &["`outcome`", "`outcome_1`"]);
    let headless = patients(50).split_once('\n').unwrap().1.to_owned();
    refused(table(headless), &["t.csv", "--predict", "outcome"], 2, &["t.csv", "no header", "column_5"]);
    let without_usual_name = patients(50).replacen("outcome", "state", 1);
    refused(file("t.csv", without_usual_name), &["t.csv"], 2, &["--predict", "`state`"]);
}

#[test]
fn numbers_that_are_none() {
    let infinite = patients_with(|i, line| match i % 10 {
        4 => line.replacen(&line[..line.find(',').unwrap()], "inf", 1),
        _ => line.to_owned(),
    });
    refused(
        file("t.csv", infinite),
        &["t.csv", "--predict", "outcome", "--ignore", "dose"],
        3,
        &["t.csv", "row 4", "age"],
    );
    // NaN is a way of writing that a value is missing: it is counted and does no harm.
    let missing = patients_with(|i, line| match i % 10 {
        4 => line.replacen(&line[..line.find(',').unwrap()], "NaN", 1),
        _ => line.to_owned(),
    });
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), missing).unwrap();
    let words =
        ["train", "t.csv", "--predict", "outcome", "--ignore", "dose", "--steps", "5", "--batch", "16"];
    run(folder.path(), &words).ok();
}

#[test]
fn columns_that_give_the_answer_away() {
    let leak = patients_with(|i, line| match i {
        0 => format!("{line},days_in_ward"),
        _ if line.ends_with("ill") => format!("{line},{}", 2 + i % 7),
        _ => format!("{line},"),
    });
    let words = ["t.csv", "--predict", "outcome"];
    refused(file("t.csv", leak.clone()), &words, 3, &["days_in_ward", "--allow-leaks"]);
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("t.csv"), leak).unwrap();
    let ran = run(folder.path(), &["check", "t.csv", "--predict", "outcome", "--json"]);
    assert_eq!(ran.code, Some(3), "{ran:#?}");
    let found = ran.json();
    assert_eq!((found["leak"].as_bool(), found["rows"].as_u64()), (Some(true), Some(200)));
    assert!(found["findings"][0]["column"] == "days_in_ward", "{found}");
    run(folder.path(), &["train", "t.csv", "--predict", "outcome", "--allow-leaks", "--steps", "5"]).ok();
}

#[test]
fn settings_that_make_no_sense() {
    let with = |config: &'static str| {
        move |folder: &Path| {
            write_patients(folder, 200);
            std::fs::write(folder.join("my.toml"), config).unwrap();
        }
    };
    let words = ["patients.csv", "--predict", "outcome", "--ignore", "dose", "--config", "my.toml"];
    refused(with("[training]\nlearning_rat = 1\n"), &words, 2, &["my.toml", "`learning_rate`"]);
    refused(with("[training\n"), &words, 2, &["my.toml"]);
    refused(with("[training]\nseconds = -1.0\n"), &words, 2, &["`seconds` is -1", "[training]"]);
    refused(with("[network]\ndepth = 1000000\n"), &words, 2, &["`depth`", "1000"]);
    refused(with("[network]\nlayers = [\"conv 3x3 32\"]\n"), &words, 2, &["conv"]);
    refused(|f| write_patients(f, 200), &["patients.csv", "--kind", "age=numbr"], 2, &["numbr", "`number`"]);
    refused(|f| write_patients(f, 200), &["patients.csv", "--sample", "clothes"], 2, &["--sample"]);
    refused(
        with(""),
        &[&words[..5], &["--out", "my.toml"]].concat(),
        2,
        &["my.toml", "not a folder", "--out"],
    );
    refused(with("[training]\nsteps = \"many\"\n"), &words, 2, &["my.toml", "a whole number of at least 0"]);
    refused(|_| {}, &["--sample", "cloths"], 2, &["`clothes`"]);
    refused(with("[data]\nvalidation = 0.0\n"), &words, 3, &["no validation rows", "patients.csv", "[data]"]);
}

#[test]
fn errors_on_a_sample_name_it_and_no_temporary_file() {
    for (sample, column) in [("clothes", "nope"), ("tumours", "diagnoses")] {
        let ran = refused(|_| {}, &["--sample", sample, "--predict", column], 2, &[column]);
        assert!(ran.err.contains(&format!("sample {sample}\n")), "{ran:#?}");
        assert!(!ran.err.contains(&std::env::temp_dir().display().to_string()), "{ran:#?}");
    }
}

#[test]
fn a_network_too_large_for_the_machine_is_refused_before_it_is_built() {
    let with = |config: &'static str| {
        move |folder: &Path| {
            write_patients(folder, 200);
            write_pictures(folder, 10);
            std::fs::write(folder.join("my.toml"), config).unwrap();
        }
    };
    let table = ["patients.csv", "--predict", "outcome", "--ignore", "dose", "--config", "my.toml"];
    let says =
        ["too large for this machine", " TB, and ", "free", "lower `width` in [network] (it is 65536)"];
    refused(with("[network]\nwidth = 65536\ndepth = 1000\n"), &table, 2, &says);
    let says = ["too large for this machine", "lower `channels` in [network] (they are 65536)"];
    let config = "[data]\nallow_leaks = true\n[network]\nchannels = 65536\n";
    refused(with(config), &["pictures", "--config", "my.toml"], 2, &says);
}

#[test]
fn numbers_on_the_command_line_are_answered_with_what_they_must_be() {
    for (flag, value, says) in [
        ("--time", "0", "write it like 90s, 10m or 1h30m"),
        ("--time", "-5", "write it like 90s, 10m or 1h30m"),
        ("--batch", "0", "a whole number from 1"),
        ("--batch", "-3", "a whole number from 1"),
        ("--lr", "inf", "a number above 0"),
        ("--skip-share", "-1", "between 0 and 1"),
    ] {
        refused(|f| write_patients(f, 50), &["patients.csv", flag, value], 2, &[value, says]);
    }
}

#[test]
fn a_training_that_diverges_fails_and_leaves_no_model() {
    let folder = tempfile::tempdir().unwrap();
    let folder = folder.path();
    write_patients(folder, 200);
    let words = ["train", "patients.csv", "--predict", "outcome", "--lr", "1e30", "--steps", "5"];
    run(folder, &words).fails(1, &["lower learning rate"]);
    assert!(!folder.join("runs/patients-1/model").exists());
    run(folder, &["predict", "runs/patients-1", "patients.csv"]).fails(2, &["no model"]);
    // What fails before its first checkpoint could not be resumed either.
    let words =
        ["train", "patients.csv", "--predict", "outcome", "--lr", "1e30", "--steps", "100", "--name", "b"];
    run(folder, &words).fails(1, &["lower learning rate"]);
    assert!(!folder.join("runs/b").exists(), "a run that came to nothing is left behind");
}

#[test]
fn a_very_wide_table_with_few_rows_is_said_to_be_small() {
    let mut text = (0..300).fold(String::new(), |text, i| format!("{text}x{i},")) + "y\n";
    for row in 0..3 {
        (0..300).for_each(|i| write!(text, "{}.5,", row * i).unwrap());
        writeln!(text, "{}", ["a", "b"][row % 2]).unwrap();
    }
    refused(file("wide.csv", text), &["wide.csv", "--predict", "y"], 3, &["rows"]);
    refused(file("one.csv", "a,y\n1,2\n"), &["one.csv"], 3, &["one.csv", "nothing to learn"]);
    let two = "a,y\n1,x\n2,z\n";
    refused(
        file("two.csv", two),
        &["two.csv"],
        3,
        &["2 rows are too few to split", "two.csv", "give more rows"],
    );
    let three = "a,b,y\n1,2,x\n2,3,z\n5,5,x\n";
    let says = ["no validation row can be used", "each of the 1", "give more rows"];
    refused(file("three.csv", three), &["three.csv", "--predict", "y"], 3, &says);
}
