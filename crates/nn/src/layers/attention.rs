use super::Linear;
use crate::check::Sample;
use crate::{InWords, Layer, Pass, Seed, module};
use pellucid_grad::ops::{self, AttentionMask};
use pellucid_grad::Var;
use pellucid_kernels::activation::Activation::Identity;
use pellucid_tensor::{Error, Result, Tensor};

/// Multi-head self-attention (Vaswani et al., arXiv 1706.03762): every place of a sequence gathers from all of them,
/// y = out(softmax(q kᵀ / √(width / heads)) v) for each head, with q, k and v from one linear map of x.
///
/// x, y: `[n, time, width]`.
pub struct SelfAttention {
    /// From `width` to 3 · `width` numbers: q, k and v.
    pub qkv: Linear,
    /// From `width` to `width` numbers.
    pub out: Linear,
    heads: usize,
    causal: bool,
    rotary: bool,
}

module!(SelfAttention { qkv, out });

impl SelfAttention {
    /// With `heads` heads of `width / heads` numbers.
    ///
    /// # Errors
    /// Heads that do not divide the width, or no memory.
    pub fn new(seed: &Seed, width: usize, heads: usize) -> Result<SelfAttention> {
        expect_heads(width, heads)?;
        Ok(SelfAttention {
            qkv: Linear::new(&seed.part("qkv"), width, 3 * width, Identity)?,
            out: Linear::new(&seed.part("out"), width, width, Identity)?,
            heads,
            causal: false,
            rotary: false,
        })
    }

    /// Turns queries and keys by their places ([`ops::rotary`]), so that what a place gathers from another depends on how far away it is.
    ///
    /// # Errors
    /// Heads of an odd width.
    pub fn rotary(self) -> Result<SelfAttention> {
        match (self.width() / self.heads).is_multiple_of(2) {
            true => Ok(SelfAttention { rotary: true, ..self }),
            false => Err(Error::argument("attention", "heads of an odd width cannot be turned")),
        }
    }

    /// q, k and v of places of which `first` is the first.
    fn qkv_at(&self, pass: &Pass, x: &Var, first: usize) -> Result<Var> {
        let qkv = self.qkv.forward(pass, x)?;
        let width = self.width();
        match self.rotary {
            true => ops::rotary(&qkv, width / self.heads, 2 * width, first),
            false => Ok(qkv),
        }
    }

    /// Lets every place gather from itself and those before it only, as for predicting what comes next.
    #[must_use]
    pub fn causal(self) -> SelfAttention {
        SelfAttention { causal: true, ..self }
    }

    /// As [`forward`](Layer::forward) for sequences of which only the first `lengths` (`[n]`, `u32`) places are real: padding is
    /// not gathered from and costs next to nothing.
    ///
    /// # Errors
    /// Those of [`ops::self_attention`].
    pub fn forward_padded(&self, pass: &Pass, x: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        let mask = lengths.map(AttentionMask::padded).unwrap_or_default();
        let mask = AttentionMask { causal: self.causal, ..mask };
        let y = ops::self_attention(&self.qkv_at(pass, x, 0)?, self.heads, &mask)?;
        self.out.forward(pass, &y)
    }

