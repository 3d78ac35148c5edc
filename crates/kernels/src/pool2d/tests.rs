#![allow(clippy::unwrap_used)]

use super::*;
use crate::threads::set_threads;
use proptest::prelude::*;

fn shape() -> impl Strategy<Value = Pool2d> {
    let channels = prop::sample::select(vec![1usize, 2, 3, 7, 8, 9, 15, 16, 17, 31, 32, 33, 70]);
    let window = ((1usize..5, 1usize..5), (1usize..5, 1usize..5));
    let padding = (0usize..3, 0usize..3, 0usize..3, 0usize..3);
    ((0usize..4, 1usize..12, 1usize..12), channels, window, padding)
        .prop_map(|((batch, height, width), channels, (kernel, stride), (top, bottom, left, right))| Pool2d {
            batch,
            height,
            width,
            channels,
            kernel,
            stride,
            padding: Padding { top, bottom, left, right },
        })
        .prop_filter("the window must fit", |pool| pool.out_size().is_ok())
}

/// Small integers, so that every sum is exact and ties are frequent.
fn numbers<T: Float>(len: usize, seed: u64) -> Vec<T> {
    let mut state = seed;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            T::from_f64((state >> 60) as f64 - 8.0)
        })
        .collect()
}

/// Calls `body` with every result and the pixels of its window: (first index of y, first indices of x, places in the picture).
fn every_window(pool: &Pool2d, mut body: impl FnMut(usize, &[usize], &[u32])) {
    let (oh, ow) = pool.out_size().unwrap();
    for result in 0..pool.batch * oh * ow {
        let (n, oy, ox) = (result / (oh * ow), result / ow % oh, result % ow);
        let (mut pixels, mut places) = (vec![], vec![]);
        for ky in 0..pool.kernel.0 {
            for kx in 0..pool.kernel.1 {
                let y = (oy * pool.stride.0 + ky).wrapping_sub(pool.padding.top);
                let x = (ox * pool.stride.1 + kx).wrapping_sub(pool.padding.left);
                if y < pool.height && x < pool.width {
                    pixels.push(((n * pool.height + y) * pool.width + x) * pool.channels);
                    places.push((y * pool.width + x) as u32);
                }
            }
        }
        body(result * pool.channels, &pixels, &places);
    }
}

