//! `evaluate`: how good a trained network is.

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags;
use crate::program::{DONE, Operand, Verb};
use crate::{output, show};
use pellucid_goals::Error;
use std::path::Path;

pub(crate) static VERB: Verb = Verb {
    name: "evaluate",
    about: "Say how good a network is, on its own test rows or on other data with answers",
    examples: &[
        "pellucid evaluate runs/patients-1",
        "pellucid evaluate runs/patients-1 second_clinic.csv --json",
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
    flags: &[&flags::THREADS, &flags::JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let data = a.operands(1);
    let given = (!data.is_empty()).then_some(data.as_slice());
    let mut watcher = show::watcher(false);
    let evaluation = pellucid_goals::evaluate(run, given, watcher.as_mut())?;
    drop(watcher);
    if a.on(&flags::JSON) {
        output::json(&evaluation)?;
    } else {
        let which = if given.is_some() { "of this data" } else { "of its test" };
        let table = show::scores(&evaluation, which, show::Style::of_stdout());
        output::write(|out| out.write_all(table.as_bytes()))?;
    }
    Ok(DONE)
}
