//! How the house is built: who may use whom, and that every file has its place.

use crate::shell::{files, root};
use std::path::{Path, PathBuf};

/// The crates from the lowest floor up; a crate may use only those before it.
const FLOORS: [&str; 13] = [
    "base",
    "kernels",
    "tensor",
    "grad",
    "nn",
    "pretrained",
    "train",
    "data",
    "kinds",
    "insight",
    "goals",
    "studio",
    "cli",
];

type Broken = Result<Vec<String>, String>;

fn read(path: &Path) -> Result<String, String> {
    std::fs::read_to_string(path).map_err(|e| format!("{}: {e}", path.display()))
}

fn short(path: &Path) -> String {
    path.strip_prefix(root()).unwrap_or(path).display().to_string()
}

fn name(path: Option<&Path>) -> &str {
    path.and_then(Path::file_name).and_then(|name| name.to_str()).unwrap_or_default()
}

/// Crates that use one of their own floor or above.
pub(crate) fn upward_dependencies() -> Broken {
    let mut broken = Vec::new();
    for manifest in files("crates", "toml") {
        let folder = name(manifest.parent());
        let Some(floor) = FLOORS.iter().position(|name| *name == folder) else {
            broken.push(format!("{} is on no floor", short(&manifest)));
            continue;
        };
        let text = read(&manifest)?;
        for line in text.lines().filter_map(|line| line.strip_prefix("pellucid-")) {
            let used = line.split(['.', ' ', '=']).next().unwrap_or_default();
            if !FLOORS[..floor].contains(&used) {
                broken.push(format!("{folder} uses {used}, which is not below it"));
            }
        }
    }
    Ok(broken)
}

/// Source files that no `mod` and no list of modules names: they would be neither compiled nor tested.
pub(crate) fn orphans() -> Broken {
    let mut broken = Vec::new();
    for path in files("crates", "rs").into_iter().chain(files("xtask/src", "rs")) {
        let stem = path.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
        let Some(folder) = path.parent() else { continue };
        let is_root =
            ["lib", "main"].contains(&stem) || ["tests", "benches", "examples"].contains(&name(Some(folder)));
        if is_root {
            continue;
        }
        let (module, home) = match stem {
            "mod" => (name(Some(folder)), folder.parent().unwrap_or(folder)),
            _ => (stem, folder),
        };
        let mut declared = false;
        for file in declaring(home) {
            declared |= read(&file)?.lines().any(|line| names(line, module));
        }
        if !declared {
            broken.push(format!("{} is in no list of modules", short(&path)));
        }
    }
    Ok(broken)
}

/// Whether a line of code names a module: `mod name;`, or its entry in a list of modules.
fn names(line: &str, module: &str) -> bool {
    let code = line.split("//").next().unwrap_or_default();
    code.split(|c: char| !c.is_alphanumeric() && c != '_').any(|word| word == module)
}

/// The files that may declare the modules lying in a folder.
fn declaring(home: &Path) -> Vec<PathBuf> {
    let mut candidates = ["mod.rs", "lib.rs", "main.rs"].map(|file| home.join(file)).to_vec();
    candidates.push(home.with_extension("rs"));
    if name(Some(home)) == "tests" {
        // Every file here is the root of a test program and may share modules with the others.
        candidates.extend(files(&short(home), "rs"));
    }
    candidates.retain(|file| file.is_file());
    candidates
}

/// Verbs that the README shows and the program does not have.
pub(crate) fn unknown_verbs() -> Broken {
    let text = read(&root().join("README.md"))?;
    let lines =
        text.lines().filter_map(|line| line.trim().trim_start_matches("$ ").strip_prefix("pellucid "));
    let verbs = lines.filter_map(|line| line.split_whitespace().next());
    let unknown = verbs.filter(|verb| {
        let plain = verb.chars().all(|c| c.is_ascii_lowercase());
        plain && !root().join(format!("crates/cli/src/verbs/{verb}.rs")).is_file()
    });
    Ok(unknown.map(|verb| format!("README.md shows `pellucid {verb}`, which does not exist")).collect())
}
