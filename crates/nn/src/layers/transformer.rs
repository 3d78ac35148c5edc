use super::attention::expect_sequence;
use super::{CrossAttention, Dropout, LayerNorm, Linear, Seen, SelfAttention};
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Seed, module};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation;
use pellucid_tensor::{Result, Tensor};

/// A block of a transformer that normalises first (Xiong et al., arXiv 2002.04745), over the places of a sequence:
/// h = x + attention(norm(x)), y = h + feed_out(gelu(feed_in(norm(h)))), with dropout on both sums' right sides.
///
/// x, y: `[n, time, width]`. After the last block belongs one more [`LayerNorm`].
pub struct TransformerBlock {
    /// Before the attention.
    pub attention_norm: LayerNorm,
    /// What places gather from each other.
    pub attention: SelfAttention,
    /// Before the map of each place.
    pub feed_norm: LayerNorm,
    /// From `width` to the inner width, with GELU.
    pub feed_in: Linear,
    /// From the inner width to `width`.
    pub feed_out: Linear,
    dropout: Dropout,
}

module!(TransformerBlock { attention_norm, attention, feed_norm, feed_in, feed_out });

impl TransformerBlock {
    /// With `heads` heads, and an inner width of 4 · `width`.
    ///
    /// # Errors
    /// Heads that do not divide the width, or no memory.
    pub fn new(seed: &Seed, width: usize, heads: usize) -> Result<TransformerBlock> {
        let linear = |part, inputs, outputs, activation| {
            Linear::new(&seed.part(part), inputs, outputs, activation)
        };
        Ok(TransformerBlock {
            attention_norm: LayerNorm::new(width)?,
            attention: SelfAttention::new(&seed.part("attention"), width, heads)?,
            feed_norm: LayerNorm::new(width)?,
            feed_in: linear("feed_in", width, 4 * width, Activation::Gelu)?,
            feed_out: linear("feed_out", 4 * width, width, Activation::Identity)?,
            dropout: Dropout::new(0.0)?,
        })
    }

    /// Lets every place see itself and those before it only.
    #[must_use]
    pub fn causal(self) -> TransformerBlock {
        TransformerBlock { attention: self.attention.causal(), ..self }
    }

    /// Lets what places gather from each other depend on how far apart they are ([`SelfAttention::rotary`]).
    ///
    /// # Errors
    /// Heads of an odd width.
    pub fn rotary(self) -> Result<TransformerBlock> {
        Ok(TransformerBlock { attention: self.attention.rotary()?, ..self })
    }

    /// Drops numbers with probability p in [0, 1) from what is added to x and to h.
    ///
    /// # Errors
    /// Another p.
    pub fn dropout(self, p: f64) -> Result<TransformerBlock> {
        Ok(TransformerBlock { dropout: Dropout::new(p)?, ..self })
    }

    /// As [`forward`](Layer::forward) for sequences of which only the first `lengths` (`[n]`, `u32`) places are real: the others are
    /// not seen by these.
    ///
    /// # Errors
    /// Those of [`ops::self_attention`].
    pub fn forward_padded(&self, pass: &Pass, x: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        self.feed(pass, &self.gathered(pass, x, lengths)?)
    }

