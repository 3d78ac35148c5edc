#![allow(clippy::unwrap_used)]

use super::*;
use crate::matmul::tests::numbers;
use crate::threads::set_threads;
use std::fmt::Debug;

/// A network's input and parameters.
struct Data {
    x: Vec<f64>,
    parts: [Vec<f64>; 4],
    start: [Vec<f64>; 2],
}

fn data<C: Cell>(s: &Sequences) -> Data {
    let (mut seed, all) = (3, C::GATES * s.hidden);
    let mut draw = |len: usize| numbers::<f64>(len, &mut seed);
    Data {
        x: draw(s.batch * s.time * s.inputs),
        parts: [draw(all * s.inputs), draw(all * s.hidden), draw(all), draw(all)],
        start: [draw(s.batch * s.hidden), draw(s.batch * s.hidden)],
    }
}

fn run<C: Cell, T: Float + Debug>(s: &Sequences, data: &Data) -> [Vec<T>; 8] {
    let to = |v: &Vec<f64>| v.iter().map(|&x| T::from_f64(x)).collect::<Vec<T>>();
    let x = to(&data.x);
    let parts = [0, 1, 2, 3].map(|i| to(&data.parts[i]));
    let first = [0, 1].map(|i| to(&data.start[i]));
    let w = Weights { input: &parts[0], hidden: &parts[1], bias_input: &parts[2], bias_hidden: &parts[3] };
    let start = Start { state: Some(&first[0][..]), cells: Some(&first[1][..]) };
    let filled = |len: usize| vec![T::from_f64(9.0); len];
    let wide = s.batch * s.time;
    let (mut gates, mut kept) = (filled(wide * C::GATES * s.hidden), filled(wide * s.hidden));
    let mut y = filled(wide * s.hidden);
    forward::<C, T>(s, &x, &w, start, &mut gates, &mut kept, &mut y).unwrap();
    let mut seed = 11;
    let dy = numbers::<T>(y.len(), &mut seed);
    let [mut dx, mut input, mut hidden, mut bi, mut bh, mut ds, mut dc] =
        [&x, &parts[0], &parts[1], &parts[2], &parts[3], &first[0], &first[1]].map(|v| filled(v.len()));
    let gradients = Gradients {
        x: Some(&mut dx),
        input: Some(&mut input),
        hidden: Some(&mut hidden),
        biases: Some((&mut bi, &mut bh)),
        start: Start { state: Some(&mut ds), cells: Some(&mut dc) },
    };
    backward::<C, T>(s, &x, &w, start, &mut gates, &mut kept, &y, &dy, gradients).unwrap();
    [y, dx, input, hidden, bi, bh, ds, dc]
}

/// One gate's sum before its function.
fn sum(weight: &[f64], bias: &[f64], j: usize, x: &[f64]) -> f64 {
    bias[j] + weight[j * x.len()..][..x.len()].iter().zip(x).map(|(w, x)| w * x).sum::<f64>()
}

/// The states of one row by the formulas, one number at a time.
fn by_formula(gates: usize, s: &Sequences, data: &Data, row: usize) -> Vec<f64> {
    let sigmoid = |x: f64| 1.0 / (1.0 + (-x).exp());
    let (h, [wi, wh, bi, bh]) = (s.hidden, &data.parts);
    let mut state = data.start[0][row * h..][..h].to_vec();
    let mut cell = data.start[1][row * h..][..h].to_vec();
    let mut y = vec![0.0; s.time * h];
    let length = s.lengths.map_or(s.time, |l| l[row] as usize);
    for step in 0..length {
        let at = if s.reverse { length - 1 - step } else { step };
        let x = &data.x[(row * s.time + at) * s.inputs..][..s.inputs];
        let before = state.clone();
        for j in 0..h {
            let a = |gate: usize| sum(wi, bi, gate * h + j, x);
            let b = |gate: usize| sum(wh, bh, gate * h + j, &before);
            if gates == 3 {
                let (r, z) = (sigmoid(a(0) + b(0)), sigmoid(a(1) + b(1)));
                state[j] = (1.0 - z) * (a(2) + r * b(2)).tanh() + z * before[j];
            } else {
                let [i, f, o] = [0, 1, 3].map(|gate| sigmoid(a(gate) + b(gate)));
                cell[j] = f * cell[j] + i * (a(2) + b(2)).tanh();
                state[j] = o * cell[j].tanh();
            }
        }
        y[at * h..][..h].copy_from_slice(&state);
    }
    y
}

