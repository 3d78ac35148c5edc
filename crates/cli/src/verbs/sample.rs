//! `sample`: the data sets inside the program.

use crate::arguments::Arguments;
use crate::flags::{Flag, Value};
use crate::output;
use crate::program::{DONE, Operand, Verb};
use pellucid_goals::Error;
use pellucid_goals::samples::{SAMPLES, extract};
use std::path::Path;

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("DIR"),
    many: false,
    help: "The folder to write the data set into [default: this one]",
    under: "Output",
};

pub(crate) static VERB: Verb = Verb {
    name: "sample",
    about: "List the data sets inside the program, or write one into a folder",
    examples: &["pellucid sample", "pellucid sample tumours --out data", "pellucid train --sample clothes"],
    operands: &[Operand {
        name: "NAME",
        help: "The data set [default: list all]",
        required: false,
        many: false,
    }],
    flags: &[&OUT],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    if let Some(name) = a.operand(0) {
        let path = extract(&name.to_string_lossy(), a.path(&OUT).unwrap_or(Path::new(".")))?;
        output::line(&path.display().to_string())?;
        return Ok(DONE);
    }
    let width = SAMPLES.iter().map(|sample| sample.name.len()).max().unwrap_or(0);
    output::write(|out| {
        SAMPLES.iter().try_for_each(|sample| {
            writeln!(out, "{:<width$}  {}\n{:<width$}  {}", sample.name, sample.about, "", sample.licence)
        })
    })?;
    Ok(DONE)
}
