use super::*;
use crate::layers::{
    Activate, BatchNorm, Conv2d, Dropout, Flatten, GlobalAvgPool, LayerNorm, Linear, MaxPool2d, Pad, Padding,
    Residual, Sequential,
};
use crate::{Param, Pass, Seed};
use pellucid_kernels::activation::Activation::{self, Gelu, Identity, Relu};
use pellucid_kernels::threads::set_threads;
use pellucid_tensor::{DType, Stream};

fn normal(shape: &[usize], purpose: &str) -> Tensor {
    let mut x = Tensor::unset::<f32>(shape).unwrap();
    let mut stream = Stream::new(1, purpose, 0);
    x.data_mut::<f32>().unwrap().iter_mut().for_each(|x| *x = stream.normal());
    x
}

fn conv(seed: &Seed, from: usize, to: usize, side: usize) -> Conv2d {
    let mut conv = Conv2d::new(seed, from, to, (side, side)).unwrap();
    conv.bias = Some(Param::bias(normal(&[to], "bias")));
    conv
}

/// A batch norm as after training: scales of both signs, statistics that are not 0 and 1.
fn norm(channels: usize, activation: Activation) -> BatchNorm {
    let mut norm = BatchNorm::new(channels, activation).unwrap();
    norm.weight.value = normal(&[channels], "scale");
    norm.bias.value = normal(&[channels], "shift");
    norm.running_mean.value = normal(&[channels], "mean");
    norm
}

fn plain(net: &dyn Layer, x: &Tensor) -> Vec<f64> {
    let pass = Pass::inference();
    net.forward(&pass, &pass.input(x)).unwrap().value().to_vec()
}

/// The length of the error in bytes, as a share of the length of the answer in numbers.
fn error(net: &dyn Layer, shape: &[usize]) -> f64 {
    let x = normal(shape, "x");
    let bytes = Int8Network::new(net, &[normal(shape, "samples"), x.clone()]).unwrap();
    let (want, got) = (plain(net, &x), bytes.forward(&x).unwrap().to_vec());
    assert_eq!(want.len(), got.len());
    let length = |numbers: &mut dyn Iterator<Item = f64>| numbers.map(|x| x * x).sum::<f64>().sqrt();
    length(&mut want.iter().zip(&got).map(|(a, b)| a - b)) / length(&mut want.iter().copied())
}

/// The layer, and a map in numbers behind it that the last of a network is: the identity.
fn then_identity(layer: impl Layer + 'static, channels: usize) -> Sequential {
    let mut last = Linear::new(&Seed::new(0), channels, channels, Identity).unwrap();
    let eye = last.weight.value.data_mut::<f32>().unwrap();
    (0..channels * channels).for_each(|i| eye[i] = if i % (channels + 1) == 0 { 1.0 } else { 0.0 });
    Sequential::new().then(layer).then(last)
}

#[test]
fn every_layer_in_bytes_stays_close_to_numbers() {
    let seed = Seed::new(1);
    let pool = || MaxPool2d::with((3, 3), (2, 2), Pad::Exact(Padding::both(1, 1)));
    let pair = |a| Sequential::new().then(conv(&seed, 8, 16, 3)).then(norm(16, a));
    let pooled = Sequential::new().then(conv(&seed, 8, 16, 3)).then(pool()).then(norm(16, Relu));
    let body = |a| Sequential::new().then(pair(Relu)).then(conv(&seed, 16, 8, 3)).then(norm(8, a));
    let wide = |a| Sequential::new().then(conv(&seed, 8, 16, 3).stride(2)).then(norm(16, a));
    let cases: Vec<(&str, Sequential)> = vec![
        ("convolution", then_identity(conv(&seed, 8, 16, 3), 16)),
        ("seven outputs", then_identity(conv(&seed, 8, 7, 3), 7)),
        ("relu", then_identity(conv(&seed, 8, 16, 5).activation(Relu), 16)),
        (
            "relu by itself",
            then_identity(Sequential::new().then(conv(&seed, 8, 16, 1)).then(Activate(Relu)), 16),
        ),
        ("gelu", then_identity(conv(&seed, 8, 16, 3).activation(Gelu), 16)),
        ("norm", then_identity(pair(Identity), 16)),
        ("norm and relu", then_identity(pair(Relu), 16)),
        ("maximum between convolution and norm", then_identity(pooled, 16)),
        (
            "norm that cannot be folded",
            then_identity(Sequential::new().then(norm(8, Relu)).then(pair(Relu)), 16),
        ),
        ("residual", then_identity(Residual::new(body(Identity)).activation(Relu), 8)),
        ("residual, relu inside", then_identity(Residual::new(body(Relu)), 8)),
        ("residual, gelu on the sum", then_identity(Residual::new(body(Identity)).activation(Gelu), 8)),
        (
            "residual around a pooling",
            then_identity(Residual::new(MaxPool2d::with((3, 3), (1, 1), Pad::Same)), 8),
        ),
        (
            "residual with shortcut",
            then_identity(Residual::new(wide(Identity)).shortcut(wide(Identity)).activation(Relu), 16),
        ),
        ("means", then_identity(Sequential::new().then(pair(Relu)).then(GlobalAvgPool), 16)),
        (
            "hidden linear map, dropout",
            then_identity(
                Sequential::new()
                    .then(pair(Relu))
                    .then(Flatten)
                    .then(Linear::new(&seed, 9 * 7 * 16, 21, Relu).unwrap())
                    .then(Dropout::new(0.5).unwrap()),
                21,
            ),
        ),
        (
            "flattened pixels of three bytes",
            then_identity(
                Sequential::new()
                    .then(conv(&seed, 8, 3, 3))
                    .then(Flatten)
                    .then(Linear::new(&seed, 9 * 7 * 3, 5, Relu).unwrap()),
                5,
            ),
        ),
        (
            "groups, which stay in numbers",
            then_identity(
                Sequential::new().then(pair(Relu)).then(Conv2d::depthwise(&seed, 16, (3, 3)).unwrap()),
                16,
            ),
        ),
    ];
    for (name, net) in &cases {
        let error = error(net, &[4, 9, 7, 8]);
        // A step is 1/255 of the range, some 1/40 of the deviation; two to three roundings add up.
        assert!(error < 0.025, "{name}: relative error {error:.4}");
    }
}

