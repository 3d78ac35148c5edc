//! Trains on larger data, as `docs/results.md` says, and shows whether its figures still hold.

use crate::figures::{FIGURES, Figure};
use crate::shell::{Outcome, cargo, target};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

pub(crate) fn run(arguments: &[String]) -> Outcome {
    let usage = "usage: cargo xtask evaluate --data DIR [NAME…]";
    let [flag, folder, names @ ..] = arguments else { return Err(usage.to_owned()) };
    if flag != "--data" {
        return Err(usage.to_owned());
    }
    for name in names {
        if !FIGURES.iter().any(|f| f.name == name) {
            let all: Vec<_> = FIGURES.iter().map(|f| f.name).collect();
            return Err(format!("there is no figure `{name}`; there are: {}", all.join(", ")));
        }
    }
    cargo(&["build", "--release", "--package", "pellucid"])?;
    let program = target().join("release/pellucid");
    let mut missed = Vec::new();
    for figure in FIGURES.iter().filter(|f| names.is_empty() || names.iter().any(|n| n == f.name)) {
        missed.extend(measure(&program, Path::new(folder), figure)?);
    }
    if missed.is_empty() { Ok(()) } else { Err(format!("not reached: {}", missed.join("; "))) }
}

/// Trains, prints the scores, and gives the metrics that fell short.
fn measure(program: &Path, folder: &Path, figure: &Figure) -> Result<Vec<String>, String> {
    let data: Vec<PathBuf> = figure.data.iter().map(|d| folder.join(d)).collect();
    let from = figure.from.map(|from| folder.join(from));
    if let Some(missing) = data.iter().chain(&from).find(|d| !d.exists()) {
        println!("{}: left out, there is no {}", figure.name, missing.display());
        return Ok(Vec::new());
    }
    let from: Vec<PathBuf> = from.into_iter().flat_map(|from| ["--from".into(), from]).collect();
    let words = figure.from.map_or(String::new(), |from| format!(" --from {from}"));
    println!(
        "{}: pellucid train {} {}{words}",
        figure.name,
        figure.data.join(" "),
        figure.arguments.join(" ")
    );
    let run = output(Command::new(program).arg("train").args(&data).args(figure.arguments).args(from))?;
    let run = run.lines().last().unwrap_or_default().to_owned();
    let scores = output(Command::new(program).args(["evaluate", &run, "--json"]))?;
    println!("{}", scores.trim());
    let missed = figure.bars.iter().filter_map(|(metric, bar)| match value(&scores, metric) {
        Some(value) => bar.missed_by(value).map(|by| format!("{} {metric} {by}", figure.name)),
        None => Some(format!("{} has no {metric}", figure.name)),
    });
    Ok(missed.collect())
}

/// What a program prints; its messages are passed through.
fn output(command: &mut Command) -> Result<String, String> {
    let out =
        command.stderr(Stdio::inherit()).output().map_err(|e| format!("pellucid cannot be started: {e}"))?;
    if !out.status.success() {
        return Err(format!("pellucid ended with {}", out.status));
    }
    Ok(String::from_utf8_lossy(&out.stdout).into_owned())
}

/// The value of a metric in the first target of an evaluation: `"accuracy": {"value": 0.9, …`.
fn value(json: &str, metric: &str) -> Option<f64> {
    let after = &json[json.find(&format!("\"{metric}\""))?..];
    let after = &after[after.find("\"value\"")? + 7..];
    let number: String = after
        .chars()
        .skip_while(|c| matches!(c, ':' | ' '))
        .take_while(|c| !matches!(c, ',' | '}' | '\n'))
        .collect();
    number.trim().parse().ok()
}
