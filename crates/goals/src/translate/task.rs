//! Pairs as batches, and the loss of what the network would write.

use super::model::{Translated, Translation};
use super::network::{Padded, Translator};
use super::pairs::{Pairs, Texts};
use super::search::{Ends, Search};
use crate::glimpse::kept;
use crate::networks::{Structure, end, tensors_of};
use pellucid_grad::{Var, ops};
use pellucid_insight::report::data::{Example, Glimpse};
use pellucid_nn::{Module, ParamId, Pass};
use pellucid_tensor::{Stream, Tensor};
use pellucid_train::metrics::{TextRows, score_texts};
use pellucid_train::{Failure, Glimpse as Kept, Result, Share, Source, Task, Validation};
use std::borrow::Cow;
use std::sync::Arc;

/// Texts that are translated at once.
pub(super) const AT_ONCE: usize = 64;

/// Validation pairs that are translated, evenly chosen.
const TRANSLATED: usize = 512;

/// Of these, the translations that are kept to be looked at.
const SHOWN: usize = 6;

/// One of so many texts is copied, with a word of up to so many pieces in it that nobody has seen.
const COPIED: usize = 16;
const UNSEEN: usize = 5;

/// The training pairs.
pub(crate) struct PairSource {
    pub(crate) pairs: Arc<Pairs>,
    /// Those to learn from.
    pub(crate) records: Vec<usize>,
    /// The special pieces of what is written.
    pub(crate) ends: Ends,
}

/// Pairs made ready for the network.
pub(crate) struct PairBatch {
    read: Padded,
    /// `[n, longest]` (`u32`): what is written, from the beginning on.
    written: Tensor,
    /// `[places]` (`u32`): which of these places are real.
    places: Tensor,
    /// `[places]` (`u32`): the piece after each of these.
    next: Tensor,
}

impl PairBatch {
    fn new(read: &[&[u32]], written: &[&[u32]], ends: Ends) -> pellucid_tensor::Result<PairBatch> {
        let written: Vec<Vec<u32>> = written.iter().map(|pieces| [&[ends.begin], *pieces].concat()).collect();
        let padded = Padded::new(&written)?;
        let longest = padded.pieces.dim(1)?;
        let (mut places, mut next) = (Vec::new(), Vec::new());
        for (row, pieces) in written.iter().enumerate() {
            places.extend((0..pieces.len()).map(|place| (row * longest + place) as u32));
            next.extend(pieces.iter().skip(1).copied().chain([ends.end]));
        }
        Ok(PairBatch {
            read: Padded::new(read)?,
            written: padded.pieces,
            places: Tensor::new(&places, &[places.len()])?,
            next: Tensor::new(&next, &[next.len()])?,
        })
    }

    /// The mean loss of a piece.
    fn loss(&self, net: &Translator, pass: &Pass, smoothing: f64) -> pellucid_tensor::Result<Var> {
        let logits = net.logits(pass, &self.read, &self.written, &self.places)?;
        ops::cross_entropy(&logits, &self.next, smoothing, None, None)
    }
}

impl Source for PairSource {
    type Batch = PairBatch;

    fn rows(&self) -> usize {
        self.records.len()
    }

    fn length(&self, row: usize) -> usize {
        self.records.get(row).map_or(0, |&pair| self.pairs.length(pair))
    }

    fn share(&self) -> Share {
        Share::Lengths
    }

    fn batch(&self, rows: &[usize], random: &mut Stream) -> Result<PairBatch> {
        let records = rows.iter().filter_map(|&r| self.records.get(r).copied());
        let pairs: Vec<_> = records.map(|pair| self.pair(pair, random)).collect();
        let (read, written): (Vec<_>, Vec<_>) = pairs.iter().map(|[a, b]| (a.as_ref(), b.as_ref())).unzip();
        Ok(PairBatch::new(&read, &written, self.ends)?)
    }
}

impl PairSource {
    /// The pieces of a pair. Where both sides have one vocabulary, one in [`COPIED`] is a text to be copied, with a word in it that
    /// nobody has seen: names and numbers are to be taken over as they are, and in the pairs themselves there are few (as Currey et al.
    /// 2017, "Copied monolingual data improves low-resource neural machine translation").
    fn pair(&self, pair: usize, random: &mut Stream) -> [Cow<'_, [u32]>; 2] {
        let vocabularies = &self.pairs.vocabularies;
        let (read, written) = (self.pairs.read.get(pair), self.pairs.written.get(pair));
        let copied = vocabularies.shared() && random.below(COPIED) == 0;
        if !copied {
            return [Cow::Borrowed(read), Cow::Borrowed(written)];
        }
        let first = self.ends.first as usize;
        let pieces = vocabularies.written.vocabulary().saturating_sub(first).max(1);
        let unseen: Vec<u32> =
            (0..1 + random.below(UNSEEN)).map(|_| (first + random.below(pieces)) as u32).collect();
        let at = random.below(written.len().max(1));
        let both: Vec<u32> = [&written[..at], &unseen, &written[(at + 1).min(written.len())..]].concat();
        let (way, _) = vocabularies.unmarked(read);
        [Cow::Owned(vocabularies.marked(&both, way)), Cow::Owned(both)]
    }
}

