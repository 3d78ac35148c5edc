//! What people see while a command works and when it is done.

mod console;
mod events;
pub(crate) mod kernels;
mod problem;
mod progress;
mod scores;
mod style;

pub(crate) use problem::problem;
pub(crate) use scores::scores;
pub(crate) use style::Style;

use pellucid_goals::Watcher;

/// Who shows the work: JSON events on standard output, or a progress bar (lines, if standard error is no terminal).
pub(crate) fn watcher(json: bool) -> Box<dyn Watcher> {
    if json { Box::new(events::Events::new()) } else { Box::new(console::Console::new()) }
}

/// Ends a training's events with its result.
///
/// # Errors
/// Standard output that cannot be written.
pub(crate) fn done(finished: &pellucid_goals::Finished) -> Result<(), pellucid_goals::Error> {
    events::done(finished)
}

/// Seconds in words, with ordinary spaces.
pub(crate) fn duration(seconds: f64) -> String {
    plain(&pellucid_insight::report::words::duration(seconds))
}

/// A count with separators: `12,345`.
pub(crate) fn count(n: u64) -> String {
    pellucid_insight::report::words::count(n)
}

/// A text with ordinary spaces: some terminals and all scripts stumble over the narrow ones of print.
pub(crate) fn plain(text: &str) -> String {
    text.replace(['\u{a0}', '\u{202f}'], " ")
}
