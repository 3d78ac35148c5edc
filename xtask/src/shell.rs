//! Other programs, and the files of the project.

use std::path::{Path, PathBuf};
use std::process::Command;

/// What a command came to: nothing, or why it failed.
pub(crate) type Outcome = Result<(), String>;

/// The project's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().map(Path::to_path_buf).unwrap_or_default()
}

/// The folder of what is built.
pub(crate) fn target() -> PathBuf {
    root().join(std::env::var_os("CARGO_TARGET_DIR").unwrap_or_else(|| "target".into()))
}

/// Runs cargo in the project's folder, its output passed through.
pub(crate) fn cargo(arguments: &[&str]) -> Outcome {
    cargo_with(&[], arguments)
}

/// As [`cargo`], with these environment variables.
pub(crate) fn cargo_with(variables: &[(&str, &str)], arguments: &[&str]) -> Outcome {
    let set: String = variables.iter().map(|(name, value)| format!("{name}={value} ")).collect();
    eprintln!("$ {set}cargo {}", arguments.join(" "));
    let mut command = Command::new(env!("CARGO"));
    let status = command.args(arguments).envs(variables.iter().copied()).current_dir(root()).status();
    match status {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("cargo {} ended with {status}", arguments.join(" "))),
        Err(e) => Err(format!("cargo cannot be started: {e}")),
    }
}

/// All files below a folder of the project with this extension, in order.
pub(crate) fn files(folder: &str, extension: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![root().join(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(&folder).into_iter().flatten().flatten() {
            let path = entry.path();
            if path.is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|e| e == extension) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}
