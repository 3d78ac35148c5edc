//! Speed of matrix products, convolutions and recurrent sweeps, as a share of what the processor's multiply-adds allow.
//!
//! `cargo bench -p pellucid-kernels --bench products [-- NAME]` runs what contains NAME.

use pellucid_kernels::attention::{Attention, Place};
use pellucid_kernels::buffer::OutOfMemory;
use pellucid_kernels::conv::{self, Conv2d, Weight, algorithms};
use pellucid_kernels::int8;
use pellucid_kernels::isa::isa;
use pellucid_kernels::matmul::{Epilogue, Mat, matmul};
use pellucid_kernels::peak::{fastest, operations_per_second};
use pellucid_kernels::recurrent::{self, Cell, Gradients, Gru, Lstm, Sequences, Start, Weights};
use pellucid_kernels::threads::set_threads;
use pellucid_kernels::window::Padding;

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
            let speed = 2.0 * work as f64 / fastest(&mut body);
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

    /// Both passes of self-attention in one tensor `[batch, time, 3 · heads · width]`.
    fn attention(&self, (batch, heads, time, width): (usize, usize, usize, usize), causal: bool) {
        let columns = heads * width;
        let places = [0, 1, 2].map(|i| Place { tensor: 0, first: i * columns });
        let a = Attention {
            batch,
            heads,
            width,
            queries: time,
            keys: time,
            causal,
            query_lengths: None,
            key_lengths: None,
            places,
        };
        let qkv = numbers(batch * time * 3 * columns);
        let (mut y, dy, mut dqkv) = (vec![0.0; qkv.len() / 3], numbers(qkv.len() / 3), qkv.clone());
        let mut kept = vec![0.0; a.statistics_len()];
        let name =
            format!("attention {batch}×{heads}×{time}×{width}{}", if causal { ", causal" } else { "" });
        let work = 2 * batch * heads * time * time * width;
        self.show(&format!("{name} forward"), work, || note(a.forward(&[&qkv], &mut y, &mut kept)));
        self.show(&format!("{name} backward"), work * 5 / 2, || {
            note(a.backward(&[&qkv], &y, &kept, &dy, &mut [&mut dqkv]));
        });
    }

    /// All three passes of a 3×3 convolution of `size`² pictures with padding 1, or of another kernel.
    fn conv(&self, size: usize, channels: usize, out: usize, change: impl Fn(&mut Conv2d)) {
        let mut conv = Conv2d::centred(32, (size, size), (channels, out), 3);
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

    /// A recurrent network over a batch of sequences: forward, and forward with the gradients of the parameters.
    fn recurrent<C: Cell>(
        &self,
        name: &str,
        (batch, time): (usize, usize),
        (inputs, hidden): (usize, usize),
    ) {
        let s = Sequences { batch, time, inputs, hidden, reverse: false, lengths: None };
        let (all, wide) = (C::GATES * hidden, batch * time);
        let (x, dy) = (numbers(wide * inputs), numbers(wide * hidden));
        let mut parts = [all * inputs, all * hidden, all, all].map(numbers);
        parts.iter_mut().flatten().for_each(|w| *w *= 0.1);
        let [mut input, mut hidden_, mut bias_input, mut bias_hidden] = parts.clone();
        let [weight_input, weight_hidden, of_input, of_hidden] = &parts;
        let w = Weights {
            input: weight_input,
            hidden: weight_hidden,
            bias_input: of_input,
            bias_hidden: of_hidden,
        };
        let start = Start { state: None, cells: None };
        let (mut gates, mut kept, mut y) =
            (numbers(wide * all), numbers(wide * hidden), numbers(wide * hidden));
        let work = wide * all * (inputs + hidden);
        let name = format!("{name} {inputs}→{hidden}, {batch} × {time}");
        self.show(&format!("{name}, forward"), work, || {
            note(recurrent::forward::<C, f32>(&s, &x, &w, start, &mut gates, &mut kept, &mut y));
        });
        self.show(&format!("{name}, both ways"), work + wide * all * (inputs + 2 * hidden), || {
            note(recurrent::forward::<C, f32>(&s, &x, &w, start, &mut gates, &mut kept, &mut y));
            let gradients = Gradients {
                x: None,
                input: Some(&mut input),
                hidden: Some(&mut hidden_),
                biases: Some((&mut bias_input, &mut bias_hidden)),
                start: Start { state: None, cells: None },
            };
            note(recurrent::backward::<C, f32>(&s, &x, &w, start, &mut gates, &mut kept, &y, &dy, gradients));
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
    let bench = Bench { peak: operations_per_second(1), filter };
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
    for causal in [false, true] {
        bench.attention((16, 4, 128, 64), causal);
        bench.attention((4, 4, 512, 64), causal);
        bench.attention((1, 4, 2048, 64), causal);
        bench.attention((64, 8, 32, 32), causal);
    }
    bench.conv(32, 3, 64, |_| ());
    bench.conv(32, 64, 64, |_| ());
    bench.conv(16, 128, 128, |_| ());
    bench.conv(8, 256, 256, |_| ());
    bench.conv(4, 512, 512, |_| ());
    bench.conv(32, 64, 128, |c| c.stride = (2, 2));
    bench.conv(16, 128, 256, |c| (c.kernel, c.padding) = ((1, 1), Padding::default()));
    bench.conv(32, 64, 64, |c| c.groups = 64);
    bench.conv(32, 16, 16, |_| ());
    bench.recurrent::<Gru>("GRU", (32, 100), (64, 256));
    bench.recurrent::<Lstm>("LSTM", (32, 100), (64, 256));
}
