//! Formatting, lints, and the rules of the house that no lint knows.

use crate::shell::{Outcome, cargo, files, root};
use crate::structure::{orphans, unknown_verbs, upward_dependencies};
use std::path::Path;

/// Files longer than this are two rooms.
const LONGEST: usize = 600;

/// Tests of the studio's pages are compiled only where they are asked for.
const PAGES: &str = "pellucid/browser,pellucid/screenshots";

/// A rule: what it says, and the places that break it.
struct Rule {
    says: &'static str,
    broken: fn(&Path, &str) -> Vec<String>,
}

const RULES: &[Rule] = &[
    Rule { says: "`unsafe` only in kernels", broken: unsafe_code },
    Rule { says: "files stay below 600 lines", broken: long_file },
    Rule { says: "no ignored tests, no stubs", broken: stubs },
];

pub(crate) fn run(_: &[String]) -> Outcome {
    rules()?;
    readme()?;
    cargo(&["fmt", "--all", "--check"])?;
    cargo(&["clippy", "--workspace", "--all-targets", "--features", PAGES, "--", "--deny", "warnings"])
}

fn rules() -> Outcome {
    let mut broken = Vec::new();
    for path in ["crates", "xtask/src", "examples"].iter().flat_map(|folder| files(folder, "rs")) {
        let text = std::fs::read_to_string(&path).map_err(|e| format!("{}: {e}", path.display()))?;
        let short = path.strip_prefix(root()).unwrap_or(&path).to_path_buf();
        for rule in RULES {
            let places = (rule.broken)(&short, &text);
            broken.extend(places.into_iter().map(|place| format!("{}: {}", rule.says, place)));
        }
    }
    for rule in [upward_dependencies, orphans, unknown_verbs] {
        broken.extend(rule()?);
    }
    if broken.is_empty() {
        println!("the rules of the house hold");
        return Ok(());
    }
    Err(format!("rules of the house are broken:\n  {}", broken.join("\n  ")))
}

/// Lines of code that contain a word, as `file:line`.
fn lines_with(path: &Path, text: &str, found: impl Fn(&str) -> bool) -> Vec<String> {
    let code = |line: &str| line.split("//").next().unwrap_or_default().to_owned();
    let numbered = text.lines().zip(1..).filter(|(line, _)| found(&code(line)));
    numbered.map(|(_, number)| format!("{}:{number}", path.display())).collect()
}

fn unsafe_code(path: &Path, text: &str) -> Vec<String> {
    if path.starts_with("crates/kernels") {
        return Vec::new();
    }
    let word = concat!("un", "safe ");
    lines_with(path, text, |code| code.contains(word))
}

fn long_file(path: &Path, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > LONGEST { vec![format!("{} has {lines}", path.display())] } else { Vec::new() }
}

fn stubs(path: &Path, text: &str) -> Vec<String> {
    let words = [
        concat!("#[ig", "nore"),
        concat!("todo", "!("),
        concat!("unimple", "mented!("),
        concat!("db", "g!("),
    ];
    lines_with(path, text, |code| words.iter().any(|w| code.contains(w)))
}

/// The README names the commands that must hold on a new machine.
fn readme() -> Outcome {
    let path = root().join("README.md");
    let text = std::fs::read_to_string(&path).map_err(|e| format!("README.md: {e}"))?;
    for command in ["cargo run --release -- train --sample", "cargo xtask test"] {
        if !text.contains(command) {
            return Err(format!("README.md does not name `{command}`"));
        }
    }
    Ok(())
}
