//! Speed of matrix products and convolutions, as a share of what the processor's multiply-adds allow.
//!
//! `cargo bench -p pellucid-kernels --bench products [-- NAME]` runs what contains NAME.

use pellucid_kernels::isa::{Isa, isa, simd};
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_kernels::threads::set_threads;
use std::hint::black_box;
use std::time::{Duration, Instant};

/// Time spent on each figure.
const BUDGET: Duration = Duration::from_millis(200);

/// Seconds of the fastest of several runs of `body`, after one run to warm up.
fn seconds(mut body: impl FnMut()) -> f64 {
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

/// Floating-point operations per second of independent multiply-adds in registers, on one thread.
fn peak() -> f64 {
    const ROUNDS: usize = 1_000_000;
    const CHAINS: usize = 12;
    let run = || {
        let (x, y) = (black_box(0.999_f32), black_box(1e-3_f32));
        let fused = isa() != Isa::Portable;
        let sums = simd(
            #[inline(always)]
            || {
                let mut sums = [[1.0_f32; 16]; CHAINS];
                for _ in 0..ROUNDS {
                    for sum in &mut sums {
                        for s in sum {
                            *s = if fused { s.mul_add(x, y) } else { *s * x + y };
                        }
                    }
                }
                sums
            },
        );
        black_box(sums);
    };
    (2 * 16 * CHAINS * ROUNDS) as f64 / seconds(run)
}

/// Numbers that are neither equal nor tiny.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i * 7919 % 1009) as f32 / 1009.0 - 0.5).collect()
}

struct Bench {
    peak: f64,
    filter: String,
}

impl Bench {
    /// Prints the speed of `body`, which makes `work` multiply-adds, with 1 and 2 threads.
    fn show(&self, name: &str, work: usize, mut body: impl FnMut()) {
        if !name.contains(&self.filter) {
            return;
        }
        print!("{name:48}");
        for count in [1, 2] {
            set_threads(count);
            let speed = 2.0 * work as f64 / seconds(&mut body);
            let share = 100.0 * speed / (self.peak * count as f64);
            print!("{:9.1} GFLOP/s {share:5.1} %", speed / 1e9);
        }
        println!();
    }

    fn matmul(&self, name: &str, (m, k, n): (usize, usize, usize), (a_t, b_t): (bool, bool)) {
        let (a, b, mut c) = (numbers(m * k), numbers(k * n), numbers(m * n));
        let a = if a_t { Mat::new(&a, k, m).t() } else { Mat::new(&a, m, k) };
        let b = if b_t { Mat::new(&b, n, k).t() } else { Mat::new(&b, k, n) };
        let name = format!("{name} {m}×{k}×{n}{}{}", if a_t { " Aᵀ" } else { "" }, if b_t { " Bᵀ" } else { "" });
        self.show(&name, m * k * n, || {
            if let Err(error) = matmul(a, b, &mut c, Epilogue::default()) {
                println!("{error:?}");
            }
        });
    }
}

fn main() {
    let filter = std::env::args().skip(1).find(|a| !a.starts_with('-')).unwrap_or_default();
    let bench = Bench { peak: peak(), filter };
    println!("{}: {:.1} GFLOP/s per thread; then with 1 and with 2 threads", isa().name(), bench.peak / 1e9);
    for n in [64, 512, 2048] {
        bench.matmul("matmul", (n, n, n), (false, false));
    }
    bench.matmul("matmul", (512, 512, 512), (false, true));
    bench.matmul("matmul", (512, 512, 512), (true, false));
    bench.matmul("matmul", (256, 256, 54), (false, false));
    bench.matmul("matmul", (256, 54, 256), (false, true));
    bench.matmul("matmul, gradient of weights", (256, 8192, 256), (true, false));
    bench.matmul("matmul, gradient of weights", (64, 32768, 64), (true, false));
    bench.matmul("matmul", (1, 4096, 4096), (false, false));
    bench.matmul("matmul", (1, 4096, 4096), (false, true));
    bench.matmul("matmul", (16, 256, 256), (false, false));
    bench.matmul("matmul", (8, 8, 8), (false, false));
}