fn shapes() -> Vec<Sequences<'static>> {
    let plain = |batch, time, inputs, hidden| Sequences {
        batch,
        time,
        inputs,
        hidden,
        reverse: false,
        lengths: None,
    };
    let mut all = vec![
        plain(1, 1, 1, 1),
        plain(3, 4, 2, 5),
        plain(9, 3, 7, 17),
        plain(19, 2, 3, 33),
        plain(0, 3, 2, 4),
        plain(2, 0, 2, 4),
        plain(2, 3, 0, 4),
        plain(2, 3, 4, 0),
    ];
    all.push(Sequences { lengths: Some(&[4, 0, 2]), ..plain(3, 4, 2, 5) });
    all.extend(all.clone().into_iter().map(|s| Sequences { reverse: true, ..s }));
    all
}

fn check<C: Cell>() {
    for s in shapes() {
        let data = data::<C>(&s);
        let single = run::<C, f32>(&s, &data);
        let double = run::<C, f64>(&s, &data);
        for row in 0..s.batch {
            let want = by_formula(C::GATES, &s, &data, row);
            let got = &double[0][row * want.len()..][..want.len()];
            assert!(got.iter().zip(&want).all(|(g, w)| (g - w).abs() < 1e-12), "{s:?}, row {row}");
        }
        for (part, (single, double)) in single.iter().zip(&double).enumerate() {
            let near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 1e-4 * (1.0 + b.abs());
            assert!(single.iter().zip(double).all(near), "{s:?}, part {part}");
        }
    }
}

#[test]
fn states_agree_with_the_formulas_and_both_precisions_with_each_other() {
    check::<Gru>();
    check::<Lstm>();
}

#[test]
fn gradients_agree_with_differences() {
    fn check<C: Cell>() {
        let lengths = [5u32, 2, 0, 3];
        for reverse in [false, true] {
            let s = Sequences { batch: 4, time: 5, inputs: 3, hidden: 4, reverse, lengths: Some(&lengths) };
            let mut data = data::<C>(&s);
            let [_, gradients @ ..] = run::<C, f64>(&s, &data);
            let mut seed = 11;
            let dy = numbers::<f64>(s.batch * s.time * s.hidden, &mut seed);
            let loss =
                |data: &Data| run::<C, f64>(&s, data)[0].iter().zip(&dy).map(|(a, b)| a * b).sum::<f64>();
            for (part, gradient) in gradients.iter().enumerate() {
                for (i, &analytic) in gradient.iter().enumerate().step_by(3) {
                    let mut moved = |by: f64| {
                        let Data { x, parts, start } = &mut data;
                        let place = match part {
                            0 => x,
                            1..5 => &mut parts[part - 1],
                            _ => &mut start[part - 5],
                        };
                        place[i] += by;
                        loss(&data)
                    };
                    let up = moved(1e-6);
                    let down = moved(-2e-6);
                    moved(1e-6);
                    let numeric = (up - down) / 2e-6;
                    assert!((numeric - analytic).abs() < 1e-7, "part {part}, {i}: {analytic}, {numeric}");
                }
            }
        }
    }
    check::<Gru>();
    check::<Lstm>();
}

#[test]
fn the_number_of_threads_changes_no_bit() {
    fn check<C: Cell>() {
        let s = Sequences { batch: 37, time: 6, inputs: 40, hidden: 70, reverse: false, lengths: None };
        let data = data::<C>(&s);
        let bits = |threads| {
            set_threads(threads);
            run::<C, f32>(&s, &data).map(|v| v.into_iter().map(f32::to_bits).collect::<Vec<_>>())
        };
        let one = bits(1);
        assert!(bits(2) == one && bits(4) == one);
    }
    check::<Gru>();
    check::<Lstm>();
}
