//! `evaluate`: how good a trained network is.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{self, Flag, Value};
use crate::program::{DONE, Operand, Verb};
use crate::{output, show};
use pellucid_goals::Error;
use std::path::Path;

static JUDGE: Flag = Flag {
    name: "judge",
    value: Value::Path("RUN"),
    many: false,
    help: "Ask this classifier of pictures what it sees in pictures that the network paints by label",
    under: PAINTING,
};

static COUNT: Flag = Flag {
    name: "count",
    value: Value::Whole("N"),
    many: false,
    help: "Pictures that --judge looks at, all labels in turn [default: 1000]",
    under: PAINTING,
};

const PAINTING: &str = "Networks that paint";

/// Pictures that a judge looks at, if nothing else is said.
const JUDGED: u64 = 1000;

pub(crate) static VERB: Verb = Verb {
    name: "evaluate",
    about: "Say how good a network is, on its own test rows or on other data with answers",
    examples: &[
        "pellucid evaluate runs/patients-1",
        "pellucid evaluate runs/patients-1 second_clinic.csv --json",
        "pellucid evaluate runs/painter-1 --judge runs/classifier-1",
    ],
    operands: &[
        RUN,
        Operand {
            name: "DATA",
            help: "Data with answers [default: the run's test rows]",
            required: false,
            many: true,
        },
    ],
    flags: &[&JUDGE, &COUNT, &flags::THREADS, &flags::JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let data = a.operands(1);
    let given = (!data.is_empty()).then_some(data.as_slice());
    let mut watcher = show::watcher(false);
    let evaluation = match a.path(&JUDGE) {
        Some(_) if given.is_some() => {
            return Err(Error::usage(
                "--judge looks at pictures that are painted, not at DATA · leave one of them out",
            ));
        }
        Some(judge) => {
            let count = usize::try_from(a.whole(&COUNT).unwrap_or(JUDGED)).unwrap_or(usize::MAX);
            pellucid_goals::judge(run, judge, count, watcher.as_mut())?
        }
        None if a.on(&COUNT) => {
            return Err(Error::usage(
                "--count says how many pictures --judge looks at · give both, or leave it out",
            ));
        }
        None => pellucid_goals::evaluate(run, given, watcher.as_mut())?,
    };
    drop(watcher);
    if a.on(&flags::JSON) {
        output::json(&evaluation)?;
    } else {
        let which = match given {
            _ if a.on(&JUDGE) => "as the judge sees them",
            Some(_) => "of this data",
            None => "of its test",
        };
        let table = show::scores(&evaluation, which, show::Style::of_stdout());
        output::write(|out| out.write_all(table.as_bytes()))?;
    }
    Ok(DONE)
}
