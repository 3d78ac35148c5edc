//! Networks on sequences.

use super::{Workload, classifier, normal, whole};
use pellucid_grad::{Var, ops};
use pellucid_kernels::activation::Activation::Identity;
use pellucid_nn::layers::{Embedding, Gru, LayerNorm, Linear, Lstm, Sequential, TransformerBlock};
use pellucid_nn::optim::{Adam, AdamOptions};
use pellucid_nn::{InWords, Init, Layer, Param, Pass, Seed, module};
use pellucid_tensor::Result;

const WIDTH: usize = 256;

/// Words and places as vectors, added up.
struct Words {
    tokens: Embedding,
    places: Param,
}

module!(Words { tokens, places });

impl Layer for Words {
    fn forward(&self, pass: &Pass, x: &Var) -> Result<Var> {
        ops::add(&self.tokens.forward(pass, x)?, &pass.param(&self.places))
    }
    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        self.tokens.output_shape(input)
    }
    fn name(&self) -> String {
        "words and places".to_owned()
    }
    fn in_words(&self) -> InWords {
        InWords::step("Vectors", "looks up a vector for each word and one for its place")
    }
}

/// W4: a transformer with its norms first, vocabulary 8,000, width 256, 4 blocks of 4 heads, 128 words, batch 16, AdamW.
pub(super) fn language() -> Result<Box<dyn Workload>> {
    const VOCABULARY: usize = 8000;
    const TIME: usize = 128;
    const BATCH: usize = 16;
    let seed = Seed::new(0);
    let tokens = Embedding::new(&seed.part("tokens"), VOCABULARY, WIDTH)?;
    let places = Param::bias(Init::Normal(0.02).tensor(&[TIME, WIDTH], &seed.part("places"))?);
    let mut net = Sequential::new().then(Words { tokens, places });
    for block in 0..4 {
        net = net.then(TransformerBlock::new(&seed.part(format!("block {block}")), WIDTH, 4)?);
    }
    let head = Linear::new(&seed.part("head"), WIDTH, VOCABULARY, Identity)?;
    classifier(
        net.then(LayerNorm::new(WIDTH)?).then(head),
        whole("x", VOCABULARY, &[BATCH, TIME])?,
        whole("y", VOCABULARY, &[BATCH * TIME])?,
        || Box::new(Adam::new(AdamOptions::adamw())),
    )
}

/// The state at the last place of each sequence, `[n, hidden]`.
struct Last;

module!(Last {});

impl Layer for Last {
    fn forward(&self, _: &Pass, x: &Var) -> Result<Var> {
        let [n, time, hidden] = x.shape()[..] else { return Ok(x.clone()) };
        ops::reshape(&ops::narrow(x, 1, time.saturating_sub(1), 1)?, &[n, hidden])
    }
    fn output_shape(&self, input: &[usize]) -> Result<Vec<usize>> {
        Ok(input.iter().skip(1).copied().collect())
    }
    fn name(&self) -> String {
        "last".to_owned()
    }
    fn in_words(&self) -> InWords {
        InWords::then("Last", "keeps what is there at the end")
    }
}

fn recurrent(layer: impl Layer + 'static) -> Result<Box<dyn Workload>> {
    let head = Linear::new(&Seed::new(0).part("head"), WIDTH, 10, Identity)?;
    classifier(
        Sequential::new().then(layer).then(Last).then(head),
        normal("x", &[32, 100, 64])?,
        whole("y", 10, &[32])?,
        || Box::new(Adam::new(AdamOptions::adam())),
    )
}

/// W5: a class from the last state over 100 steps, 64 → 256, batch 32, Adam.
pub(super) fn gru() -> Result<Box<dyn Workload>> {
    recurrent(Gru::new(&Seed::new(0).part("gru"), 64, WIDTH)?)
}

/// W5 with the other usual cell.
pub(super) fn lstm() -> Result<Box<dyn Workload>> {
    recurrent(Lstm::new(&Seed::new(0).part("lstm"), 64, WIDTH)?)
}
