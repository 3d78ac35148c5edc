//! The network: an encoder that reads a text, and a decoder that writes another, piece by piece.

use crate::causal::{NEXT, next_in_words};
use crate::networks::Placed;
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_nn::layers::{DecoderBlock, Dropout, Embedding, LayerNorm, Seen, TransformerBlock};
use pellucid_nn::{InWords, Layer, LayerRow, Pass, Seed, module};
use pellucid_tensor::{Error, Result, Tensor};
use serde::{Deserialize, Serialize};

/// What a [`Translator`] is built from, beside its vocabularies.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Blueprint {
    /// Numbers of a piece's vector.
    pub(crate) width: usize,
    /// Blocks of the encoder, and as many of the decoder.
    pub(crate) depth: usize,
    /// Heads of every attention.
    pub(crate) heads: usize,
    /// Share of values dropped in training.
    pub(crate) dropout: f64,
    /// Whether both sides have one vocabulary.
    pub(crate) shared: bool,
}

/// A transformer from texts to texts (Vaswani et al., arXiv 1706.03762) that normalises first, with sine waves for places. The vectors of
/// what is written also decide what is written next (Press & Wolf, arXiv 1608.05859).
pub(crate) struct Translator {
    /// Vectors of the pieces that are read; none if those that are written serve for both.
    source: Option<Embedding>,
    /// Vectors of the pieces that are written.
    target: Embedding,
    encoder: Vec<TransformerBlock>,
    encoder_norm: LayerNorm,
    decoder: Vec<DecoderBlock>,
    decoder_norm: LayerNorm,
    dropout: Dropout,
    width: usize,
}

module!(Translator { source, target, encoder, encoder_norm, decoder, decoder_norm });

/// Texts of which some are shorter than the longest.
#[derive(Clone, Debug)]
pub(crate) struct Padded {
    /// `[n, longest]` (`u32`), filled up with 0.
    pub(crate) pieces: Tensor,
    /// `[n]` (`u32`).
    pub(crate) lengths: Tensor,
}

impl Padded {
    /// Fills up rows of pieces.
    ///
    /// # Errors
    /// No memory.
    pub(crate) fn new<R: AsRef<[u32]>>(rows: &[R]) -> Result<Padded> {
        let longest = rows.iter().map(|row| row.as_ref().len()).max().unwrap_or_default().max(1);
        let mut pieces = Vec::with_capacity(rows.len() * longest);
        for row in rows.iter().map(AsRef::as_ref) {
            pieces.extend(row);
            pieces.extend(std::iter::repeat_n(pellucid_kinds::text::PADDING, longest - row.len()));
        }
        let lengths: Vec<u32> = rows.iter().map(|row| row.as_ref().len() as u32).collect();
        Ok(Padded {
            pieces: Tensor::new(&pieces, &[rows.len(), longest])?,
            lengths: Tensor::new(&lengths, &[rows.len()])?,
        })
    }
}

/// Texts that are being written: what the decoder knows of what it translates, and of what it has written.
#[derive(Clone)]
pub(crate) struct Writing {
    /// Keys and values of the texts read, `[n, longest, 2 · width]` for each block.
    read: Vec<Tensor>,
    lengths: Tensor,
    written: Vec<Seen>,
    places: usize,
}

impl Writing {
    /// Only the rows with these numbers (`[m]`, `u32`), in this order, some several times.
    ///
    /// # Errors
    /// Rows that are not there, and no memory.
    pub(crate) fn of_rows(&self, rows: &Tensor) -> Result<Writing> {
        let picked = |t: &Tensor| picked(t, rows);
        Ok(Writing {
            read: self.read.iter().map(picked).collect::<Result<_>>()?,
            lengths: rows_of(&self.lengths, rows)?,
            written: self.written.iter().map(|seen| seen.of_rows(rows)).collect::<Result<_>>()?,
            places: self.places,
        })
    }
}

fn picked(t: &Tensor, rows: &Tensor) -> Result<Tensor> {
    let pass = Pass::inference();
    Ok(ops::index_select(&pass.input(t), 0, rows)?.value().clone())
}

/// As [`picked`] of numbers `[n]` (`u32`).
fn rows_of(numbers: &Tensor, rows: &Tensor) -> Result<Tensor> {
    let numbers = numbers.data::<u32>()?;
    let row = |&i: &u32| numbers.get(i as usize).copied();
    let picked: Option<Vec<u32>> = rows.data::<u32>()?.iter().map(row).collect();
    let picked = picked.ok_or_else(|| Error::argument("translate", "a row that is not there"))?;
    Tensor::new(&picked, &[picked.len()])
}

