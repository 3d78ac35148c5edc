#![allow(clippy::unwrap_used)]

use super::*;
use crate::activation::Activation;
use crate::isa::Isa;
use crate::matmul::tests::numbers;
use crate::threads::set_threads;
use crate::window::Impossible;
use proptest::prelude::*;

#[derive(Clone, Debug)]
struct Case {
    conv: Conv2d,
    accumulate: bool,
    scale: bool,
    bias: bool,
    packed: bool,
    activation: Activation,
    seed: u64,
}

fn channels() -> impl Strategy<Value = usize> {
    prop_oneof![
        4 => prop::sample::select(vec![1, 2, 3, 7, 8, 9, 15, 16, 17]),
        1 => prop::sample::select(vec![31, 32, 33, 40]),
    ]
}

fn geometry() -> impl Strategy<Value = Conv2d> {
    let groups = prop_oneof![4 => Just(1usize), 1 => 2usize..4];
    let window = ((1usize..5, 1usize..5), (1usize..4, 1usize..4), (1usize..4, 1usize..4));
    let padding = (0usize..4, 0usize..4, 0usize..4, 0usize..4);
    let size = (0usize..4, 1usize..12, 1usize..12);
    // 0: any channels; 1: each channel by itself; 2: kernel 1×1 without more; 3: kernel 3×3 with stride 1.
    let special = prop_oneof![4 => Just(0), 1 => Just(1), 1 => Just(2), 2 => Just(3)];
    (size, channels(), channels(), groups, window, padding, special)
        .prop_map(|((batch, height, width), channels, out, groups, window, padding, special)| {
            let (kernel, stride, dilation) = window;
            let (top, bottom, left, right) = padding;
            let mut conv = Conv2d {
                batch: batch.max(1),
                height,
                width,
                channels: channels * groups,
                out: out * groups,
                kernel,
                stride,
                padding: Padding { top, bottom, left, right },
                dilation,
                groups,
            };
            if special == 1 {
                (conv.channels, conv.out, conv.groups) = (channels, channels, channels);
            }
            if special == 2 {
                (conv.kernel, conv.stride, conv.padding, conv.groups) =
                    ((1, 1), (1, 1), Padding::default(), 1);
            }
            if special == 3 {
                (conv.kernel, conv.stride, conv.dilation) = ((3, 3), (1, 1), (1, 1));
                let (top, bottom, left, right) = padding;
                let [top, bottom, left, right] = [top, bottom, left, right].map(|zeros| zeros.min(2));
                conv.padding = Padding { top, bottom, left, right };
                (conv.channels, conv.out, conv.groups) = (channels, out, 1);
            }
            if batch == 0 && width % 5 == 0 {
                conv.batch = 0;
            }
            conv
        })
        .prop_filter("the kernel must fit", |conv| conv.out_size().is_ok())
}

fn case() -> impl Strategy<Value = Case> {
    use Activation::{Gelu, Identity, Relu};
    let activation = prop::sample::select(vec![Identity, Identity, Relu, Gelu]);
    (geometry(), any::<[bool; 4]>(), activation, any::<u64>()).prop_map(
        |(conv, [accumulate, scale, bias, packed], activation, seed)| Case {
            conv,
            accumulate,
            scale,
            bias,
            packed,
            activation,
            seed,
        },
    )
}

/// Calls `body` with the indices (in x, in the weights, in y) of every product of the convolution.
fn every_product(conv: &Conv2d, mut body: impl FnMut(usize, usize, usize)) {
    let (oh, ow) = conv.out_size().unwrap();
    let (cg, og) = (conv.channels / conv.groups, conv.out / conv.groups);
    for n in 0..conv.batch {
        for oy in 0..oh {
            for ox in 0..ow {
                for ky in 0..conv.kernel.0 {
                    for kx in 0..conv.kernel.1 {
                        let y = (oy * conv.stride.0 + ky * conv.dilation.0).wrapping_sub(conv.padding.top);
                        let x = (ox * conv.stride.1 + kx * conv.dilation.1).wrapping_sub(conv.padding.left);
                        if y >= conv.height || x >= conv.width {
                            continue;
                        }
                        for o in 0..conv.out {
                            for c in 0..cg {
                                let pixel = (n * conv.height + y) * conv.width + x;
                                body(
                                    pixel * conv.channels + o / og * cg + c,
                                    ((o * conv.kernel.0 + ky) * conv.kernel.1 + kx) * cg + c,
                                    ((n * oh + oy) * ow + ox) * conv.out + o,
                                );
                            }
                        }
                    }
                }
            }
        }
    }
}

