//! The network for texts: vectors of pieces of words, what stands side by side in them, and, where there are many rows,
//! transformer blocks.

use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{Conv2d, Dropout, Embedding, LayerNorm, TransformerBlock};
use pellucid_nn::{Layer, LayerRow, Pass, Seed, describe, module};
use pellucid_tensor::{Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// Numbers of a transformer block's head.
const HEAD: usize = 32;

/// What a network for texts is built from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TextBlueprint {
    /// Numbers of a piece's vector.
    pub vector: usize,
    /// Convolutions look at 1 up to so many pieces side by side.
    pub side_by_side: usize,
    /// Patterns that each of them looks for.
    pub patterns: usize,
    /// Transformer blocks before them.
    pub blocks: usize,
}

impl TextBlueprint {
    /// Whether it stands for no network, as where there is no text.
    pub(crate) fn is_nothing(&self) -> bool {
        *self == TextBlueprint::default()
    }

    /// The length of the vector that a text becomes.
    pub(crate) fn outputs(&self) -> usize {
        self.side_by_side * self.patterns
    }
}

/// Convolutions of several widths over the pieces' vectors, of each of which the largest value counts (Kim, arXiv 1408.5882); with
/// blocks, over vectors that have first gathered what they need from the whole text.
///
/// x: `[n, time]` pieces (`u32`), filled up with 0; y: `[n, side_by_side · patterns]`.
pub(crate) struct TextNetwork {
    vectors: Embedding,
    places: Option<Embedding>,
    blocks: Vec<TransformerBlock>,
    norm: Option<LayerNorm>,
    patterns: Vec<Conv2d>,
    /// Leaves out whole pieces.
    words: Dropout,
    numbers: Dropout,
}

module!(TextNetwork { vectors, places, blocks, norm, patterns });

impl TextNetwork {
    /// For texts of up to `length` of a `vocabulary` of pieces; in training, a share `dropout` of all pieces is left out.
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
        let block = |i: usize| {
            let seed = seed.part(format!("block{i}"));
            TransformerBlock::new(&seed, b.vector, (b.vector / HEAD).max(1))?.dropout(dropout)
        };
        let pattern = |wide: usize| {
            let conv = Conv2d::new(&seed.part(format!("pattern{wide}")), b.vector, b.patterns, (1, wide))?;
            Ok(conv.activation(Activation::Relu))
        };
        let places = || Embedding::new(&seed.part("places"), length, b.vector);
        Ok(TextNetwork {
            vectors: Embedding::new(&seed.part("vectors"), vocabulary, b.vector)?,
            places: deep.then(places).transpose()?,
            blocks: (0..b.blocks).map(block).collect::<Result<_>>()?,
            norm: deep.then(|| LayerNorm::new(b.vector)).transpose()?,
            patterns: (1..=b.side_by_side).map(pattern).collect::<Result<_>>()?,
            words: Dropout::new(dropout / 2.0)?,
            numbers: Dropout::new(dropout)?,
        })
    }

    /// Which pieces are there: `[n, time, 1]` of 0 and 1, and how many, `[n]`.
    fn present(x: &Var) -> Result<(Tensor, Tensor)> {
        let &[n, time] = &x.shape()[..] else {
            return Err(Error::shape("text network", format!("x is {}, expected [n, time]", x.shape())));
        };
        let ids = x.value().data::<u32>()?;
        let there: Vec<f32> = ids.iter().map(|&id| f32::from(u8::from(id != 0))).collect();
        let counts: Vec<u32> = ids
            .chunks_exact(time.max(1))
            .map(|row| row.iter().filter(|&&id| id != 0).count() as u32)
            .collect();
        Ok((Tensor::new(&there, &[n, time, 1])?, Tensor::new(&counts, &[n])?))
    }
}

impl Layer for TextNetwork {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        let (there, counts) = Self::present(x)?;
        let there = pass.input(&there);
        let (n, time) = (x.shape()[0], x.shape()[1]);
        let mut h = self.vectors.forward(pass, x)?;
        if let Some(places) = &self.places {
            let numbers: Vec<u32> = (0..time as u32).collect();
            h = ops::add(&h, &places.forward(pass, &pass.input(&Tensor::new(&numbers, &[1, time])?))?)?;
        }
        h = self.numbers.forward(pass, &ops::mul(&h, &self.words.forward(pass, &there)?)?)?;
        for block in &self.blocks {
            h = block.forward_padded(pass, &h, Some(&counts))?;
        }
        if let Some(norm) = &self.norm {
            h = ops::mul(&norm.forward(pass, &h)?, &there)?;
        }
        let wide = h.shape().last();
        let h = ops::reshape(&h, &[n, 1, time, wide])?;
        let found = |pattern: &Conv2d| -> Result<Var> {
            let y = pattern.forward(pass, &h)?;
            // Patterns are not negative: 0 is as if they were not there.
            let y = ops::mul(&ops::reshape(&y, &[n, time, y.shape().last()])?, &there)?;
            ops::max_axis(&y, 1, false)
        };
        let found = self.patterns.iter().map(found).collect::<Result<Vec<_>>>()?;
        ops::concat(&found.iter().collect::<Vec<_>>(), 1)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        match input {
            [_] => Ok(vec![self.patterns.iter().map(|p| p.weight.value.shape()[0]).sum()]),
            other => Err(Error::shape("text network", format!("x is {other:?}, expected [time]"))),
        }
    }

    fn name(&self) -> String {
        "text network".to_owned()
    }

    fn inside(&self, input: &[usize]) -> Result<Vec<LayerRow>> {
        let mut rows = describe(&self.vectors, input)?;
        let h = self.vectors.output_shape(input)?;
        if let Some(places) = &self.places {
            rows.extend(describe(places, input)?);
        }
        for block in &self.blocks {
            rows.extend(describe(block, &h)?);
        }
        if let Some(norm) = &self.norm {
            rows.extend(describe(norm, &h)?);
        }
        for pattern in &self.patterns {
            rows.extend(describe(pattern, &[&[1], &h[..]].concat())?);
        }
        let largest = LayerRow {
            name: "largest of each pattern".to_owned(),
            output: self.output_shape(input)?,
            parameters: 0,
            multiply_adds: 0,
        };
        rows.push(largest);
        Ok(rows)
    }
}