    /// What the next places of a sequence, which follow those in `seen`, gather from these and from themselves, each from those up to
    /// its own; they are then seen, too. For a sequence that is written place by place, this is what [`causal`](Self::causal) attention
    /// over all of it would give.
    ///
    /// x, y: `[n, new, width]`.
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`], and a memory of other rows.
    pub fn forward_next(&self, pass: &Pass, x: &Var, seen: &mut Seen) -> Result<Var> {
        let (qkv, width) = (self.qkv_at(pass, x, seen.places())?, self.width());
        let q = ops::narrow(&qkv, 2, 0, width)?;
        let new = ops::narrow(&qkv, 2, width, 2 * width)?;
        let kv = match &seen.kv {
            Some(before) => ops::concat(&[&pass.input(before), &new], 1)?,
            None => new,
        };
        seen.kv = Some(kv.value().clone());
        let mask = AttentionMask { causal: true, ..AttentionMask::default() };
        self.out.forward(pass, &ops::cross_attention(&q, &kv, self.heads, &mask)?)
    }

    /// Numbers at a place.
    pub(super) fn width(&self) -> usize {
        self.qkv.sizes().0
    }

    /// Heads.
    pub(super) fn heads(&self) -> usize {
        self.heads
    }

    /// A transformer's block around it, for people who know no networks.
    pub fn block_in_words(&self) -> InWords {
        InWords::step("Transformer block", self.in_words().does + ", then thinks each over by itself")
    }
}

impl Layer for SelfAttention {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        self.forward_padded(pass, x, None)
    }

    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        expect_sequence("attention", input, self.width())
    }

    fn name(&self) -> String {
        let causal = if self.causal { ", causal" } else { "" };
        let rotary = if self.rotary { ", rotary" } else { "" };
        format!("attention, {} heads{causal}{rotary}", self.heads)
    }

    fn in_words(&self) -> InWords {
        let whom = if self.causal { "those before it" } else { "all others" };
        InWords::step("Attention", format!("lets each piece look at {whom}, in {} ways at once", self.heads))
    }

    fn multiply_adds(&self, input: &[usize]) -> u64 {
        let time = input.first().copied().unwrap_or_default() as u64;
        let products = 2 * time.saturating_mul(time).saturating_mul(self.width() as u64);
        // A causal one leaves out half.
        let seen = if self.causal { products / 2 } else { products };
        seen.saturating_add(self.qkv.multiply_adds(input)).saturating_add(self.out.multiply_adds(input))
    }
}

/// What attention keeps of the places that it has seen, while a sequence is written: keys and values, `[n, places, 2 · width]`.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    kv: Option<Tensor>,
    /// Places that were seen, and of which nothing is kept.
    forgotten: usize,
}

impl Seen {
    /// How many places were seen, those that are forgotten included.
    pub fn places(&self) -> usize {
        self.forgotten + self.kept()
    }

    fn kept(&self) -> usize {
        self.kv.as_ref().map_or(0, |kv| kv.shape().get(1).copied().unwrap_or_default())
    }

    /// Forgets all but the last `places`: those that follow gather from no others.
    ///
    /// # Errors
    /// No memory.
    pub fn forget_before(&mut self, places: usize) -> Result<()> {
        let (kept, pass) = (self.kept(), Pass::inference());
        if let Some(kv) = self.kv.as_ref().filter(|_| kept > places) {
            let last = ops::narrow(&pass.input(kv), 1, kept - places, places)?;
            self.kv = Some(last.value().clone());
            self.forgotten += kept - places;
        }
        Ok(())
    }

    /// What was seen of the rows with these numbers (`[m]`, `u32`), in this order: for going on with some sequences, and with others not.
    ///
    /// # Errors
    /// Rows that are not there, and no memory.
    pub fn of_rows(&self, rows: &Tensor) -> Result<Seen> {
        let kept = |kv: &Tensor| {
            let pass = Pass::inference();
            ops::index_select(&pass.input(kv), 0, rows).map(|kv| kv.value().clone())
        };
        Ok(Seen { kv: self.kv.as_ref().map(kept).transpose()?, ..*self })
    }
}

/// Multi-head attention over another sequence, such as a translation's over its source:
/// y = out(softmax(q kᵀ / √(width / heads)) v) for each head, with q from x, and k and v from the memory.
///
/// x, y: `[n, time, width]`; memory: `[n, keys, memory width]`.
pub struct CrossAttention {
    /// From `width` to `width` numbers.
    pub q: Linear,
    /// From the memory's width to 2 · `width` numbers: k and v.
    pub kv: Linear,
    /// From `width` to `width` numbers.
    pub out: Linear,
    heads: usize,
}

module!(CrossAttention { q, kv, out });

impl CrossAttention {
    /// With `heads` heads of `width / heads` numbers, over a memory of `memory` numbers at a place.
    ///
    /// # Errors
    /// Heads that do not divide the width, or no memory.
    pub fn new(seed: &Seed, width: usize, memory: usize, heads: usize) -> Result<CrossAttention> {
        expect_heads(width, heads)?;
        Ok(CrossAttention {
            q: Linear::new(&seed.part("q"), width, width, Identity)?,
            kv: Linear::new(&seed.part("kv"), memory, 2 * width, Identity)?,
            out: Linear::new(&seed.part("out"), width, width, Identity)?,
            heads,
        })
    }

    /// What x gathers from the memory, of whose places only the first `lengths` (`[n]`, `u32`) are real.
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`].
    pub fn forward(&self, pass: &Pass, x: &Var, memory: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        self.forward_over(pass, x, &self.kv.forward(pass, memory)?, lengths)
    }

    /// As [`forward`](Self::forward), over keys and values `[n, keys, 2 · width]` that the layer [`kv`](Self::kv) has made of the memory.
    ///
    /// # Errors
    /// Those of [`ops::cross_attention`].
    pub fn forward_over(&self, pass: &Pass, x: &Var, kv: &Var, lengths: Option<&Tensor>) -> Result<Var> {
        let mask = AttentionMask { key_lengths: lengths.cloned(), ..AttentionMask::default() };
        let q = self.q.forward(pass, x)?;
        self.out.forward(pass, &ops::cross_attention(&q, kv, self.heads, &mask)?)
    }

    /// How much each place of x gathers from each key, on average over the heads: `[n, time, keys]`, rows that add up to 1. For looking
    /// at; [`forward`](Self::forward) never stores it.
    ///
    /// x: `[n, time, width]`; kv: `[n, keys, 2 · width]`; all keys count as real.
    ///
    /// # Errors
    /// Other shapes, and no memory.
    pub fn weights(&self, pass: &Pass, x: &Var, kv: &Var) -> Result<Tensor> {
        let (q, width) = (self.q.forward(pass, x)?, self.q.sizes().1);
        let share = width / self.heads;
        let mut sum: Option<Var> = None;
        for head in 0..self.heads {
            let q = ops::narrow(&q, 2, head * share, share)?;
            let k = ops::narrow(kv, 2, head * share, share)?;
            let products = ops::scale(&ops::matmul_t(&q, &k)?, 1.0 / (share as f64).sqrt())?;
            let weights = ops::softmax(&products)?;
            sum = Some(sum.map_or(Ok(weights.clone()), |sum| ops::add(&sum, &weights))?);
        }
        let sum = sum.ok_or_else(|| Error::state("attention without heads"))?;
        Ok(ops::scale(&sum, 1.0 / self.heads as f64)?.value().clone())
    }
}

