#![allow(clippy::unwrap_used)]

use super::sweep::{conv2d_by, pack_by};
use super::*;
use crate::conv::Conv2d;
use crate::isa::Isa;
use crate::pool2d::{Pool2d, max_forward};
use crate::product::micro::bytes_kernel;
use crate::threads::set_threads;
use crate::window::Padding;
use proptest::prelude::*;

/// Bytes that look random: a linear congruential sequence.
fn bytes(len: usize, seed: &mut u64) -> Vec<u8> {
    let next = |_| {
        *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (*seed >> 56) as u8
    };
    (0..len).map(next).collect()
}

#[derive(Clone, Debug)]
struct Case {
    conv: Conv2d,
    zero: u8,
    floor: bool,
    around: bool,
    seed: u64,
}

fn case() -> impl Strategy<Value = Case> {
    let channels = prop_oneof![3 => 1usize..5, 1 => 5usize..12].prop_map(|quads| 4 * quads);
    let out = prop_oneof![3 => 1usize..20, 1 => 30usize..70];
    let window = ((1usize..5, 1usize..5), (1usize..4, 1usize..4), (1usize..4, 1usize..4));
    let padding = (0usize..4, 0usize..4, 0usize..4, 0usize..4);
    let size = (0usize..4, 1usize..12, 1usize..12);
    let finish = (any::<u8>(), any::<bool>(), any::<bool>(), any::<u64>());
    (size, channels, out, window, padding, finish)
        .prop_map(|((batch, height, width), channels, out, (kernel, stride, dilation), padding, finish)| {
            let (top, bottom, left, right) = padding;
            let padding = Padding { top, bottom, left, right };
            let conv =
                Conv2d { batch, height, width, channels, out, kernel, stride, padding, dilation, groups: 1 };
            let (zero, floor, around, seed) = finish;
            Case { conv, zero, floor, around, seed }
        })
        .prop_filter("the kernel must fit", |case| case.conv.out_size().is_ok())
}

/// The sums, one product after the other.
fn plain_sums(conv: &Conv2d, x: &[u8], zero: u8, weight: &[i8]) -> Vec<i32> {
    let (oh, ow) = conv.out_size().unwrap();
    let mut sums = vec![0; conv.batch * oh * ow * conv.out];
    for (i, sum) in sums.iter_mut().enumerate() {
        let (pixel, o) = (i / conv.out, i % conv.out);
        let (line, ox) = (pixel / ow, pixel % ow);
        let (n, oy) = (line / oh, line % oh);
        for tap in 0..conv.kernel.0 * conv.kernel.1 {
            let (ky, kx) = (tap / conv.kernel.1, tap % conv.kernel.1);
            let y = (oy * conv.stride.0 + ky * conv.dilation.0).wrapping_sub(conv.padding.top);
            let x0 = (ox * conv.stride.1 + kx * conv.dilation.1).wrapping_sub(conv.padding.left);
            let inside = y < conv.height && x0 < conv.width;
            for c in 0..conv.channels {
                let at = ((n * conv.height).wrapping_add(y).wrapping_mul(conv.width)).wrapping_add(x0);
                let q = if inside { x[at * conv.channels + c] } else { zero };
                let w = weight[(o * conv.kernel.0 * conv.kernel.1 + tap) * conv.channels + c];
                *sum += i32::from(q) * i32::from(w);
            }
        }
    }
    sums
}

