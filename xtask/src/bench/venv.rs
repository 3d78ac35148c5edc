//! A Python with the PyTorch that is measured.

use crate::shell::{root, target};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// The folder of the Python programs.
pub(crate) fn folder() -> PathBuf {
    root().join("bench/peers/torch")
}

/// The Python given, or that of a virtual environment, which is made on first use and again when the requirements
/// change.
pub(crate) fn python(given: Option<&Path>) -> Result<PathBuf, String> {
    if let Some(given) = given {
        return Ok(given.to_path_buf());
    }
    let requirements = folder().join("requirements.txt");
    let wanted = std::fs::read_to_string(&requirements)
        .map_err(|e| format!("{} cannot be read: {e}", requirements.display()))?;
    let venv = target().join("peers/venv");
    let python = venv.join(if cfg!(windows) { "Scripts/python.exe" } else { "bin/python" });
    // Written last: what was interrupted is made anew.
    let done = venv.join("requirements-installed.txt");
    if std::fs::read_to_string(&done).is_ok_and(|installed| installed == wanted) {
        return Ok(python);
    }
    eprintln!("making {} with {}", venv.display(), wanted.trim().replace('\n', ", "));
    let system = if cfg!(windows) { "python" } else { "python3" };
    run(Command::new(system).args(["-m", "venv", "--clear"]).arg(&venv))?;
    run(Command::new(&python).args(["-m", "pip", "install", "--requirement"]).arg(&requirements))?;
    std::fs::write(&done, wanted).map_err(|e| format!("{} cannot be written: {e}", done.display()))?;
    Ok(python)
}

/// Runs a command whose output is only for people.
fn run(command: &mut Command) -> Result<(), String> {
    let said = format!("{command:?}");
    let hint = "with --python PATH another Python that has torch can be used";
    match command.stdout(Stdio::from(std::io::stderr())).status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{said} ended with {status} · {hint}")),
        Err(e) => Err(format!("{said} cannot be started: {e} · {hint}")),
    }
}
