//! One test for all layers: shapes, gradients, storage, training and use, wrong input.
#![allow(clippy::unwrap_used, clippy::panic)]

use pellucid_grad::check::numbers;
use pellucid_grad::{Gradient, Var};
use pellucid_kernels::activation::Activation;
use pellucid_nn::check::Sample;
use pellucid_nn::layers::{BatchNorm, DropPath, Dropout, Embedding, LAYERS};
use pellucid_nn::optim::{Optimizer, Sgd, SgdOptions};
use pellucid_nn::{
    Layer, Param, Pass, Role, Seed, describe, parameter_count, params, params_mut, set_frozen, state,
    to_dtype, visit_params,
};
use pellucid_tensor::{DType, Tensor};

/// Calls a check with every sample of every layer.
fn for_all(check: impl Fn(&str, Sample)) {
    for kind in LAYERS {
        let samples = (kind.samples)().unwrap();
        assert!(!samples.is_empty(), "{} has no samples", kind.name);
        for sample in samples {
            check(&format!("{}, {}", kind.name, sample.name), sample);
        }
    }
}

fn output(sample: &Sample, pass: &Pass, x: &Tensor) -> Tensor {
    sample.run(pass, x).unwrap().1.value().clone()
}

#[test]
fn every_file_is_registered() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/layers");
    let stem = |entry: std::fs::DirEntry| entry.path().file_stem().unwrap().to_str().unwrap().to_owned();
    let mut files: Vec<String> = std::fs::read_dir(folder).unwrap().map(|e| stem(e.unwrap())).collect();
    files.retain(|name| name != "mod");
    files.sort();
    assert_eq!(files, LAYERS.iter().map(|kind| kind.name).collect::<Vec<_>>());
}

#[test]
fn the_output_has_the_shape_that_was_announced() {
    for_all(|name, sample| {
        let announced = sample.layer.output_shape(&sample.input).unwrap();
        for n in [0, 1, 3] {
            for pass in [Pass::inference(), Pass::training(1, 0)] {
                let x = sample.batch(n, &sample.input, DType::F32).unwrap();
                let y = output(&sample, &pass, &x);
                assert_eq!(y.shape()[..], [&[n][..], &announced].concat(), "{name}, {n} examples");
                assert_eq!(y.dtype(), DType::F32, "{name}");
            }
        }
        let rows = describe(sample.layer.as_ref(), &sample.input).unwrap();
        assert_eq!(
            rows.iter().map(|r| r.parameters).sum::<usize>(),
            parameter_count(&sample.layer),
            "{name}"
        );
        assert_eq!(
            rows.iter().map(|r| r.multiply_adds).sum::<u64>(),
            sample.layer.multiply_adds(&sample.input)
        );
        assert!(rows.iter().all(|r| !r.name.is_empty()), "{name}");
        assert!(rows.iter().all(|r| !r.words.title.is_empty() && !r.words.does.is_empty()), "{name}");
        let owned: Vec<_> = rows.iter().flat_map(|r| r.owns.clone()).collect();
        let trained = params(sample.layer.as_ref()).into_iter().map(|(_, p)| p);
        let trained = trained.filter(|p| p.role != Role::Buffer).map(Param::id);
        assert_eq!(owned, trained.collect::<Vec<_>>(), "{name}: each tensor belongs to one row");
    });
}