/// Sine waves of `width / 2` lengths from 2π to 10000 · 2π and their cosines (Vaswani et al.), for `places` from `first` on.
fn waves(first: usize, places: usize, width: usize) -> Result<Tensor> {
    let half = width / 2;
    let mut waves = Vec::with_capacity(places * width);
    for place in first..first + places {
        let angle = |i: usize| place as f64 / 10_000f64.powf(i as f64 / half as f64);
        waves.extend((0..half).map(|i| angle(i).sin() as f32));
        waves.extend((0..width - half).map(|i| angle(i).cos() as f32));
    }
    Tensor::new(&waves, &[1, places, width])
}

impl Translator {
    /// For vocabularies of so many pieces, of what is read and of what is written.
    ///
    /// # Errors
    /// An impossible size, and no memory.
    pub(crate) fn new(seed: &Seed, b: &Blueprint, vocabularies: [usize; 2]) -> Result<Translator> {
        let Blueprint { width, depth, heads, dropout, shared } = *b;
        let [read, written] = vocabularies;
        if shared && read != written {
            let why = format!("one vocabulary for both sides, with {read} and {written} pieces");
            return Err(Error::argument("translator", why));
        }
        let source = || Embedding::new(&seed.part("source"), read, width);
        let encoder = |i: usize| {
            TransformerBlock::new(&seed.part(format!("encoder{i}")), width, heads)?.dropout(dropout)
        };
        let decoder =
            |i: usize| DecoderBlock::new(&seed.part(format!("decoder{i}")), width, width, heads, dropout);
        Ok(Translator {
            source: (!shared).then(source).transpose()?,
            target: Embedding::new(&seed.part("target"), written, width)?,
            encoder: (0..depth).map(encoder).collect::<Result<_>>()?,
            encoder_norm: LayerNorm::new(width)?,
            decoder: (0..depth).map(decoder).collect::<Result<_>>()?,
            decoder_norm: LayerNorm::new(width)?,
            dropout: Dropout::new(dropout)?,
            width,
        })
    }

    /// The pieces' vectors, with the waves of their places, of which `first` is the first.
    fn vectors(&self, pass: &Pass, table: &Embedding, pieces: &Tensor, first: usize) -> Result<Var> {
        let vectors = table.forward(pass, &pass.input(pieces))?;
        // Vectors of length 1 would be hidden by the waves.
        let vectors = ops::scale(&vectors, (self.width as f64).sqrt())?;
        let waves = pass.input(&waves(first, pieces.dim(1)?, self.width)?);
        self.dropout.forward(pass, &ops::add(&vectors, &waves)?)
    }

    /// What the encoder makes of texts: `[n, longest, width]`.
    ///
    /// # Errors
    /// Pieces that are not in the vocabulary, and no memory.
    pub(crate) fn read(&self, pass: &Pass, texts: &Padded) -> Result<Var> {
        let table = self.source.as_ref().unwrap_or(&self.target);
        let mut h = self.vectors(pass, table, &texts.pieces, 0)?;
        for block in &self.encoder {
            h = block.forward_padded(pass, &h, Some(&texts.lengths))?;
        }
        self.encoder_norm.forward(pass, &h)
    }

