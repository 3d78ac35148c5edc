//! BERT (Devlin et al., arXiv 1810.04805): an encoder of texts, and what it was distilled into, such as MiniLM.

use crate::folder::WEIGHTS;
use crate::{Folder, Result};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Dropout, Embedding, LayerNorm, Linear, SelfAttention};
use pellucid_nn::{Layer, LayerRow, Pass, Seed, module, parameter_count, params_mut};
use pellucid_tensor::{Result as EngineResult, Tensor};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Tensors of a BERT that this one does without: what was only needed to train it, and numbers that count places.
const NOT_NEEDED: [&str; 4] = ["pooler.", "cls.", "classifier.", "embeddings.position_ids"];

/// What stands between the two maps of each piece; of what the hub knows, only this.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum HiddenActivation {
    /// By the error function.
    #[default]
    Gelu,
}

/// The shape of a BERT, as the hub's `config.json` names it.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct BertConfig {
    /// Pieces of words.
    pub vocab_size: usize,
    /// Numbers of a piece's vector.
    pub hidden_size: usize,
    /// Blocks.
    pub num_hidden_layers: usize,
    /// Heads of attention.
    pub num_attention_heads: usize,
    /// Numbers between the two maps of each piece.
    pub intermediate_size: usize,
    /// The longest text, in pieces.
    pub max_position_embeddings: usize,
    /// Added to variances.
    #[serde(default = "usual_epsilon")]
    pub layer_norm_eps: f64,
    /// What stands between the two maps of each piece.
    #[serde(default)]
    pub hidden_act: HiddenActivation,
}

fn usual_epsilon() -> f64 {
    1e-12
}

/// BERT's encoder, whose blocks normalise after each sum.
///
/// ids: `[n, time]` (`u32`); the result is `[n, time, hidden_size]`.
pub struct Bert {
    words: Embedding,
    /// With the vector of the first sort of sentence, the only one used here, in each row.
    places: Embedding,
    norm: LayerNorm,
    blocks: Vec<Block>,
    dropout: Dropout,
}

module!(Bert { words, places, norm, blocks });

/// h = norm(x + attention(x)), y = norm(h + feed_out(gelu(feed_in(h)))).
struct Block {
    attention: SelfAttention,
    attention_norm: LayerNorm,
    feed_in: Linear,
    feed_out: Linear,
    feed_norm: LayerNorm,
    dropout: Dropout,
}

module!(Block { attention, attention_norm, feed_in, feed_out, feed_norm });

impl Block {
    fn new(seed: &Seed, c: &BertConfig, dropout: f64) -> EngineResult<Block> {
        let (width, inner) = (c.hidden_size, c.intermediate_size);
        let norm = || LayerNorm::new(width).map(|norm| norm.epsilon(c.layer_norm_eps));
        Ok(Block {
            attention: SelfAttention::new(&seed.part("attention"), width, c.num_attention_heads)?,
            attention_norm: norm()?,
            feed_in: Linear::new(&seed.part("feed_in"), width, inner, Activation::Gelu)?,
            feed_out: Linear::new(&seed.part("feed_out"), inner, width, Activation::Identity)?,
            feed_norm: norm()?,
            dropout: Dropout::new(dropout)?,
        })
    }

    fn forward(&self, pass: &Pass, x: &Var, lengths: &Tensor) -> EngineResult<Var> {
        let gathered = self.attention.forward_padded(pass, x, Some(lengths))?;
        let h = ops::residual(self.dropout.forward(pass, &gathered)?, x, Activation::Identity)?;
        let h = self.attention_norm.forward(pass, &h)?;
        let fed = self.feed_out.forward(pass, &self.feed_in.forward(pass, &h)?)?;
        let y = ops::residual(self.dropout.forward(pass, &fed)?, &h, Activation::Identity)?;
        self.feed_norm.forward(pass, &y)
    }
}

