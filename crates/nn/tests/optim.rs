//! Optimisers, averages and schedules against PyTorch and against their contracts.
#![allow(clippy::unwrap_used, clippy::panic)]

use pellucid_grad::Gradient;
use pellucid_kernels::threads::set_threads;
use pellucid_nn::optim::{Adam, AdamOptions, Ema, Optimizer, Sgd, SgdOptions, StepInfo};
use pellucid_nn::{Param, ParamId, Schedule, Step, module, state};
use pellucid_tensor::{Shape, Tensor};
use serde_json::Value;

struct Net {
    weight: Param,
    bias: Param,
    seen: Param,
}
module!(Net { weight, bias, seen });

fn wave(shape: &[usize], phase: f64, scale: f64) -> Tensor {
    let n = shape.iter().product::<usize>();
    let values: Vec<f64> = (0..n).map(|i| (1.3 * i as f64 + phase).sin() * scale).collect();
    Tensor::new(&values, shape).unwrap()
}

fn net() -> Net {
    Net {
        weight: Param::weight(wave(&[2, 3], 0.5, 1.0)),
        bias: Param::bias(wave(&[3], 0.9, 1.0)),
        seen: Param::buffer(Tensor::scalar(0f64).unwrap()),
    }
}

fn step(gradients: Vec<(ParamId, Gradient)>) -> Step {
    Step { gradients: gradients.into_iter().collect(), ..Step::default() }
}

/// The gradients of the reference script.
fn reference_step(net: &Net, number: usize) -> Step {
    let t = number as f64;
    let mut gradients = vec![(net.weight.id(), wave(&[2, 3], 2.0 * t, 1.0 + t).into())];
    if number != 5 {
        gradients.push((net.bias.id(), wave(&[3], 3.0 * t, 0.1).into()));
    }
    step(gradients)
}

fn advance(optimizer: &mut dyn Optimizer, net: &mut Net, number: usize, lr: f64) -> StepInfo {
    let step = reference_step(net, number);
    optimizer.step(net, step, lr).unwrap()
}

fn rate(number: usize) -> f64 {
    0.1 / (1.0 + number as f64)
}

fn reference() -> Value {
    serde_json::from_str(include_str!("reference/optim.json")).unwrap()
}

fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|v| v.as_f64().unwrap()).collect()
}

fn assert_close(found: &[f64], want: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), want.len(), "{what}");
    for (i, (f, w)) in found.iter().zip(want).enumerate() {
        assert!((f - w).abs() <= tolerance * (1.0 + w.abs()), "{what}, element {i}: {f} instead of {w}");
    }
}

fn optimizer(name: &str) -> Box<dyn Optimizer> {
    let (sgd, adam, adamw) = (SgdOptions::default(), AdamOptions::adam(), AdamOptions::adamw());
    match name {
        "sgd" => Box::new(Sgd::new(SgdOptions { momentum: 0.0, ..sgd })),
        "momentum" => Box::new(Sgd::new(SgdOptions { decay: 0.1, ..sgd })),
        "nesterov" => {
            let options = SgdOptions { momentum: 0.8, nesterov: true, decay: 0.01, clip: Some(1.5), ..sgd };
            Box::new(Sgd::new(options))
        }
        "adam" => Box::new(Adam::new(adam)),
        "adam decay" => Box::new(Adam::new(AdamOptions { betas: (0.8, 0.95), decay: 0.2, ..adam })),
        "adamw" => Box::new(Adam::new(AdamOptions { decay: 0.3, ..adamw })),
        "adamw clip" => {
            Box::new(Adam::new(AdamOptions { decay: 0.3, epsilon: 1e-3, clip: Some(0.7), ..adamw }))
        }
        other => panic!("no optimiser {other}"),
    }
}

#[test]
fn trajectories_are_those_of_pytorch() {
    let reference = reference();
    for (name, want) in reference["optimizers"].as_object().unwrap() {
        let (mut net, mut optimizer) = (net(), optimizer(name));
        for (t, norm) in numbers(&want["norms"]).into_iter().enumerate() {
            let info = advance(optimizer.as_mut(), &mut net, t, rate(t));
            assert_close(&[info.grad_norm], &[norm], 1e-12, name);
            assert!(info.finite);
        }
        assert_close(&net.weight.value.to_vec(), &numbers(&want["weight"]), 1e-10, name);
        assert_close(&net.bias.value.to_vec(), &numbers(&want["bias"]), 1e-10, name);
    }
}

