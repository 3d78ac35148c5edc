//! BERT (Devlin et al., arXiv 1810.04805): an encoder of texts, and what it was distilled into, such as MiniLM.

use crate::folder::{POOLING, WEIGHTS};
use crate::theirs::Theirs;
use crate::{Folder, Result};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Dropout, Embedding, LayerNorm, Linear, SelfAttention};
use pellucid_nn::{InWords, Layer, LayerRow, Module, Pass, Seed, module, params_mut};
use pellucid_tensor::{Error, Result as EngineResult, Tensor};
use serde::{Deserialize, Serialize};

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

/// How the vectors of a text's pieces become one vector for the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Pooling {
    /// Their mean (Reimers & Gurevych, arXiv 1908.10084).
    #[default]
    Mean,
    /// The vector of the first piece, `[CLS]`.
    First,
}

impl Pooling {
    /// That of a network whose folder says nothing else.
    pub fn is_usual(&self) -> bool {
        *self == Pooling::default()
    }
}

/// What the folder of a network for sentences says of its pooling.
#[derive(Deserialize)]
struct StatedPooling {
    #[serde(default)]
    pooling_mode_cls_token: bool,
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
    /// How the vectors of a text's pieces become one; the hub's `config.json` is silent on it, another file may tell.
    #[serde(default, skip_serializing_if = "Pooling::is_usual")]
    pub pooling: Pooling,
}

/// The only way of counting places that is known here.
const ABSOLUTE: &str = "absolute";

