//! The project's own commands: `cargo xtask <command>`.

mod axe;
mod bench;
mod check;
mod evaluate;
mod figures;
mod reference;
mod shell;
mod structure;

use pellucid_kernels::isa::Isa;
use shell::{Outcome, cargo, cargo_with};
use std::process::ExitCode;

/// A command: its name, what it does, and how.
struct Command {
    name: &'static str,
    about: &'static str,
    run: fn(&[String]) -> Outcome,
}

const COMMANDS: &[Command] = &[
    Command {
        name: "test",
        about: "build and run every test, those of the engine with every vector family",
        run: test,
    },
    Command { name: "check", about: "formatting, lints and the rules of the house", run: check::run },
    Command {
        name: "bench",
        about: "time the kernels; `bench peers [NAME…]` and `bench shapes [NAME…]` time PyTorch in turn",
        run: bench::run,
    },
    Command {
        name: "evaluate",
        about: "train on larger data and compare with docs/results.md: evaluate --data DIR [NAME…]",
        run: evaluate::run,
    },
    Command {
        name: "screenshots",
        about: "draw every page of the studio, light and dark, into docs/studio (needs Chromium and its driver)",
        run: |_| {
            cargo(&["test", "--package", "pellucid", "--features", "screenshots", "--test", "screenshots"])
        },
    },
    Command {
        name: "reference",
        about: "where reference values come from; --python PATH makes them again",
        run: reference::run,
    },
];

/// All tests with this machine's vector family, and those of the kernels and operations with each narrower one as
/// well; those of the studio's pages where there is a browser. With arguments for `cargo test`, only what they ask for.
fn test(arguments: &[String]) -> Outcome {
    let mut all = vec!["test", "--workspace"];
    match has_program("chromedriver") {
        true => {
            all.extend(["--features", "pellucid/browser"]);
            if let Err(why) = axe::fetch() {
                eprintln!(
                    "axe-core is not there ({why}), so accessibility is not checked. It comes with npm, once: apt-get install npm"
                );
            }
        }
        false => eprintln!(
            "There is no chromedriver, so the studio's pages are not tested in a browser. On Debian and Ubuntu it comes with: \
             apt-get install chromium chromium-driver"
        ),
    }
    all.extend(arguments.iter().map(String::as_str));
    cargo(&all)?;
    if !arguments.is_empty() {
        return Ok(());
    }
    const ENGINE: [&str; 6] =
        ["test", "--package", "pellucid-kernels", "--package", "pellucid-grad", "--tests"];
    narrower(Isa::detect()).try_for_each(|family| cargo_with(&[("PELLUCID_ISA", family.name())], &ENGINE))
}

/// Whether a program is on the path.
fn has_program(name: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(name).is_file())
}

/// The vector families narrower than one, the widest first.
fn narrower(widest: Isa) -> impl Iterator<Item = Isa> {
    Isa::ALL.into_iter().rev().filter(move |&family| family < widest)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let asked = arguments.first().map(String::as_str).unwrap_or_default();
    let Some(command) = COMMANDS.iter().find(|c| c.name == asked) else {
        eprintln!("usage: cargo xtask COMMAND\n");
        COMMANDS.iter().for_each(|c| eprintln!("  {:<10} {}", c.name, c.about));
        return ExitCode::from(2);
    };
    match (command.run)(&arguments[1..]) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("xtask {asked}: {why}");
            ExitCode::FAILURE
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_narrower_family_is_tested_besides_the_machines_own() {
        let names = |widest| narrower(widest).map(Isa::name).collect::<Vec<_>>();
        assert_eq!(names(Isa::Avx512), ["avx2", "portable"]);
        assert_eq!(names(Isa::Avx2), ["portable"]);
        assert!(names(Isa::Portable).is_empty());
    }
}