/// Makes sure that heads share a width evenly.
fn expect_heads(width: usize, heads: usize) -> Result<()> {
    match heads > 0 && width.is_multiple_of(heads) {
        true => Ok(()),
        false => {
            Err(Error::argument("attention", format!("a width of {width} cannot be shared by {heads} heads")))
        }
    }
}

/// The shape of an example that must be a sequence `[time, width]`.
pub(super) fn expect_sequence(layer: &'static str, input: &[usize], width: usize) -> Result<Vec<usize>> {
    match input {
        [_, last] if *last == width => Ok(input.to_vec()),
        _ => Err(Error::shape(layer, format!("the input must be [time, {width}], it is {input:?}"))),
    }
}

pub(crate) fn samples() -> Result<Vec<Sample>> {
    let seed = Seed::new(1);
    let wrong: &[&[usize]] = &[&[6], &[5, 7], &[2, 5, 6]];
    Ok(vec![
        Sample::new("two heads", SelfAttention::new(&seed, 6, 2)?, &[5, 6], wrong),
        Sample::new("causal", SelfAttention::new(&seed, 6, 1)?.causal(), &[5, 6], wrong),
        Sample::new("rotary", SelfAttention::new(&seed, 8, 2)?.rotary()?, &[5, 8], &[&[8], &[5, 7]]),
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

    /// The same tensor with the places of example 1 from `from` on changed.
    fn changed(x: &Tensor, from: usize) -> Tensor {
        let (mut x, time, width) = (x.clone(), x.dim(1).unwrap(), x.dim(2).unwrap());
        x.data_mut::<f32>().unwrap()[(time + from) * width..2 * time * width].fill(9.0);
        x
    }

    #[test]
    fn padding_makes_no_difference() {
        let layer = SelfAttention::new(&Seed::new(3), 6, 2).unwrap();
        let (x, lengths) = (made_up(0, &[2, 5, 6]), Tensor::new(&[5u32, 2], &[2]).unwrap());
        let run = |x: &Tensor, lengths| {
            let pass = Pass::inference();
            layer.forward_padded(&pass, &pass.input(x), lengths).unwrap().value().to_vec()
        };
        let real = |y: Vec<f64>| [&y[..30], &y[30..42]].concat();
        assert_eq!(real(run(&x, Some(&lengths))), real(run(&changed(&x, 2), Some(&lengths))));
        assert_ne!(real(run(&x, None)), real(run(&changed(&x, 2), None)));
        assert_eq!(run(&x, Some(&lengths))[..30], run(&x, None)[..30]);
    }

    #[test]
    fn place_by_place_is_as_all_at_once() {
        for rotary in [false, true] {
            let layer = SelfAttention::new(&Seed::new(3), 12, 2).unwrap().causal();
            goes_on(&if rotary { layer.rotary().unwrap() } else { layer });
        }
        assert!(SelfAttention::new(&Seed::new(3), 6, 2).unwrap().rotary().is_err());
    }

    fn goes_on(layer: &SelfAttention) {
        let (x, pass) = (made_up(0, &[2, 5, 12]), Pass::inference());
        let all = layer.forward(&pass, &pass.input(&x)).unwrap().value().to_vec();
        let mut seen = Seen::default();
        let mut parts = Vec::new();
        for (start, len) in [(0, 2), (2, 1), (3, 2)] {
            let part = ops::narrow(&pass.input(&x), 1, start, len).unwrap();
            parts.push(layer.forward_next(&pass, &part, &mut seen).unwrap());
        }
        let parts = ops::concat(&parts.iter().collect::<Vec<_>>(), 1).unwrap().value().to_vec();
        assert!(all.iter().zip(&parts).all(|(a, b)| (a - b).abs() < 1e-6));

        // Rows can change places, be left out and stand twice.
        let mut swapped = seen.of_rows(&Tensor::new(&[1u32, 1, 0], &[3]).unwrap()).unwrap();
        let next = |n: usize, seen: &mut Seen| {
            let new = Tensor::full(0.3f32, &[n, 1, 12]).unwrap();
            layer.forward_next(&pass, &pass.input(&new), seen).unwrap().value().to_vec()
        };
        let (of_three, of_two) = (next(3, &mut swapped), next(2, &mut seen));
        assert_eq!(of_three, [&of_two[12..], &of_two[12..], &of_two[..12]].concat());
    }

    #[test]
    fn what_is_forgotten_is_not_gathered_from_and_places_count_on() {
        let layer = SelfAttention::new(&Seed::new(3), 12, 2).unwrap().causal().rotary().unwrap();
        let (x, pass) = (made_up(0, &[1, 6, 12]), Pass::inference());
        let part = |start, len| ops::narrow(&pass.input(&x), 1, start, len).unwrap();
        let mut seen = Seen::default();
        layer.forward_next(&pass, &part(0, 5), &mut seen).unwrap();
        seen.forget_before(2).unwrap();
        assert_eq!(seen.places(), 5);
        let next = layer.forward_next(&pass, &part(5, 1), &mut seen).unwrap().value().to_vec();
        assert_eq!(seen.places(), 6);
        // Only how far apart places are matters, so the last three alone give the same.
        let all = layer.forward(&pass, &part(3, 3)).unwrap().value().to_vec();
        assert!(next.iter().zip(&all[24..]).all(|(a, b)| (a - b).abs() < 1e-5));
        seen.forget_before(9).unwrap();
        assert_eq!(seen.places(), 6, "there are not so many");
    }

    #[test]
    fn weights_to_look_at_are_those_it_gathers_by() {
        let layer = CrossAttention::new(&Seed::new(3), 6, 4, 3).unwrap();
        let pass = Pass::inference();
        let [x, memory] = [pass.input(&made_up(0, &[2, 3, 6])), pass.input(&made_up(1, &[2, 5, 4]))];
        let kv = layer.kv.forward(&pass, &memory).unwrap();
        let weights = layer.weights(&pass, &x, &kv).unwrap();
        assert_eq!(weights.shape()[..], [2, 3, 5]);
        assert!(weights.to_vec().chunks(5).all(|row| (row.iter().sum::<f64>() - 1.0).abs() < 1e-6));
        // With one head, what is gathered is their mean of the values.
        let layer = CrossAttention::new(&Seed::new(3), 6, 4, 1).unwrap();
        let kv = layer.kv.forward(&pass, &memory).unwrap();
        let weights = pass.input(&layer.weights(&pass, &x, &kv).unwrap());
        let gathered = ops::matmul(&weights, &ops::narrow(&kv, 2, 6, 6).unwrap()).unwrap();
        let out = layer.out.forward(&pass, &gathered).unwrap().value().to_vec();
        let want = layer.forward(&pass, &x, &memory, None).unwrap().value().to_vec();
        assert!(out.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-5));
    }

    #[test]
    fn cross_attention_gathers_from_the_real_places_of_the_memory() {
        let layer = CrossAttention::new(&Seed::new(3), 6, 4, 3).unwrap();
        let (x, memory) = (made_up(0, &[2, 3, 6]), made_up(1, &[2, 5, 4]));
        let lengths = Tensor::new(&[5u32, 2], &[2]).unwrap();
        let run = |memory: &Tensor| {
            let pass = Pass::inference();
            let (x, memory) = (pass.input(&x), pass.input(memory));
            layer.forward(&pass, &x, &memory, Some(&lengths)).unwrap().value().to_vec()
        };
        assert_eq!(run(&memory), run(&changed(&memory, 2)));
        assert_ne!(run(&memory), run(&changed(&memory, 1)));

        let pass = Pass::training(0, 0);
        let (x, memory) = (pass.watched_input(&x), pass.watched_input(&memory));
        let y = layer.forward(&pass, &x, &memory, Some(&lengths)).unwrap();
        let gradients = y.backward_from(made_up(2, &[2, 3, 6])).unwrap();
        let of_memory = gradients.of(&memory).unwrap().to_dense().unwrap().to_vec();
        assert!(gradients.of(&x).is_some() && of_memory[..28].iter().all(|&g| g != 0.0));
        assert!(of_memory[28..].iter().all(|&g| g == 0.0));
        assert_eq!(pass.finish(gradients).gradients.len(), 6);
        assert!(CrossAttention::new(&Seed::new(3), 6, 4, 4).is_err());
    }
}
