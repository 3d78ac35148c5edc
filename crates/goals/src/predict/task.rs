//! Training rows as batches, and the network's loss on them.

use super::alike::apart;
use super::fair::Contrasts;
use super::{Fair, Frozen, Network, Watched};
use crate::glimpse::kept;
use crate::model::Trust;
use crate::networks::tensors_of;
use crate::outcome::{Answers, quick_scores};
use pellucid_grad::{Var, ops};
use pellucid_insight::report::data::Glimpse;
use pellucid_kinds::image::Augment;
use pellucid_kinds::{Batch, Batcher, Examples, TargetOptions};
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::Stream;
use pellucid_train::{Failure, Glimpse as Kept, Result, Source, Task, Validation};
use std::sync::Arc;

/// Rows in a batch when nothing is learned.
pub(crate) const INFERENCE_BATCH: usize = 128;

/// The training rows of a data set.
#[derive(Clone)]
pub(crate) struct PredictSource {
    /// All prepared rows.
    pub examples: Arc<Examples>,
    /// Makes the batches.
    pub batcher: Arc<Batcher>,
    /// The records to learn from.
    pub records: Vec<usize>,
    /// Changes to pictures.
    pub augment: Option<Augment>,
    /// The vectors of all rows, if the networks of pictures and texts do not learn.
    pub frozen: Option<Arc<Frozen>>,
    /// What equal treatment of groups asks, if anything.
    pub fair: Option<Arc<Fair>>,
}

/// Rows made ready for the network.
pub(crate) struct Lesson {
    batch: Batch,
    /// What should be 0 of groups that are to be served equally well.
    contrasts: Option<Contrasts>,
}

impl PredictSource {
    fn rows_of(&self, records: &[usize], random: &mut Stream) -> Result<Batch> {
        if let Some(frozen) = &self.frozen {
            return frozen.batch(&self.examples, records);
        }
        let seeds: Vec<_> = records.iter().map(|_| random.next_u64()).collect();
        let changes = self.augment.as_ref().map(|a| (a, seeds.as_slice()));
        self.batcher.batch(&self.examples, records, changes).map_err(Failure::source)
    }
}

impl Source for PredictSource {
    type Batch = Lesson;

    fn rows(&self) -> usize {
        self.records.len()
    }

    fn length(&self, row: usize) -> usize {
        self.records.get(row).map_or(0, |&i| self.examples.longest_text(i))
    }

    fn batch(&self, rows: &[usize], random: &mut Stream) -> Result<Lesson> {
        let records: Vec<_> = rows.iter().filter_map(|&r| self.records.get(r).copied()).collect();
        let mut batch = self.rows_of(&records, random)?;
        let Some(fair) = &self.fair else { return Ok(Lesson { batch, contrasts: None }) };
        fair.weigh(&records, &mut batch)?;
        Ok(Lesson { contrasts: fair.contrasts(&records)?, batch })
    }
}

/// A network that learns to answer the targets.
pub(crate) struct PredictTask {
    /// The network.
    pub network: Network,
    /// All prepared rows.
    pub examples: Arc<Examples>,
    /// Makes the batches.
    pub batcher: Arc<Batcher>,
    /// The validation records.
    pub validation: Vec<usize>,
    /// How each target is learned.
    pub options: Vec<TargetOptions>,
    /// Whether the network of texts learns only to draw those of one class together; what follows takes its vectors as they are.
    pub alike: bool,
    /// The vectors of all rows, if the networks of pictures and texts do not learn.
    pub frozen: Option<Arc<Frozen>>,
    /// What equal treatment of groups asks, if anything.
    pub fair: Option<Arc<Fair>>,
    /// Rows that people can watch.
    pub watched: Watched,
}

impl PredictTask {
    /// Rows as they are.
    fn batch(&self, records: &[usize]) -> Result<Batch> {
        match &self.frozen {
            Some(frozen) => frozen.batch(&self.examples, records),
            None => self.batcher.batch(&self.examples, records, None).map_err(Failure::source),
        }
    }

    /// The loss of answers that follow from vectors as they are, and of how far vectors are from where their classes draw them.
    fn loss_of_pairs(&self, network: &Network, pass: &Pass, batch: &Batch) -> Result<Var> {
        let vectors = network.vectors(pass, batch)?;
        let as_they_are = Batch { vectors: Some(vectors.value().clone()), ..batch.clone() };
        let loss = self.losses(&network.forward(pass, &as_they_are)?, batch, &self.options)?;
        let Some(truth) = batch.truths.first() else { return Ok(loss) };
        // The first half of a text's vector is the mean over its pieces, as given networks have learned to compare texts by.
        let means = ops::narrow(&vectors, 1, 0, vectors.shape().last() / 2)?;
        Ok(ops::add(&loss, &apart(&means, &truth.values, &truth.weights)?)?)
    }

