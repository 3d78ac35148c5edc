//! Networks for pictures from their folders answer as the library `transformers` does.
#![allow(clippy::unwrap_used)]

use pellucid_grad::ops;
use pellucid_nn::{Layer, Pass, Seed, params, params_mut};
use pellucid_pretrained::{Folder, Preprocessing, VisionConfig};
use pellucid_tensor::Tensor;
use serde_json::Value;
use std::path::{Path, PathBuf};

const NETWORKS: [&str; 3] = ["resnet-basic", "resnet-bottleneck", "efficientnet"];

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn numbers(value: &Value) -> Vec<f32> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap() as f32],
    }
}

fn want() -> Value {
    serde_json::from_slice(&std::fs::read(reference().join("vision.json")).unwrap()).unwrap()
}

fn pictures(want: &Value) -> Tensor {
    let shape: Vec<usize> = numbers(&want["shape"]).iter().map(|&n| n as usize).collect();
    Tensor::new(&numbers(&want["pictures"]), &shape).unwrap()
}

#[test]
fn answers_are_those_of_transformers() {
    let want = want();
    for name in NETWORKS {
        let folder = Folder::open(reference().join(name)).unwrap();
        let config = VisionConfig::of(&folder).unwrap();
        let mut net = config.build(&Seed::none()).unwrap();
        config.read(params_mut(&mut net).into_iter().map(|(_, p)| p), &folder).unwrap();
        let pass = Pass::inference();
        let found = net.forward(&pass, &pass.input(&pictures(&want))).unwrap();
        assert_eq!(found.shape()[..], [2, config.width()]);
        let theirs = numbers(&want["vectors"][name]);
        let apart = found
            .value()
            .to_vec()
            .iter()
            .zip(&theirs)
            .map(|(a, &b)| (a - f64::from(b)).abs())
            .fold(0.0, f64::max);
        let largest = theirs.iter().fold(0f32, |m, x| m.max(x.abs()));
        assert!(apart < 1e-5 * f64::from(largest.max(1.0)), "{name}: {apart} of {largest}");
        let (one, other) = theirs.split_at(theirs.len() / 2);
        let differ = one.iter().zip(other).filter(|(a, b)| (*a - *b).abs() > 0.01 * largest).count();
        assert!(differ > 5, "{name}: both pictures have the same answer in all but {differ} numbers");
    }
}

#[test]
fn every_part_learns() {
    for name in NETWORKS {
        let config = VisionConfig::of(&Folder::open(reference().join(name)).unwrap()).unwrap();
        let net = config.build(&Seed::new(1)).unwrap();
        let pass = Pass::training(0, 0);
        let vectors = net.forward(&pass, &pass.input(&pictures(&want()))).unwrap();
        let loss = ops::sum(&ops::mul(&vectors, &vectors).unwrap()).unwrap();
        let step = pass.finish(loss.backward().unwrap());
        for (path, param) in params(&net).into_iter().filter(|(_, p)| p.is_trained()) {
            let gradient = step.gradients[&param.id()].to_dense().unwrap().to_vec();
            // What a batch norm takes off again, or a rectifier cuts off, has none.
            assert!(gradient.iter().all(|g| g.is_finite()), "{name}: {path}");
            assert!(gradient.iter().any(|&g| g != 0.0), "{name}: {path}");
        }
    }
}

/// A copy of a folder whose file says something else; the error of opening and reading it.
fn why(name: &str, file: &str, from: &str, to: &str) -> String {
    let copy = tempfile::tempdir().unwrap();
    for file in ["config.json", "model.safetensors"] {
        std::fs::copy(reference().join(name).join(file), copy.path().join(file)).unwrap();
    }
    let text = std::fs::read_to_string(copy.path().join(file)).unwrap_or_default();
    assert!(text.contains(from), "{from}");
    std::fs::write(
        copy.path().join(file),
        if from.is_empty() { to.to_owned() } else { text.replace(from, to) },
    )
    .unwrap();
    let folder = Folder::open(copy.path()).unwrap();
    let read = VisionConfig::of(&folder).and_then(|config| {
        let mut net = match config.build(&Seed::none()) {
            Ok(net) => net,
            Err(e) => return Ok(Some(e.to_string())),
        };
        Preprocessing::of(&folder, config.channels())?;
        config.read(params_mut(&mut net).into_iter().map(|(_, p)| p), &folder).map(|()| None)
    });
    match read {
        Ok(built) => built.unwrap_or_default(),
        Err(e) => e.to_string(),
    }
}

