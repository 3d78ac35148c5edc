//! Stretches of works as batches, and how surprised the network is by them.

use super::corpus::Corpus;
use super::likelihood::{Window, likelihood, windows};
use super::melodies::roll;
use super::model::{Generation, Writing};
use crate::glimpse::kept;
use crate::networks::{Structure, end, tensors_of};
use pellucid_data::Part;
use pellucid_grad::{Var, ops};
use pellucid_insight::report::data::Glimpse;
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::metrics::{LikelihoodRows, score_likelihood};
use pellucid_train::{Failure, Glimpse as Kept, Result, Source, Task, Validation};
use std::sync::Arc;

/// Pieces that a validation looks at, at most, in windows that are evenly chosen.
const VALIDATED: usize = 32 << 10;

/// Characters of a text that is written after each validation, and sixteenths of a melody.
const CHARACTERS: usize = 240;
const SIXTEENTHS: usize = 64;

/// The works to learn from, in stretches as long as the network's context.
pub(crate) struct WindowSource {
    corpus: Arc<Corpus>,
    context: usize,
}

/// Stretches made ready for the network.
pub(crate) struct WindowBatch {
    /// `[n, context]` (`u32`).
    pieces: Tensor,
    /// `[n · context]` (`u32`): the piece after each of these.
    next: Tensor,
}

impl WindowSource {
    /// With a context of fewer pieces than there are to learn from.
    pub(crate) fn new(corpus: Arc<Corpus>, context: usize) -> WindowSource {
        WindowSource { corpus, context }
    }

    fn pieces(&self) -> &[u32] {
        self.corpus.part(Part::Train)
    }
}

impl Source for WindowSource {
    type Batch = WindowBatch;

    /// So many stretches make the whole of the works.
    fn rows(&self) -> usize {
        self.pieces().len().saturating_sub(1) / self.context
    }

    /// A stretch begins anywhere in its row, so that no two passes cut works at the same places.
    fn batch(&self, rows: &[usize], random: &mut Stream) -> Result<WindowBatch> {
        let (all, context) = (self.pieces(), self.context);
        let (mut pieces, mut next) = (Vec::<u32>::new(), Vec::<u32>::new());
        for row in rows {
            let last = all.len().saturating_sub(context + 1);
            let start = (row * context + random.below(context)).min(last);
            let mut stretch = all[start..start + context + 1].to_vec();
            self.corpus.script.vary(&mut stretch, random);
            pieces.extend(&stretch[..context]);
            next.extend(&stretch[1..]);
        }
        Ok(WindowBatch {
            pieces: Tensor::new(&pieces, &[rows.len(), context])?,
            next: Tensor::new(&next, &[next.len()])?,
        })
    }
}

/// A network that learns to write.
pub(crate) struct WriteTask {
    pub(crate) model: Generation,
    corpus: Arc<Corpus>,
    /// The windows of the validation works that are looked at.
    validated: Vec<Window>,
    seed: u64,
}

impl WriteTask {
    /// To learn from a corpus.
    pub(crate) fn new(model: Generation, corpus: Arc<Corpus>, seed: u64) -> WriteTask {
        let all = windows(corpus.part(Part::Validation).len(), model.blueprint.context);
        let every = (corpus.part(Part::Validation).len() * 2).div_ceil(VALIDATED).max(1);
        WriteTask { model, corpus, validated: all.into_iter().step_by(every).collect(), seed }
    }
}

impl WriteTask {
    /// What it writes with.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn structure(&self) -> pellucid_tensor::Result<Structure> {
        let Generation { column, script, network, blueprint, .. } = &self.model;
        let what = format!("the last {} {}", blueprint.context, script.pieces_are());
        Ok(Structure {
            inputs: vec![end(format!("{column} so far"), what, &[0])],
            layers: network.describe(blueprint.context)?,
            answers: vec![end("What comes next", format!("one of {} pieces", script.size()), &[0])],
        })
    }
}

impl Task for WriteTask {
    type Source = WindowSource;

    fn model(&self) -> &dyn Module {
        &self.model.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.model.network
    }

    fn layers(&self) -> Result<Vec<Vec<ParamId>>> {
        Ok(tensors_of(self.structure()?.layers))
    }

    fn loss(&self, pass: &Pass, batch: &WindowBatch) -> Result<Var> {
        let logits = self.model.network.logits(pass, &batch.pieces)?;
        Ok(ops::cross_entropy(&logits, &batch.next, 0.0, None, None)?)
    }

    fn validate(&self) -> Result<Validation> {
        let (pieces, script) = (self.corpus.part(Part::Validation), &self.corpus.script);
        let found = likelihood(&self.model.network, script, pieces, &self.validated, &mut |_| {})?;
        let (nats, steps) =
            found.iter().fold((0.0, 0.0), |(nats, steps), s| (nats + s.cost, steps + f64::from(s.steps)));
        let loss = nats / f64::max(steps, 1.0);
        if !loss.is_finite() {
            return Ok(Validation { loss, metrics: Vec::new(), score: f64::NAN, score_name: String::new() });
        }
        let rows = LikelihoodRows::new(found).map_err(Failure::source)?;
        let scores = score_likelihood(&rows, script.metrics()).into_iter();
        let metrics: Vec<(String, f64)> =
            scores.filter_map(|(m, value)| Some((m.name.to_owned(), value?))).collect();
        let (name, surprise) = metrics.first().cloned().unwrap_or_default();
        Ok(Validation { loss, metrics, score: -surprise, score_name: name })
    }

    fn glimpse(&self) -> Result<Option<Kept>> {
        let how = |length| Writing { length, seed: self.seed, ..Writing::default() };
        kept(&match self.model.writes_melodies() {
            true => Glimpse::Melody(roll(&self.model.melody(&how(SIXTEENTHS)).map_err(Failure::source)?)),
            false => Glimpse::Text(self.model.text(&how(CHARACTERS)).map_err(Failure::source)?),
        })
    }
}
