//! A finished run's network for pictures in numbers and in bytes, on the run's test pictures.
//!
//! `cargo run --release -p pellucid-goals --example int8 RUN [SAMPLES]`

use pellucid_goals::{Error, Result, Unwatched, compare_int8};
use std::path::Path;

/// Training pictures whose ranges are seen, unless another number is asked for.
const SAMPLES: usize = 1024;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (run, samples) = match &arguments[..] {
        [run] => (run, SAMPLES),
        [run, samples] => (run, samples.parse().unwrap_or(SAMPLES)),
        _ => return Err(Error::usage("usage: int8 RUN [SAMPLES]".to_owned())),
    };
    let found = compare_int8(Path::new(run), samples, &mut Unwatched)?;
    println!(
        "{} test rows, ranges from {samples} training rows: accuracy {:.4} in numbers, {:.4} in bytes; same answers {:.4}",
        found.rows, found.plain, found.bytes, found.agree
    );
    Ok(())
}
