//! Speed on this machine: of the kernels alone, and side by side with other programs.

mod answers;
mod options;
mod peers;
mod program;
mod shapes;
mod statistics;
mod table;
mod turns;
mod venv;

use crate::shell::{Outcome, cargo, target};
use std::path::PathBuf;

/// `bench` times the kernels, `bench peers` networks and `bench shapes` products and convolutions beside PyTorch's.
pub(crate) fn run(arguments: &[String]) -> Outcome {
    match arguments.split_first() {
        Some((what, rest)) if what == "peers" => peers::run(rest),
        Some((what, rest)) if what == "shapes" => shapes::run(rest),
        _ => kernels(arguments),
    }
}

fn kernels(arguments: &[String]) -> Outcome {
    let mut all = vec!["bench", "--package", "pellucid-kernels", "--bench", "products"];
    all.extend(arguments.iter().map(String::as_str));
    cargo(&all)
}

/// Builds Pellucid's side of the measurements, all programs at once, and gives the path of one of them.
fn built(program: &str) -> Result<PathBuf, String> {
    cargo(&["build", "--release", "--package", "pellucid-peers", "--features", "gemm"])?;
    Ok(target().join("release").join(program))
}
