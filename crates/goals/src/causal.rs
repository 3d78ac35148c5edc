//! A transformer that looks back at a sequence, and says what comes next: of texts and melodies, and of what people take.

use crate::networks::Placed;
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Dropout, Embedding, LayerNorm, Seen, TransformerBlock};
use pellucid_nn::{InWords, Layer, LayerRow, Pass, Seed, module};
use pellucid_tensor::{Result, Tensor};
use serde::{Deserialize, Serialize};

/// What a [`CausalTransformer`] is built from, beside its vocabulary.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blueprint {
    /// Numbers of a piece's vector.
    pub(crate) width: usize,
    /// Blocks.
    pub(crate) depth: usize,
    /// Heads of every attention.
    pub(crate) heads: usize,
    /// Share of values dropped in training.
    pub(crate) dropout: f64,
    /// Pieces that were seen at once in training.
    pub(crate) context: usize,
}

/// A decoder-only transformer (Radford et al. 2018, "Improving language understanding by generative pre-training") that normalises first
/// (Xiong et al., arXiv 2002.04745), whose attention turns with the distance of places (Su et al., arXiv 2104.09864). The vectors of the
/// pieces also decide what comes next (Press & Wolf, arXiv 1608.05859).
pub(crate) struct CausalTransformer {
    pieces: Embedding,
    blocks: Vec<TransformerBlock>,
    norm: LayerNorm,
    dropout: Dropout,
    width: usize,
}

module!(CausalTransformer { pieces, blocks, norm });

/// A text that is being written: what each block has seen of it.
#[derive(Clone)]
pub(crate) struct Memory {
    seen: Vec<Seen>,
    context: usize,
}

impl CausalTransformer {
    /// For a vocabulary of so many pieces.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(seed: &Seed, b: &Blueprint, vocabulary: usize) -> Result<CausalTransformer> {
        let block = |i: usize| {
            let block = TransformerBlock::new(&seed.part(format!("block{i}")), b.width, b.heads)?;
            block.causal().rotary()?.dropout(b.dropout)
        };
        Ok(CausalTransformer {
            pieces: Embedding::new(&seed.part("pieces"), vocabulary, b.width)?,
            blocks: (0..b.depth).map(block).collect::<Result<_>>()?,
            norm: LayerNorm::new(b.width)?,
            dropout: Dropout::new(b.dropout)?,
            width: b.width,
        })
    }

    /// The vectors of pieces `[n, places]` (`u32`).
    fn vectors(&self, pass: &Pass, pieces: &Tensor) -> Result<Var> {
        let vectors = self.pieces.forward(pass, &pass.input(pieces))?;
        // Of vectors of length 1, the first block's sums would leave nothing.
        self.dropout.forward(pass, &ops::scale(&vectors, (self.width as f64).sqrt())?)
    }

    /// Logits of what comes after places of which the blocks made `h`, `[places, width]`.
    fn next(&self, pass: &Pass, h: &Var) -> Result<Var> {
        let h = self.norm.forward(pass, h)?;
        ops::linear(&h, &pass.param(&self.pieces.weight), None, Activation::Identity)
    }

    /// What the blocks make of the places of sequences `[n, places]` (`u32`): `[n · places, width]`.
    fn seen(&self, pass: &Pass, pieces: &Tensor) -> Result<Var> {
        let mut h = self.vectors(pass, pieces)?;
        for block in &self.blocks {
            h = block.forward(pass, &h)?;
        }
        ops::reshape(&h, &[pieces.len(), self.width])
    }

    /// How much each piece of the vocabulary is expected after each place of texts `[n, places]` (`u32`): logits `[n · places, vocabulary]`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub(crate) fn logits(&self, pass: &Pass, pieces: &Tensor) -> Result<Var> {
        self.next(pass, &self.seen(pass, pieces)?)
    }

    /// How much each of some pieces is expected after some of the places only: logits `[m, k]`.
    ///
    /// pieces: `[n, length]` (`u32`); places: `[m]` (`u32`), positions in n · length; among: `[k]` (`u32`).
    ///
    /// # Errors
    /// As [`logits`](Self::logits), and places that are not there.
    pub(crate) fn logits_among(
        &self,
        pass: &Pass,
        pieces: &Tensor,
        places: &Tensor,
        among: &Tensor,
    ) -> Result<Var> {
        let h = ops::index_select(&self.seen(pass, pieces)?, 0, places)?;
        let h = self.norm.forward(pass, &h)?;
        ops::matmul_t(&h, &self.pieces.forward(pass, &pass.input(among))?)
    }

    /// The vectors of the pieces, `[vocabulary, width]`.
    pub(crate) fn pieces_mut(&mut self) -> &mut Embedding {
        &mut self.pieces
    }

    /// Nothing written yet, to look back at no more than `context` pieces.
    pub(crate) fn begin(&self, context: usize) -> Memory {
        Memory { seen: vec![Seen::default(); self.blocks.len()], context: context.max(1) }
    }

    /// Writes more pieces of a text, one at least; gives the logits of what comes after the last, `[vocabulary]`.
    ///
    /// # Errors
    /// As [`logits`](Self::logits).
    pub(crate) fn write(&self, memory: &mut Memory, pieces: &[u32]) -> Result<Tensor> {
        let pass = Pass::inference();
        let mut h = self.vectors(&pass, &Tensor::new(pieces, &[1, pieces.len()])?)?;
        for (block, seen) in self.blocks.iter().zip(&mut memory.seen) {
            seen.forget_before(memory.context.saturating_sub(pieces.len()))?;
            h = block.forward_next(&pass, &h, seen)?;
        }
        let last = ops::narrow(&h, 1, pieces.len() - 1, 1)?;
        Ok(self.next(&pass, &ops::reshape(&last, &[1, self.width])?)?.value().clone())
    }

    /// Its parts in words, for texts of so many pieces.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn describe(&self, places: usize) -> Result<Vec<Placed>> {
        let shape = |output: usize| vec![places, output];
        let pieces = &self.pieces;
        let first = LayerRow::new(pieces.name(), pieces.in_words(), shape(self.width), 0, &[pieces]);
        let mut layers = vec![Placed::new("pieces", 0, first)];
        for (i, block) in self.blocks.iter().enumerate() {
            let cost = block.multiply_adds(&[places, self.width]);
            let row = LayerRow::new(block.name(), block.in_words(), shape(self.width), cost, &[block]);
            layers.push(Placed::new(format!("block {}", i + 1), 0, row));
        }
        let vocabulary = self.pieces.weight.value.dim(0)?;
        let cost = (places * vocabulary) as u64 * self.width as u64;
        let row = LayerRow::new(NEXT, next_in_words(vocabulary), shape(vocabulary), cost, &[&self.norm]);
        layers.push(Placed::new("answer", 0, row));
        Ok(layers)
    }
}