impl Bert {
    /// One of this shape with weights that are drawn; in training, a share `dropout` of all numbers that are added is left out.
    ///
    /// # Errors
    /// An impossible shape, and no memory.
    pub fn new(seed: &Seed, c: &BertConfig, dropout: f64) -> EngineResult<Bert> {
        let block = |i: usize| Block::new(&seed.part(format!("block{i}")), c, dropout);
        Ok(Bert {
            words: Embedding::new(&seed.part("words"), c.vocab_size, c.hidden_size)?,
            places: Embedding::new(&seed.part("places"), c.max_position_embeddings, c.hidden_size)?,
            norm: LayerNorm::new(c.hidden_size)?.epsilon(c.layer_norm_eps),
            blocks: (0..c.num_hidden_layers).map(block).collect::<EngineResult<_>>()?,
            dropout: Dropout::new(dropout)?,
        })
    }

    /// The one that a folder holds.
    ///
    /// # Errors
    /// A folder that holds another network, or whose weights are missing, damaged or of another shape.
    pub fn load(folder: &Folder, dropout: f64) -> Result<(BertConfig, Bert)> {
        let config = Bert::shape(folder)?;
        let mut bert =
            Bert::new(&Seed::none(), &config, dropout).map_err(|e| folder.error(WEIGHTS, e.to_string()))?;
        bert.read(folder)?;
        Ok((config, bert))
    }

    /// The shape of the one that a folder holds.
    ///
    /// # Errors
    /// A folder that holds another network.
    pub fn shape(folder: &Folder) -> Result<BertConfig> {
        if folder.model_type() != "bert" {
            let why =
                format!("it is of the type `{}`, and of texts only `bert` is known", folder.model_type());
            return Err(folder.error("config.json", why));
        }
        folder.config()
    }

