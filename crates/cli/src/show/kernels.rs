//! How fast the ways to compute a convolution are on this machine.

use pellucid_kernels::buffer::OutOfMemory;
use pellucid_kernels::conv::{
    Algorithm, Conv2d, TileSide, Weight, algorithms, backward_input_with, backward_weight_with, forward_with,
};
use pellucid_kernels::matmul::Epilogue;
use std::io::{self, Write};
use std::time::{Duration, Instant};

/// Time spent on each figure.
const BUDGET: Duration = Duration::from_millis(40);

/// So many numbers, others for another seed.
type Numbers = fn(usize, usize) -> Vec<f32>;

/// Writes a table: for every shape and way, billions of operations of the direct way in a second.
pub(crate) fn write(out: &mut dyn Write, numbers: Numbers) -> io::Result<()> {
    writeln!(out, "\nConvolutions of 32 pictures, in GFLOP/s of the direct way; * is the way taken")?;
    writeln!(out, "  {:<36} {:<14} {:>8} {:>8} {:>8}", "", "", "forward", "to input", "to weight")?;
    for conv in usual() {
        let (kernel, side) = (conv.kernel.0, conv.height);
        let groups = if conv.groups > 1 { format!(", {} groups", conv.groups) } else { String::new() };
        let mut shape = format!("{kernel}×{kernel} step {} on {side}×{side}, ", conv.stride.0);
        shape += &format!("{} → {}{groups}", conv.channels, conv.out);
        for (i, &way) in algorithms(&conv).iter().enumerate() {
            let (name, mark) = (if i == 0 { shape.as_str() } else { "" }, if i == 0 { "*" } else { " " });
            match speeds(&conv, way, numbers) {
                Ok([y, dx, dw]) => {
                    writeln!(out, "  {name:<36} {mark} {:<12} {y:>8.0} {dx:>8.0} {dw:>8.0}", called(way))?;
                }
                Err(_) => writeln!(out, "  {name:<36} {mark} {:<12} no memory for it", called(way))?,
            }
        }
    }
    writeln!(out)
}

/// A name for people.
fn called(way: Algorithm) -> &'static str {
    match way {
        Algorithm::Pointwise => "product",
        Algorithm::Depthwise => "depthwise",
        Algorithm::Shallow => "shallow",
        Algorithm::Taps => "direct",
        Algorithm::Winograd(TileSide::Two) => "Winograd 2×2",
        Algorithm::Winograd(TileSide::Four) => "Winograd 4×4",
    }
}

/// Convolutions as picture networks have them.
fn usual() -> Vec<Conv2d> {
    let shape =
        |kernel: usize, side: usize, channels: usize, out: usize, stride: usize, groups: usize| Conv2d {
            stride: (stride, stride),
            groups,
            ..Conv2d::centred(32, (side, side), (channels, out), kernel)
        };
    vec![
        shape(3, 28, 1, 24, 1, 1),
        shape(3, 32, 3, 64, 1, 1),
        shape(3, 28, 24, 32, 1, 1),
        shape(3, 32, 64, 64, 1, 1),
        shape(3, 14, 128, 128, 1, 1),
        shape(3, 7, 256, 256, 1, 1),
        shape(3, 4, 512, 512, 1, 1),
        shape(3, 32, 64, 128, 2, 1),
        shape(1, 16, 128, 256, 1, 1),
        shape(1, 32, 64, 128, 2, 1),
        shape(3, 28, 48, 48, 1, 48),
        shape(5, 28, 48, 48, 1, 4),
    ]
}

/// GFLOP/s of the passes: forward, to the input, to the weights.
fn speeds(conv: &Conv2d, way: Algorithm, numbers: Numbers) -> Result<[f64; 3], OutOfMemory> {
    let (height, width) = conv.out_size().unwrap_or_default();
    let mut x = numbers(conv.batch * conv.height * conv.width * conv.channels, 1);
    let mut weight = numbers(conv.out * conv.kernel.0 * conv.kernel.1 * conv.channels / conv.groups, 2);
    let mut y = numbers(conv.batch * height * width * conv.out, 3);
    let work = 2.0 * conv.multiply_adds() as f64 / 1e9;
    Ok([
        work / best(|| forward_with(way, conv, &x, Weight::Plain(&weight), &mut y, Epilogue::default()))?,
        work / best(|| backward_input_with(way, conv, &y, &weight, &mut x, false))?,
        work / best(|| backward_weight_with(way, conv, &x, &y, &mut weight, false))?,
    ])
}

/// Seconds of the fastest run after the first.
fn best(mut run: impl FnMut() -> Result<(), OutOfMemory>) -> Result<f64, OutOfMemory> {
    run()?;
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < BUDGET || best == Duration::MAX {
        let one = Instant::now();
        run()?;
        best = best.min(one.elapsed());
    }
    Ok(best.as_secs_f64())
}
