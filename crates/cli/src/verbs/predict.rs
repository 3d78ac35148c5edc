//! `predict`: answers for new data.

use crate::arguments::Arguments;
use crate::flags::{Flag, THREADS, Value};
use crate::output::say;
use crate::program::{DONE, Operand, Verb};
use crate::{output, show};
use pellucid_data::{DataError, OutColumn, OutValues, check_output, write_csv, write_table};
use pellucid_goals::{Asking, Error, GroupThresholds, Predictions, predict_with};
use std::path::Path;

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE"),
    many: false,
    help: "Where to write: .csv, .tsv, .json, .jsonl or .parquet [default: CSV on standard output]",
    under: "Output",
};

static COVERAGE: Flag = Flag {
    name: "coverage",
    value: Value::Share,
    many: false,
    help: "Add what holds the truth in this share of cases, such as 0.9: a set of classes, or the ends of an interval",
    under: "Answers",
};

static BY_RANK: Flag = Flag {
    name: "by-rank",
    value: Value::Switch,
    many: false,
    help: "With --coverage: sets that are larger where the network is in doubt and smaller where it is not (APS), instead of the smallest on average (LAC)",
    under: "Answers",
};

static AT_LEAST: Flag = Flag {
    name: "at-least",
    value: Value::Share,
    many: false,
    help: "Leave an answer empty unless its probability is at least this: rather none than a wrong one",
    under: "Answers",
};

static THRESHOLDS: Flag = Flag {
    name: "thresholds",
    value: Value::Path("FILE.json"),
    many: false,
    help: "Answer by thresholds of their own for each group, as `pellucid audit --thresholds` wrote them; the data need the columns of the groups",
    under: "Answers",
};

static DRIFT: Flag = Flag {
    name: "drift",
    value: Value::Path("FILE.json"),
    many: false,
    help: "Write as JSON how many inputs are unlike those of the training, and which columns moved",
    under: "Output",
};

/// Problems told one by one; the rest is counted.
const TOLD: usize = 10;

pub(crate) static VERB: Verb = Verb {
    name: "predict",
    about: "Answer new data: one row for each input, in its order, with probabilities",
    examples: &[
        "pellucid predict runs/photos-1 new.jpg",
        "pellucid predict runs/photos-1 new_photos/ --out answers.csv",
        "pellucid predict runs/patients-1 patients.csv --coverage 0.9 --at-least 0.7",
        "cat patients.csv | pellucid predict runs/patients-1 -",
    ],
    operands: &[
        Operand { name: "RUN", help: "The run's folder, or a model folder", required: true, many: false },
        Operand {
            name: "INPUT",
            help: "Pictures or sounds, folders of them, a zip, or tables; - is a table on standard input",
            required: true,
            many: true,
        },
    ],
    flags: &[&COVERAGE, &BY_RANK, &AT_LEAST, &THRESHOLDS, &OUT, &DRIFT, &THREADS],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    a.path(&OUT).map_or(Ok(()), check_output)?;
    let mut watcher = show::watcher(false);
    let asking = Asking {
        coverage: a.number(&COVERAGE),
        ranked: a.on(&BY_RANK),
        at_least: a.number(&AT_LEAST),
        thresholds: a.path(&THRESHOLDS).map(GroupThresholds::read).transpose()?,
    };
    if asking.thresholds.is_some() && asking.at_least.is_some() {
        return Err(Error::usage("--at-least and --thresholds both say when to answer · give one of them"));
    }
    if asking.ranked && asking.coverage.is_none() {
        return Err(Error::usage(
            "--by-rank says how sets are made, but none are asked for · add --coverage 0.9",
        ));
    }
    let predictions = predict_with(run, &a.operands(1), asking, watcher.as_mut())?;
    drop(watcher);
    if let Some(problem) = predictions.problems.first().filter(|_| nothing_answered(&predictions)) {
        return Err(DataError::refused("no input could be read").because(problem).into());
    }
    match a.path(&OUT) {
        Some(path) => write_table(path, &predictions.columns)?,
        None => output::write(|out| write_csv(out, &predictions.columns))?,
    }
    if let Some(path) = a.path(&DRIFT) {
        let Some(drift) = &predictions.drift else {
            return Err(Error::usage(
                "--drift · this network keeps nothing of the rows that it has learned from · train it again",
            ));
        };
        output::text(path, &(serde_json::json!(drift).to_string() + "\n"))?;
    }
    warn(&predictions.problems);
    Ok(DONE)
}

/// Whether every answer is empty.
fn nothing_answered(predictions: &Predictions) -> bool {
    predictions.columns.iter().skip(1).all(|OutColumn { values, .. }| match values {
        OutValues::Text(texts) => texts.iter().all(String::is_empty),
        OutValues::Number(numbers) => numbers.iter().all(|x| x.is_nan()),
        OutValues::Integer(numbers) => numbers.is_empty(),
    })
}

/// Names the inputs that have no answer.
fn warn(problems: &[String]) {
    let warning = show::Style::of_stderr().yellow("warning:");
    for problem in problems.iter().take(TOLD) {
        say(format_args!("{warning} no answer · {problem}"));
    }
    if problems.len() > TOLD {
        say(format_args!("{warning} no answer for {} more", show::count((problems.len() - TOLD) as u64)));
    }
}