    /// Takes the weights of a folder.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub fn read(&mut self, folder: &Folder) -> Result<()> {
        let weights = |why: String| folder.error(WEIGHTS, why);
        let mut theirs: BTreeMap<String, Tensor> = BTreeMap::new();
        for (name, tensor) in folder.tensors()? {
            theirs.insert(name.strip_prefix("bert.").unwrap_or(&name).to_owned(), tensor);
        }
        self.take(&mut theirs).map_err(weights)?;
        let needed = |name: &&String| !NOT_NEEDED.iter().any(|start| name.starts_with(start));
        match theirs.keys().find(needed) {
            None => Ok(()),
            Some(name) => Err(weights(format!("`{name}` is no tensor of such a network"))),
        }
    }

    /// Takes the weights from tensors that are named as the hub does.
    fn take(&mut self, theirs: &mut BTreeMap<String, Tensor>) -> std::result::Result<(), String> {
        let mut take =
            |name: String| theirs.remove(&name).ok_or_else(|| format!("there is no tensor `{name}`"));
        let mut ours: BTreeMap<String, Tensor> = BTreeMap::new();
        let sort = take("embeddings.token_type_embeddings.weight".to_owned())?;
        let sort = sort.rows(0, 1).map_err(|e| e.to_string())?;
        ours.insert("words.weight".to_owned(), take("embeddings.word_embeddings.weight".to_owned())?);
        let places = take("embeddings.position_embeddings.weight".to_owned())?;
        ours.insert("places.weight".to_owned(), plus_row(places, &sort)?);
        for kind in ["weight", "bias"] {
            ours.insert(format!("norm.{kind}"), take(format!("embeddings.LayerNorm.{kind}"))?);
        }
        for (i, _) in self.blocks.iter().enumerate() {
            let (layer, block) = (format!("encoder.layer.{i}"), format!("blocks.{i}"));
            for kind in ["weight", "bias"] {
                let mut part = |part: &str| take(format!("{layer}.attention.self.{part}.{kind}"));
                let parts = [part("query")?, part("key")?, part("value")?];
                ours.insert(format!("{block}.attention.qkv.{kind}"), one_below_the_other(&parts)?);
                for (theirs, name) in [
                    ("attention.output.dense", "attention.out"),
                    ("attention.output.LayerNorm", "attention_norm"),
                    ("intermediate.dense", "feed_in"),
                    ("output.dense", "feed_out"),
                    ("output.LayerNorm", "feed_norm"),
                ] {
                    ours.insert(format!("{block}.{name}.{kind}"), take(format!("{layer}.{theirs}.{kind}"))?);
                }
            }
        }
        for (name, param) in params_mut(self) {
            let tensor = ours.remove(&name).ok_or_else(|| format!("there is no tensor for `{name}`"))?;
            if tensor.shape() != param.value.shape() {
                return Err(format!(
                    "the tensor for `{name}` is {}, the configuration says {}",
                    tensor.shape(),
                    param.value.shape()
                ));
            }
            param.value = tensor;
        }
        Ok(())
    }

    /// The network layer by layer, for texts of so many pieces.
    pub fn rows(&self, input: &[usize]) -> Vec<LayerRow> {
        let time = input.first().copied().unwrap_or_default();
        let width = self.words.weight.value.shape().last();
        let row = |name: String, parameters: usize, multiply_adds: u64| LayerRow {
            name,
            output: vec![time, width],
            parameters,
            multiply_adds,
        };
        let vectors =
            [parameter_count(&self.words), parameter_count(&self.places), parameter_count(&self.norm)];
        let mut rows = vec![row("BERT: vectors of pieces and places".to_owned(), vectors.iter().sum(), 0)];
        for (i, block) in self.blocks.iter().enumerate() {
            let shape = [time, width];
            let inner = [time, block.feed_in.weight.value.shape()[0]];
            let multiply_adds = block.attention.multiply_adds(&shape)
                + block.feed_in.multiply_adds(&shape)
                + block.feed_out.multiply_adds(&inner);
            rows.push(row(format!("BERT: block {}", i + 1), parameter_count(block), multiply_adds));
        }
        rows
    }

    /// A vector for each piece, `[n, time, hidden_size]`; of each text the first `lengths` (`[n]`, `u32`) pieces are real.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, texts that are too long, and no memory.
    pub fn pieces(&self, pass: &Pass, ids: &Var, lengths: &Tensor) -> EngineResult<Var> {
        let time = ids.shape().last();
        let numbers: Vec<u32> = (0..time as u32).collect();
        let places = self.places.forward(pass, &pass.input(&Tensor::new(&numbers, &[1, time])?))?;
        let h = ops::add(&self.words.forward(pass, ids)?, &places)?;
        let mut h = self.dropout.forward(pass, &self.norm.forward(pass, &h)?)?;
        for block in &self.blocks {
            h = block.forward(pass, &h, lengths)?;
        }
        Ok(h)
    }

    /// A vector for each text, `[n, hidden_size]`: the mean of its pieces' (Reimers & Gurevych, arXiv 1908.10084).
    ///
    /// # Errors
    /// As [`pieces`](Bert::pieces).
    pub fn texts(&self, pass: &Pass, ids: &Var, lengths: &Tensor) -> EngineResult<Var> {
        let h = self.pieces(pass, ids, lengths)?;
        let (n, time) = (h.shape()[0], h.shape()[1]);
        let counts = lengths.data::<u32>()?;
        let share = |(i, &count): (usize, &u32)| if i < count as usize { 1.0 / count as f32 } else { 0.0 };
        let shares: Vec<f32> =
            counts.iter().flat_map(|count| (0..time).map(move |i| share((i, count)))).collect();
        ops::sum_axis(&ops::mul(&h, &pass.input(&Tensor::new(&shares, &[n, time, 1])?))?, 1, false)
    }
}

/// Each row of a matrix plus one row.
fn plus_row(mut matrix: Tensor, row: &Tensor) -> std::result::Result<Tensor, String> {
    let row = row.data::<f32>().map_err(|e| e.to_string())?;
    if row.len() != matrix.shape().last() {
        return Err(format!(
            "the vectors of places have {} numbers, those of sentences {}",
            matrix.shape().last(),
            row.len()
        ));
    }
    let numbers = matrix.data_mut::<f32>().map_err(|e| e.to_string())?;
    for line in numbers.chunks_mut(row.len().max(1)) {
        for (x, r) in line.iter_mut().zip(row) {
            *x += r;
        }
    }
    Ok(matrix)
}

/// Tensors joined along their first axis.
fn one_below_the_other(parts: &[Tensor]) -> std::result::Result<Tensor, String> {
    let mut numbers = Vec::new();
    for part in parts {
        numbers.extend_from_slice(part.data::<f32>().map_err(|e| e.to_string())?);
    }
    let mut shape = parts.first().map(|p| p.shape().to_vec()).unwrap_or_default();
    if let Some(first) = shape.first_mut() {
        *first = parts.iter().map(|p| p.shape().first().copied().unwrap_or_default()).sum();
    }
    Tensor::new(&numbers, &shape).map_err(|e| e.to_string())
}
