//! `forecast`: would more data help?

use super::resume::RUN;
use crate::arguments::Arguments;
use crate::flags::{Flag, JSON, THREADS, Value};
use crate::program::{DONE, INTERRUPTED, Verb};
use crate::{output, show, stop};
use pellucid_goals::{Error, forecast, forecast_page};
use pellucid_insight::report::forecast_in_words;
use std::path::Path;

/// What is said when it is stopped.
const STOPPING: &str = "\nStopping: nothing is kept. Press Ctrl-C again to leave at once.";

static OUT: Flag = Flag {
    name: "out",
    value: Value::Path("FILE.html"),
    many: false,
    help: "Write a page with the curve",
    under: "Output",
};

static EVENTS: Flag = Flag {
    name: "events",
    value: Value::Switch,
    many: false,
    help: "Tell how far it is as JSON, one event a line, on standard output",
    under: "Output",
};

pub(crate) static VERB: Verb = Verb {
    name: "forecast",
    about: "Would more data help? Learns again from parts of the rows, which takes two to three times as long as the training did",
    examples: &["pellucid forecast runs/loans-1", "pellucid forecast runs/loans-1 --out more.html"],
    operands: &[RUN],
    flags: &[&OUT, &EVENTS, &THREADS, &JSON],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let stop = stop::on_interrupt(STOPPING)?;
    let mut watcher = show::watcher(a.on(&EVENTS));
    let Some(found) = forecast(run, watcher.as_mut(), stop)? else { return Ok(INTERRUPTED) };
    drop(watcher);
    match a.on(&JSON) {
        true => output::json(&found)?,
        false => output::line(
            &forecast_in_words(&found).iter().map(|s| show::plain(s)).collect::<Vec<_>>().join("\n"),
        )?,
    }
    if let Some(path) = a.path(&OUT) {
        output::page(path, &forecast_page(&output::name(run), &found))?;
    }
    Ok(DONE)
}
