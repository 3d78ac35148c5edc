//! Speed of matrix products and convolutions, as a share of what the processor's multiply-adds allow.
//!
//! `cargo bench -p pellucid-kernels --bench products [-- NAME]` runs what contains NAME.

use pellucid_kernels::buffer::OutOfMemory;
use pellucid_kernels::conv::{self, Conv2d, Weight, algorithms};
use pellucid_kernels::int8;
use pellucid_kernels::isa::{Isa, isa};
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_kernels::threads::set_threads;
use pellucid_kernels::window::Padding;
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

/// Rounds of the peak measurement, and independent sums in it: enough to hide the latency.
const ROUNDS: usize = 1_000_000;
const CHAINS: usize = 12;

/// Floating-point operations per second of independent multiply-adds in registers, on one thread.
fn peak() -> f64 {
    let (lanes, run): (usize, fn()) = match isa() {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: `isa` returns a family only if the processor has its instructions.
        Isa::Avx512 => (16, || unsafe { multiply_adds_512() }),
        #[cfg(target_arch = "x86_64")]
        // SAFETY: as above.
        Isa::Avx2 => (8, || unsafe { multiply_adds_256() }),
        _ => (4, multiply_adds),
    };
    (2 * lanes * CHAINS * ROUNDS) as f64 / seconds(run)
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
        print!("{name:58}");
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
        let name =
            format!("{name} {m}×{k}×{n}{}{}", if a_t { " Aᵀ" } else { "" }, if b_t { " Bᵀ" } else { "" });
        self.show(&name, m * k * n, || {
            note(matmul(a, b, &mut c, Epilogue::default()));
        });
    }

    /// All three passes of a 3×3 convolution of `size`² pictures with padding 1, or of another kernel.
    fn conv(&self, size: usize, channels: usize, out: usize, change: impl Fn(&mut Conv2d)) {
        let mut conv = Conv2d {
            batch: 32,
            height: size,
            width: size,
            channels,
            out,
            kernel: (3, 3),
            stride: (1, 1),
            padding: Padding::both(1, 1),
            dilation: (1, 1),
            groups: 1,
        };
        change(&mut conv);
        let Ok((oh, ow)) = conv.out_size() else { return println!("impossible: {conv:?}") };
        let mut x = numbers(conv.batch * size * size * channels);
        let mut w = numbers(out * conv.kernel.0 * conv.kernel.1 * channels / conv.groups);
        let mut y = numbers(conv.batch * oh * ow * out);
        let (ky, kx) = conv.kernel;
        let work = conv.multiply_adds();
        for how in algorithms(&conv) {
            let name = format!("{ky}×{kx}/{} {size}²×{channels}→{out} {how:?}", conv.stride.0);
            self.show(&format!("{name} forward"), work, || {
                note(conv::forward_with(how, &conv, &x, Weight::Plain(&w), &mut y, Epilogue::default()));
            });
            self.show(&format!("{name} backward, input"), work, || {
                note(conv::backward_input_with(how, &conv, &y, &w, &mut x, false));
            });
            self.show(&format!("{name} backward, weight"), work, || {
                note(conv::backward_weight_with(how, &conv, &x, &y, &mut w, false));
            });
        }
        self.bytes(&conv, (oh, ow));
    }

    /// The same convolution in bytes; its operations are on whole numbers, its share that of the peak in floating point.
    fn bytes(&self, conv: &Conv2d, (oh, ow): (usize, usize)) {
        if conv.groups != 1 {
            return;
        }
        let (ky, kx) = conv.kernel;
        let work = conv.multiply_adds();
        let name =
            format!("{ky}×{kx}/{} {}²×{}→{} bytes", conv.stride.0, conv.height, conv.channels, conv.out);
        let conv = Conv2d { channels: conv.channels.next_multiple_of(4), ..*conv };
        let x: Vec<u8> =
            (0..conv.batch * conv.height * conv.width * conv.channels).map(|i| (i * 7) as u8).collect();
        let weight: Vec<i8> = (0..conv.out * ky * kx * conv.channels).map(|i| (i * 5) as i8).collect();
        let mut packed = vec![0; int8::packed_len(&conv)];
        int8::pack(&conv, &weight, &mut packed);
        let (scale, bias) = (vec![1e-4; conv.out], vec![100.0; conv.out]);
        let finish = int8::Finish { scale: &scale, bias: &bias, floor: f32::NEG_INFINITY, around: None };
        let mut y = vec![0; conv.batch * oh * ow * conv.out];
        self.show(&name, work, || {
            note(int8::conv2d(&conv, &x, 0, &packed, &finish, int8::Out::Bytes(&mut y)));
        });
    }
}

fn note(result: Result<(), OutOfMemory>) {
    if let Err(error) = result {
        println!("{error:?}");
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
    bench.conv(32, 3, 64, |_| ());
    bench.conv(32, 64, 64, |_| ());
    bench.conv(16, 128, 128, |_| ());
    bench.conv(8, 256, 256, |_| ());
    bench.conv(4, 512, 512, |_| ());
    bench.conv(32, 64, 128, |c| c.stride = (2, 2));
    bench.conv(16, 128, 256, |c| (c.kernel, c.padding) = ((1, 1), Padding::default()));
    bench.conv(32, 64, 64, |c| c.groups = 64);
    bench.conv(32, 16, 16, |_| ());
}
