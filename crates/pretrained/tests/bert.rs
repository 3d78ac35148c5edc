//! A BERT from its folder answers as the library `transformers` does, and learns along the same gradients.
#![allow(clippy::unwrap_used)]

use pellucid_grad::ops;
use pellucid_nn::{Pass, params};
use pellucid_pretrained::{Bert, Folder};
use pellucid_tensor::Tensor;
use serde_json::Value;
use std::path::{Path, PathBuf};

fn reference() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/reference")
}

fn numbers(value: &Value) -> Vec<f64> {
    match value {
        Value::Array(all) => all.iter().flat_map(numbers).collect(),
        other => vec![other.as_f64().unwrap()],
    }
}

fn integers(value: &Value) -> Vec<u32> {
    numbers(value).into_iter().map(|x| x as u32).collect()
}

/// The pieces, `[n, time]`, and how many of each row are real.
fn asked(want: &Value) -> (Tensor, Tensor) {
    let lengths = integers(&want["lengths"]);
    let ids = integers(&want["ids"]);
    let shape = [lengths.len(), ids.len() / lengths.len()];
    (Tensor::new(&ids, &shape).unwrap(), Tensor::new(&lengths, &[lengths.len()]).unwrap())
}

fn apart(found: &[f64], want: &[f64]) -> f64 {
    assert_eq!(found.len(), want.len());
    found.iter().zip(want).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

#[test]
fn answers_and_gradients_are_those_of_transformers() {
    let want = read(&reference().join("bert.json"));
    let (_, bert) = Bert::load(&Folder::open(reference().join("bert")).unwrap(), 0.0).unwrap();
    let (ids, lengths) = asked(&want);
    let pass = Pass::evaluating_with_gradients();
    let pieces = bert.pieces(&pass, &pass.input(&ids), &lengths).unwrap();
    let first = numbers(&want["first"]);
    assert!(apart(&pieces.value().to_vec()[..first.len()], &first) < 2e-5);
    let texts = bert.texts(&pass, &pass.input(&ids), &lengths).unwrap();
    assert!(apart(&texts.value().to_vec(), &numbers(&want["texts"])) < 1e-5);

    let count = texts.value().len();
    let factors: Vec<f32> = (0..count).map(|i| i as f32 / 10.0).collect();
    let factors = Tensor::new(&factors, texts.shape()).unwrap();
    let loss = ops::sum(&ops::mul(&texts, &pass.input(&factors)).unwrap()).unwrap();
    let step = pass.finish(loss.backward().unwrap());
    let gradient = |name: &str, rows: std::ops::Range<usize>| {
        let all = params(&bert);
        let (_, param) = all.iter().find(|(path, _)| path == name).unwrap();
        let dense = step.gradients[&param.id()].to_dense().unwrap();
        let rows = dense.rows(rows.start, rows.len()).unwrap().to_vec();
        rows.iter().map(|x| x * x).sum::<f64>().sqrt()
    };
    for (theirs, ours, rows) in [
        ("embeddings.word_embeddings.weight", "words.weight", 0..40),
        ("embeddings.LayerNorm.weight", "norm.weight", 0..24),
        ("encoder.layer.0.attention.self.query.weight", "blocks.0.attention.qkv.weight", 0..24),
        ("encoder.layer.0.attention.self.value.bias", "blocks.0.attention.qkv.bias", 48..72),
        ("encoder.layer.1.output.dense.weight", "blocks.1.feed_out.weight", 0..24),
        ("encoder.layer.1.output.LayerNorm.bias", "blocks.1.feed_norm.bias", 0..24),
    ] {
        let want = want["gradients"][theirs].as_f64().unwrap();
        let found = gradient(ours, rows);
        assert!((found - want).abs() < 1e-4 * want, "{theirs}: {found}, {want}");
    }
}

#[test]
fn other_networks_and_tensors_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let whole = |name: &str| std::fs::read(reference().join("bert").join(name)).unwrap();
    let config = String::from_utf8(whole("config.json")).unwrap();
    let why = |config: &str| {
        std::fs::write(folder.path().join("config.json"), config).unwrap();
        let opened = Folder::open(folder.path()).unwrap();
        Bert::load(&opened, 0.0).err().map(|e| e.to_string()).unwrap_or_default()
    };
    std::fs::write(folder.path().join("model.safetensors"), whole("model.safetensors")).unwrap();
    assert_eq!(why(&config), "");
    for (from, to, said) in [
        ("\"model_type\": \"bert\"", "\"model_type\": \"t5\"", "`t5`"),
        ("\"hidden_act\": \"gelu\"", "\"hidden_act\": \"relu\"", "`relu`"),
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 3", "there is no tensor `encoder.layer.2."),
        ("\"num_hidden_layers\": 2", "\"num_hidden_layers\": 1", "encoder.layer.1."),
        ("\"intermediate_size\": 40", "\"intermediate_size\": 44", "the configuration says"),
        ("\"hidden_size\": 24,", "", "hidden_size"),
    ] {
        assert!(config.contains(from), "{from}");
        let said_instead = why(&config.replace(from, to));
        assert!(said_instead.contains(said), "{said_instead}");
    }
}
