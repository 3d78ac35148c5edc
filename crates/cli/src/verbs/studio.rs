//! `studio`: everything that the program does, in the browser.

use crate::arguments::Arguments;
use crate::flags::{Flag, Value};
use crate::output::say;
use crate::program::{DONE, Verb};
use pellucid_goals::Error;
use pellucid_studio::Studio;
use std::path::Path;

pub(super) const PLACE: &str = "Place";

pub(super) static PORT: Flag = Flag {
    name: "port",
    value: Value::Whole("N"),
    many: false,
    help: "The port on this machine [default: 4747, or a free one if that is taken]",
    under: PLACE,
};

static WORKSPACE: Flag = Flag {
    name: "workspace",
    value: Value::Path("DIR"),
    many: false,
    help: "The folder where data sets (`data/`) and runs (`runs/`) lie [default: this one]",
    under: PLACE,
};

static NO_OPEN: Flag = Flag {
    name: "no-open",
    value: Value::Switch,
    many: false,
    help: "Only tell the address, and leave the browser alone",
    under: PLACE,
};

pub(crate) static VERB: Verb = Verb {
    name: "studio",
    about: "Open the studio: train, see through and use networks in the browser, without a word of code",
    examples: &["pellucid studio", "pellucid studio --workspace my-networks --port 8080 --no-open"],
    operands: &[],
    flags: &[&WORKSPACE, &PORT, &NO_OPEN],
    run,
};

/// The port, if one is asked for.
///
/// # Errors
/// A number that is none.
pub(super) fn port(a: &Arguments<'_>) -> Result<Option<u16>, Error> {
    let number = |port| {
        u16::try_from(port)
            .map_err(|_| Error::usage(format!("--port {port} makes no sense · it must be from 1 to 65535")))
    };
    a.whole(&PORT).map(number).transpose()
}

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let program = std::env::current_exe()
        .map_err(|e| Error::usage(format!("the system does not tell where this program is · {e}")))?;
    let workspace = a.path(&WORKSPACE).unwrap_or(Path::new("."));
    let studio = Studio { workspace, port: port(a)?, program };
    let quiet = a.on(&NO_OPEN);
    let mut opened = |address: &str| {
        say(format_args!(
            "The studio is open, on this machine only: {address}\nCtrl-C closes it; trainings then save and stop."
        ));
        if !quiet && open::that_detached(address).is_err() {
            say("No browser could be opened: copy the address into one.");
        }
    };
    pellucid_studio::open(studio, &mut opened).map_err(Error::usage)?;
    Ok(DONE)
}
