#![allow(clippy::unwrap_used)]

use super::*;
use crate::isa::Isa;
use crate::threads::set_threads;
use proptest::prelude::*;

/// Sizes at and around the edges of vectors and tiles.
fn size() -> impl Strategy<Value = usize> {
    prop_oneof![
        6 => prop::sample::select(vec![0, 1, 2, 3, 7, 8, 9, 13, 14, 15, 16, 17, 28, 29, 31, 32, 33, 54, 64, 65]),
        3 => 1usize..100,
        1 => 100usize..300,
    ]
}

/// How a matrix lies in memory: row-major with a gap after each row, transposed, or with gaps everywhere.
#[derive(Clone, Copy, Debug)]
enum Layout {
    Rows { gap: usize },
    Columns { gap: usize },
    Spread,
}

fn layout() -> impl Strategy<Value = Layout> {
    prop_oneof![
        (0usize..3).prop_map(|gap| Layout::Rows { gap }),
        (0usize..3).prop_map(|gap| Layout::Columns { gap }),
        Just(Layout::Spread),
    ]
}

#[derive(Clone, Debug)]
struct Case {
    batch: usize,
    m: usize,
    n: usize,
    k: usize,
    a: Layout,
    b: Layout,
    accumulate: bool,
    scale: bool,
    bias: bool,
    activation: Activation,
    pre: bool,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    use Activation::{Gelu, Identity, Relu, Sigmoid, Silu, Tanh};
    let activation = prop::sample::select(vec![Identity, Identity, Relu, Gelu, Silu, Sigmoid, Tanh]);
    let flags = (any::<[bool; 4]>(), activation);
    (0usize..4, (size(), size(), size()), layout(), layout(), flags, any::<u64>()).prop_map(
        |(batch, (m, n, k), a, b, ([accumulate, scale, bias, pre], activation), seed)| Case {
            batch: batch.max(usize::from(seed % 8 != 0)),
            m,
            n,
            k,
            a,
            b,
            accumulate,
            scale,
            bias,
            activation,
            pre,
            seed,
        },
    )
}

/// Numbers in [-1, 1) by a linear congruential generator.
pub(crate) fn numbers<T: Float>(len: usize, seed: &mut u64) -> Vec<T> {
    (0..len)
        .map(|_| {
            *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::from_f64((*seed >> 40) as f64 / f64::from(1 << 23) - 1.0)
        })
        .collect()
}

/// Strides of a `[rows, cols]` matrix, and the distance to the next.
fn strides(layout: Layout, rows: usize, cols: usize) -> (usize, usize, usize) {
    match layout {
        Layout::Rows { gap } => (cols + gap, 1, rows * (cols + gap) + 3),
        Layout::Columns { gap } => (1, rows + gap, cols * (rows + gap) + 1),
        Layout::Spread => (2 * cols + 1, 2, rows * (2 * cols + 1)),
    }
}

struct Results<T> {
    c: Vec<T>,
    pre: Vec<T>,
}