/// What becomes of a sum, by the definition.
fn plain_finish(finish: &Finish, sum: i32, index: usize, out: usize) -> f32 {
    let o = index % out;
    let number = (sum as f32 * finish.scale[o] + finish.bias[o]).max(finish.floor);
    number + finish.around.map_or(0.0, |a| f32::from(a.data[index]) * a.scale + a.shift)
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let (conv, mut seed) = (&case.conv, case.seed);
    let (oh, ow) = conv.out_size().unwrap();
    let terms = conv.kernel.0 * conv.kernel.1 * conv.channels;
    let x = bytes(conv.batch * conv.height * conv.width * conv.channels, &mut seed);
    let weight: Vec<i8> = bytes(conv.out * terms, &mut seed).into_iter().map(|b| b as i8).collect();
    let numbers = |len, most: f32, seed: &mut u64| -> Vec<f32> {
        bytes(len, seed).into_iter().map(|b| (f32::from(b) / 128.0 - 1.0) * most).collect()
    };
    let scale = numbers(conv.out, 4.0 / (255.0 * (terms as f32).sqrt()), &mut seed);
    let bias = numbers(conv.out, 200.0, &mut seed);
    let len = conv.batch * oh * ow * conv.out;
    let data = bytes(len, &mut seed);
    let finish = Finish {
        scale: &scale,
        bias: &bias,
        floor: if case.floor { 0.0 } else { f32::NEG_INFINITY },
        around: case.around.then_some(Around { data: &data, scale: 0.7, shift: -31.5 }),
    };
    let sums = plain_sums(conv, &x, case.zero, &weight);
    let want: Vec<f32> =
        sums.iter().enumerate().map(|(i, &sum)| plain_finish(&finish, sum, i, conv.out)).collect();
    let want_bytes: Vec<u8> = want.iter().map(|x| x.clamp(0.0, 255.0).round_ties_even() as u8).collect();
    for isa in Isa::ALL {
        let kernel = bytes_kernel(isa);
        let mut packed = vec![0; conv.out.div_ceil(kernel.width()) * kernel.width() * terms];
        pack_by(kernel, conv, &weight, &mut packed);
        for threads in [1, 2, 4] {
            set_threads(threads);
            let (mut numbers, mut bytes) = (vec![0f32; len], vec![0; len]);
            let run = |out| conv2d_by(kernel, conv, &x, case.zero, &packed, &finish, out).unwrap();
            run(Out::Numbers(&mut numbers));
            run(Out::Bytes(&mut bytes));
            prop_assert!(numbers == want, "{isa:?}, {threads} threads: numbers");
            prop_assert!(bytes == want_bytes, "{isa:?}, {threads} threads: bytes");
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn convolutions_equal_plain_sums(case in case()) {
        check(&case)?;
    }

    #[test]
    fn pooling_agrees_with_pooled_numbers(
        (batch, height, width, channels) in (1usize..3, 1usize..9, 1usize..9, 1usize..80),
        window in 1usize..4,
        stride in 1usize..4,
        before in 0usize..3,
        seed in any::<u64>(),
    ) {
        let mut seed = seed;
        let before = before.min(window - 1);
        let pool = Pool2d {
            batch, height, width, channels,
            kernel: (window, window), stride: (stride, stride), padding: Padding::both(before, before),
        };
        let Ok((oh, ow)) = pool.out_size() else { return Ok(()) };
        let x = bytes(batch * height * width * channels, &mut seed);
        let flip: Vec<u8> = (0..channels).map(|c| if c % 3 == 1 { 255 } else { 0 }).collect();
        let mut y = vec![0; batch * oh * ow * channels];
        max_pool(&pool, &x, &flip, &mut y).unwrap();
        let as_numbers: Vec<f32> = x.iter().map(|&q| f32::from(q)).collect();
        let (mut want, mut index) = (vec![0f32; y.len()], vec![0; y.len()]);
        max_forward(&pool, &as_numbers, &mut want, &mut index).unwrap();
        for (i, (&got, &want)) in y.iter().zip(&want).enumerate() {
            prop_assert_eq!(got ^ flip[i % channels], want as u8);
        }
        let mut means = vec![0f32; batch * channels];
        let coding = Coding { scale: 0.25, zero: 7 };
        mean(&x, height * width, channels, coding, &mut means, channels);
        for (i, &got) in means.iter().enumerate() {
            let (picture, channel) = (i / channels, i % channels);
            let of = |p: usize| f64::from(x[(picture * height * width + p) * channels + channel]) - 7.0;
            let want = (0..height * width).map(of).sum::<f64>() / (height * width) as f64 * 0.25;
            prop_assert!((f64::from(got) - want).abs() < 1e-4, "{got} for {want}");
        }
    }

    #[test]
    fn bytes_stand_for_the_nearest_numbers(
        numbers in prop::collection::vec(-5f32..9.0, 0..400),
        channels in 1usize..8,
        more in 0usize..3,
    ) {
        let pixels = numbers.len() / channels;
        let x = &numbers[..pixels * channels];
        let (low, high) = x.iter().fold((0f32, 0f32), |(low, high), &x| (low.min(x), high.max(x)));
        let (coding, wide) = (Coding::of_range(low, high), channels + more);
        let mut q = vec![1; pixels * wide];
        quantise(x, channels, coding, &mut q, wide);
        for pixel in q.chunks(wide) {
            prop_assert!(pixel[channels..].iter().all(|&q| q == coding.zero));
        }
        let mut back = vec![0f32; x.len()];
        dequantise(&q, wide, coding, &mut back, channels);
        for (&x, &back) in x.iter().zip(&back) {
            // Half a step, and another half at the ends, where the zero was rounded.
            prop_assert!((x - back).abs() <= 1.001 * coding.scale, "{x} became {back}");
        }
    }
}

fn plain(conv: Conv2d) -> Case {
    Case { conv, zero: 3, floor: true, around: true, seed: 5 }
}

#[test]
fn large_shapes_agree() {
    let base = Conv2d::centred(2, (9, 9), (64, 96), 3);
    for conv in [
        base,
        Conv2d { channels: 256, out: 300, height: 4, width: 4, ..base },
        Conv2d { channels: 4, kernel: (7, 7), stride: (2, 2), padding: Padding::both(3, 3), ..base },
        Conv2d {
            kernel: (24, 23),
            channels: 4,
            out: 5,
            padding: Padding::both(12, 22),
            dilation: (1, 2),
            ..base
        },
        Conv2d { kernel: (1, 1), padding: Padding::both(0, 0), ..base },
        Conv2d { channels: 0, ..base },
        Conv2d { out: 0, ..base },
        Conv2d { batch: 0, ..base },
    ] {
        check(&plain(conv)).unwrap();
    }
}

#[test]
fn the_largest_sums_are_exact() {
    let channels = MAX_TERMS / 4 * 4;
    let conv = Conv2d::centred(1, (1, 1), (channels, 2), 1);
    let weight: Vec<i8> = (0..2 * channels).map(|i| if i < channels { -128 } else { 127 }).collect();
    let x = vec![255; channels];
    let finish = Finish { scale: &[1.0; 2], bias: &[0.0; 2], floor: f32::NEG_INFINITY, around: None };
    for isa in Isa::ALL {
        let kernel = bytes_kernel(isa);
        let mut packed = vec![0; kernel.width() * channels];
        pack_by(kernel, &conv, &weight, &mut packed);
        let mut y = [0f32; 2];
        conv2d_by(kernel, &conv, &x, 0, &packed, &finish, Out::Numbers(&mut y)).unwrap();
        let want = [-128 * 255, 127 * 255].map(|product| (product * channels as i32) as f32);
        assert_eq!(y, want, "{isa:?}");
    }
}

#[test]
fn rounding_is_to_the_nearest_and_cut_off() {
    let x = [-1e9, -0.6, 0.5, 1.5, 254.4, 300.0, f32::NAN, f32::INFINITY];
    let mut y = [0; 8];
    quantise(&x, 1, Coding { scale: 1.0, zero: 0 }, &mut y, 1);
    assert_eq!(y, [0, 0, 0, 2, 254, 255, 0, 255]);
    assert_eq!(Coding::of_range(0.0, 0.0), Coding { scale: 1.0, zero: 0 });
    assert_eq!(Coding::of_range(2.0, 5.1), Coding { scale: 5.1 / 255.0, zero: 0 });
    assert_eq!(Coding::of_range(-1.0, 3.0).zero, 64);
}