#[test]
fn bytes_do_not_depend_on_threads_and_can_be_stored() {
    let seed = Seed::new(2);
    let net = || {
        let body = Sequential::new().then(conv(&seed, 12, 12, 3)).then(norm(12, Identity));
        Sequential::new()
            .then(conv(&seed, 3, 12, 3))
            .then(MaxPool2d::new(2))
            .then(norm(12, Relu))
            .then(Residual::new(body).activation(Relu))
            .then(Flatten)
            .then(Linear::new(&seed, 4 * 4 * 12, 10, Identity).unwrap())
    };
    let x = normal(&[3, 8, 8, 3], "x");
    let bytes = Int8Network::new(&net(), std::slice::from_ref(&x)).unwrap();
    let runs = [1, 2, 4].map(|threads| {
        set_threads(threads);
        bytes.forward(&x).unwrap().to_vec()
    });
    assert!(runs[0] == runs[1] && runs[0] == runs[2]);
    let named = bytes.to_named().unwrap();
    assert_eq!(named["0.weight"].dtype(), DType::I8);
    let stored = crate::state::named_to_bytes(&named).unwrap();
    let named = crate::state::named_from_bytes(&stored).unwrap();
    let again = Int8Network::from_named(&net(), named.clone()).unwrap();
    assert_eq!(again.forward(&x).unwrap().to_vec(), runs[0]);
    let mut fewer = named.clone();
    fewer.remove("2.body.0.steps");
    assert!(Int8Network::from_named(&net(), fewer).is_err());
    let mut more = named;
    more.insert("9.weight".into(), x.clone());
    assert!(Int8Network::from_named(&net(), more).is_err());
}

#[test]
fn what_cannot_be_is_an_error() {
    let seed = Seed::new(3);
    let linear = || Linear::new(&seed, 4, 4, Relu).unwrap();
    let net = Sequential::new().then(linear()).then(LayerNorm::new(4).unwrap());
    let x = normal(&[2, 4], "x");
    let why =
        Int8Network::new(&net, std::slice::from_ref(&x)).err().map(|e| e.to_string()).unwrap_or_default();
    assert!(why.contains("has no form in bytes"), "{why}");
    let net = Sequential::new().then(linear()).then(linear());
    assert!(Int8Network::new(&net, &[]).is_err());
    assert!(Int8Network::new(&net, &[Tensor::full(f32::NAN, &[1, 4]).unwrap()]).is_err());
    assert!(Int8Network::new(&net, &[normal(&[2, 5], "x")]).is_err());
    let bytes = Int8Network::new(&net, std::slice::from_ref(&x)).unwrap();
    assert!(bytes.forward(&normal(&[2, 5], "x")).is_err());
    assert!(bytes.forward(&x.cast(DType::F64).unwrap()).is_err());
    assert_eq!(bytes.forward(&normal(&[0, 4], "x")).unwrap().shape()[..], [0, 4]);
}

/// A small network that has learned nothing still prefers the same class nearly always.
#[test]
fn answers_agree_with_those_in_numbers() {
    let seed = Seed::new(4);
    let body = Sequential::new().then(conv(&seed, 32, 32, 3)).then(norm(32, Identity));
    let net = Sequential::new()
        .then(conv(&seed, 1, 32, 3))
        .then(norm(32, Relu))
        .then(MaxPool2d::new(2))
        .then(Residual::new(body).activation(Relu))
        .then(Flatten)
        .then(Linear::new(&seed, 7 * 7 * 32, 10, Identity).unwrap());
    let bytes = Int8Network::new(&net, &[normal(&[64, 14, 14, 1], "samples")]).unwrap();
    let x = normal(&[500, 14, 14, 1], "x");
    let best = |numbers: &[f64]| -> Vec<usize> {
        let most = |row: &[f64]| (0..10).max_by(|&a, &b| row[a].total_cmp(&row[b])).unwrap();
        numbers.chunks(10).map(most).collect()
    };
    let (want, got) = (best(&plain(&net, &x)), best(&bytes.forward(&x).unwrap().to_vec()));
    let same = want.iter().zip(&got).filter(|(a, b)| a == b).count();
    assert!(same >= 475, "{same} of 500 answers are the same");
}