fn check<T: Float>(pool: &Pool2d, seed: u64, accumulate: bool) -> Result<(), TestCaseError> {
    let (oh, ow) = pool.out_size().unwrap();
    let x: Vec<T> = numbers(pool.batch * pool.height * pool.width * pool.channels, seed);
    let dy: Vec<T> = numbers(pool.batch * oh * ow * pool.channels, seed ^ 1);
    let start = |v: &[T]| if accumulate { v.to_vec() } else { vec![T::ZERO; v.len()] };
    let mut results = vec![];
    for count in [1, 2, 4] {
        set_threads(count);
        let (mut y, mut index, mut dx) = (dy.clone(), vec![0; dy.len()], x.clone());
        max_forward(pool, &x, &mut y, &mut index).unwrap();
        max_backward(pool, &dy, &index, &mut dx, accumulate).unwrap();
        let mut averages = vec![];
        for count_padding in [false, true] {
            let (mut y, mut dx) = (dy.clone(), x.clone());
            average_forward(pool, count_padding, &x, &mut y).unwrap();
            average_backward(pool, count_padding, &dy, &mut dx, accumulate).unwrap();
            averages.push((y, dx));
        }
        results.push((y, index, dx, averages));
    }
    prop_assert!(
        results[0] == results[1] && results[0] == results[2],
        "the bits depend on the number of threads"
    );
    let (y, index, dx, averages) = results.remove(0);

    let mut want_dx = start(&x);
    let mut wrong = None;
    every_window(pool, |to, pixels, places| {
        for c in 0..pool.channels {
            let mut best = 0;
            for i in 1..pixels.len() {
                if x[pixels[i] + c] > x[pixels[best] + c] {
                    best = i;
                }
            }
            if y[to + c] != x[pixels[best] + c] || index[to + c] != places[best] {
                wrong = Some(to + c);
            }
            want_dx[pixels[best] + c] += dy[to + c];
        }
    });
    prop_assert!(wrong.is_none(), "maximum {wrong:?}");
    prop_assert!(dx == want_dx, "gradient of the maximum");

    for (count_padding, (y, dx)) in [false, true].into_iter().zip(averages) {
        let mut want_dx: Vec<f64> = start(&x).iter().map(|v| v.to_f64()).collect();
        let mut wrong = None;
        every_window(pool, |to, pixels, _| {
            let count = if count_padding { pool.kernel.0 * pool.kernel.1 } else { pixels.len() } as f64;
            for c in 0..pool.channels {
                let want = pixels.iter().map(|p| x[p + c].to_f64()).sum::<f64>() / count;
                if (y[to + c].to_f64() - want).abs() > 1e-5 {
                    wrong = Some(to + c);
                }
                pixels.iter().for_each(|p| want_dx[p + c] += dy[to + c].to_f64() / count);
            }
        });
        prop_assert!(wrong.is_none(), "average {wrong:?}");
        prop_assert!(
            dx.iter().zip(&want_dx).all(|(d, w)| (d.to_f64() - w).abs() < 1e-4),
            "gradient of the average"
        );
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn windows_agree_with_plain_loops(pool in shape(), seed: u64, accumulate: bool) {
        check::<f32>(&pool, seed, accumulate)?;
        check::<f64>(&pool, seed, accumulate)?;
    }

    #[test]
    fn the_global_average_is_a_window_over_the_whole_picture(pool in shape(), seed: u64, accumulate: bool) {
        let kernel = (pool.height, pool.width);
        let whole = Pool2d { kernel, stride: (1, 1), padding: Padding::default(), ..pool };
        let pixels = pool.height * pool.width;
        let x: Vec<f64> = numbers(pool.batch * pixels * pool.channels, seed);
        let dy: Vec<f64> = numbers(pool.batch * pool.channels, seed ^ 1);
        let (mut y, mut want) = (dy.clone(), dy.clone());
        let (mut dx, mut want_dx) = (x.clone(), x.clone());
        global_average_forward(pixels, pool.channels, &x, &mut y);
        global_average_backward(pixels, pool.channels, &dy, &mut dx, accumulate);
        average_forward(&whole, true, &x, &mut want).unwrap();
        average_backward(&whole, true, &dy, &mut want_dx, accumulate).unwrap();
        prop_assert_eq!((y, dx), (want, want_dx));
    }
}

#[test]
fn nan_wins_and_minus_infinity_has_a_place() {
    let pool = Pool2d {
        batch: 1,
        height: 1,
        width: 4,
        channels: 1,
        kernel: (1, 2),
        stride: (1, 2),
        padding: Padding::default(),
    };
    let (mut y, mut index) = ([0.0f32; 2], [9; 2]);
    max_forward(&pool, &[f32::NAN, 1.0, f32::NEG_INFINITY, f32::NEG_INFINITY], &mut y, &mut index).unwrap();
    assert!(y[0].is_nan() && y[1] == f32::NEG_INFINITY);
    assert_eq!(index, [0, 2]);
}

#[test]
fn impossible_windows_are_named() {
    let pool = Pool2d {
        batch: 1,
        height: 4,
        width: 4,
        channels: 1,
        kernel: (2, 2),
        stride: (2, 2),
        padding: Padding::both(1, 1),
    };
    assert_eq!(pool.out_size(), Ok((3, 3)));
    let padding = Padding { left: 2, ..Padding::default() };
    assert_eq!(Pool2d { padding, ..pool }.out_size(), Err(Impossible::Padding { padding: 2, kernel: 2 }));
    assert_eq!(Pool2d { kernel: (0, 2), ..pool }.out_size(), Err(Impossible::Zero));
    assert_eq!(
        Pool2d { kernel: (7, 2), ..pool }.out_size(),
        Err(Impossible::TooLarge { kernel: 7, picture: 6 })
    );
}