/// Layers say of which pixels a place knows: those that change it, found by changing each of them.
#[test]
fn layers_see_as_far_as_they_say() {
    let mut seen = 0;
    for_all(|name, sample| {
        let (&[height, width, channels], Some([rows, cols])) =
            (sample.input.as_slice(), sample.layer.reach())
        else {
            return;
        };
        let [high, wide, _] = sample.layer.output_shape(&sample.input).unwrap()[..] else {
            panic!("{name} makes no picture of one")
        };
        let x = sample.batch(1, &sample.input, DType::F32).unwrap();
        let run = |x: &Tensor| output(&sample, &Pass::inference(), x).to_vec();
        let before = run(&x);
        // First and last row and column of the pixels that change each place.
        let mut found = vec![[height, 0, width, 0]; high * wide];
        for (y, x_at) in (0..height).flat_map(|y| (0..width).map(move |x| (y, x))) {
            for by in [-1e3, -0.7, 0.9, 1e3] {
                let mut other = x.clone();
                let pixels = other.data_mut::<f32>().unwrap();
                let start = (y * width + x_at) * channels;
                pixels[start..start + channels]
                    .iter_mut()
                    .enumerate()
                    .for_each(|(c, p)| *p += by * (1 + c) as f32);
                let after = run(&other);
                let outputs = before.len() / found.len();
                for (at, box_of) in found.iter_mut().enumerate() {
                    let here = at * outputs..(at + 1) * outputs;
                    if before[here.clone()] != after[here] {
                        *box_of = [
                            box_of[0].min(y),
                            box_of[1].max(y + 1),
                            box_of[2].min(x_at),
                            box_of[3].max(x_at + 1),
                        ];
                    }
                }
            }
        }
        for (at, [top, bottom, left, right]) in found.into_iter().enumerate() {
            let place = [at / wide, at % wide];
            assert_eq!(rows.within(place[0], height), top..bottom, "{name}, {place:?}");
            assert_eq!(cols.within(place[1], width), left..right, "{name}, {place:?}");
        }
    });
    for kind in ["conv", "max_pool", "avg_pool", "residual", "sequential"] {
        let samples =
            LAYERS.iter().filter(|layer| layer.name == kind).flat_map(|layer| (layer.samples)().unwrap());
        seen += samples.filter(|sample| sample.layer.reach().is_some()).count();
    }
    assert!(seen >= 10, "{seen}");
}

#[test]
fn wrong_shapes_are_errors() {
    for_all(|name, sample| {
        for wrong in &sample.refuses {
            let x = sample.batch(2, wrong, DType::F32).unwrap();
            assert!(sample.layer.output_shape(wrong).is_err(), "{name} announces a shape for {wrong:?}");
            assert!(sample.run(&Pass::inference(), &x).is_err(), "{name} takes {wrong:?}");
            assert!(sample.run(&Pass::training(0, 0), &x).is_err(), "{name} takes {wrong:?} in training");
            sample.layer.multiply_adds(wrong); // Any number but a panic.
        }
    });
}

/// Σ output · made-up weights, and the gradients of the input and of all trained parameters.
fn weighted(sample: &Sample, training: bool, x: &Tensor) -> (f64, Option<Tensor>, Vec<Tensor>) {
    let pass = if training { Pass::training(3, 1) } else { Pass::evaluating_with_gradients() };
    let (input, y): (Var, Var) = sample.run(&pass, x).unwrap();
    let weights = numbers(100, y.shape()).unwrap();
    let loss = y.value().to_vec().iter().zip(weights.to_vec()).map(|(a, b)| a * b).sum();
    let gradients = y.backward_from(weights).unwrap();
    let of_input = gradients.of(&input).map(|g| g.to_dense().unwrap());
    let step = pass.finish(gradients);
    let of_params = params(&sample.layer).into_iter().filter(|(_, p)| p.is_trained()).map(|(path, p)| {
        let gradient = step.gradients.get(&p.id()).unwrap_or_else(|| panic!("no gradient for {path}"));
        gradient.to_dense().unwrap()
    });
    (loss, of_input, of_params.collect())
}

fn assert_slope(what: &str, i: usize, analytic: f64, [up, down]: [f64; 2]) {
    let numeric = (up - down) / 2e-6;
    let close = (numeric - analytic).abs() <= 1e-5 + 1e-3 * numeric.abs();
    assert!(close, "{what}, element {i}: gradient {analytic}, finite difference {numeric}");
}

/// Some thirty elements, spread over the tensor.
fn some_elements(tensor: &Tensor) -> Vec<(usize, f64)> {
    let step = tensor.len().div_ceil(31).max(1);
    tensor.to_vec().into_iter().enumerate().step_by(step).collect()
}