/// A network that learns to translate.
pub(crate) struct TranslateTask {
    pub(crate) model: Translation,
    pub(crate) pairs: Arc<Pairs>,
    /// The texts that people wrote, of the validation pairs that are translated.
    pub(crate) truth: Vec<String>,
    /// Share of each piece's probability that is spread over all others (Szegedy et al., arXiv 1512.00567).
    pub(crate) smoothing: f64,
}

impl TranslateTask {
    /// To learn from pairs, in all of which `model` knows every piece.
    ///
    /// # Errors
    /// Pieces that make no text.
    pub(crate) fn new(model: Translation, pairs: Arc<Pairs>, smoothing: f64) -> crate::Result<TranslateTask> {
        let truth =
            translated(&pairs).map(|i| model.text(pairs.written.get(i))).collect::<crate::Result<_>>()?;
        Ok(TranslateTask { model, pairs, truth, smoothing })
    }
}

/// The validation pairs that are translated.
fn translated(pairs: &Pairs) -> impl Iterator<Item = usize> {
    let all = pairs.part(pellucid_data::Part::Validation);
    all.iter().copied().step_by(all.len().div_ceil(TRANSLATED).max(1))
}

impl TranslateTask {
    /// What it translates with, for texts of the length that they usually have.
    ///
    /// # Errors
    /// Impossible sizes.
    pub(crate) fn structure(&self) -> pellucid_tensor::Result<Structure> {
        let records = self.pairs.part(pellucid_data::Part::Train);
        let mean = |texts: &Texts| {
            records.iter().map(|&i| texts.get(i).len()).sum::<usize>().div_ceil(records.len().max(1))
        };
        let [read, written] = [&self.pairs.read, &self.pairs.written].map(mean);
        let [source, target] = &self.model.columns;
        Ok(Structure {
            inputs: vec![
                end(source, format!("about {read} pieces of words"), &[0]),
                end("Written so far", format!("pieces of {target}"), &[]),
            ],
            layers: self.model.network.describe(read, written)?,
            answers: vec![end(target, "the next piece, again and again", &[0])],
        })
    }
}

impl Task for TranslateTask {
    type Source = PairSource;

    fn model(&self) -> &dyn Module {
        &self.model.network
    }

    fn model_mut(&mut self) -> &mut dyn Module {
        &mut self.model.network
    }

    fn layers(&self) -> Result<Vec<Vec<ParamId>>> {
        Ok(tensors_of(self.structure()?.layers))
    }

    fn loss(&self, pass: &Pass, batch: &PairBatch) -> Result<Var> {
        Ok(batch.loss(&self.model.network, pass, self.smoothing)?)
    }

    fn validate(&self) -> Result<Validation> {
        let (mut loss, mut places) = (0.0, 0.0);
        for records in self.pairs.part(pellucid_data::Part::Validation).chunks(AT_ONCE) {
            let read: Vec<&[u32]> = records.iter().map(|&i| self.pairs.read.get(i)).collect();
            let written: Vec<&[u32]> = records.iter().map(|&i| self.pairs.written.get(i)).collect();
            let batch = PairBatch::new(&read, &written, self.model.ends())?;
            let n = batch.next.len() as f64;
            loss += n * batch.loss(&self.model.network, &Pass::inference(), 0.0)?.value().item()?;
            places += n;
        }
        let texts: Vec<&[u32]> = translated(&self.pairs).map(|i| self.pairs.read.get(i)).collect();
        let greedy = Search { beams: 1, ..Search::default() };
        let found = self.model.translate_pieces(&texts, greedy, 1).map_err(Failure::source)?;
        let answers: Vec<&str> = found.iter().map(Translated::best).collect();
        let rows = TextRows::new(&answers, &self.truth).map_err(Failure::source)?;
        let metrics: Vec<(String, f64)> =
            score_texts(&rows).into_iter().filter_map(|(m, v)| Some((m.name.to_owned(), v?))).collect();
        let score = metrics.first().map_or(f64::NAN, |(_, bleu)| *bleu);
        Ok(Validation { loss: loss / f64::max(places, 1.0), metrics, score, score_name: "bleu".to_owned() })
    }

    fn glimpse(&self) -> Result<Option<Kept>> {
        let every = self.truth.len().div_ceil(SHOWN).max(1);
        let shown: Vec<usize> = translated(&self.pairs).step_by(every).collect();
        let texts: Vec<&[u32]> = shown.iter().map(|&i| self.pairs.read.get(i)).collect();
        let greedy = Search { beams: 1, ..Search::default() };
        let found = self.model.translate_pieces(&texts, greedy, 1).map_err(Failure::source)?;
        let truth = self.truth.iter().step_by(every);
        let mut rows = Vec::with_capacity(shown.len());
        for ((text, found), truth) in texts.iter().zip(&found).zip(truth) {
            let (way, text) = self.model.source(text).map_err(Failure::source)?;
            rows.push(Example {
                fields: vec![(way.of(&self.model.columns).0.clone(), text)],
                truth: truth.clone(),
                answer: found.best().to_owned(),
                ..Example::default()
            });
        }
        kept(&Glimpse::Translations(rows))
    }
}
