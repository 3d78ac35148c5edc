//! What an operation costs beside its arithmetic: nanoseconds for tensors of one number, forward, recorded, and back.
//!
//! `cargo bench -p pellucid-grad --bench bookkeeping`

use pellucid_grad::{Tape, Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Result, Tensor};
use std::time::Instant;

/// Operations in a chain, and chains that are timed.
const CHAIN: usize = 64;
const CHAINS: usize = 400;

type Link = fn(&Var, &Var) -> Result<Var>;

/// Nanoseconds of an operation in the fastest chain: forward alone, forward recorded, and backward.
fn nanoseconds(link: Link) -> Result<[f64; 3]> {
    let one = Tensor::full(0.5f32, &[1, 1])?;
    let mut best = [f64::INFINITY; 3];
    let mut note = |phase: usize, since: Instant| {
        best[phase] = best[phase].min(since.elapsed().as_secs_f64() * 1e9 / CHAIN as f64);
    };
    for _ in 0..CHAINS {
        for (phase, tape) in [(0, Tape::idle()), (1, Tape::new())] {
            let (mut x, other) = (tape.watch(&one), tape.watch(&one));
            let start = Instant::now();
            for _ in 0..CHAIN {
                x = link(&x, &other)?;
            }
            note(phase, start);
            let start = Instant::now();
            if tape.records() {
                ops::sum(&x)?.backward()?;
                note(2, start);
            }
        }
    }
    Ok(best)
}

fn main() -> Result<()> {
    let links: [(&str, Link); 4] = [
        ("add", |x, y| ops::add(x, y)),
        ("relu", |x, _| ops::activate(x, Activation::Relu)),
        ("linear 1 → 1", |x, y| ops::linear(x, y, None, Activation::Identity)),
        ("layer norm of 1", |x, y| {
            ops::layer_norm(x, &ops::reshape(y, &[1])?, &ops::reshape(y, &[1])?, 1e-5)
        }),
    ];
    println!("{:20} {:>10} {:>10} {:>10}", "ns for an operation", "forward", "recorded", "backward");
    for (name, link) in links {
        let [forward, recorded, backward] = nanoseconds(link)?;
        println!("{name:20} {forward:10.0} {recorded:10.0} {backward:10.0}");
    }
    Ok(())
}
