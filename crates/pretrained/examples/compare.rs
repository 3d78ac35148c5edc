//! How far a BERT's answers are from those of the library `transformers`:
//! `cargo run --release -p pellucid-pretrained --example compare FOLDER FILE`, where
//! `tests/reference/bert.py FOLDER FILE` wrote the file.

use pellucid_nn::Pass;
use pellucid_pretrained::{Bert, Folder};
use pellucid_tensor::Tensor;
use std::error::Error;
use std::time::Instant;

#[derive(serde::Deserialize)]
struct Answers {
    ids: Vec<Vec<u32>>,
    lengths: Vec<u32>,
    texts: Vec<Vec<f64>>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, file] = arguments.as_slice() else { return Err("usage: compare FOLDER FILE".into()) };
    let want: Answers = serde_json::from_slice(&std::fs::read(file)?)?;
    let start = Instant::now();
    let (config, bert) = Bert::load(&Folder::open(folder)?, 0.0)?;
    println!(
        "{} blocks of {} numbers, loaded in {:.2} s",
        config.num_hidden_layers,
        config.hidden_size,
        start.elapsed().as_secs_f64()
    );
    let shape = [want.ids.len(), want.ids.first().map_or(0, Vec::len)];
    let (ids, lengths) = (Tensor::new(&want.ids.concat(), &shape)?, Tensor::new(&want.lengths, &shape[..1])?);
    let pass = Pass::inference();
    let found = bert.texts(&pass, &pass.input(&ids), &lengths)?.value().to_vec();
    let apart = found.iter().zip(want.texts.concat()).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
    println!("{} texts, at most {apart:.1e} apart", want.ids.len());
    Ok(())
}
