//! After its first steps, training asks the system for no memory but for the tape's own records.
#![allow(clippy::unwrap_used)]

use pellucid_grad::ops;
use pellucid_kernels::activation::Activation;
use pellucid_kernels::threads::set_threads;
use pellucid_nn::layers::{BatchNorm, Conv2d, Dropout, Flatten, Linear, MaxPool2d, Residual, Sequential};
use pellucid_nn::optim::{Adam, AdamOptions, Optimizer};
use pellucid_nn::{Layer, Pass, Seed};
use pellucid_tensor::Tensor;
use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};
use std::alloc::System;

#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// What a step may allocate: nodes, closures and lists of variables. Its tensors take some 3 MB.
const RECORDS: usize = 64 << 10;

fn network() -> Sequential {
    let seed = Seed::new(7);
    let conv = |part, from, to| Conv2d::new(&seed.part(part), from, to, (3, 3)).unwrap().without_bias();
    let norm = |channels| BatchNorm::new(channels, Activation::Relu).unwrap();
    Sequential::new()
        .then(conv("stem", 3, 32))
        .then(norm(32))
        .then(MaxPool2d::new(2))
        .then(Residual::new(Sequential::new().then(conv("body", 32, 32)).then(norm(32))))
        .then(Flatten)
        .then(Dropout::new(0.1).unwrap())
        .then(Linear::new(&seed.part("hidden"), 8 * 8 * 32, 64, Activation::Gelu).unwrap())
        .then(Linear::new(&seed.part("head"), 64, 10, Activation::Identity).unwrap())
}

#[test]
fn a_step_of_training_allocates_no_tensors_and_no_working_memory() {
    set_threads(2);
    let mut net = network();
    let mut adam = Adam::new(AdamOptions { clip: Some(1.0), ..AdamOptions::adamw() });
    let x = Tensor::full(0.5f32, &[16, 16, 16, 3]).unwrap();
    let classes = Tensor::new(&(0..16).map(|i| i % 10).collect::<Vec<u32>>(), &[16]).unwrap();
    let mut step = |number| {
        let pass = Pass::training(0, number);
        let scores = net.forward(&pass, &pass.input(&x)).unwrap();
        let loss = ops::cross_entropy(&scores, &classes, 0.1, None, None).unwrap();
        let step = pass.finish(loss.backward().unwrap());
        adam.step(&mut net, step, 1e-3).unwrap();
    };
    (0..5).for_each(&mut step);
    for number in 5..10 {
        let region = Region::new(ALLOCATOR);
        step(number);
        let change = region.change();
        assert!(change.bytes_allocated < RECORDS, "step {number}: {change:?}");
        assert!(change.bytes_allocated.abs_diff(change.bytes_deallocated) < RECORDS / 8, "{change:?}");
    }
}
