//! `doctor`: the machine, and whether the engine computes rightly on it.

use crate::arguments::Arguments;
use crate::flags::{Flag, THREADS, Value};
use crate::output;
use crate::program::{DONE, Verb};
use crate::show::kernels;
use indicatif::BinaryBytes;
use pellucid_base::{free_disk, free_memory, whole_memory};
use pellucid_goals::Error;
use pellucid_kernels::isa::isa;
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_kernels::peak::operations_per_second;
use pellucid_kernels::threads::{set_threads, threads};
use std::path::Path;
use std::time::{Duration, Instant};

static KERNELS: Flag = Flag {
    name: "kernels",
    value: Value::Switch,
    many: false,
    help: "Also time the ways to compute convolutions of usual shapes, and mark those that are taken",
    under: "Output",
};

pub(crate) static VERB: Verb = Verb {
    name: "doctor",
    about: "Look at this machine, and check that the engine computes rightly on it",
    examples: &["pellucid doctor", "pellucid doctor --kernels"],
    operands: &[],
    flags: &[&KERNELS, &THREADS],
    run,
};

/// Shapes `[m, k, n]` of the self-check: on and beside the widths of vectors and tiles.
const SHAPES: [[usize; 3]; 5] = [[1, 7, 9], [15, 17, 31], [33, 64, 48], [65, 129, 66], [128, 300, 127]];

/// Size of the square matrices whose product is timed.
const TIMED: usize = 512;

fn run(a: &Arguments<'_>) -> Result<u8, Error> {
    let wrong = SHAPES.iter().map(|shape| error_of(*shape)).collect::<Result<Vec<_>, _>>()?;
    let largest = wrong.into_iter().fold(0.0, f64::max);
    let workers = threads();
    set_threads(1);
    let alone = speed()?;
    set_threads(workers);
    let together = speed()?;
    let most = [1, workers].map(|threads| operations_per_second(threads) / 1e9);
    output::write(|out| {
        writeln!(out, "Pellucid       {}", env!("CARGO_PKG_VERSION"))?;
        writeln!(out, "Processor      {}", processor())?;
        writeln!(out, "Vectors        {}", isa().name())?;
        writeln!(out, "Threads        {workers}")?;
        writeln!(out, "Memory         {}", memory().unwrap_or_else(|| "unknown".to_owned()))?;
        writeln!(out, "Disk           {}", disk().unwrap_or_else(|| "unknown".to_owned()))?;
        writeln!(
            out,
            "Multiply-adds  {:.0} GFLOP/s with 1 thread, {:.0} with {workers}: the most there is",
            most[0], most[1]
        )?;
        writeln!(out, "Matrix product {alone:.0} GFLOP/s with 1 thread, {together:.0} with {workers}")?;
        if a.on(&KERNELS) {
            kernels::write(out, numbers)?;
        }
        Ok(())
    })?;
    if largest > 1e-5 {
        return Err(Error::model(format!(
            "this machine computes wrongly · a matrix product differs from its definition by {largest:.1e} of its size · \
             check the memory of the machine, or try with the environment variable PELLUCID_ISA=portable"
        )));
    }
    output::line("Self-check     passed: matrix products are as defined")?;
    Ok(DONE)
}

/// Numbers between -1 and 1 that look random.
fn numbers(count: usize, seed: usize) -> Vec<f32> {
    let mix = |i: usize| ((i + 1) * 2_654_435_761 + seed * 40_503) % 8191;
    (0..count).map(|i| mix(i) as f32 / 4095.5 - 1.0).collect()
}

/// The largest difference between a product and its definition, relative to the sum of the magnitudes of its terms.
fn error_of([m, k, n]: [usize; 3]) -> Result<f64, Error> {
    let (a, b) = (numbers(m * k, 1), numbers(k * n, 2));
    let mut c = vec![0.0; m * n];
    matmul(Mat::new(&a, m, k), Mat::new(&b, k, n), &mut c, Epilogue::default()).map_err(no_memory)?;
    let mut largest: f64 = 0.0;
    for (row, result) in a.chunks(k).zip(c.chunks(n)) {
        for (column, &value) in result.iter().enumerate() {
            let terms = || {
                row.iter().zip(b.iter().skip(column).step_by(n)).map(|(&x, &y)| f64::from(x) * f64::from(y))
            };
            let size = terms().map(f64::abs).sum::<f64>().max(f64::MIN_POSITIVE);
            let off = (f64::from(value) - terms().sum::<f64>()).abs() / size;
            largest = if off.is_finite() { largest.max(off) } else { f64::INFINITY };
        }
    }
    Ok(largest)
}

fn no_memory(_: pellucid_kernels::buffer::OutOfMemory) -> Error {
    Error::model("there is no memory for a small matrix product · close other programs")
}

/// Billions of operations in a second, the best of some products.
fn speed() -> Result<f64, Error> {
    let (a, b) = (numbers(TIMED * TIMED, 1), numbers(TIMED * TIMED, 2));
    let mut c = vec![0.0; TIMED * TIMED];
    let (start, mut best) = (Instant::now(), Duration::MAX);
    while start.elapsed() < Duration::from_millis(150) {
        let one = Instant::now();
        let (a, b) = (Mat::new(&a, TIMED, TIMED), Mat::new(&b, TIMED, TIMED));
        matmul(a, b, &mut c, Epilogue::default()).map_err(no_memory)?;
        best = best.min(one.elapsed());
    }
    Ok(2.0 * (TIMED as f64).powi(3) / best.as_secs_f64() / 1e9)
}

/// The processor's name and its number of cores.
fn processor() -> String {
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let info = std::fs::read_to_string("/proc/cpuinfo").unwrap_or_default();
    let name = info.lines().find_map(|line| line.strip_prefix("model name")?.split_once(':'));
    let name = name.map_or(std::env::consts::ARCH, |(_, name)| name.trim());
    format!("{name}, {cores} core{}", if cores == 1 { "" } else { "s" })
}

/// Free and whole memory, where the system tells.
fn memory() -> Option<String> {
    Some(format!("{} free of {}", BinaryBytes(free_memory()?), BinaryBytes(whole_memory()?)))
}

/// Free space on the disk of this folder, where the system tells.
fn disk() -> Option<String> {
    free_disk(Path::new(".")).map(|bytes| format!("{} free here", BinaryBytes(bytes)))
}