/// What a configuration may say beside the shape, and must not.
#[derive(Deserialize)]
struct Stated {
    #[serde(default)]
    is_decoder: bool,
    position_embedding_type: Option<String>,
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
    pooling: Pooling,
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
            pooling: c.pooling,
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
        folder.is_one_of(&["bert"])?;
        let Stated { is_decoder, position_embedding_type } = folder.config()?;
        let places = position_embedding_type.unwrap_or_else(|| ABSOLUTE.to_owned());
        if is_decoder || places != ABSOLUTE {
            let why = format!(
                "only encoders whose places are counted from the beginning are known, and this one has `is_decoder` {is_decoder} \
                 and `position_embedding_type` {places}"
            );
            return Err(folder.error("config.json", why));
        }
        let mut config: BertConfig = folder.config()?;
        if let Some(StatedPooling { pooling_mode_cls_token: true }) = folder.optional(POOLING)? {
            config.pooling = Pooling::First;
        }
        Ok(config)
    }

    /// Takes the weights of a folder.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub fn read(&mut self, folder: &Folder) -> Result<()> {
        let mut theirs = Theirs::open(folder, "bert.")?;
        let sort = theirs.take("embeddings.token_type_embeddings.weight")?;
        let places = theirs.take("embeddings.position_embeddings.weight")?;
        let sort = sort.rows(0, 1).map_err(|e| theirs.error(e.to_string()))?;
        let places = plus_row(places, &sort).map_err(|why| theirs.error(why))?;
        theirs.set("embeddings.position_embeddings.weight", places, &mut self.places.weight)?;
        theirs.put("embeddings.word_embeddings.weight", &mut self.words.weight)?;
        theirs.put_layer("embeddings.LayerNorm", &mut self.norm)?;
        for (i, block) in self.blocks.iter_mut().enumerate() {
            let layer = format!("encoder.layer.{i}");
            // Queries, keys and values are one map here.
            for (kind, param) in params_mut(&mut block.attention.qkv) {
                let mut parts = Vec::new();
                for part in ["query", "key", "value"] {
                    parts.push(theirs.take(&format!("{layer}.attention.self.{part}.{kind}"))?);
                }
                let joined = one_below_the_other(&parts).map_err(|why| theirs.error(why))?;
                theirs.set(&format!("{layer}.attention.self.query.{kind}"), joined, param)?;
            }
            theirs.put_layer(&format!("{layer}.attention.output.dense"), &mut block.attention.out)?;
            theirs.put_layer(&format!("{layer}.attention.output.LayerNorm"), &mut block.attention_norm)?;
            theirs.put_layer(&format!("{layer}.intermediate.dense"), &mut block.feed_in)?;
            theirs.put_layer(&format!("{layer}.output.dense"), &mut block.feed_out)?;
            theirs.put_layer(&format!("{layer}.output.LayerNorm"), &mut block.feed_norm)?;
        }
        theirs.finish(|name| NOT_NEEDED.iter().any(|start| name.starts_with(start)))
    }

    /// The network layer by layer, for texts of so many pieces.
    pub fn rows(&self, input: &[usize]) -> Vec<LayerRow> {
        let time = input.first().copied().unwrap_or_default();
        let width = self.words.weight.value.shape().last();
        let row = |name: String, words: InWords, multiply_adds: u64, parts: &[&dyn Module]| {
            LayerRow::new(name, words, vec![time, width], multiply_adds, parts)
        };
        let words = self.words.in_words();
        let vectors: [&dyn Module; 3] = [&self.words, &self.places, &self.norm];
        let mut rows = vec![row("BERT: vectors of pieces and places".to_owned(), words, 0, &vectors)];
        for (i, block) in self.blocks.iter().enumerate() {
            let shape = [time, width];
            let inner = [time, block.feed_in.weight.value.shape()[0]];
            let multiply_adds = block.attention.multiply_adds(&shape)
                + block.feed_in.multiply_adds(&shape)
                + block.feed_out.multiply_adds(&inner);
            let words = block.attention.block_in_words();
            rows.push(row(format!("BERT: block {}", i + 1), words, multiply_adds, &[block]));
        }
        rows
    }

    /// A vector for each piece, `[n, time, hidden_size]`; of each text the first `lengths` (`[n]`, `u32`) pieces are real.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, texts that are too long, and no memory.
    pub fn pieces(&self, pass: &Pass, ids: &Var, lengths: &Tensor) -> EngineResult<Var> {
        self.pieces_of(pass, &self.vectors(pass, ids)?, lengths)
    }

    /// The vectors of pieces before all layers, `[n, time, hidden_size]`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub fn vectors(&self, pass: &Pass, ids: &Var) -> EngineResult<Var> {
        self.words.forward(pass, ids)
    }

    /// As [`pieces`](Bert::pieces), of their [`vectors`](Bert::vectors).
    ///
    /// # Errors
    /// As [`pieces`](Bert::pieces).
    pub fn pieces_of(&self, pass: &Pass, vectors: &Var, lengths: &Tensor) -> EngineResult<Var> {
        let (n, time) = (vectors.shape()[0], vectors.shape()[1]);
        let numbers: Vec<u32> = (0..time as u32).collect();
        let places = self.places.forward(pass, &pass.input(&Tensor::new(&numbers, &[1, time])?))?;
        let there = self.dropout.forward(pass, &pass.input(&Tensor::full(1f32, &[n, time, 1])?))?;
        let h = ops::add(&ops::mul(vectors, &there)?, &places)?;
        let mut h = self.dropout.forward(pass, &self.norm.forward(pass, &h)?)?;
        for block in &self.blocks {
            h = block.forward(pass, &h, lengths)?;
        }
        Ok(h)
    }

    /// A vector for each text, `[n, hidden_size]`, as its [`Pooling`] says.
    ///
    /// # Errors
    /// As [`pieces`](Bert::pieces).
    pub fn texts(&self, pass: &Pass, ids: &Var, lengths: &Tensor) -> EngineResult<Var> {
        let h = self.pieces(pass, ids, lengths)?;
        if self.pooling == Pooling::First {
            return first_pieces(&h);
        }
        let (n, time) = (h.shape()[0], h.shape()[1]);
        let counts = lengths.data::<u32>()?;
        let share = |(i, &count): (usize, &u32)| if i < count as usize { 1.0 / count as f32 } else { 0.0 };
        let shares: Vec<f32> =
            counts.iter().flat_map(|count| (0..time).map(move |i| share((i, count)))).collect();
        ops::sum_axis(&ops::mul(&h, &pass.input(&Tensor::new(&shares, &[n, time, 1])?))?, 1, false)
    }
}

/// The first vector of each text: h `[n, time, width]`, the result `[n, width]`.
///
/// # Errors
/// Texts without pieces, and no memory.
pub fn first_pieces(h: &Var) -> EngineResult<Var> {
    let &[n, _, width] = &h.shape()[..] else {
        return Err(Error::shape("first pieces", format!("h is {}, expected [n, time, width]", h.shape())));
    };
    ops::reshape(&ops::narrow(h, 1, 0, 1)?, &[n, width])
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
