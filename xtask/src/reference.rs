//! Where the stored reference values come from, and how to make them again.

use crate::shell::{Outcome, files, root};
use std::path::{Path, PathBuf};
use std::process::Command;

/// The scripts: every Python file in a folder `reference` beside the tests; `common.py` only helps the others.
fn scripts() -> Vec<PathBuf> {
    let is_script = |path: &PathBuf| {
        let folder = path.parent().and_then(Path::file_name);
        folder.is_some_and(|name| name == "reference")
            && path.file_stem().is_some_and(|stem| stem != "common")
    };
    files("crates", "py").into_iter().filter(is_script).collect()
}

/// Lists the scripts; with `--python PATH` runs them with that Python. A script stores its values itself or prints
/// them; what is printed goes to the file of its name that ends in `.json`.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments {
        [] => list(),
        [flag, python] if flag == "--python" => scripts().iter().try_for_each(|script| make(python, script)),
        _ => Err("usage: cargo xtask reference [--python PATH]".to_owned()),
    }
}

fn list() -> Outcome {
    println!(
        "Reference values lie beside the scripts that made them, in Python with torch, numpy, scipy, librosa, soundfile,"
    );
    println!(
        "scikit-learn, captum, shap and quantus. To make them all again: cargo xtask reference --python PATH\n"
    );
    for script in scripts() {
        let text = std::fs::read_to_string(&script).map_err(|e| format!("{}: {e}", script.display()))?;
        let about = text.lines().find_map(|line| line.trim().strip_prefix("\"\"\"")).unwrap_or_default();
        let short = script.strip_prefix(root()).unwrap_or(&script).display().to_string();
        println!("  {short:<44} {}", about.trim_end_matches("\"\"\""));
    }
    Ok(())
}

fn make(python: &str, script: &Path) -> Outcome {
    println!("{}", script.display());
    let failed = |why: &str| format!("{}: {why}", script.display());
    let mut command = Command::new(python);
    command.arg(script).current_dir(script.parent().unwrap_or(Path::new(".")));
    let output = command.output().map_err(|e| failed(&e.to_string()))?;
    if !output.status.success() {
        return Err(failed(&String::from_utf8_lossy(&output.stderr)));
    }
    if output.stdout.is_empty() {
        return Ok(());
    }
    std::fs::write(script.with_extension("json"), &output.stdout).map_err(|e| failed(&e.to_string()))
}
