//! Products and convolutions of single shapes: the half of `cargo xtask bench shapes` that is written in Rust.
//!
//! `pellucid-shapes THREADS` answers the lines of standard input, each with one line of JSON as the workloads do for
//! `time` (`loss` is here the mean square of the result, so that both sides provably compute the same):
//!
//! | line | what is timed |
//! |---|---|
//! | `pellucid matmul M K N FORM SECONDS` | a product of matrices; FORM is `plain`, `at` or `bt` (a factor lies transposed) |
//! | `gemm matmul M K N FORM SECONDS` | the same by the crate `gemm` |
//! | `pellucid PASS BATCH SIDE CHANNELS OUT KERNEL STRIDE SECONDS` | a convolution; PASS is `forward`, `input` or `weight` |
//!
//! Its peer is `torch/shapes.py`.

mod convolution;
mod product;

use pellucid_kernels::threads::set_threads;
use pellucid_peers::answer_lines;
use pellucid_tensor::{Error, Result};
use serde_json::Value;
use std::process::ExitCode;

/// Numbers that are neither equal nor tiny; the peer makes the same.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}

fn mean_square(x: &[f32]) -> f64 {
    x.iter().map(|&v| f64::from(v).powi(2)).sum::<f64>() / x.len().max(1) as f64
}

fn answer(line: &str, threads: usize) -> Result<Value> {
    let words: Vec<&str> = line.split_whitespace().collect();
    match words[..] {
        [who, "matmul", m, k, n, form, seconds] => product::time(who, [m, k, n], form, seconds, threads),
        ["pellucid", pass, batch, side, channels, out, kernel, stride, seconds] => {
            convolution::time(pass, [batch, side, channels, out, kernel, stride], seconds)
        }
        _ => Err(Error::argument("shapes", format!("`{line}` is neither a product nor a convolution"))),
    }
}

fn main() -> ExitCode {
    let threads = std::env::args().nth(1).and_then(|word| word.parse().ok());
    let Some(threads) = threads else {
        eprintln!("usage: pellucid-shapes THREADS");
        return ExitCode::from(2);
    };
    set_threads(threads);
    match answer_lines(|line| answer(line, threads)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("pellucid-shapes: {why}");
            ExitCode::FAILURE
        }
    }
}