#[test]
fn other_networks_and_tensors_are_refused() {
    let config = "config.json";
    for (name, from, to, said) in [
        ("resnet-basic", "\"resnet\"", "\"vit\"", "`vit`"),
        ("resnet-basic", "\"basic\"", "\"wide\"", "wide"),
        (
            "resnet-basic",
            "\"embedding_size\": 6",
            "\"embedding_size\": 7",
            "embedder.embedder.convolution.weight",
        ),
        ("efficientnet", "\"swish\"", "\"relu\"", "relu"),
        (
            "efficientnet",
            "\"width_coefficient\": 0.25",
            "\"width_coefficient\": 0.5",
            "the configuration says",
        ),
        ("efficientnet", "\"num_channels\": 3,", "", "num_channels"),
        ("efficientnet", "\"depth_coefficient\": 1.1", "\"depth_coefficient\": 1e300", "blocks from 1 to"),
        ("efficientnet", "\"width_coefficient\": 0.25", "\"width_coefficient\": 1e300", "channels must be"),
        ("resnet-basic", "\"embedding_size\": 6", "\"embedding_size\": 60000000", "channels must be"),
        (
            "resnet-bottleneck",
            "\"model_type\": \"resnet\"",
            "\"model_type\": \"efficientnet\"",
            "unknown variant `relu`",
        ),
    ] {
        let found = why(name, config, from, to);
        assert!(found.contains(said), "{name}: {from} → {to}: {found}");
    }
    let found =
        why("resnet-basic", "preprocessor_config.json", "", "{\"image_mean\": [0.5], \"image_std\": [0.5]}");
    assert!(found.contains("each of 3 channels"), "{found}");
    let found = why("resnet-basic", "preprocessor_config.json", "", "{\"size\": {\"shortest_edge\": 96}}");
    assert_eq!(found, "");
}

#[test]
fn preprocessing_is_read_or_the_usual_one() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.json"), "{}").unwrap();
    let of = |text: &str| {
        std::fs::write(folder.path().join("preprocessor_config.json"), text).unwrap();
        Preprocessing::of(&Folder::open(folder.path()).unwrap(), 3).unwrap()
    };
    let usual = Preprocessing::of(&Folder::open(folder.path()).unwrap(), 3).unwrap();
    assert_eq!((usual.side, usual.mean[0], usual.std[2]), (224, 0.485, 0.225));
    assert_eq!(of("{}"), usual);
    assert_eq!(of("{\"size\": 96}").side, 96);
    assert_eq!(of("{\"size\": {\"height\": 260, \"width\": 260}}").side, 260);
    assert_eq!(of("{\"do_normalize\": false}").std, [1.0; 3]);
    let near = |a: f32, b: f32| (a - b).abs() < 1e-5;
    let bytes = of("{\"do_rescale\": false, \"image_mean\": 127.5, \"image_std\": [51, 51, 51]}");
    assert!(near(bytes.mean[0], 0.5) && near(bytes.std[2], 0.2), "{bytes:?}");
    let offset = of(
        "{\"rescale_factor\": 0.00784313725, \"rescale_offset\": true, \"image_mean\": 0, \"image_std\": 1}",
    );
    assert!(near(offset.mean[1], 0.5) && near(offset.std[1], 0.5), "{offset:?}");
    let twice =
        "{\"image_processor_type\": \"EfficientNetImageProcessor\", \"image_mean\": 0.5, \"image_std\": 0.2";
    assert!(near(of(&format!("{twice}}}")).std[0], 0.04));
    assert!(near(of(&format!("{twice}, \"include_top\": false}}")).std[0], 0.2));
    assert_eq!(of("{\"size\": 256, \"crop_size\": 224, \"do_center_crop\": true}").side, 224);
}