    /// How much each piece of the vocabulary is expected after each of the `places` (numbers in `[n · longest]`, `u32`) of texts that are
    /// known: logits `[places, vocabulary]`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn logits(
        &self,
        pass: &Pass,
        read: &Padded,
        written: &Tensor,
        places: &Tensor,
    ) -> Result<Var> {
        let memory = self.read(pass, read)?;
        let mut h = self.vectors(pass, &self.target, written, 0)?;
        for block in &self.decoder {
            h = block.forward(pass, &h, &memory, Some(&read.lengths))?;
        }
        let all = ops::reshape(&h, &[written.len(), self.width])?;
        self.next(pass, &ops::index_select(&all, 0, places)?)
    }

    /// Logits of what comes after places of which the decoder made `h`, `[places, width]`.
    fn next(&self, pass: &Pass, h: &Var) -> Result<Var> {
        let h = self.decoder_norm.forward(pass, h)?;
        ops::linear(&h, &pass.param(&self.target.weight), None, Activation::Identity)
    }

    /// Begins to translate texts.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn begin(&self, texts: &Padded) -> Result<Writing> {
        let pass = Pass::inference();
        let memory = self.read(&pass, texts)?;
        let read = |block: &DecoderBlock| Ok(block.cross.kv.forward(&pass, &memory)?.value().clone());
        Ok(Writing {
            read: self.decoder.iter().map(read).collect::<Result<_>>()?,
            lengths: texts.lengths.clone(),
            written: vec![Seen::default(); self.decoder.len()],
            places: 0,
        })
    }

    /// Writes one more piece (`[n]`, `u32`) of each text; gives the logits of what comes after it, `[n, vocabulary]`.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn write(&self, writing: &mut Writing, pieces: &Tensor) -> Result<Tensor> {
        let pass = Pass::inference();
        let n = pieces.len();
        let mut h = self.vectors(&pass, &self.target, &pieces.reshape(&[n, 1])?, writing.places)?;
        writing.places += 1;
        for ((block, seen), kv) in self.decoder.iter().zip(&mut writing.written).zip(&writing.read) {
            h = block.forward_next(&pass, &h, seen, &pass.input(kv), Some(&writing.lengths))?;
        }
        Ok(self.next(&pass, &ops::reshape(&h, &[n, self.width])?)?.value().clone())
    }

    /// From which pieces of a text each piece of its translation was made: `[written, read]`, rows that add up to 1, the mean of the
    /// attention of all blocks but the first.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub(crate) fn alignment(&self, read: &[u32], written: &[u32]) -> Result<Tensor> {
        let (pass, texts) = (Pass::inference(), Padded::new(&[read])?);
        let memory = self.read(&pass, &texts)?;
        let pieces = Padded::new(&[written])?.pieces;
        let mut h = self.vectors(&pass, &self.target, &pieces, 0)?;
        let (mut sum, mut blocks) = (Tensor::full(0f32, &[written.len().max(1), texts.pieces.dim(1)?])?, 0);
        for (i, block) in self.decoder.iter().enumerate() {
            // The first block hardly knows yet what is being written.
            if i > 0 || self.decoder.len() == 1 {
                let weights = block.weights(&pass, &h, &memory)?;
                let numbers = sum.data_mut::<f32>()?.iter_mut().zip(weights.data::<f32>()?);
                numbers.for_each(|(sum, &w)| *sum += w);
                blocks += 1;
            }
            h = block.forward(&pass, &h, &memory, None)?;
        }
        sum.data_mut::<f32>()?.iter_mut().for_each(|w| *w /= blocks.max(1) as f32);
        Ok(sum)
    }

    /// Its parts in words, for texts of so many pieces read and written.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn describe(&self, read: usize, written: usize) -> Result<Vec<Placed>> {
        let shape = |places: usize| vec![places, self.width];
        let embedding = |table: &Embedding, places| {
            LayerRow::new(table.name(), table.in_words(), shape(places), 0, &[table])
        };
        let mut layers = Vec::new();
        match &self.source {
            Some(source) => {
                layers.push(Placed::new("pieces read", READING, embedding(source, read)));
                layers.push(Placed::new("pieces written", WRITING, embedding(&self.target, written)));
            }
            None => layers.push(Placed::new("pieces of both sides", READING, embedding(&self.target, read))),
        }
        for (i, block) in self.encoder.iter().enumerate() {
            let cost = block.multiply_adds(&[read, self.width]);
            let row = LayerRow::new(block.name(), block.in_words(), shape(read), cost, &[block]);
            layers.push(Placed::new(format!("encoder {}", i + 1), READING, row));
        }
        let norm = &self.encoder_norm;
        let row = LayerRow::new(norm.name(), norm.in_words(), shape(read), 0, &[norm]);
        layers.push(Placed::new("encoder", READING, row));
        for (i, block) in self.decoder.iter().enumerate() {
            let name = format!("{}, over what was read", block.own.name());
            let does = "lets each piece look at those written before it and at the text that was read, then thinks \
                        each over by itself";
            let words = InWords::step("Decoder block", does);
            let row =
                LayerRow::new(name, words, shape(written), block.multiply_adds(written, read), &[block]);
            layers.push(Placed::new(format!("decoder {}", i + 1), WRITING, row));
        }
        let vocabulary = self.target.weight.value.dim(0)?;
        let cost = (written * vocabulary) as u64 * self.width as u64;
        let output = vec![written, vocabulary];
        let row = LayerRow::new(NEXT, next_in_words(vocabulary), output, cost, &[&self.decoder_norm]);
        layers.push(Placed::new("answer", WRITING, row));
        Ok(layers)
    }
}

/// The stages of a translation.
const READING: u32 = 0;
const WRITING: u32 = 1;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_drawn_whole_whether_both_sides_share_their_vectors_or_not() {
        for shared in [false, true] {
            let b = Blueprint { width: 8, depth: 3, heads: 2, dropout: 0.1, shared };
            let translator = Translator::new(&Seed::new(5), &b, [11, 11]).unwrap();
            let drawing = crate::drawing::tests::complete(translator.describe(7, 9).unwrap(), &translator);
            for told in ["Transformer block × 3", "Decoder block × 3", "What comes next"] {
                assert!(drawing.contains(told), "{told}: {drawing}");
            }
        }
    }
}
