//! The checker of accessibility, axe-core, for the tests of the studio's pages: fetched once with npm, never a part of the program.

use crate::shell::{Outcome, target};
use std::path::Path;
use std::process::Command;

const VERSION: &str = "4.14.1";

/// Puts `axe.min.js` where the tests look for it, unless it is there.
///
/// # Errors
/// A machine without npm or without a connection, and a place that cannot be written.
pub(crate) fn fetch() -> Outcome {
    // Cargo's own folder for files of tests (`CARGO_TARGET_TMPDIR`).
    let folder = target().join("tmp");
    let file = folder.join("axe.min.js");
    if file.is_file() {
        return Ok(());
    }
    std::fs::create_dir_all(&folder).map_err(|e| format!("{} cannot be made: {e}", folder.display()))?;
    run(
        &folder,
        "npm",
        &["pack", "--silent", "--fetch-retries=1", "--fetch-timeout=30000", &format!("axe-core@{VERSION}")],
    )?;
    let archive = format!("axe-core-{VERSION}.tgz");
    run(&folder, "tar", &["-xzf", &archive, "--strip-components=1", "package/axe.min.js"])
}

fn run(folder: &Path, program: &str, arguments: &[&str]) -> Outcome {
    let status = Command::new(program).args(arguments).current_dir(folder).status();
    match status.map_err(|e| format!("{program} cannot be run: {e}"))?.success() {
        true => Ok(()),
        false => Err(format!("{program} {} failed", arguments.join(" "))),
    }
}
