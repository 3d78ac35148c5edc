//! Ctrl-C: once to finish the step and save, twice to leave at once.

use crate::output::say;
use crate::program::INTERRUPTED;
use pellucid_goals::Error;
use std::sync::atomic::{AtomicBool, Ordering};

static STOP: AtomicBool = AtomicBool::new(false);

/// What is said when a training is stopped.
pub(crate) const TRAINING: &str =
    "\nStopping: this step is finished and saved. Press Ctrl-C again to leave at once.";

/// A flag that the first Ctrl-C (or request to terminate) sets, which also says something; the second ends the program.
///
/// # Errors
/// A system that does not let the program listen.
pub(crate) fn on_interrupt(said: &'static str) -> Result<&'static AtomicBool, Error> {
    let listen = ctrlc::set_handler(move || {
        if STOP.swap(true, Ordering::SeqCst) {
            std::process::exit(i32::from(INTERRUPTED));
        }
        say(said);
    });
    listen.map_err(|e| Error::usage(format!("Ctrl-C cannot be listened for · {e}")))?;
    Ok(&STOP)
}
