//! ResNet-18 on 224×224 (workload W7), used in numbers and in bytes, in turn.
//!
//! `cargo bench -p pellucid-peers --bench int8 [-- PAIRS]`
//!
//! With one thread the clock is that thread's time on the processor, where Linux tells it: other work on the machine disturbs
//! it less. With all threads it is the time on the wall.

use pellucid_kernels::isa::{has_vnni, isa};
use pellucid_kernels::threads::{set_threads, threads};
use pellucid_nn::{Int8Network, Layer, Pass};
use pellucid_peers::{normal, resnet18};
use pellucid_tensor::{Result, Tensor};
use std::time::Instant;

/// Pairs of measurements, and how long each takes at least.
const PAIRS: usize = 7;
const SECONDS: f64 = 1.0;

/// Seconds that this thread has been on the processor, where Linux tells it.
fn on_processor() -> Option<f64> {
    let text = std::fs::read_to_string("/proc/thread-self/schedstat").ok()?;
    Some(text.split_whitespace().next()?.parse::<f64>().ok()? * 1e-9)
}

/// Pictures per second of what answers `batch` pictures at a time.
fn speed(batch: usize, threads: usize, mut answer: impl FnMut() -> Result<()>) -> Result<f64> {
    set_threads(threads);
    answer()?;
    let begin = Instant::now();
    let clock = || on_processor().filter(|_| threads == 1).unwrap_or_else(|| begin.elapsed().as_secs_f64());
    let (start, mut answers) = (clock(), 0);
    while clock() - start < SECONDS {
        answer()?;
        answers += 1;
    }
    Ok((answers * batch) as f64 / (clock() - start))
}

/// The middle of a list, its smallest and its largest number.
fn middle(numbers: &[f64]) -> (f64, f64, f64) {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    (sorted[sorted.len() / 2], sorted[0], sorted[sorted.len() - 1])
}

fn main() -> Result<()> {
    let pairs = std::env::args().skip(1).find_map(|a| a.parse().ok()).unwrap_or(PAIRS).max(1);
    let all = threads();
    println!("{}, VNNI {}, {pairs} pairs", isa().name(), has_vnni());
    let net = resnet18(1000, false)?;
    let bytes = Int8Network::new(&net, &[normal("samples", &[4, 224, 224, 3])?])?;
    for batch in [1, 16] {
        let x = normal("x", &[batch, 224, 224, 3])?;
        let plain = || -> Result<Tensor> {
            let pass = Pass::inference();
            Ok(net.forward(&pass, &pass.input(&x))?.value().clone())
        };
        let (want, got) = (plain()?.to_vec(), bytes.forward(&x)?.to_vec());
        let product = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
        let cosine = product(&want, &got) / (product(&want, &want) * product(&got, &got)).sqrt();
        println!("W7-{batch}: cosine of the answers {cosine:.5}");
        for threads in [1, all] {
            let (mut speeds, mut ratios) = ([Vec::new(), Vec::new()], Vec::new());
            for _ in 0..pairs {
                let a = speed(batch, threads, || plain().map(drop))?;
                let b = speed(batch, threads, || bytes.forward(&x).map(drop))?;
                ratios.push(b / a);
                speeds.iter_mut().zip([a, b]).for_each(|(all, one)| all.push(one));
            }
            let [(plain, ..), (bytes, ..)] = speeds.map(|all| middle(&all));
            let (ratio, low, high) = middle(&ratios);
            println!(
                "  {threads} threads: f32 {plain:.1}, int8 {bytes:.1} pictures/s; ratio {ratio:.2} ({low:.2}–{high:.2})"
            );
        }
    }
    Ok(())
}