/// Runs a case with the kernels of every family: equal bits for 1, 2 and 4 threads, and close to sums in f64.
fn check<T: Float>(case: &Case, eps: f64) -> Result<(), TestCaseError> {
    let Case { batch, m, n, k, .. } = *case;
    let mut seed = case.seed;
    let (ar, ac, a_stride) = strides(case.a, m, k);
    let (br, bc, b_stride) = strides(case.b, k, n);
    let a: Vec<T> = numbers(batch * a_stride + 1, &mut seed);
    let b: Vec<T> = numbers(batch * b_stride + 1, &mut seed);
    let old: Vec<T> = numbers(batch * m * n, &mut seed);
    let bias: Vec<T> = numbers(n, &mut seed);
    let scale: Vec<T> = numbers(n, &mut seed);
    let run = |isa| {
        let mut out = Results { c: old.clone(), pre: vec![T::ZERO; old.len()] };
        let epilogue = Epilogue {
            accumulate: case.accumulate,
            scale: case.scale.then_some(&scale[..]),
            bias: case.bias.then_some(&bias[..]),
            activation: case.activation,
            pre: case.pre.then_some(&mut out.pre[..]),
        };
        let a = Mat { data: &a, rows: m, cols: k, row_stride: ar, col_stride: ac };
        let b = Mat { data: &b, rows: k, cols: n, row_stride: br, col_stride: bc };
        matmul_by(kernel(isa), batch, (a, a_stride), (b, b_stride), &mut out.c, epilogue).unwrap();
        out
    };
    for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512] {
        set_threads(1);
        let got = run(isa);
        for count in [2, 4] {
            set_threads(count);
            let again = run(isa);
            prop_assert!(got.c == again.c && got.pre == again.pre, "{count} threads give other bits");
        }
        for index in 0..old.len() {
            let (item, i, j) = (index / (m * n), index / n % m, index % n);
            let (mut sum, mut size) = (0.0, 0.0);
            let mut add = |x: f64| (sum, size) = (sum + x, size + x.abs());
            for p in 0..k {
                let (x, y) = (a[item * a_stride + i * ar + p * ac], b[item * b_stride + p * br + j * bc]);
                add(x.to_f64() * y.to_f64());
            }
            if case.accumulate {
                add(old[index].to_f64());
            }
            if case.scale {
                sum *= scale[j].to_f64();
                size *= scale[j].to_f64().abs();
            }
            if case.bias {
                sum += bias[j].to_f64();
                size += bias[j].to_f64().abs();
            }
            // Each activation's slope is below 1.2; its own error is a few units in the last place.
            let tolerance = eps * (1.2 * (2.0 + (k as f64).sqrt()) * size + 4.0);
            let want = case.activation.value(sum);
            let error = (got.c[index].to_f64() - want).abs();
            prop_assert!(error <= tolerance, "{isa:?} {index}: {} for {want}", got.c[index].to_f64());
            if case.pre {
                let error = (got.pre[index].to_f64() - sum).abs();
                prop_assert!(error <= tolerance, "{isa:?} before the activation, {index}");
            }
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn single_precision_agrees_with_sums_in_double_precision(case in case()) {
        check::<f32>(&case, f64::from(f32::EPSILON))?;
    }

    #[test]
    fn double_precision_agrees_with_plain_sums(case in case()) {
        check::<f64>(&case, f64::EPSILON)?;
    }
}

#[test]
fn long_sums_and_wide_results_agree() {
    use Layout::{Columns, Rows};
    let base = Case {
        batch: 1,
        m: 0,
        n: 0,
        k: 0,
        a: Rows { gap: 0 },
        b: Rows { gap: 0 },
        accumulate: true,
        scale: true,
        bias: true,
        activation: Activation::Relu,
        pre: true,
        seed: 7,
    };
    for (m, n, k, a, b) in [
        (9, 40, 20_000, Columns { gap: 0 }, Rows { gap: 0 }),
        (64, 27, 9_001, Columns { gap: 0 }, Rows { gap: 0 }),
        (3, 9_000, 70, Rows { gap: 0 }, Columns { gap: 0 }),
        (2, 600, 8_000, Rows { gap: 1 }, Columns { gap: 0 }),
        (33, 8_300, 600, Rows { gap: 0 }, Rows { gap: 0 }),
        (1, 3_000, 500, Rows { gap: 0 }, Rows { gap: 0 }),
        (3_000, 1, 500, Rows { gap: 0 }, Rows { gap: 0 }),
        (130, 520, 600, Rows { gap: 0 }, Rows { gap: 0 }),
        (30, 40, 1_024, Rows { gap: 0 }, Rows { gap: 0 }),
        (700, 300, 600, Columns { gap: 0 }, Rows { gap: 0 }),
    ] {
        check::<f32>(&Case { m, n, k, a, b, ..base }, f64::from(f32::EPSILON)).unwrap();
    }
}

#[test]
fn a_shape_that_does_not_fit_is_refused() {
    let data = [1.0f32; 6];
    let mut c = [0.0f32; 4];
    let mut refused = |a: Mat<f32>, b: Mat<f32>| {
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| matmul(a, b, &mut c, Epilogue::default())))
            .is_err()
    };
    assert!(refused(Mat::new(&data, 2, 3), Mat::new(&data, 2, 3)));
    assert!(refused(Mat::new(&data, 2, 4), Mat::new(&data, 4, 2)));
    let far = Mat { data: &data, rows: 2, cols: 2, row_stride: usize::MAX, col_stride: 1 };
    assert!(refused(far, Mat::new(&data, 2, 2)));
    assert!(!refused(Mat::new(&data, 2, 3), Mat::new(&data, 2, 3).t()));
}
