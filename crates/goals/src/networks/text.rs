//! The network for texts: vectors of pieces of words, what each gathers from the others, and what is found in all of them.

use pellucid_grad::{Var, ops};
use pellucid_nn::layers::{Dropout, Embedding, Gru, LayerNorm, TransformerBlock};
use pellucid_nn::{InWords, Layer, LayerRow, Pass, Seed, describe, module};
use pellucid_pretrained::{Bert, BertConfig, Folder, Pooling, first_pieces};
use pellucid_tensor::{Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// Numbers of a transformer block's head.
const HEAD: usize = 32;

/// Larger than any number that layers make of texts: hides what is only padding from a maximum.
const HIDDEN: f32 = 1e4;

/// What a network for texts is built from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextBlueprint {
    /// Numbers of a piece's vector.
    pub vector: usize,
    /// Numbers that a recurrent layer keeps in each of its two directions; 0 for none.
    pub states: usize,
    /// Transformer blocks.
    pub blocks: usize,
    /// The shape of a BERT that others have trained, in place of all that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bert: Option<BertConfig>,
}

impl TextBlueprint {
    /// Whether it stands for no network, as where there is no text.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == TextBlueprint::default()
    }

    /// Numbers of a piece after all layers.
    pub(crate) fn width(&self) -> usize {
        match self.bert {
            Some(bert) => bert.hidden_size,
            None if self.states > 0 => 2 * self.states,
            None => self.vector,
        }
    }
}

/// Vectors of pieces, through transformer blocks and a recurrent layer that reads from both ends (Schuster & Paliwal 1997), where
/// there are such; of all pieces of a text then the mean and the largest of each number. In the place of the mean stands the first
/// piece's vector where the given network is one whose texts are told by that.
///
/// x: `[n, time]` pieces (`u32`), filled up with 0; y: `[n, 2 · width]`. In training, whole pieces are left out: a network that
/// cannot count on any one word must learn from all of them (Dai & Le, arXiv 1511.01432).
pub(crate) struct TextNetwork {
    bert: Option<Bert>,
    vectors: Option<Embedding>,
    places: Option<Embedding>,
    blocks: Vec<TransformerBlock>,
    norm: Option<LayerNorm>,
    states: Option<Gru>,
    dropout: Dropout,
    pooling: Pooling,
    width: usize,
}

module!(TextNetwork { bert, vectors, places, blocks, norm, states });

impl TextNetwork {
    /// For texts of up to `length` of a `vocabulary` of pieces; in training, a share `dropout` of all pieces and then of all numbers of
    /// their vectors is left out.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(
        seed: &Seed,
        b: &TextBlueprint,
        (length, vocabulary): (usize, usize),
        dropout: f64,
    ) -> Result<TextNetwork> {
        let deep = b.blocks > 0;
        let bert = b.bert.map(|shape| Bert::new(&seed.part("bert"), &shape, dropout)).transpose()?;
        let vectors = || Embedding::new(&seed.part("vectors"), vocabulary, b.vector);
        let block = |i: usize| {
            let seed = seed.part(format!("block{i}"));
            TransformerBlock::new(&seed, b.vector, (b.vector / HEAD).max(1))?.dropout(dropout / 2.0)
        };
        let places = || Embedding::new(&seed.part("places"), length, b.vector);
        let states = || Gru::both_ways(&seed.part("states"), b.vector, b.states);
        Ok(TextNetwork {
            vectors: bert.is_none().then(vectors).transpose()?,
            bert,
            places: deep.then(places).transpose()?,
            blocks: (0..b.blocks).map(block).collect::<Result<_>>()?,
            norm: deep.then(|| LayerNorm::new(b.vector)).transpose()?,
            states: (b.states > 0).then(states).transpose()?,
            dropout: Dropout::new(dropout)?,
            pooling: b.bert.map_or(Pooling::Mean, |bert| bert.pooling),
            width: b.width(),
        })
    }

    /// Takes the weights of a BERT that others have trained, if this network is one.
    ///
    /// # Errors
    /// Weights that are missing, damaged or of another shape.
    pub(crate) fn read(&mut self, folder: &Folder) -> pellucid_pretrained::Result<()> {
        self.bert.as_mut().map_or(Ok(()), |bert| bert.read(folder))
    }

    /// The pieces' vectors before all layers, `[n, time, vector]`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub(crate) fn vectors(&self, pass: &Pass, x: &Var) -> Result<Var> {
        match (&self.bert, &self.vectors) {
            (Some(bert), _) => bert.vectors(pass, x),
            (None, Some(vectors)) => vectors.forward(pass, x),
            (None, None) => Err(Error::state("a text network without vectors")),
        }
    }

    /// What it makes of texts x `[n, time]` whose pieces have these vectors, `[n, 2 · width]`.
    ///
    /// # Errors
    /// Shapes that do not fit, and no memory.
    pub(crate) fn forward_of(&self, pass: &Pass, x: &Var, vectors: &Var) -> Result<Var> {
        let (there, counts) = present(x)?;
        let h = self.layers(pass, vectors, &there, &counts)?;
        let largest = largest(pass, &h, &there)?;
        let whole = match self.pooling {
            Pooling::Mean => mean(pass, &h, &there, &counts)?,
            Pooling::First => first_pieces(&h)?,
        };
        ops::concat(&[&whole, &largest], 1)
    }

    /// The pieces' vectors after all layers, `[n, time, width]`.
    fn layers(&self, pass: &Pass, vectors: &Var, there: &Tensor, counts: &Tensor) -> Result<Var> {
        if let Some(bert) = &self.bert {
            return bert.pieces_of(pass, vectors, counts);
        }
        let mut h = vectors.clone();
        if let Some(places) = &self.places {
            let time = there.shape()[1];
            let numbers: Vec<u32> = (0..time as u32).collect();
            let numbers = pass.input(&Tensor::new(&numbers, &[1, time])?);
            h = ops::add(&h, &places.forward(pass, &numbers)?)?;
        }
        let kept = self.dropout.forward(pass, &pass.input(there))?;
        h = self.dropout.forward(pass, &ops::mul(&h, &kept)?)?;
        for block in &self.blocks {
            h = block.forward_padded(pass, &h, Some(counts))?;
        }
        if let Some(norm) = &self.norm {
            h = norm.forward(pass, &h)?;
        }
        match &self.states {
            Some(states) => states.states(pass, &h, Some(counts.data()?)),
            None => Ok(h),
        }
    }
}

