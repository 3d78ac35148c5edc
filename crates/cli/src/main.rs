//! The `pellucid` program: deep learning that people can see through, on your own machine.
//!
//! Every verb is one file in `verbs/`, with its flags as plain data in one struct; the parser and the help are
//! made from these. What people read goes to standard error; results (a path, JSON, CSV) go to standard output.
//!
//! Exit codes: 0 done · 1 failed · 2 wrong usage · 3 the data was refused · 130 interrupted.

mod arguments;
mod ask;
mod flags;
mod output;
mod program;
mod settings;
mod show;
mod stop;
mod verbs;

use std::process::ExitCode;

fn main() -> ExitCode {
    match program::run() {
        Ok(code) => ExitCode::from(code),
        Err(error) => {
            show::problem(&error);
            ExitCode::from(error.exit_code())
        }
    }
}
