use super::attention::expect_sequence;
use super::{Dropout, LayerNorm, Linear, SelfAttention};
use crate::check::Sample;
use crate::{Layer, Pass, Seed, module};
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
        let normed = self.attention_norm.forward(pass, x)?;
        let gathered = self.attention.forward_padded(pass, &normed, lengths)?;
        let h = ops::residual(self.dropout.forward(pass, &gathered)?, x, Activation::Identity)?;
        let inner = self.feed_in.forward(pass, &self.feed_norm.forward(pass, &h)?)?;
        let fed = self.feed_out.forward(pass, &inner)?;
        ops::residual(self.dropout.forward(pass, &fed)?, &h, Activation::Identity)
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
