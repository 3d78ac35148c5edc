//! `resume`: go on with a training that was interrupted.

use crate::arguments::Arguments;
use crate::flags;
use crate::program::{Operand, Verb};
use crate::{settings, show, stop};
use pellucid_goals::{Error, Place};
use std::path::Path;

/// A run, as operand.
pub(super) const RUN: Operand = Operand {
    name: "RUN",
    help: "The run's folder, as `pellucid train` printed it",
    required: true,
    many: false,
};

pub(crate) static VERB: Verb = Verb {
    name: "resume",
    about: "Go on with a training that was interrupted; the result is the same, bit for bit",
    examples: &["pellucid resume runs/photos-1"],
    operands: &[RUN],
    flags: &[&flags::THREADS, &flags::JSON_EVENTS],
    run,
};

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let run = a.operand(0).unwrap_or(Path::new(""));
    let place = Place { out: None, name: None, command: settings::command(&VERB) };
    let stop = stop::on_interrupt(stop::TRAINING)?;
    let mut watcher = show::watcher(a.on(&flags::JSON_EVENTS));
    let ended = pellucid_goals::resume(run, &place, watcher.as_mut(), stop)?;
    drop(watcher);
    super::train::tell(ended, a.on(&flags::JSON_EVENTS))
}
