//! Speed of what goes through memory once: elementary functions, activations, norms, losses, look-ups.
//!
//! `cargo bench -p pellucid-kernels --bench sweeps [-- NAME]` runs what contains NAME, and prints nanoseconds for each number on
//! one thread.

use pellucid_kernels::activation::Activation;
use pellucid_kernels::elementwise::map_in_place;
use pellucid_kernels::gather::gather_rows;
use pellucid_kernels::losses::{Classes, cross_entropy};
use pellucid_kernels::norm::rows;
use pellucid_kernels::peak::fastest;
use pellucid_kernels::threads::set_threads;
use pellucid_kernels::{Float, softmax};

/// Made-up numbers between −4 and 4.
fn numbers(len: usize) -> Vec<f32> {
    (0..len).map(|i| (i * 7919 % 2003) as f32 / 250.0 - 4.0).collect()
}

/// Prints the time of a sweep that is named as the command line asks.
fn show(name: &str, len: usize, body: impl FnMut()) {
    let asked: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    if asked.is_empty() || asked.iter().any(|a| name.contains(a)) {
        println!("{name:<34} {:8.3} ns per number", fastest(body) / len as f64 * 1e9);
    }
}

fn main() {
    set_threads(1);
    // Small enough for the second cache, so that the function is measured and not the memory.
    let small = numbers(1 << 16);
    macro_rules! function {
        ($name:ident) => {
            let mut x = small.clone();
            show(concat!("function ", stringify!($name)), x.len(), || {
                x.copy_from_slice(&small);
                map_in_place(
                    &mut x,
                    8,
                    #[inline(always)]
                    |v: f32| Float::$name(v),
                );
            });
        };
    }
    function!(exp);
    function!(ln);
    function!(tanh);
    function!(erf);
    function!(sigmoid);
    let mut y = small.clone();
    for activation in
        [Activation::Relu, Activation::Gelu, Activation::Silu, Activation::Sigmoid, Activation::Tanh]
    {
        show(&format!("activation {activation:?}"), small.len(), || {
            y.copy_from_slice(&small);
            activation.apply(&mut y);
        });
        show(&format!("activation {activation:?}, backward"), small.len(), || {
            activation.backward(&small, &small, &mut y);
        });
    }
    // 16 × 128 rows of a transformer of width 256.
    let (width, count) = (256, 2048);
    let x = numbers(count * width);
    let (mut y, mut kept) = (x.clone(), vec![0.0; 2 * count]);
    let (gamma, beta) = (vec![1.0; width], vec![0.0; width]);
    let (mut dgamma, mut dbeta) = (gamma.clone(), beta.clone());
    show("layer norm", x.len(), || rows::forward(&x, &gamma, &beta, 1e-5, &mut y, &mut kept));
    show("layer norm, backward", x.len(), || {
        assert!(rows::backward(&x, &gamma, &kept, &mut y, &mut dgamma, &mut dbeta).is_ok());
        std::hint::black_box(&mut y);
    });
    show("softmax, rows of 128", x.len(), || softmax::softmax(&x, 128, &mut y));
    let (table, indices): (_, Vec<u32>) =
        (numbers(8000 * width), (0..count as u32).map(|i| i * 7919 % 8000).collect());
    show("gather", x.len(), || gather_rows(&table, width, &indices, &mut y));
    let logits = numbers(count * 8000);
    let mut gradient = vec![0.0; logits.len()];
    let classes =
        Classes { labels: &indices, count: 8000, smoothing: 0.0, class_weights: None, row_weights: None };
    show("cross entropy, 8000 classes", logits.len(), || {
        assert!(cross_entropy(&logits, classes, &mut gradient).is_ok());
    });
    let classes = Classes { smoothing: 0.1, ..classes };
    show("cross entropy, smoothed", logits.len(), || {
        assert!(cross_entropy(&logits, classes, &mut gradient).is_ok());
    });
    show("copy", logits.len(), || gradient.copy_from_slice(&logits));
}