/// Which pieces are there, `[n, time, 1]` of 0 and 1, and how many, `[n]`; a text without any counts as one of padding.
fn present(x: &Var) -> Result<(Tensor, Tensor)> {
    let &[n, time] = &x.shape()[..] else {
        return Err(Error::shape("text network", format!("x is {}, expected [n, time]", x.shape())));
    };
    let ids = x.value().data::<u32>()?;
    let count = |row: &[u32]| row.iter().filter(|&&id| id != 0).count().max(1) as u32;
    let counts: Vec<u32> = ids.chunks_exact(time.max(1)).map(count).collect();
    let there = counts.iter().flat_map(|&n| (0..time).map(move |i| f32::from(u8::from(i < n as usize))));
    Ok((Tensor::new(&there.collect::<Vec<_>>(), &[n, time, 1])?, Tensor::new(&counts, &[n])?))
}

/// The mean of each number over the pieces that are there: `[n, width]`.
fn mean(pass: &Pass, h: &Var, there: &Tensor, counts: &Tensor) -> Result<Var> {
    let shares: Vec<f32> = counts.data::<u32>()?.iter().map(|&n| 1.0 / n as f32).collect();
    let shares = pass.input(&Tensor::new(&shares, &[shares.len(), 1])?);
    let sum = ops::sum_axis(&ops::mul(h, &pass.input(there))?, 1, false)?;
    ops::mul(&sum, &shares)
}

/// The largest of each number over the pieces that are there: `[n, width]`.
fn largest(pass: &Pass, h: &Var, there: &Tensor) -> Result<Var> {
    let hidden: Vec<f32> = there.data::<f32>()?.iter().map(|t| (t - 1.0) * HIDDEN).collect();
    let seen = ops::add(h, &pass.input(&Tensor::new(&hidden, there.shape())?))?;
    ops::max_axis(&seen, 1, false)
}

impl Layer for TextNetwork {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        self.forward_of(pass, x, &self.vectors(pass, x)?)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        let [_] = input else {
            return Err(Error::shape("text network", format!("x is {input:?}, expected [time]")));
        };
        Ok(vec![2 * self.width])
    }

    fn name(&self) -> String {
        "text network".to_owned()
    }

    fn in_words(&self) -> InWords {
        InWords::step("Text network", "makes one vector of all pieces of a text")
    }

    fn inside(&self, input: &[usize]) -> Result<Vec<LayerRow>> {
        let (mut rows, mut h) = (Vec::new(), input.to_vec());
        if let Some(bert) = &self.bert {
            rows.extend(bert.rows(input));
        }
        if let Some(vectors) = &self.vectors {
            rows.extend(describe(vectors, input)?);
            h = vectors.output_shape(input)?;
        }
        if let Some(places) = &self.places {
            let words = InWords::then("Places", "adds a learned vector for each place in the text");
            rows.extend(
                describe(places, input)?.into_iter().map(|row| LayerRow { words: words.clone(), ..row }),
            );
        }
        for block in &self.blocks {
            rows.extend(describe(block, &h)?);
        }
        if let Some(norm) = &self.norm {
            rows.extend(describe(norm, &h)?);
        }
        if let Some(states) = &self.states {
            rows.extend(describe(states, &h)?);
        }
        let all = InWords::step("Pooling", "takes the mean and the largest of each number over all pieces");
        rows.push(LayerRow::new("mean and largest", all, self.output_shape(input)?, 0, &[]));
        Ok(rows)
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used)]
    use super::*;

    fn answer(b: TextBlueprint, ids: &[u32], rows: usize) -> Vec<f64> {
        let net = TextNetwork::new(&Seed::new(3), &b, (8, 20), 0.5).unwrap();
        let pass = Pass::inference();
        let x = pass.input(&Tensor::new(ids, &[rows, ids.len() / rows]).unwrap());
        net.forward(&pass, &x).unwrap().value().to_vec()
    }

    #[test]
    fn padding_changes_nothing() {
        for b in [
            TextBlueprint { vector: 32, states: 6, blocks: 0, bert: None },
            TextBlueprint { vector: 64, states: 0, blocks: 2, bert: None },
        ] {
            let alone = answer(b, &[5, 7, 2], 1);
            let together = answer(b, &[5, 7, 2, 0, 0, 9, 3, 4, 2, 1, 0, 0, 0, 0, 0], 3);
            let width = alone.len();
            assert_eq!(width, 2 * b.width());
            let same = alone.iter().zip(&together).all(|(a, t)| (a - t).abs() < 1e-6);
            assert!(same, "{b:?}: {alone:?} and {:?}", &together[..width]);
            assert!(together.iter().all(|x| x.is_finite()), "a row of padding only has an answer, too");
        }
    }
}
