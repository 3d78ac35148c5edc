#![allow(clippy::unwrap_used)]

use crate::conv::{
    Algorithm, Conv2d, TileSide, Weight, backward_input_with, backward_weight_with, forward_with,
};
use crate::matmul::Epilogue;
use crate::matmul::tests::numbers;

/// The error of a pass beside the numbers' own size: root mean square, and the largest.
fn error(got: &[f32], want: &[f64]) -> (f64, f64) {
    let mean = |sum: f64| (sum / want.len() as f64).sqrt();
    let size = mean(want.iter().map(|w| w * w).sum());
    let errors: Vec<f64> = got.iter().zip(want).map(|(&g, w)| (f64::from(g) - w).abs() / size).collect();
    (mean(errors.iter().map(|e| e * e).sum()), errors.into_iter().fold(0.0, f64::max))
}

/// What a network may rely on: rounding errors stay below a few millionths of the size of the results, as measured with
/// the direct convolution in double precision. (The direct one in single precision has some 1e-7 and 1e-6.)
#[test]
fn rounding_errors_stay_under_the_stated_bounds() {
    let conv = Conv2d::centred(2, (24, 24), (256, 32), 3);
    let mut seed = 5;
    let pixels = conv.batch * conv.height * conv.width;
    let x: Vec<f32> = numbers(pixels * conv.channels, &mut seed);
    let w: Vec<f32> = numbers(conv.out * 9 * conv.channels, &mut seed);
    let dy: Vec<f32> = numbers(pixels * conv.out, &mut seed);
    let double = |numbers: &[f32]| numbers.iter().map(|&n| f64::from(n)).collect::<Vec<f64>>();
    let (x64, w64, dy64) = (double(&x), double(&w), double(&dy));
    let (mut y64, mut dx64, mut dw64) = (dy64.clone(), x64.clone(), w64.clone());
    forward_with(Algorithm::Taps, &conv, &x64, Weight::Plain(&w64), &mut y64, Epilogue::default()).unwrap();
    backward_input_with(Algorithm::Taps, &conv, &dy64, &w64, &mut dx64, false).unwrap();
    backward_weight_with(Algorithm::Taps, &conv, &x64, &dy64, &mut dw64, false).unwrap();
    for (side, mean, most) in [(TileSide::Two, 1e-6, 1e-5), (TileSide::Four, 4e-6, 4e-5)] {
        let (mut y, mut dx, mut dw) = (dy.clone(), x.clone(), w.clone());
        let algorithm = Algorithm::Winograd(side);
        forward_with(algorithm, &conv, &x, Weight::Plain(&w), &mut y, Epilogue::default()).unwrap();
        backward_input_with(algorithm, &conv, &dy, &w, &mut dx, false).unwrap();
        backward_weight_with(algorithm, &conv, &x, &dy, &mut dw, false).unwrap();
        for (pass, got, want) in [("y", &y, &y64), ("dx", &dx, &dx64), ("dw", &dw, &dw64)] {
            let (rms, largest) = error(got, want);
            println!("{side:?} {pass}: {rms:.1e}, largest {largest:.1e}");
            assert!(rms < mean && largest < most, "{side:?} {pass}: {rms:.1e}, largest {largest:.1e}");
        }
    }
}
