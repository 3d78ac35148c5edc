//! ResNet-18 on 224×224 (workload W7), used in numbers and in bytes, in turn.
//!
//! `cargo bench -p pellucid-nn --bench int8 [-- PAIRS]`
//!
//! With one thread the clock is that thread's time on the processor, where Linux tells it: other work on the machine disturbs
//! it less. With all threads it is the time on the wall.

use pellucid_kernels::activation::Activation::{Identity, Relu};
use pellucid_kernels::isa::{has_vnni, isa};
use pellucid_kernels::threads::{set_threads, threads};
use pellucid_nn::layers::{
    BatchNorm, Conv2d, GlobalAvgPool, Linear, MaxPool2d, Pad, Padding, Residual, Sequential,
};
use pellucid_nn::{Int8Network, Layer, Pass, Seed};
use pellucid_tensor::{Result, Stream, Tensor};
use std::time::Instant;

/// Pairs of measurements, and how long each takes at least.
const PAIRS: usize = 7;
const SECONDS: f64 = 1.0;

fn around(zeros: usize) -> Pad {
    Pad::Exact(Padding::both(zeros, zeros))
}

/// A convolution without bias and batch norm; ReLU after it if wanted.
fn unit(seed: &Seed, from: usize, to: usize, side: usize, stride: usize, relu: bool) -> Result<Sequential> {
    let conv = Conv2d::new(seed, from, to, (side, side))?.stride(stride).pad(around(side / 2)).without_bias();
    Ok(Sequential::new().then(conv).then(BatchNorm::new(to, if relu { Relu } else { Identity })?))
}

/// ResNet-18 (He et al., arXiv 1512.03385).
fn resnet18() -> Result<Sequential> {
    let seed = Seed::new(0);
    let pool = MaxPool2d::with((3, 3), (2, 2), around(1));
    let mut net = Sequential::new().then(unit(&seed.part("stem"), 3, 64, 7, 2, true)?).then(pool);
    let mut from = 64;
    for (stage, to) in [64, 128, 256, 512].into_iter().enumerate() {
        for block in 0..2 {
            let seed = seed.part(format!("{stage}.{block}"));
            let stride = if stage > 0 && block == 0 { 2 } else { 1 };
            let body = Sequential::new()
                .then(unit(&seed.part("first"), from, to, 3, stride, true)?)
                .then(unit(&seed.part("second"), to, to, 3, 1, false)?);
            let mut residual = Residual::new(body).activation(Relu);
            if from != to {
                residual = residual.shortcut(unit(&seed.part("shortcut"), from, to, 1, stride, false)?);
            }
            net = net.then(residual);
            from = to;
        }
    }
    Ok(net.then(GlobalAvgPool).then(Linear::new(&seed.part("head"), 512, 1000, Identity)?))
}

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
    let net = resnet18()?;
    let numbers = |shape: &[usize], purpose: &str| -> Result<Tensor> {
        let mut x = Tensor::unset::<f32>(shape)?;
        let mut stream = Stream::new(0, purpose, 0);
        x.data_mut::<f32>()?.iter_mut().for_each(|x| *x = stream.normal());
        Ok(x)
    };
    let bytes = Int8Network::new(&net, &[numbers(&[4, 224, 224, 3], "samples")?])?;
    for batch in [1, 16] {
        let x = numbers(&[batch, 224, 224, 3], "x")?;
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
