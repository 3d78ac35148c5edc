//! One workload, trained or run on command: the half of `cargo xtask bench peers` that is Pellucid's.
//!
//! `pellucid-peers WORKLOAD FILE [THREADS]` builds the network, writes its weights and the batch to FILE (safetensors), and then
//! answers the lines of standard input, each with one line of JSON:
//!
//! | line | what happens | answer |
//! |---|---|---|
//! | `check N RATE` | N steps at a learning rate | `{"losses": […]}` |
//! | `time SECONDS` | steps for so long, at a rate that changes next to nothing | `{"steps": …, "seconds": …, "loss": …}` |
//!
//! The peer (`torch/peer.py`) reads FILE and answers the same lines.

mod workloads;

use pellucid_grad::Var;
use pellucid_kernels::threads::set_threads;
use pellucid_nn::optim::Optimizer;
use pellucid_nn::state::{Named, named_to_bytes};
use pellucid_nn::{Pass, Role, params};
use pellucid_peers::{answer_lines, number, timed};
use pellucid_tensor::{Error, Result};
use serde_json::{Value, json};
use std::process::ExitCode;
use workloads::{WORKLOADS, Workload};

/// A fixed batch at an ordinary rate would drive the loss to 0 and the numbers into denormals, which are slow.
const TINY_RATE: f64 = 1e-6;

struct Runner {
    workload: Box<dyn Workload>,
    optimizer: Option<Box<dyn Optimizer>>,
    steps: u64,
}

impl Runner {
    /// One step of training, or one answer of a network that is only used; returns the loss, or the answer's sum.
    fn step(&mut self, rate: f64) -> Result<f64> {
        let Some(optimizer) = &mut self.optimizer else {
            return self.workload.loss(&Pass::inference())?.value().item();
        };
        let pass = Pass::training(0, self.steps);
        let loss: Var = self.workload.loss(&pass)?;
        let value = loss.value().item()?;
        let step = pass.finish(loss.backward()?);
        drop(loss);
        optimizer.step(self.workload.model_mut(), step, rate)?;
        self.steps += 1;
        Ok(value)
    }

    fn answer(&mut self, line: &str) -> Result<Value> {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[..] {
            ["check", steps, rate] => {
                let (steps, rate) = (number::<usize>(steps)?, number(rate)?);
                let losses = (0..steps).map(|_| self.step(rate)).collect::<Result<Vec<_>>>()?;
                Ok(json!({ "losses": losses }))
            }
            ["time", seconds] => timed(number(seconds)?, || self.step(TINY_RATE)),
            _ => Err(Error::argument(
                "peers",
                format!("`{line}` is neither `check N RATE` nor `time SECONDS`"),
            )),
        }
    }
}

/// The batch and the trained parameters in their order, as the peer reads them.
fn start(workload: &dyn Workload) -> Named {
    let mut named = workload.batch();
    let trained = params(workload.model()).into_iter().filter(|(_, p)| p.role != Role::Buffer);
    named.extend(trained.enumerate().map(|(i, (_, p))| (format!("parameter {i:03}"), p.value.clone())));
    named
}

fn run(name: &str, file: &str) -> Result<()> {
    let entry = WORKLOADS.iter().find(|w| w.name == name).ok_or_else(|| {
        let known: Vec<_> = WORKLOADS.iter().map(|w| w.name).collect();
        Error::argument("peers", format!("no workload `{name}`; there are {}", known.join(", ")))
    })?;
    let workload = (entry.build)()?;
    let bytes = named_to_bytes(&start(workload.as_ref()))?;
    std::fs::write(file, bytes).map_err(|e| Error::state(format!("{file} cannot be written: {e}")))?;
    let passes = if workload.optimizer().is_some() { 3 } else { 1 };
    println!("{}", json!({ "multiply_adds": passes * workload.multiply_adds() }));
    let mut runner = Runner { optimizer: workload.optimizer(), workload, steps: 0 };
    answer_lines(|line| runner.answer(line))
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let (name, file, threads) = match &arguments[..] {
        [name, file] => (name, file, None),
        [name, file, threads] => (name, file, threads.parse().ok()),
        _ => {
            eprintln!("usage: pellucid-peers WORKLOAD FILE [THREADS]");
            return ExitCode::from(2);
        }
    };
    if let Some(threads) = threads {
        set_threads(threads);
    }
    match run(name, file) {
        Ok(()) => ExitCode::SUCCESS,
        Err(why) => {
            eprintln!("pellucid-peers {name}: {why}");
            ExitCode::FAILURE
        }
    }
}
