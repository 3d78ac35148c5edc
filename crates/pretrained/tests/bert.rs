//! A BERT from its folder answers as the library `transformers` does, and learns along the same gradients.
#![allow(clippy::unwrap_used)]

use pellucid_grad::ops;
use pellucid_nn::{Pass, params};
use pellucid_pretrained::{Bert, Folder};
use pellucid_tensor::Tensor;
use safetensors::tensor::TensorView;
use safetensors::{Dtype, SafeTensors};
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
        dense.rows(rows.start, rows.len()).unwrap().to_vec()
    };
    for (theirs, ours, rows) in [
        ("embeddings.word_embeddings.weight", "words.weight", 0..40),
        ("embeddings.LayerNorm.weight", "norm.weight", 0..24),
        ("encoder.layer.0.attention.self.query.weight", "blocks.0.attention.qkv.weight", 0..24),
        ("encoder.layer.0.attention.self.value.bias", "blocks.0.attention.qkv.bias", 48..72),
        ("encoder.layer.1.output.dense.weight", "blocks.1.feed_out.weight", 0..24),
        ("encoder.layer.1.output.LayerNorm.bias", "blocks.1.feed_norm.bias", 0..24),
    ] {
        let want = numbers(&want["gradients"][theirs]);
        let largest = want.iter().fold(0.0f64, |most, x| most.max(x.abs()));
        let difference = apart(&gradient(ours, rows), &want);
        assert!(largest > 0.0 && difference < 1e-4 * largest, "{theirs}: {difference}, largest {largest}");
    }
}

/// The folder of the small BERT with its tensors in `files` files, converted by `as_stored`.
fn stored_otherwise(files: usize, dtype: Dtype, as_stored: fn(f32) -> Vec<u8>) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    std::fs::copy(reference().join("bert/config.json"), folder.path().join("config.json")).unwrap();
    let bytes = std::fs::read(reference().join("bert/model.safetensors")).unwrap();
    let whole = SafeTensors::deserialize(&bytes).unwrap();
    let mut tensors: Vec<(String, Vec<usize>, Vec<u8>)> = whole
        .iter()
        .map(|(name, view)| {
            let numbers = view.data().as_chunks::<4>().0.iter();
            let bytes = numbers.flat_map(|b| as_stored(f32::from_le_bytes(*b))).collect();
            (name.to_owned(), view.shape().to_vec(), bytes)
        })
        .collect();
    tensors.sort();
    let mut map = serde_json::Map::new();
    for (i, part) in tensors.chunks(tensors.len().div_ceil(files)).enumerate() {
        let file = match files {
            1 => "model.safetensors".to_owned(),
            _ => format!("model-{:05}-of-{files:05}.safetensors", i + 1),
        };
        let views = part.iter().map(|(name, shape, bytes)| {
            map.insert(name.clone(), file.clone().into());
            (name.clone(), TensorView::new(dtype, shape.clone(), bytes).unwrap())
        });
        let bytes = safetensors::serialize(views, None).unwrap();
        std::fs::write(folder.path().join(&file), bytes).unwrap();
    }
    if files > 1 {
        let index = serde_json::json!({"metadata": {}, "weight_map": map});
        std::fs::write(folder.path().join("model.safetensors.index.json"), index.to_string()).unwrap();
    }
    folder
}

/// What the BERT of a folder makes of the texts of the reference.
fn texts_of(folder: &Path) -> Vec<f64> {
    let (_, bert) = Bert::load(&Folder::open(folder).unwrap(), 0.0).unwrap();
    let (ids, lengths) = asked(&read(&reference().join("bert.json")));
    let pass = Pass::inference();
    bert.texts(&pass, &pass.input(&ids), &lengths).unwrap().value().to_vec()
}

#[test]
fn weights_in_several_files_and_of_other_precisions_answer_the_same() {
    let want = texts_of(&reference().join("bert"));
    let whole: fn(f32) -> Vec<u8> = |x| x.to_le_bytes().to_vec();
    assert_eq!(texts_of(stored_otherwise(3, Dtype::F32, whole).path()), want);
    let double: fn(f32) -> Vec<u8> = |x| f64::from(x).to_le_bytes().to_vec();
    assert_eq!(texts_of(stored_otherwise(1, Dtype::F64, double).path()), want);
    // The upper half of a number's bits: two decimal places.
    let brain: fn(f32) -> Vec<u8> = |x| ((x.to_bits() >> 16) as u16).to_le_bytes().to_vec();
    let found = texts_of(stored_otherwise(2, Dtype::BF16, brain).path());
    let difference = apart(&found, &want);
    assert!(difference > 0.0 && difference < 0.2, "{difference}");

    let missing = stored_otherwise(3, Dtype::F32, whole);
    std::fs::remove_file(missing.path().join("model-00002-of-00003.safetensors")).unwrap();
    let why = Bert::load(&Folder::open(missing.path()).unwrap(), 0.0).err().unwrap().to_string();
    assert!(why.contains("model-00002-of-00003.safetensors"), "{why}");
}

#[test]
fn a_folder_says_how_pieces_become_a_text() {
    let folder = stored_otherwise(1, Dtype::F32, |x| x.to_le_bytes().to_vec());
    let says = |first: bool| {
        std::fs::create_dir_all(folder.path().join("1_Pooling")).unwrap();
        let pooling =
            serde_json::json!({"pooling_mode_cls_token": first, "pooling_mode_mean_tokens": !first});
        std::fs::write(folder.path().join("1_Pooling/config.json"), pooling.to_string()).unwrap();
        texts_of(folder.path())
    };
    let want = read(&reference().join("bert.json"));
    assert!(apart(&says(false), &numbers(&want["texts"])) < 1e-5);
    let first = says(true);
    assert!(apart(&first[..24], &numbers(&want["first"])[..24]) < 2e-5);
    assert_eq!(first.len(), 3 * 24);
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
