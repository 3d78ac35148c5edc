//! **One neuron**: a weight, a bias, and how they learn.
//!
//! A neuron takes a number x, multiplies it by its weight w and adds its bias b: it answers y = w x + b. In the
//! beginning w and b are arbitrary, and the answers are wrong. Learning is a loop of three steps:
//!
//! 1. measure how wrong: the error is the mean of (answer − truth)² over all examples;
//! 2. ask for the **gradient**: how fast the error grows when w grows a little, and when b does;
//! 3. move w and b a little way *against* the gradient, so that the error shrinks.
//!
//! Here the examples are readings of two thermometers, and the neuron finds out how degrees Celsius become degrees
//! Fahrenheit. Nobody tells it the rule (F = 1.8 C + 32); it only sees the readings.

use pellucid_grad::{Tape, ops};
use pellucid_tensor::{Result, Tensor};

/// What the thermometers show, in tens of degrees: networks learn best from numbers near 1.
const CELSIUS: [f64; 6] = [-1.0, 0.0, 1.0, 2.0, 3.0, 4.0];
const FAHRENHEIT: [f64; 6] = [1.4, 3.2, 5.0, 6.8, 8.6, 10.4];

/// The error of a neuron, and its gradient.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    error: f64,
    by_weight: f64,
    by_bias: f64,
}

/// Worked out on paper: the derivative of (w x + b − t)² is 2 (w x + b − t) · x by w, and 2 (w x + b − t) by b.
fn by_hand(w: f64, b: f64) -> Wrong {
    let mut sum = Wrong { error: 0.0, by_weight: 0.0, by_bias: 0.0 };
    for (x, truth) in CELSIUS.into_iter().zip(FAHRENHEIT) {
        let off = w * x + b - truth;
        sum.error += off * off;
        sum.by_weight += 2.0 * off * x;
        sum.by_bias += 2.0 * off;
    }
    let n = CELSIUS.len() as f64;
    Wrong { error: sum.error / n, by_weight: sum.by_weight / n, by_bias: sum.by_bias / n }
}

/// The same without paper. A tape records every operation on the tensors it watches; walked backwards, it gives the
/// gradients of as many of them as we like. This is how networks with millions of weights get theirs.
fn by_tape(w: f64, b: f64) -> Result<Wrong> {
    let tape = Tape::new();
    let w = tape.watch(&Tensor::scalar(w)?);
    let b = tape.watch(&Tensor::scalar(b)?);
    let x = tape.constant(&Tensor::new(&CELSIUS, &[6])?);
    let answers = ops::add(&ops::mul(&w, &x)?, &b)?;
    let error = ops::mse(&answers, &Tensor::new(&FAHRENHEIT, &[6])?, None)?;
    let gradients = error.backward()?;
    let of = |v| gradients.of(v).map_or(Ok(0.0), |g| g.to_dense()?.item());
    Ok(Wrong { error: error.value().item()?, by_weight: of(&w)?, by_bias: of(&b)? })
}

/// How far one step goes. Too small: it takes for ever. Too large (try 0.2): it jumps over the goal and never settles.
const RATE: f64 = 0.1;

/// Learns for some steps from w = b = 0; returns w and b after each.
fn learn(steps: usize) -> Result<Vec<(f64, f64)>> {
    let (mut w, mut b) = (0.0, 0.0);
    let mut course = vec![(w, b)];
    for _ in 0..steps {
        let wrong = by_tape(w, b)?;
        w -= RATE * wrong.by_weight;
        b -= RATE * wrong.by_bias;
        course.push((w, b));
    }
    Ok(course)
}

fn main() -> Result<()> {
    println!("A neuron learns F = w · C + b from six readings (in tens of degrees).\n");
    println!("  step   weight     bias      error   how far off");
    let course = learn(100)?;
    for step in [0, 1, 2, 3, 5, 10, 20, 40, 60, 100] {
        let (w, b) = course[step];
        let error = by_hand(w, b).error;
        let bar = "█".repeat((8.0 * error.sqrt()).ceil() as usize);
        println!("  {step:4}   {w:6.4}   {b:6.4}   {error:8.5}   {bar}");
    }
    let (w, b) = course[100];
    println!(
        "\nIt found F = {w:.3} · C + {:.2}. So 25 °C, which it never saw, are {:.1} °F.",
        10.0 * b,
        10.0 * (2.5 * w + b)
    );

    let (hand, tape) = (by_hand(1.0, 1.0), by_tape(1.0, 1.0)?);
    println!("\nThe gradient at w = 1, b = 1:      by weight     by bias");
    println!("  worked out on paper            {:11.6} {:11.6}", hand.by_weight, hand.by_bias);
    println!("  by the tape                    {:11.6} {:11.6}", tape.by_weight, tape.by_bias);
    Ok(())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    #[test]
    fn it_finds_the_rule() {
        let (w, b) = learn(100).unwrap()[100];
        assert!((w - 1.8).abs() < 1e-3 && (b - 3.2).abs() < 1e-3, "w = {w}, b = {b}");
    }

    #[test]
    fn the_tape_agrees_with_paper() {
        for (w, b) in [(0.0, 0.0), (1.0, 1.0), (-2.5, 0.75), (1.8, 3.2)] {
            let (hand, tape) = (by_hand(w, b), by_tape(w, b).unwrap());
            for (x, y) in
                [(hand.error, tape.error), (hand.by_weight, tape.by_weight), (hand.by_bias, tape.by_bias)]
            {
                assert!((x - y).abs() < 1e-9 * (1.0 + x.abs()), "{x} by hand, {y} by tape");
            }
        }
    }

    #[test]
    fn every_step_is_less_wrong_than_the_one_before() {
        let errors: Vec<f64> = learn(60).unwrap().into_iter().map(|(w, b)| by_hand(w, b).error).collect();
        assert!(errors.windows(2).all(|e| e[1] < e[0]), "{errors:?}");
    }
}
