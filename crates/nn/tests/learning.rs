//! Whole networks learn: a function that no linear map can give, and pictures by heart.
#![allow(clippy::unwrap_used)]

use pellucid_grad::ops;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::threads::set_threads;
use pellucid_nn::layers::{BatchNorm, Conv2d, GlobalAvgPool, Linear, MaxPool2d, Residual, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::{Layer, Pass, Schedule, Seed, params, state};
use pellucid_tensor::{Stream, Tensor};

/// Trains on all rows at once; returns the loss of the last step.
fn train(network: &mut Sequential, x: &Tensor, labels: &Tensor, schedule: Schedule, steps: u64) -> f64 {
    let mut optimizer = Adam::new(AdamOptions { clip: Some(1.0), ..AdamOptions::adamw() });
    let mut last = f64::NAN;
    for step in 0..steps {
        let pass = Pass::training(7, step);
        let logits = network.forward(&pass, &pass.input(x)).unwrap();
        let loss = ops::cross_entropy(&logits, labels, 0.0, None, None).unwrap();
        last = loss.value().item().unwrap();
        let gradients = pass.finish(loss.backward().unwrap());
        assert!(optimizer.step(network, gradients, schedule.lr(step, steps)).unwrap().finite);
    }
    last
}

fn accuracy(network: &Sequential, x: &Tensor, labels: &Tensor) -> f64 {
    let pass = Pass::inference();
    let logits = network.forward(&pass, &pass.input(x)).unwrap();
    let (classes, logits) = (logits.shape().last(), logits.value().to_vec());
    let best =
        logits.chunks(classes).map(|row| (0..classes).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap());
    let right = best.zip(labels.to_vec()).filter(|(found, want)| *found == *want as usize).count();
    right as f64 / labels.len() as f64
}

/// Two spiral arms around each other, one and a half turns.
fn spirals(n: usize, seed: u64) -> (Tensor, Tensor) {
    let mut stream = Stream::new(seed, "spirals", 0);
    let (mut points, mut labels) = (Vec::new(), Vec::new());
    for i in 0..n {
        let t = stream.uniform();
        let angle = 3.0 * std::f32::consts::PI * t + if i % 2 == 0 { 0.0 } else { std::f32::consts::PI };
        points.extend([(0.1 + t) * angle.cos(), (0.1 + t) * angle.sin()]);
        labels.push(i as u32 % 2);
    }
    (Tensor::new(&points, &[n, 2]).unwrap(), Tensor::new(&labels, &[n]).unwrap())
}

fn dense(seed: &Seed, inputs: usize, outputs: usize, activation: Activation) -> Linear {
    Linear::new(seed, inputs, outputs, activation).unwrap()
}

#[test]
fn a_small_network_separates_two_spirals_it_has_not_seen() {
    let seed = Seed::new(1);
    let mut network = Sequential::new()
        .then(dense(&seed.part(0), 2, 32, Activation::Tanh))
        .then(dense(&seed.part(1), 32, 32, Activation::Tanh))
        .then(dense(&seed.part(2), 32, 2, Activation::Identity));
    let ((x, labels), (new, new_labels)) = (spirals(400, 1), spirals(400, 2));
    train(&mut network, &x, &labels, Schedule::one_cycle(0.02), 400);
    let found = accuracy(&network, &new, &new_labels);
    assert!(found > 0.97, "accuracy {found}");
}

fn small_cnn() -> Sequential {
    let seed = Seed::new(2);
    let conv = |part: &str, inputs, outputs| {
        Conv2d::new(&seed.part(part), inputs, outputs, (3, 3)).unwrap().without_bias()
    };
    let norm = |activation| BatchNorm::new(8, activation).unwrap();
    let body = Sequential::new()
        .then(conv("b", 8, 8))
        .then(norm(Activation::Relu))
        .then(conv("c", 8, 8))
        .then(norm(Activation::Identity));
    Sequential::new()
        .then(conv("a", 1, 8))
        .then(norm(Activation::Relu))
        .then(MaxPool2d::new(2))
        .then(Residual::new(body).activation(Activation::Relu))
        .then(GlobalAvgPool)
        .then(dense(&seed.part("head"), 8, 4, Activation::Identity))
}

/// Pictures of noise, which can only be learnt by heart.
fn noise() -> (Tensor, Tensor) {
    let mut stream = Stream::new(3, "noise", 0);
    let pixels: Vec<f32> = (0..32 * 8 * 8).map(|_| stream.normal()).collect();
    let labels: Vec<u32> = (0..32).map(|i| i % 4).collect();
    (Tensor::new(&pixels, &[32, 8, 8, 1]).unwrap(), Tensor::new(&labels, &[32]).unwrap())
}

#[test]
fn a_small_convolutional_network_learns_pictures_by_heart() {
    let (x, labels) = noise();
    let mut network = small_cnn();
    let loss =
        train(&mut network, &x, &labels, Schedule::Cosine { peak: 0.02, warmup: 10, floor: 0.01 }, 200);
    assert!(loss < 0.05, "loss {loss}");
    assert_eq!(accuracy(&network, &x, &labels), 1.0);
}

#[test]
fn training_gives_the_same_bits_for_any_number_of_threads() {
    let (x, labels) = noise();
    let run = |threads| {
        set_threads(threads);
        let mut network = small_cnn();
        train(&mut network, &x, &labels, Schedule::Constant { peak: 0.01 }, 5);
        state::to_bytes(&network).unwrap()
    };
    let one = run(1);
    assert!(run(2) == one && run(4) == one);
}

#[test]
fn the_optimiser_writes_weights_in_place() {
    let (x, labels) = spirals(8, 1);
    let mut network = Sequential::new().then(dense(&Seed::new(1), 2, 2, Activation::Tanh));
    let places = |network: &Sequential| -> Vec<*const f32> {
        params(network).iter().map(|(_, p)| p.value.data::<f32>().unwrap().as_ptr()).collect()
    };
    let before = places(&network);
    train(&mut network, &x, &labels, Schedule::Constant { peak: 0.1 }, 3);
    assert_eq!(places(&network), before);
}