    /// As [`forward`](Layer::forward) of a [`causal`](Self::causal) block, for the next places of a sequence that is written place by
    /// place; see [`SelfAttention::forward_next`].
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`].
    pub fn forward_next(&self, pass: &Pass, x: &Var, seen: &mut Seen) -> Result<Var> {
        self.feed(pass, &self.gathered_next(pass, x, seen)?)
    }

    /// h of x.
    fn gathered(&self, pass: &Pass, x: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        let normed = self.attention_norm.forward(pass, x)?;
        added(pass, &self.dropout, &self.attention.forward_padded(pass, &normed, lengths)?, x)
    }

    /// h of the next places.
    fn gathered_next(&self, pass: &Pass, x: &Var, seen: &mut Seen) -> Result<Var> {
        let normed = self.attention_norm.forward(pass, x)?;
        added(pass, &self.dropout, &self.attention.forward_next(pass, &normed, seen)?, x)
    }

    /// y of h.
    fn feed(&self, pass: &Pass, h: &Var) -> Result<Var> {
        let inner = self.feed_in.forward(pass, &self.feed_norm.forward(pass, h)?)?;
        added(pass, &self.dropout, &self.feed_out.forward(pass, &inner)?, h)
    }
}

/// x + dropout(y).
fn added(pass: &Pass, dropout: &Dropout, y: &Var, x: &Var) -> Result<Var> {
    ops::residual(dropout.forward(pass, y)?, x, Activation::Identity)
}

/// A block of a transformer's decoder: a causal [`TransformerBlock`] that, between its two halves, also gathers from another sequence,
/// the memory, such as the text to be translated: h = x + attention(norm(x)), g = h + cross(norm(h), memory),
/// y = g + feed_out(gelu(feed_in(norm(g)))).
///
/// x, y: `[n, time, width]`; memory: `[n, keys, memory width]`.
pub struct DecoderBlock {
    /// What it is without the memory.
    pub own: TransformerBlock,
    /// Before what is gathered from the memory.
    pub cross_norm: LayerNorm,
    /// What is gathered from the memory.
    pub cross: CrossAttention,
}

module!(DecoderBlock { own, cross_norm, cross });

impl DecoderBlock {
    /// With `heads` heads in both attentions, an inner width of 4 · `width`, over a memory of `memory` numbers at a place; in training,
    /// numbers are dropped with probability p in [0, 1) from what is added.
    ///
    /// # Errors
    /// Heads that do not divide the width, another p, or no memory.
    pub fn new(seed: &Seed, width: usize, memory: usize, heads: usize, p: f64) -> Result<DecoderBlock> {
        Ok(DecoderBlock {
            own: TransformerBlock::new(&seed.part("own"), width, heads)?.causal().dropout(p)?,
            cross_norm: LayerNorm::new(width)?,
            cross: CrossAttention::new(&seed.part("cross"), width, memory, heads)?,
        })
    }

    /// y for all places of x at once; of the memory's places only the first `lengths` (`[n]`, `u32`) are real.
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`].
    pub fn forward(&self, pass: &Pass, x: &Var, memory: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        let kv = self.cross.kv.forward(pass, memory)?;
        self.after(pass, &self.own.gathered(pass, x, None)?, &kv, lengths)
    }

    /// As [`forward`](Self::forward) for the next places of a sequence that is written place by place, with the keys and values that
    /// [`cross.kv`](CrossAttention::kv) makes of the memory.
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`].
    pub fn forward_next(
        &self,
        pass: &Pass,
        x: &Var,
        seen: &mut Seen,
        kv: &Var,
        lengths: Option<&Tensor>,
    ) -> Result<Var> {
        self.after(pass, &self.own.gathered_next(pass, x, seen)?, kv, lengths)
    }

    /// How much each place of x gathers from each of the memory's, on average over the heads: `[n, time, keys]`, rows that add up to 1.
    /// For looking at; all places of the memory count as real.
    ///
    /// # Errors
    /// As [`forward`](Self::forward).
    pub fn weights(&self, pass: &Pass, x: &Var, memory: &Var) -> Result<Tensor> {
        let h = self.own.gathered(pass, x, None)?;
        let kv = self.cross.kv.forward(pass, memory)?;
        self.cross.weights(pass, &self.cross_norm.forward(pass, &h)?, &kv)
    }

    /// y of h.
    fn after(&self, pass: &Pass, h: &Var, kv: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        let gathered = self.cross.forward_over(pass, &self.cross_norm.forward(pass, h)?, kv, lengths)?;
        self.own.feed(pass, &added(pass, &self.own.dropout, &gathered, h)?)
    }

    /// Multiply-adds for sequences of `time` places over a memory of `keys`.
    pub fn multiply_adds(&self, time: usize, keys: usize) -> u64 {
        let (width, _) = self.cross.q.sizes();
        let maps = self.cross.q.multiply_adds(&[time, width])
            + self.cross.out.multiply_adds(&[time, width])
            + self.cross.kv.multiply_adds(&[keys, self.cross.kv.sizes().0]);
        let products = 2 * (time as u64).saturating_mul(keys as u64).saturating_mul(width as u64);
        self.own.multiply_adds(&[time, width]).saturating_add(maps).saturating_add(products)
    }
}

impl Layer for TransformerBlock {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        self.forward_padded(pass, x, None)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_sequence("transformer block", input, self.attention.width())
    }

    fn name(&self) -> String {
        format!("transformer block, {} heads", self.attention.heads())
    }

    fn in_words(&self) -> InWords {
        self.attention.block_in_words()
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let time = input.first().copied().unwrap_or_default();
        let inner = [time, self.feed_in.sizes().1];
        let feed = self.feed_in.multiply_adds(input).saturating_add(self.feed_out.multiply_adds(&inner));
        self.attention.multiply_adds(input).saturating_add(feed)
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let block = |heads| TransformerBlock::new(&Seed::new(1), 4, heads);
    let wrong: &[&[usize]] = &[&[4], &[5, 3], &[2, 5, 4]];
    Ok(vec![
        Sample::new("two heads", block(2)?, &[5, 4], wrong),
        Sample::new("causal, dropout", block(1)?.causal().dropout(0.3)?, &[3, 4], wrong),
    ])
}

#[cfg(test)]
mod tests {
    use super::*;
    use pellucid_grad::check::numbers;
    use pellucid_tensor::DType;

    fn made_up(k: usize, shape: &[usize]) -> Tensor {
        numbers(k, shape).unwrap().cast(DType::F32).unwrap()
    }

    #[test]
    fn a_decoder_writes_place_by_place_what_it_gives_for_all_at_once() {
        let block = DecoderBlock::new(&Seed::new(5), 8, 6, 2, 0.3).unwrap();
        let pass = Pass::inference();
        let [x, memory] = [pass.input(&made_up(0, &[2, 4, 8])), pass.input(&made_up(1, &[2, 5, 6]))];
        let lengths = Tensor::new(&[5u32, 3], &[2]).unwrap();
        let all = block.forward(&pass, &x, &memory, Some(&lengths)).unwrap().value().to_vec();
        let kv = block.cross.kv.forward(&pass, &memory).unwrap();
        let mut seen = Seen::default();
        for i in 0..4 {
            let place = ops::narrow(&x, 1, i, 1).unwrap();
            let y = block.forward_next(&pass, &place, &mut seen, &kv, Some(&lengths)).unwrap().value().to_vec();
            for row in 0..2 {
                let want = &all[(row * 4 + i) * 8..][..8];
                assert!(y[row * 8..][..8].iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5), "place {i}");
            }
        }
    }

    #[test]
    fn a_causal_block_goes_on_place_by_place() {
        let block = TransformerBlock::new(&Seed::new(5), 8, 2).unwrap().causal().rotary().unwrap();
        let pass = Pass::inference();
        let x = pass.input(&made_up(0, &[2, 4, 8]));
        let all = block.forward(&pass, &x).unwrap().value().to_vec();
        let mut seen = Seen::default();
        for i in 0..4 {
            let place = ops::narrow(&x, 1, i, 1).unwrap();
            let y = block.forward_next(&pass, &place, &mut seen).unwrap().value().to_vec();
            for row in 0..2 {
                let want = &all[(row * 4 + i) * 8..][..8];
                assert!(y[row * 8..][..8].iter().zip(want).all(|(a, b)| (a - b).abs() < 1e-5), "place {i}");
            }
        }
    }

    #[test]
    fn a_decoder_sees_the_past_and_the_real_places_of_the_memory_and_learns_from_both() {
        let block = DecoderBlock::new(&Seed::new(5), 8, 6, 2, 0.0).unwrap();
        let lengths = Tensor::new(&[3u32], &[1]).unwrap();
        let pass = Pass::evaluating_with_gradients();
        let x = pass.watched_input(&made_up(0, &[1, 4, 8]));
        let memory = pass.watched_input(&made_up(1, &[1, 5, 6]));
        let y = block.forward(&pass, &x, &memory, Some(&lengths)).unwrap();
        // What comes out at place 1 depends on places 0 and 1 alone.
        let mut only = Tensor::full(0f32, &[1, 4, 8]).unwrap();
        only.data_mut::<f32>().unwrap()[8..16].copy_from_slice(&[0.5, -1.0, 2.0, 0.1, 1.0, 3.0, -2.0, 0.7]);
        let gradients = y.backward_from(only).unwrap();
        let nonzero = |v: &Var, width: usize| -> Vec<bool> {
            let g = gradients.of(v).unwrap().to_dense().unwrap().to_vec();
            g.chunks(width).map(|place| place.iter().any(|&g| g != 0.0)).collect()
        };
        assert_eq!(nonzero(&x, 8), [true, true, false, false]);
        assert_eq!(nonzero(&memory, 6), [true, true, true, false, false]);
        assert_eq!(pass.finish(gradients).gradients.len(), crate::params(&block).len());
    }
}