/// How much larger Winograd's rounding errors can be than those of plain sums: along an axis, the largest row of
/// |Aᵀ| (|G| ⊙ |Bᵀ|) with all taps and inputs 1 is some 8 times 3. Typical errors are far smaller: see `winograd/tests.rs`.
const WINOGRAD: f64 = 64.0;

/// Sums in f64, and the sums of the absolute values of their terms.
struct Sums {
    value: Vec<f64>,
    size: Vec<f64>,
    terms: Vec<f64>,
}

impl Sums {
    fn new<T: Float>(old: &[T], accumulate: bool) -> Sums {
        let value: Vec<f64> = old.iter().map(|x| if accumulate { x.to_f64() } else { 0.0 }).collect();
        Sums { size: value.iter().map(|x| x.abs()).collect(), terms: vec![1.0; value.len()], value }
    }

    fn add(&mut self, index: usize, term: f64) {
        self.value[index] += term;
        self.size[index] += term.abs();
        self.terms[index] += 1.0;
    }

    fn multiply(&mut self, index: usize, factor: f64) {
        self.value[index] *= factor;
        self.size[index] *= factor.abs();
    }

    /// Every sum as if it had the terms of the largest: Winograd's transforms carry the rounding errors of large numbers
    /// to their neighbours.
    fn level(&mut self) {
        let most = |all: &[f64]| all.iter().fold(0.0, |most: f64, &x| most.max(x));
        let (size, terms) = (WINOGRAD * most(&self.size), most(&self.terms));
        self.size.fill(size);
        self.terms.fill(terms);
    }

    fn compare<T: Float>(
        &self,
        got: &[T],
        eps: f64,
        activation: Activation,
        what: &str,
    ) -> Result<(), TestCaseError> {
        for (i, got) in got.iter().enumerate() {
            let tolerance = eps * (1.2 * (2.0 + self.terms[i].sqrt()) * self.size[i] + 4.0);
            let (got, want) = (got.to_f64(), activation.value(self.value[i]));
            prop_assert!((got - want).abs() <= tolerance, "{what} {i}: {got} for {want}");
        }
        Ok(())
    }
}

fn check<T: Float>(case: &Case, eps: f64) -> Result<(), TestCaseError> {
    algorithms(&case.conv).into_iter().try_for_each(|algorithm| check_by::<T>(algorithm, case, eps))
}

