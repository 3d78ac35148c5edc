//! What the programs of the measurements share: how they speak (a line of words in, a line of JSON out), numbers, a network.

mod resnet;

pub use resnet::resnet18;

use pellucid_tensor::{Error, Result, Stream, Tensor};
use serde_json::{Value, json};
use std::io::BufRead;
use std::time::{Duration, Instant};

/// Runs before the clock starts.
const WARM_UP: usize = 3;

/// A word as a number.
///
/// # Errors
/// The word is none.
pub fn number<T: std::str::FromStr>(word: &str) -> Result<T> {
    word.parse().map_err(|_| Error::argument("peers", format!("{word} is no number")))
}

/// Answers every line of standard input, until it ends.
///
/// # Errors
/// The first line that cannot be answered.
pub fn answer_lines(mut answer: impl FnMut(&str) -> Result<Value>) -> Result<()> {
    for line in std::io::stdin().lock().lines() {
        let line = line.map_err(|e| Error::state(format!("standard input: {e}")))?;
        println!("{}", answer(&line)?);
    }
    Ok(())
}

/// Calls `step` for so many seconds, after a few calls to warm up: `{"steps": …, "seconds": …, "loss": …}`, where the
/// loss is what the last call gave.
///
/// # Errors
/// Those of `step`.
pub fn timed(seconds: f64, mut step: impl FnMut() -> Result<f64>) -> Result<Value> {
    let wanted = Duration::from_secs_f64(seconds);
    for _ in 0..WARM_UP {
        step()?;
    }
    let (start, mut steps) = (Instant::now(), 0);
    loop {
        let loss = step()?;
        steps += 1;
        let taken = start.elapsed();
        if taken >= wanted {
            return Ok(json!({ "steps": steps, "seconds": taken.as_secs_f64(), "loss": loss }));
        }
    }
}

/// Normal numbers.
///
/// # Errors
/// No memory.
pub fn normal(purpose: &str, shape: &[usize]) -> Result<Tensor> {
    let mut stream = Stream::new(0, purpose, 0);
    let mut tensor = Tensor::unset::<f32>(shape)?;
    tensor.data_mut::<f32>()?.iter_mut().for_each(|x| *x = stream.normal());
    Ok(tensor)
}
