//! Colours, where they are wanted: a terminal, and no `NO_COLOR` (no-color.org).

use std::io::{self, IsTerminal};

/// Whether to colour.
#[derive(Clone, Copy)]
pub(crate) struct Style {
    colour: bool,
}

impl Style {
    /// For standard error.
    pub(crate) fn of_stderr() -> Style {
        Style::of(io::stderr().is_terminal())
    }

    /// For standard output.
    pub(crate) fn of_stdout() -> Style {
        Style::of(io::stdout().is_terminal())
    }

    fn of(terminal: bool) -> Style {
        let unwanted = std::env::var_os("NO_COLOR").is_some_and(|v| !v.is_empty());
        let unable = std::env::var_os("TERM").is_some_and(|v| v == "dumb");
        Style { colour: terminal && !unwanted && !unable }
    }

    fn paint(self, code: &str, text: &str) -> String {
        if self.colour { format!("\x1b[{code}m{text}\x1b[0m") } else { text.to_owned() }
    }

    pub(crate) fn bold(self, text: &str) -> String {
        self.paint("1", text)
    }

    pub(crate) fn dim(self, text: &str) -> String {
        self.paint("2", text)
    }

    pub(crate) fn red(self, text: &str) -> String {
        self.paint("1;31", text)
    }

    pub(crate) fn yellow(self, text: &str) -> String {
        self.paint("33", text)
    }

    pub(crate) fn green(self, text: &str) -> String {
        self.paint("32", text)
    }
}