fn check_by<T: Float>(algorithm: Algorithm, case: &Case, eps: f64) -> Result<(), TestCaseError> {
    let conv = &case.conv;
    let (oh, ow) = conv.out_size().unwrap();
    let mut seed = case.seed;
    let x: Vec<T> = numbers(conv.batch * conv.height * conv.width * conv.channels, &mut seed);
    let weight: Vec<T> = numbers(conv.out * conv.taps() * conv.group_channels(), &mut seed);
    let dy: Vec<T> = numbers(conv.batch * oh * ow * conv.out, &mut seed);
    let bias: Vec<T> = numbers(conv.out, &mut seed);
    let scale: Vec<T> = numbers(conv.out, &mut seed);
    let mut sums = [&dy, &x, &weight].map(|old| Sums::new(old, case.accumulate));
    every_product(conv, |i, j, k| {
        let (x, w, d) = (x[i].to_f64(), weight[j].to_f64(), dy[k].to_f64());
        sums[0].add(k, x * w);
        sums[1].add(i, d * w);
        sums[2].add(j, d * x);
    });
    if case.scale {
        (0..dy.len()).for_each(|k| sums[0].multiply(k, scale[k % conv.out].to_f64()));
    }
    if case.bias {
        (0..dy.len()).for_each(|k| sums[0].add(k, bias[k % conv.out].to_f64()));
    }
    if matches!(algorithm, Algorithm::Winograd(_)) {
        sums.iter_mut().for_each(Sums::level);
    }
    for isa in [Isa::Portable, Isa::Avx2, Isa::Avx512] {
        let run = || {
            let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), weight.clone());
            let mut pre = vec![T::ZERO; y.len()];
            let epilogue = Epilogue {
                accumulate: case.accumulate,
                scale: case.scale.then_some(&scale[..]),
                bias: case.bias.then_some(&bias[..]),
                activation: case.activation,
                pre: Some(&mut pre),
            };
            let kernel = kernel(isa);
            let mut packed = vec![T::ZERO; rows::packed_len(kernel, conv)];
            let mut form = Weight::Plain(&weight[..]);
            if case.packed && algorithm != Algorithm::Depthwise {
                rows::pack(kernel, conv, &weight, &SharedMut(packed.as_mut_ptr()));
                form = Weight::Packed(&packed);
            }
            forward_by(kernel, algorithm, conv, &x, form, &mut y, epilogue).unwrap();
            backward_input_by(kernel, algorithm, conv, &dy, &weight, &mut dx, case.accumulate).unwrap();
            backward_weight_by(kernel, algorithm, conv, &x, &dy, &mut dw, case.accumulate).unwrap();
            (y, pre, dx, dw)
        };
        set_threads(1);
        let got = run();
        for count in [2, 4] {
            set_threads(count);
            prop_assert!(got == run(), "{count} threads give other bits");
        }
        let (y, pre, dx, dw) = got;
        sums[0].compare(&y, eps, case.activation, "y")?;
        sums[0].compare(&pre, eps, Activation::Identity, "before the activation")?;
        sums[1].compare(&dx, eps, Activation::Identity, "dx")?;
        sums[2].compare(&dw, eps, Activation::Identity, "dw")?;
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
fn large_shapes_agree() {
    let base = Conv2d::centred(2, (20, 20), (64, 48), 3);
    for conv in [
        base,
        Conv2d { height: 4, width: 4, channels: 600, out: 300, ..base },
        Conv2d { batch: 5, height: 39, width: 41, channels: 40, padding: Padding::both(0, 2), ..base },
        Conv2d { height: 40, width: 60, channels: 3, out: 16, ..base },
        Conv2d { channels: 80, out: 80, groups: 80, ..base },
        Conv2d { stride: (2, 2), ..base },
        Conv2d {
            kernel: (11, 13),
            channels: 2,
            out: 3,
            padding: Padding::both(5, 6),
            dilation: (1, 2),
            ..base
        },
        Conv2d { kernel: (1, 1), padding: Padding::both(0, 0), ..base },
        Conv2d { kernel: (1, 1), stride: (5, 7), padding: Padding::both(0, 0), ..base },
        Conv2d { channels: 0, out: 3, ..base },
        Conv2d { channels: 3, out: 0, ..base },
    ] {
        let case = Case {
            conv,
            accumulate: false,
            scale: true,
            bias: true,
            packed: true,
            activation: Activation::Relu,
            seed: 3,
        };
        check::<f32>(&case, f64::from(f32::EPSILON)).unwrap();
    }
}

#[test]
fn impossible_shapes_are_named() {
    let conv = Conv2d { padding: Padding::default(), ..Conv2d::centred(1, (5, 5), (4, 6), 3) };
    assert_eq!(conv.out_size(), Ok((3, 3)));
    assert_eq!(Conv2d { stride: (2, 3), ..conv }.out_size(), Ok((2, 1)));
    assert_eq!(Conv2d { stride: (0, 1), ..conv }.out_size(), Err(Impossible::Zero));
    assert_eq!(Conv2d { groups: 0, ..conv }.out_size(), Err(Impossible::Zero));
    assert_eq!(Conv2d { groups: 4, ..conv }.out_size(), Err(Impossible::Groups { channels: 6, groups: 4 }));
    let large = Conv2d { dilation: (3, 1), ..conv };
    assert_eq!(large.out_size(), Err(Impossible::TooLarge { kernel: 7, picture: 5 }));
    let padding = Padding { top: usize::MAX, ..Padding::default() };
    assert_eq!(Conv2d { padding, ..conv }.out_size(), Err(Impossible::Overflow));
    assert_eq!(Conv2d { dilation: (usize::MAX, 1), ..conv }.out_size(), Err(Impossible::Overflow));
}