#[test]
fn single_precision_follows_double_precision() {
    for name in ["nesterov", "adamw clip"] {
        let (mut wide, mut narrow) = (net(), net());
        pellucid_nn::to_dtype(&mut narrow, pellucid_tensor::DType::F32).unwrap();
        let (mut a, mut b) = (optimizer(name), optimizer(name));
        for t in 0..12 {
            advance(a.as_mut(), &mut wide, t, rate(t));
            let mut step = reference_step(&narrow, t);
            for gradient in step.gradients.values_mut() {
                *gradient = gradient.to_dense().unwrap().cast(pellucid_tensor::DType::F32).unwrap().into();
            }
            b.step(&mut narrow, step, rate(t)).unwrap();
        }
        assert_close(&narrow.weight.value.to_vec(), &wide.weight.value.to_vec(), 1e-5, name);
        assert_close(&narrow.bias.value.to_vec(), &wide.bias.value.to_vec(), 1e-5, name);
    }
}

#[test]
fn schedules_are_those_of_pytorch() {
    let schedules = [
        ("cosine", Schedule::Cosine { peak: 0.3, warmup: 0, floor: 0.1 }),
        ("cosine warm-up", Schedule::Cosine { peak: 0.3, warmup: 5, floor: 0.01 }),
        ("one cycle", Schedule::one_cycle(0.3)),
        ("one cycle steep", Schedule::OneCycle { peak: 0.3, rise: 0.1, start: 5.0, end: 10.0 }),
    ];
    let reference = reference();
    for (name, schedule) in schedules {
        let want = numbers(&reference["schedules"][name]);
        let total = want.len() as u64;
        let found: Vec<f64> = (0..total).map(|s| schedule.lr(s, total)).collect();
        assert_close(&found, &want, 1e-12, name);
        assert_eq!(schedule.lr(total + 7, total), schedule.lr(total, total), "{name}");
    }
    assert_eq!(Schedule::Constant { peak: 0.2 }.lr(5, 3), 0.2);
}

#[test]
fn schedules_of_any_length_stay_between_zero_and_the_peak() {
    let schedules = [
        Schedule::Cosine { peak: 1.0, warmup: 4, floor: 0.0 },
        Schedule::one_cycle(1.0),
        Schedule::OneCycle { peak: 1.0, rise: 1.0, start: 2.0, end: 2.0 },
    ];
    for schedule in schedules {
        for total in 0..12 {
            for step in 0..15 {
                let lr = schedule.lr(step, total);
                assert!((0.0..=1.0).contains(&lr), "{schedule:?}: {lr} at {step} of {total}");
            }
        }
    }
}

#[test]
fn a_stored_optimiser_goes_on_exactly() {
    for name in ["nesterov", "adamw clip"] {
        let (mut straight, mut a) = (net(), optimizer(name));
        let (mut stopped, mut b) = (net(), optimizer(name));
        for t in 0..12 {
            if t == 7 {
                let bytes = state::named_to_bytes(&b.state().unwrap()).unwrap();
                b = optimizer(name);
                b.load_state(&state::named_from_bytes(&bytes).unwrap()).unwrap();
                let bytes = state::to_bytes(&stopped).unwrap();
                stopped = net();
                state::load_bytes(&mut stopped, &bytes).unwrap();
            }
            advance(a.as_mut(), &mut straight, t, rate(t));
            advance(b.as_mut(), &mut stopped, t, rate(t));
        }
        assert_eq!(state::to_bytes(&straight), state::to_bytes(&stopped), "{name}");
    }
}

