//! The most that the processor can do: what the speed of products and networks is measured against.

#[cfg(target_arch = "x86_64")]
use crate::isa::Isa;
use crate::isa::isa;
use std::hint::black_box;
use std::sync::Barrier;
use std::time::{Duration, Instant};

/// Time spent on a measurement.
const BUDGET: Duration = Duration::from_millis(200);

/// Rounds of one run, and independent sums in a round: enough to hide the latency of a multiply-add.
const ROUNDS: usize = 1_000_000;
const CHAINS: usize = 12;

/// Seconds of the fastest of several runs of `body` within 0.2 s, after one run to warm up.
pub fn fastest(mut body: impl FnMut()) -> f64 {
    body();
    let begin = Instant::now();
    let mut best = f64::INFINITY;
    while begin.elapsed() < BUDGET {
        let start = Instant::now();
        body();
        best = best.min(start.elapsed().as_secs_f64());
    }
    best
}

/// Floating-point operations per second (two for each multiply-add) of `threads` threads together: independent
/// multiply-adds in registers, with the vector family in use.
///
/// All threads measure at the same time, since a processor may run slower when all its cores are busy.
pub fn operations_per_second(threads: usize) -> f64 {
    let (lanes, run): (usize, fn()) = match isa() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` returns a family only if the processor has its instructions.
        Isa::Avx512 => (16, || unsafe { multiply_adds_512() }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => (8, || unsafe { multiply_adds_256() }),
        _ => (4, multiply_adds),
    };
    let start = Barrier::new(threads.max(1));
    let one = || {
        start.wait();
        (2 * lanes * CHAINS * ROUNDS) as f64 / fastest(run)
    };
    std::thread::scope(|scope| {
        let others: Vec<_> = (1..threads).map(|_| scope.spawn(one)).collect();
        let own = one();
        // A thread that only multiplies and adds does not panic.
        own + others.into_iter().filter_map(|other| other.join().ok()).sum::<f64>()
    })
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f")]
fn multiply_adds_512() {
    use std::arch::x86_64::*;
    let (x, y) = (_mm512_set1_ps(black_box(0.999)), _mm512_set1_ps(black_box(1e-3)));
    let mut sums = [x; CHAINS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm512_fmadd_ps(*sum, x, y);
        }
    }
    black_box(sums);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn multiply_adds_256() {
    use std::arch::x86_64::*;
    let (x, y) = (_mm256_set1_ps(black_box(0.999)), _mm256_set1_ps(black_box(1e-3)));
    let mut sums = [x; CHAINS];
    for _ in 0..ROUNDS {
        for sum in &mut sums {
            *sum = _mm256_fmadd_ps(*sum, x, y);
        }
    }
    black_box(sums);
}

fn multiply_adds() {
    let (x, y) = (black_box([0.999_f32; 4]), black_box([1e-3_f32; 4]));
    let mut sums = [x; CHAINS];
    for _ in 0..ROUNDS {
        sums = sums.map(|s| std::array::from_fn(|i| s[i] * x[i] + y[i]));
    }
    black_box(sums);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_processor_does_some_work_with_any_number_of_threads() {
        // A processor that makes less than one operation in a thousand cycles is none.
        for threads in [0, 1, 2] {
            let speed = operations_per_second(threads);
            assert!(speed.is_finite() && speed > 1e6, "{threads} threads: {speed}");
        }
    }
}