fn trained(sample: &mut Sample) -> Vec<(String, &mut Param)> {
    params_mut(&mut sample.layer).into_iter().filter(|(_, p)| p.is_trained()).collect()
}

#[test]
fn gradients_agree_with_finite_differences() {
    for_all(|name, mut sample| {
        to_dtype(&mut sample.layer, DType::F64).unwrap();
        for training in [false, true] {
            let x = sample.batch(3, &sample.input, DType::F64).unwrap();
            let (_, of_input, of_params) = weighted(&sample, training, &x);
            for (i, analytic) in of_input.iter().flat_map(some_elements) {
                let moved = [1e-6, -1e-6].map(|delta| {
                    let mut x = x.clone();
                    x.data_mut::<f64>().unwrap()[i] += delta;
                    weighted(&sample, training, &x).0
                });
                assert_slope(&format!("{name}: the input"), i, analytic, moved);
            }
            for (k, gradient) in of_params.iter().enumerate() {
                let path = trained(&mut sample)[k].0.clone();
                for (i, analytic) in some_elements(gradient) {
                    let mut shift = |delta: f64| {
                        trained(&mut sample)[k].1.value.data_mut::<f64>().unwrap()[i] += delta;
                        weighted(&sample, training, &x).0
                    };
                    let moved = [shift(1e-6), shift(-2e-6)];
                    shift(1e-6);
                    assert_slope(&format!("{name}: {path}"), i, analytic, moved);
                }
            }
        }
    });
}

#[test]
fn a_stored_layer_gives_the_same_output() {
    for_all(|name, sample| {
        let bytes = state::to_bytes(&sample.layer).unwrap();
        let x = sample.batch(2, &sample.input, DType::F32).unwrap();
        let want = output(&sample, &Pass::inference(), &x);
        let mut changed = sample;
        for (_, param) in params_mut(&mut changed.layer) {
            param.value.data_mut::<f32>().unwrap().iter_mut().for_each(|v| *v = *v * 0.5 + 0.25);
        }
        if parameter_count(&changed.layer) > 0 {
            assert_ne!(output(&changed, &Pass::inference(), &x), want, "{name}");
        }
        state::load_bytes(&mut changed.layer, &bytes).unwrap();
        assert_eq!(output(&changed, &Pass::inference(), &x), want, "{name}");
    });
}

#[test]
fn equal_seeds_give_equal_bits_and_use_does_not_depend_on_the_batch() {
    for_all(|name, sample| {
        let x = sample.batch(4, &sample.input, DType::F32).unwrap();
        let train = |seed, step| {
            let pass = Pass::training(seed, step);
            let (_, y) = sample.run(&pass, &x).unwrap();
            let step = pass.finish(y.backward_from(y.value().clone()).unwrap());
            let gradients: Vec<_> = step.gradients.values().map(|g| g.to_dense().unwrap()).collect();
            (y.value().clone(), gradients, step.updates)
        };
        assert_eq!(train(5, 7), train(5, 7), "{name}");

        let all = output(&sample, &Pass::inference(), &x);
        for i in 0..4 {
            let one = output(&sample, &Pass::inference(), &x.rows(i, 1).unwrap());
            let same =
                all.rows(i, 1).unwrap().to_vec().iter().zip(one.to_vec()).all(|(a, b)| (a - b).abs() < 1e-5);
            assert!(same, "{name}: example {i} depends on the others");
        }
        let with_gradients = output(&sample, &Pass::evaluating_with_gradients(), &x);
        assert_eq!(all, with_gradients, "{name}");
    });
}

#[test]
fn frozen_layers_get_no_gradients() {
    for_all(|name, mut sample| {
        set_frozen(&mut sample.layer, true);
        let x = sample.batch(2, &sample.input, DType::F32).unwrap();
        let pass = Pass::training(0, 0);
        let (_, y) = sample.run(&pass, &x).unwrap();
        let step = pass.finish(y.backward_from(y.value().clone()).unwrap());
        assert!(step.gradients.is_empty(), "{name}");
    });
}