#[test]
fn foreign_state_and_wrong_gradients_are_errors() {
    let (mut model, mut adam, mut sgd) = (net(), optimizer("adam"), optimizer("sgd"));
    advance(adam.as_mut(), &mut model, 0, 0.1);
    advance(sgd.as_mut(), &mut model, 0, 0.1);
    assert!(sgd.load_state(&adam.state().unwrap()).is_err());
    assert!(adam.load_state(&sgd.state().unwrap()).is_err());

    let mut other = net();
    other.weight.value = wave(&[3, 2], 0.0, 1.0);
    let gradient = step(vec![(other.weight.id(), wave(&[3, 2], 0.0, 1.0).into())]);
    let why = adam.step(&mut other, gradient, 0.1).unwrap_err().to_string();
    assert!(why.contains("another network") && why.contains("`weight`"), "{why}");

    let gradient = step(vec![(model.weight.id(), wave(&[6], 0.0, 1.0).into())]);
    let why = adam.step(&mut model, gradient, 0.1).unwrap_err().to_string();
    assert!(why.contains("`weight` is f64 [2, 3], its gradient f64 [6]"), "{why}");
    for lr in [-1.0, f64::NAN, f64::INFINITY] {
        assert!(adam.step(&mut model, Step::default(), lr).is_err());
    }
}

#[test]
fn a_parameter_with_a_pace_of_its_own_learns_by_so_many_times_the_rate() {
    for name in ["adamw", "sgd"] {
        let ([mut alone, mut paced], [mut a, mut b]) = ([net(), net()], [optimizer(name), optimizer(name)]);
        paced.bias.pace = 5.0;
        for number in 0..4 {
            advance(a.as_mut(), &mut alone, number, 5.0 * rate(number));
            advance(b.as_mut(), &mut paced, number, rate(number));
        }
        let far = |a: &Param, b: &Param| {
            let pairs = a.value.to_vec().into_iter().zip(b.value.to_vec());
            pairs.map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
        };
        assert!(far(&alone.bias, &paced.bias) < 1e-12, "{name}");
        assert!(far(&alone.weight, &paced.weight) > 1e-3, "{name}: the others do not");
    }
}

#[test]
fn a_step_that_is_not_finite_changes_nothing() {
    for name in ["momentum", "adamw"] {
        for bad in [f64::NAN, f64::INFINITY] {
            let (mut model, mut optimizer) = (net(), optimizer(name));
            advance(optimizer.as_mut(), &mut model, 0, 0.1);
            let before = (state::to_bytes(&model), optimizer.state());
            let mut step = reference_step(&model, 1);
            step.gradients.insert(model.bias.id(), Tensor::new(&[1.0, bad, 2.0], &[3]).unwrap().into());
            step.updates.insert(model.seen.id(), Tensor::scalar(bad).unwrap());
            let info = optimizer.step(&mut model, step, 0.1).unwrap();
            assert!(!info.finite && !info.grad_norm.is_finite());
            assert_eq!((state::to_bytes(&model), optimizer.state()), before);
        }
    }
}

#[test]
fn buffers_take_their_updates_and_frozen_parameters_stay() {
    let (mut model, mut optimizer) = (net(), optimizer("adamw"));
    model.weight.frozen = true;
    let before = model.weight.value.clone();
    let mut step = reference_step(&model, 0);
    step.updates.insert(model.seen.id(), Tensor::scalar(4f64).unwrap());
    optimizer.step(&mut model, step, 0.1).unwrap();
    assert_eq!(model.seen.value.item(), Ok(4.0));
    assert_eq!(model.weight.value, before);
    assert_ne!(model.bias.value, net().bias.value);
    let nothing = optimizer.step(&mut model, Step::default(), 0.1).unwrap();
    assert_eq!(nothing, StepInfo { grad_norm: 0.0, finite: true });
}

/// Row 1 twice, row 3 once, of a table `[4, 2]`.
fn rows() -> Gradient {
    Gradient::Rows {
        indices: Tensor::new(&[3u32, 1, 1], &[3]).unwrap(),
        values: wave(&[3, 2], 0.3, 1.0),
        shape: Shape::new(&[4, 2]).unwrap(),
    }
}

struct Table {
    rows: Param,
}
module!(Table { rows });

fn table() -> Table {
    Table { rows: Param::bias(wave(&[4, 2], 0.1, 1.0)) }
}