/// The last layer of networks that write.
pub(crate) const NEXT: &str = "which piece comes next";

/// The same for people who know no networks.
pub(crate) fn next_in_words(vocabulary: usize) -> InWords {
    let does = format!(
        "compares what it has found with the vectors of all {vocabulary} pieces: the likest is most expected next"
    );
    InWords::step("What comes next", does)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn writer() -> CausalTransformer {
        let b = Blueprint { width: 16, depth: 2, heads: 2, dropout: 0.1, context: 6 };
        CausalTransformer::new(&Seed::new(1), &b, 11).unwrap()
    }

    #[test]
    fn piece_by_piece_is_as_all_at_once() {
        let (writer, text) = (writer(), [3u32, 1, 4, 1, 5, 9]);
        let all = writer.logits(&Pass::inference(), &Tensor::new(&text, &[1, 6]).unwrap()).unwrap();
        let all = all.value().to_vec();
        let mut memory = writer.begin(6);
        let mut last = writer.write(&mut memory, &text[..2]).unwrap().to_vec();
        for (place, piece) in text.iter().enumerate().skip(2) {
            assert!(last.iter().zip(&all[(place - 1) * 11..]).all(|(a, b)| (a - b).abs() < 1e-5));
            last = writer.write(&mut memory, &[*piece]).unwrap().to_vec();
        }
        assert!(last.iter().zip(&all[5 * 11..]).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn it_looks_back_no_further_than_its_context() {
        let writer = writer();
        let mut memory = writer.begin(4);
        for piece in 0..40 {
            let logits = writer.write(&mut memory, &[piece % 11]).unwrap();
            assert_eq!(logits.shape()[..], [1, 11]);
            assert!(logits.to_vec().iter().all(|x| x.is_finite()));
        }
        // With one block, what is forgotten makes no difference.
        let b = Blueprint { width: 16, depth: 1, heads: 2, dropout: 0.0, context: 4 };
        let writer = CausalTransformer::new(&Seed::new(1), &b, 11).unwrap();
        let after = |text: &[u32]| {
            let mut memory = writer.begin(4);
            text.iter().map(|piece| writer.write(&mut memory, &[*piece]).unwrap()).last().unwrap().to_vec()
        };
        let (long, short) = (after(&[7, 7, 7, 3, 1, 4, 1]), after(&[3, 1, 4, 1]));
        assert!(long.iter().zip(&short).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn it_is_drawn_whole() {
        let writer = writer();
        let drawing = crate::drawing::tests::complete(writer.describe(6).unwrap(), &writer);
        assert!(
            drawing.contains("Transformer block × 2") && drawing.contains("What comes next"),
            "{drawing}"
        );
    }
}