    /// A loss with what the gaps between groups add to it.
    fn with_gaps(&self, pass: &Pass, loss: Var, outputs: &[Var], gaps: Option<&Contrasts>) -> Result<Var> {
        match (&self.fair, outputs.first(), gaps) {
            (Some(fair), Some(output), Some(gaps)) => {
                Ok(ops::add(&loss, &fair.penalty(pass, output, gaps)?)?)
            }
            _ => Ok(loss),
        }
    }

    /// The network's answers to some rows for each target beside the truth, and the mean loss.
    pub(crate) fn answers(&self, records: &[usize]) -> Result<(Vec<Answers>, f64)> {
        let targets = self.batcher.targets();
        let mut answers: Vec<Answers> = targets.iter().map(Answers::new).collect();
        let slots = pellucid_kinds::slots(targets);
        let plain = vec![TargetOptions::default(); targets.len()];
        let (mut loss, mut rows) = (0.0, 0.0);
        for records in records.chunks(INFERENCE_BATCH) {
            let batch = self.batch(records)?;
            let outputs = self.network.answer(&batch)?;
            loss += self.losses(&outputs, &batch, &plain)?.value().item()? * records.len() as f64;
            rows += records.len() as f64;
            for (k, output) in outputs.iter().enumerate() {
                answers[k].add_outputs(&targets[k], output.value(), &Trust::default())?;
                for &i in records {
                    answers[k].add_truth(&self.examples.targets(i)[slots[k].clone()]);
                }
            }
        }
        Ok((answers, loss / f64::max(rows, 1.0)))
    }

    fn losses(&self, outputs: &[Var], batch: &Batch, options: &[TargetOptions]) -> Result<Var> {
        let mut total: Option<Var> = None;
        for (((target, output), truth), options) in
            self.batcher.targets().iter().zip(outputs).zip(&batch.truths).zip(options)
        {
            let loss = target.loss(output, &truth.values, &truth.weights, options)?;
            total = Some(match total {
                Some(sum) => ops::add(&sum, &loss)?,
                None => loss,
            });
        }
        total.ok_or_else(|| Failure::source("there is no target to learn"))
    }
}

impl Task for PredictTask {
    type Source = PredictSource;

    fn model(&self) -> &dyn Module {
        &self.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.network
    }

    fn layers(&self) -> Result<Vec<Vec<ParamId>>> {
        Ok(tensors_of(self.network.describe()?))
    }

    fn loss(&self, pass: &Pass, Lesson { batch, contrasts }: &Lesson) -> Result<Var> {
        let mut total: Option<Var> = None;
        for network in self.network.members() {
            let loss = match self.alike {
                true => self.loss_of_pairs(network, pass, batch)?,
                false => {
                    let outputs = network.forward(pass, batch)?;
                    let loss = self.losses(&outputs, batch, &self.options)?;
                    self.with_gaps(pass, loss, &outputs, contrasts.as_ref())?
                }
            };
            total = Some(total.map_or(Ok(loss.clone()), |sum| ops::add(&sum, &loss))?);
        }
        let total = total.ok_or_else(|| Failure::source("there is no network that could learn"))?;
        match self.network.members().count() {
            1 => Ok(total),
            members => Ok(ops::scale(&total, 1.0 / members as f64)?),
        }
    }

    fn validate(&self) -> Result<Validation> {
        let (answers, loss) = self.answers(&self.validation)?;
        let (mut metrics, mut score, mut names) = (Vec::new(), 0.0, Vec::new());
        for (answers, target) in answers.iter().zip(self.batcher.targets()) {
            let scored = quick_scores(answers, target);
            score += scored.score;
            names.push(scored.name);
            metrics.extend(scored.metrics);
        }
        if let (Some(fair), Some(first)) = (&self.fair, answers.first()) {
            // As much as the loss, which the score counts for a tenth.
            let answered: Vec<usize> = (0..first.rows()).map(|i| first.best(i).0).collect();
            score -= 0.1 * fair.unfairness(&answered, &self.validation);
        }
        Ok(Validation { loss, metrics, score, score_name: names.join(" + ") })
    }

    fn glimpse(&self) -> Result<Option<Kept>> {
        let watched = &self.watched;
        let Some(target) = self.batcher.targets().first().filter(|_| !watched.records.is_empty()) else {
            return Ok(None);
        };
        let outputs = self.network.answer(&self.batch(&watched.records)?)?;
        let output = outputs.first().ok_or_else(|| Failure::source("the network answers nothing"))?;
        kept(&Glimpse::Answers(watched.answered(target, output, &self.examples)?))
    }
}