#[test]
fn dropping_is_random_in_training_only_and_keeps_the_mean() {
    let x = Tensor::full(1f32, &[1000, 20]).unwrap();
    let p = 0.25;
    let layers: [Box<dyn Layer>; 2] =
        [Box::new(Dropout::new(p).unwrap()), Box::new(DropPath::new(p).unwrap())];
    for layer in &layers {
        let run = |pass: Pass| layer.forward(&pass, &pass.input(&x)).unwrap().value().clone();
        let name = layer.name();
        assert_eq!(run(Pass::inference()), x, "{name}");
        let once = run(Pass::training(1, 1));
        assert_ne!(once, run(Pass::training(1, 2)), "{name}");
        assert_ne!(once, run(Pass::training(2, 1)), "{name}");
        let values = once.to_vec();
        let scaled = f64::from(1.0 / (1.0 - p as f32));
        assert!(values.iter().all(|&v| v == 0.0 || (v - scaled).abs() < 1e-6), "{name}");
        let mean = values.iter().sum::<f64>() / values.len() as f64;
        assert!((mean - 1.0).abs() < 0.06, "{name}: mean {mean}");
    }
    let rows = layers[1].forward(&Pass::training(1, 1), &Pass::inference().input(&x)).unwrap();
    assert!(rows.value().to_vec().chunks(20).all(|row| row.iter().all(|v| *v == row[0])));
    assert!(Dropout::new(1.0).is_err() && Dropout::new(-0.1).is_err() && DropPath::new(f64::NAN).is_err());
}

#[test]
fn batch_norm_keeps_running_statistics_and_uses_them() {
    let mut norm = BatchNorm::new(1, Activation::Identity).unwrap();
    let x = Tensor::new(&[1f32, 2.0, 3.0, 6.0], &[4, 1]).unwrap(); // mean 3, unbiased variance 14 / 3
    let pass = Pass::training(0, 0);
    // Twice in one pass: the second use starts from the first one's statistics.
    for _ in 0..2 {
        let y = norm.forward(&pass, &pass.input(&x)).unwrap();
        assert!(y.value().to_vec().iter().sum::<f64>().abs() < 1e-5);
    }
    let step = pass.finish(Pass::inference().input(&Tensor::scalar(0f32).unwrap()).backward().unwrap());
    let mut sgd = Sgd::new(SgdOptions::default());
    sgd.step(&mut norm, step, 0.1).unwrap();
    let (mean, var) = (norm.running_mean.value.item().unwrap(), norm.running_var.value.item().unwrap());
    assert!((mean - (0.9 * 0.3 + 0.3)).abs() < 1e-6, "{mean}");
    assert!((var - (0.9 * (0.9 + 1.4 / 3.0) + 1.4 / 3.0)).abs() < 1e-6, "{var}");
    let pass = Pass::inference();
    let y = norm.forward(&pass, &pass.input(&x)).unwrap().value().to_vec();
    assert!((y[3] - (6.0 - mean) / (var + 1e-5).sqrt()).abs() < 1e-5);
}

#[test]
fn an_embedding_refuses_unknown_rows_and_gets_gradients_for_the_known_ones_only() {
    let table = Embedding::new(&Seed::new(1), 5, 3).unwrap();
    let pass = Pass::training(0, 0);
    let look_up =
        |rows: &[u32]| table.forward(&pass, &pass.input(&Tensor::new(rows, &[rows.len()]).unwrap()));
    assert!(look_up(&[5]).is_err());
    let y = look_up(&[4, 1, 4]).unwrap();
    let step = pass.finish(y.backward_from(y.value().clone()).unwrap());
    let Gradient::Rows { indices, .. } = &step.gradients[&table.weight.id()] else {
        panic!("a dense gradient")
    };
    assert_eq!(indices.to_vec(), [4.0, 1.0, 4.0]);
}

#[test]
fn only_matrices_are_under_weight_decay() {
    for_all(|name, sample| {
        visit_params(&sample.layer, &mut |path, param| {
            let want = param.value.shape().rank() > 1 && !name.starts_with("embedding");
            assert_eq!(param.role == Role::Weight, want, "{name}: {path}");
        });
    });
}