#[test]
fn gradients_of_rows_count_as_dense_ones_unless_sparse_is_asked_for() {
    let run = |mut optimizer: Box<dyn Optimizer>, dense: bool| {
        let mut table = table();
        let gradient = || if dense { rows().to_dense().unwrap().into() } else { rows() };
        let mut info = None;
        for _ in 0..3 {
            let step = step(vec![(table.rows.id(), gradient())]);
            info = Some(optimizer.step(&mut table, step, 0.1).unwrap());
        }
        (table.rows.value, info.unwrap().grad_norm)
    };
    let adam = |sparse| Box::new(Adam::new(AdamOptions { sparse, clip: Some(0.5), ..AdamOptions::adamw() }));
    let sgd = |sparse| Box::new(Sgd::new(SgdOptions { momentum: 0.0, sparse, ..SgdOptions::default() }));
    let (dense, norm) = run(adam(false), true);
    assert_eq!(run(adam(false), false), (dense.clone(), norm));
    // While the same rows are looked up in every step, lazy and dense Adam agree.
    let (lazy, lazy_norm) = run(adam(true), false);
    assert_close(&lazy.to_vec(), &dense.to_vec(), 1e-12, "lazy adam");
    assert_close(&[lazy_norm], &[norm], 1e-12, "the norm");
    let (dense, _) = run(sgd(false), true);
    assert_close(&run(sgd(true), false).0.to_vec(), &dense.to_vec(), 1e-12, "sparse sgd");
}

#[test]
fn lazy_adam_leaves_other_rows_alone() {
    let mut model = table();
    let mut adam = Adam::new(AdamOptions { sparse: true, ..AdamOptions::adam() });
    let all = step(vec![(model.rows.id(), wave(&[4, 2], 0.0, 1.0).into())]);
    adam.step(&mut model, all, 0.1).unwrap();
    let before = model.rows.value.to_vec();
    let step_of_rows = step(vec![(model.rows.id(), rows())]);
    adam.step(&mut model, step_of_rows, 0.1).unwrap();
    let after = model.rows.value.to_vec();
    let moved: Vec<bool> = before.iter().zip(&after).map(|(a, b)| a != b).collect();
    assert_eq!(moved, [false, false, true, true, false, false, true, true]);

    let outside = Gradient::Rows {
        indices: Tensor::new(&[4u32], &[1]).unwrap(),
        values: wave(&[1, 2], 0.3, 1.0),
        shape: Shape::new(&[4, 2]).unwrap(),
    };
    let outside = step(vec![(model.rows.id(), outside)]);
    assert!(adam.step(&mut model, outside, 0.1).is_err());
}

#[test]
fn threads_do_not_change_a_bit() {
    let run = |threads| {
        set_threads(threads);
        let value = |k: f64| wave(&[300, 700], k, 1.0).cast(pellucid_tensor::DType::F32).unwrap();
        let mut table = Table { rows: Param::weight(value(0.0)) };
        let mut adam = Adam::new(AdamOptions { clip: Some(1.0), ..AdamOptions::adamw() });
        for t in 0..3 {
            let step = step(vec![(table.rows.id(), value(f64::from(t)).into())]);
            adam.step(&mut table, step, 0.01).unwrap();
        }
        state::to_bytes(&table).unwrap()
    };
    let one = run(1);
    assert!(run(2) == one && run(4) == one);
}

#[test]
fn an_average_of_weights_follows_its_formula_and_can_be_swapped_in() {
    let mut model = net();
    let mut ema = Ema::new(&model, 0.9).unwrap();
    let mut want = model.weight.value.to_vec();
    for t in 0..30 {
        let t = f64::from(t);
        model.weight.value = wave(&[2, 3], t, 1.0);
        ema.update(&model).unwrap();
        let decay = f64::min(0.9, (1.0 + t) / (10.0 + t));
        let present = model.weight.value.to_vec();
        want.iter_mut().zip(present).for_each(|(a, w)| *a = decay * *a + (1.0 - decay) * w);
    }
    let last = model.weight.value.clone();
    let stored = ema.state().unwrap();
    ema.swap(&mut model).unwrap();
    assert_close(&model.weight.value.to_vec(), &want, 1e-12, "average");
    ema.swap(&mut model).unwrap();
    assert_eq!(model.weight.value, last);

    let mut resumed = Ema::new(&net(), 0.9).unwrap();
    resumed.load_state(&stored).unwrap();
    for ema in [&mut ema, &mut resumed] {
        ema.update(&model).unwrap();
    }
    assert_eq!(ema.state(), resumed.state());

    assert!(ema.update(&table()).is_err() && ema.swap(&mut table()).is_err());
    assert!(resumed.load_state(&Ema::new(&table(), 0.9).unwrap().state().unwrap()).is_err());
    assert!(Ema::new(&model, 1.0).is_err() && Ema::new(&model, f64::NAN).is_err());
}
