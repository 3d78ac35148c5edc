//! A model that predicts: its columns and its network, in use and as a folder.

use crate::likeness::{Kept, Likeness, MEANS, WHITENING, measures};
use crate::outcome::Answers;
use crate::predict::{Blueprint, Network, thresholds};
use crate::stored::{Saving, Stored};
use crate::{Error, Result};
use pellucid_insight::trust::{Conformal, Dirichlet, Surprise, Width, folded, softened, temperature};
use pellucid_kinds::{Batcher, Encoder, Examples, Record, Target, kind, slots};
use pellucid_nn::Seed;
use pellucid_tensor::Tensor;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// What it is for, as its folder says.
pub(crate) const GOAL: &str = "predict";

/// What a column keeps of its state in a file of its own.
const TOKENIZER: &str = "tokenizer";

/// A network with the preparation of its columns: all that a prediction needs.
pub struct Model {
    /// The fitted columns.
    pub encoder: Encoder,
    /// Makes batches of records.
    pub batcher: Batcher,
    /// The network.
    pub network: Network,
    /// What the network was built from.
    pub blueprint: Blueprint,
    /// For each target with tags, the probability from which on each tag is answered.
    pub thresholds: Vec<Option<Vec<f32>>>,
    /// For each target how far its answers can be trusted.
    pub trust: Vec<Trust>,
    /// What it keeps of the rows that it has learned from; models of earlier versions keep nothing.
    pub(crate) likeness: Option<Likeness>,
}

/// How far answers to one target can be trusted, as rows say that were not learned from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Trust {
    /// Outputs are divided by it before they become probabilities.
    pub temperature: f64,
    /// What then makes probabilities of classes mean what they say, where the temperature alone does not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dirichlet: Option<Dirichlet>,
    /// How surprising true classes were, or how large errors.
    #[serde(default, skip_serializing_if = "Conformal::is_empty")]
    pub conformal: Conformal,
    /// The same by the ranks of classes.
    #[serde(default, skip_serializing_if = "Conformal::is_empty")]
    pub ranked: Conformal,
    /// How far off numbers are likely to be, row by row; errors are then counted in multiples of that.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub width: Option<Width>,
}

impl Default for Trust {
    fn default() -> Trust {
        Trust {
            temperature: 1.0,
            dirichlet: None,
            conformal: Conformal::default(),
            ranked: Conformal::default(),
            width: None,
        }
    }
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    inputs: Vec<Column>,
    targets: Vec<Column>,
    network: Blueprint,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    likeness: Option<Kept>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
    state: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<f32>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    trust: Option<Trust>,
}

/// A column that a stored model answers.
pub(crate) struct StoredTarget {
    pub(crate) column: String,
    pub(crate) target: Target,
    /// The probability from which on each tag is answered.
    pub(crate) thresholds: Option<Vec<f32>>,
}

/// Records of prepared rows.
fn read(examples: &Examples, records: &[usize]) -> Result<Vec<Record>> {
    let one = |&i: &usize| {
        let mut record = Record::default();
        examples.read(i, &mut record)?;
        Ok(record)
    };
    records.iter().map(one).collect()
}

impl Trust {
    /// What is known of surprises: by the probability of classes, or by their ranks.
    pub(crate) fn of_sets(&self, ranked: bool) -> &Conformal {
        if ranked && !self.ranked.is_empty() { &self.ranked } else { &self.conformal }
    }

    /// The classes that hold the true one in this share of cases.
    pub(crate) fn classes(&self, p: &[f32], coverage: f64, ranked: bool) -> Vec<bool> {
        let surprise = if ranked { Surprise::Ranked } else { Surprise::Unlikely };
        self.of_sets(ranked).classes(p, surprise, coverage)
    }

    /// From answers to rows that were not learned from, and the vectors from which these were made. Of a `steered` target, some classes of which are to be
    /// answered more often than they are, no class is made more or less likely than others.
    fn of(target: &Target, known: &Answers, vectors: &[&[f32]], steered: bool) -> Trust {
        match target {
            Target::Classes { names, .. } => {
                let labels = known.labels();
                let temperature = temperature(&known.probabilities, &labels, names.len());
                let mut p: Vec<f32> =
                    (0..known.rows()).flat_map(|row| softened(known.row(row), temperature)).collect();
                let dirichlet = match steered {
                    true => None,
                    false => Dirichlet::where_it_helps(&p, &labels, names.len()),
                };
                if let Some(dirichlet) = &dirichlet {
                    p = p.chunks(names.len()).flat_map(|row| dirichlet.apply(row)).collect();
                }
                let scores = |surprise: Surprise| {
                    let rows = p.chunks(names.len().max(1)).zip(&labels);
                    Conformal::new(rows.map(|(row, &label)| surprise.of(row, label as usize)).collect())
                };
                let (conformal, ranked) = (scores(Surprise::Unlikely), scores(Surprise::Ranked));
                Trust { temperature, dirichlet, conformal, ranked, width: None }
            }
            Target::Tags { .. } => {
                let both: Vec<f32> = known.probabilities.iter().flat_map(|&p| [1.0 - p, p]).collect();
                let labels: Vec<u32> = known.true_tags().into_iter().map(u32::from).collect();
                Trust { temperature: temperature(&both, &labels, 2), ..Trust::default() }
            }
            Target::Number { .. } => {
                let errors: Vec<f64> =
                    known.numbers.iter().zip(&known.truth).map(|(a, b)| (a - b).abs()).collect();
                // What rows have taught of widths, they cannot judge.
                let half = |parity: usize| (0..errors.len()).filter(move |i| i % 2 == parity);
                let (own, of_own): (Vec<&[f32]>, Vec<f64>) = half(0).map(|i| (vectors[i], errors[i])).unzip();
                let width = Width::fit(&own, &of_own);
                let scores = match &width {
                    Some(width) => half(1).map(|i| errors[i] / width.at(vectors[i])).collect(),
                    None => errors,
                };
                Trust { conformal: Conformal::new(scores), width, ..Trust::default() }
            }
        }
    }
}

impl Model {
    /// A model whose tags are answered from a probability of one half on.
    pub(crate) fn new(encoder: Encoder, batcher: Batcher, network: Network, blueprint: Blueprint) -> Model {
        let half = |target: &Target| match target {
            Target::Tags { names, .. } => Some(vec![0.5; names.len()]),
            Target::Classes { .. } | Target::Number { .. } => None,
        };
        let thresholds = batcher.targets().iter().map(half).collect();
        let trust = vec![Trust::default(); batcher.targets().len()];
        Model { encoder, batcher, network, blueprint, thresholds, trust, likeness: None }
    }

    /// Learns from records that the network has not learned from how far its answers can be trusted. `steered` says of each target whether some of its
    /// classes are to be answered more often than they are.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn calibrate(
        &mut self,
        examples: &Examples,
        records: &[usize],
        steered: &[bool],
    ) -> Result<()> {
        let (mut all, mut vectors) = (self.no_answers(), Vec::new());
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let more = self.answer_with(&read(examples, some)?, |compared| {
                let rows = compared.data::<f32>()?.chunks(compared.shape().last().max(1));
                vectors.extend(rows.map(folded));
                Ok(())
            })?;
            all.iter_mut().zip(more).for_each(|(all, more)| all.append(more));
        }
        let targets = self.batcher.targets().iter().zip(steered);
        for (((target, &steered), answers), trust) in targets.zip(&all).zip(&mut self.trust) {
            let (known, positions) = answers.known();
            let vectors: Vec<&[f32]> = positions.iter().map(|&i| vectors[i].as_slice()).collect();
            *trust = Trust::of(target, &known, &vectors, steered);
        }
        Ok(())
    }

    /// Chooses the thresholds that are best on some records.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn choose_thresholds(&mut self, examples: &Examples, records: &[usize]) -> Result<()> {
        if self.thresholds.iter().all(Option::is_none) {
            return Ok(());
        }
        let answers = self.answer_records(examples, records)?;
        for (chosen, answers) in self.thresholds.iter_mut().zip(answers) {
            let (known, _) = answers.known();
            let best = |t: &Vec<f32>| thresholds(&known.probabilities, &known.true_tags(), t.len());
            *chosen = chosen.as_ref().map(best);
        }
        Ok(())
    }

    /// Keeps of the records that the network has learned from, and of some that it has not, what it takes to say how like them others are.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn remember(
        &mut self,
        examples: &Examples,
        train: &[usize],
        validation: &[usize],
    ) -> Result<()> {
        self.likeness = Some(Likeness::learn(self, examples, train, validation)?);
        Ok(())
    }

    /// Answers without a row, one [`Answers`] per target.
    pub(crate) fn no_answers(&self) -> Vec<Answers> {
        let none = |(target, thresholds): (&Target, &Option<Vec<f32>>)| match thresholds {
            Some(thresholds) => Answers::new(target).with_thresholds(thresholds),
            None => Answers::new(target),
        };
        self.batcher.targets().iter().zip(&self.thresholds).map(none).collect()
    }

    /// Answers for records of prepared rows, one [`Answers`] per target.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn answer_records(&self, examples: &Examples, records: &[usize]) -> Result<Vec<Answers>> {
        let (answers, _) = self.by_batch(examples, records, |some| Ok((self.answer(some)?, Vec::new())))?;
        Ok(answers)
    }

    /// The same, and how unlike what was learned from each record is, as [`answer_and_rate`](Self::answer_and_rate) says.
    ///
    /// # Errors
    /// Failures of reading, and no memory.
    pub(crate) fn answer_and_rate_records(
        &self,
        examples: &Examples,
        records: &[usize],
    ) -> Result<(Vec<Answers>, Vec<f64>)> {
        self.by_batch(examples, records, |some| self.answer_and_rate(some))
    }

    /// What is said of some records, read batch by batch.
    fn by_batch(
        &self,
        examples: &Examples,
        records: &[usize],
        say: impl Fn(&[Record]) -> Result<(Vec<Answers>, Vec<f64>)>,
    ) -> Result<(Vec<Answers>, Vec<f64>)> {
        let (mut answers, mut rates) = (self.no_answers(), Vec::new());
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let (more, of_more) = say(&read(examples, some)?)?;
            answers.iter_mut().zip(more).for_each(|(all, more)| all.append(more));
            rates.extend(of_more);
        }
        Ok((answers, rates))
    }

    /// Answers for records, one [`Answers`] per target.
    ///
    /// # Errors
    /// Records of another layout, and no memory.
    pub fn answer(&self, records: &[Record]) -> Result<Vec<Answers>> {
        self.answer_with(records, |_| Ok(()))
    }

    /// The same, and for each record the share of validation rows that are more like what was learned from, from 0 to 1: nothing if the model does not know.
    ///
    /// # Errors
    /// As [`answer`](Self::answer).
    pub(crate) fn answer_and_rate(&self, records: &[Record]) -> Result<(Vec<Answers>, Vec<f64>)> {
        let mut rates = Vec::new();
        let known = self.likeness.as_ref().filter(|likeness| likeness.rates());
        let answers = self.answer_with(records, |compared| {
            if let Some(likeness) = known {
                rates.extend(likeness.rate(compared)?);
            }
            Ok(())
        })?;
        Ok((answers, rates))
    }

    /// Answers for records; `look` sees the vectors by which they are compared.
    fn answer_with(
        &self,
        records: &[Record],
        mut look: impl FnMut(&Tensor) -> Result<()>,
    ) -> Result<Vec<Answers>> {
        let (targets, slots) = (self.batcher.targets(), slots(self.batcher.targets()));
        let mut answers = self.no_answers();
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let batch = self.batcher.assemble(some, None)?;
            let (outputs, compared) = self.network.answer_and_compared(&batch)?;
            look(compared.value())?;
            for (((answers, target), output), trust) in
                answers.iter_mut().zip(targets).zip(&outputs).zip(&self.trust)
            {
                answers.add_outputs(target, output.value(), trust)?;
                if let Some(width) = &trust.width {
                    let rows = compared.value().data::<f32>()?.chunks(compared.shape().last().max(1));
                    answers.widths.extend(rows.map(|row| width.at(&folded(row))));
                }
            }
            for record in some {
                let truths = slots.iter().map(|range| record.targets.get(range.clone()).unwrap_or_default());
                answers.iter_mut().zip(truths).for_each(|(a, t)| a.add_truth(t));
            }
        }
        Ok(answers)
    }

    /// What its rows are, in the plural.
    pub(crate) fn rows_are(&self) -> &'static str {
        let sounds = self.batcher.sounds();
        match sounds.is_empty() {
            true => "rows",
            false if sounds.iter().all(|&sound| sound) => "sounds",
            false => "pictures",
        }
    }

    /// The names of the columns to predict.
    pub fn target_names(&self) -> impl Iterator<Item = &str> {
        self.encoder.targets.iter().map(|(name, _, _)| name.as_str())
    }

    /// The place of a column to predict, the first if none is named.
    ///
    /// # Errors
    /// A column that it does not answer.
    pub(crate) fn target(&self, name: Option<&str>) -> Result<usize> {
        let Some(name) = name else { return Ok(0) };
        self.target_names().position(|n| n == name).ok_or_else(|| {
            let names: Vec<String> = self.target_names().map(|name| format!("`{name}`")).collect();
            Error::usage(format!("this network does not answer `{name}` · it answers {}", names.join(", ")))
        })
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let mut files = Saving::default();
        let columns = |list: &[(String, &'static str, Box<dyn pellucid_kinds::Prepared>)]| {
            list.iter()
                .map(|(name, kind, p)| Column {
                    name: name.clone(),
                    kind: (*kind).to_owned(),
                    state: p.state(),
                    thresholds: None,
                    trust: None,
                })
                .collect::<Vec<_>>()
        };
        let mut targets = columns(&self.encoder.targets);
        for ((column, chosen), trust) in targets.iter_mut().zip(&self.thresholds).zip(&self.trust) {
            (column.thresholds, column.trust) = (chosen.clone(), Some(trust.clone()));
        }
        let mut inputs = columns(&self.encoder.inputs);
        for state in inputs.iter_mut().map(|column| &mut column.state) {
            let Some(tokenizer) = state.get_mut(TOKENIZER) else { continue };
            *tokenizer = Value::String(files.tokenizer(tokenizer)?);
        }
        let kept = self.likeness.as_ref().map(Likeness::kept).transpose()?;
        let (likeness, tensors) = kept.map_or((None, Vec::new()), |(kept, tensors)| (Some(kept), tensors));
        files.beside(tensors);
        let file = File { inputs, targets, network: self.blueprint.clone(), likeness };
        files.write(folder, GOAL, &file, &self.network)
    }

    /// Reads a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged (by their checksums) or of a newer version.
    pub fn load(folder: &Path) -> Result<Model> {
        Model::of(&Stored::open(folder)?)
    }

    /// The columns that a stored model answers, with the thresholds of tags; its network is not read.
    ///
    /// # Errors
    /// A file that says something impossible.
    pub(crate) fn targets_of(stored: &Stored) -> Result<Vec<StoredTarget>> {
        let file: File = stored.parse()?;
        let restored = file.targets.into_iter().map(|c| {
            let target = kind(&c.kind)?.restore(&c.state)?.target();
            let target =
                target.ok_or_else(|| stored.unreadable(format!("`{}` cannot be answered", c.name)))?;
            Ok(StoredTarget { column: c.name, target, thresholds: c.thresholds })
        });
        restored.collect()
    }

    /// Takes a model's folder that is open.
    ///
    /// # Errors
    /// As [`load`](Self::load), and a model for something else.
    pub(crate) fn of(stored: &Stored) -> Result<Model> {
        if stored.goal != GOAL {
            return Err(Error::usage(format!(
                "this network does not predict · {} · its goal is `{goal}`, so it is used with: pellucid {goal}",
                stored.folder.display(),
                goal = stored.goal
            )));
        }
        let mut file: File = stored.parse()?;
        for state in file.inputs.iter_mut().map(|column| &mut column.state) {
            let Some(tokenizer) = state.get_mut(TOKENIZER) else { continue };
            *tokenizer = stored.tokenizer(tokenizer)?;
        }
        let thresholds: Vec<_> = file.targets.iter().map(|t| t.thresholds.clone()).collect();
        let trust: Vec<Trust> = file.targets.iter().map(|t| t.trust.clone().unwrap_or_default()).collect();
        if trust.iter().any(|trust| !trust.temperature.is_finite() || trust.temperature <= 0.0) {
            return Err(stored.unreadable("a temperature of its is not above 0".to_owned()));
        }
        let restore = |columns: Vec<Column>| -> Result<Vec<_>> {
            columns
                .into_iter()
                .map(|c| {
                    let kind = kind(&c.kind)?;
                    Ok((c.name, kind.name(), kind.restore(&c.state)?))
                })
                .collect()
        };
        let encoder = Encoder { inputs: restore(file.inputs)?, targets: restore(file.targets)? };
        let batcher = Batcher::new(encoder.features(), encoder.answers());
        let mut network = Network::build(&file.network, &batcher, &Seed::none())?;
        let tensors = stored.fill_beside(&mut network, [WHITENING, MEANS])?;
        let sizes = (measures(&encoder).len(), network.compared_width()?);
        let likeness = file.likeness.map(|kept| {
            Likeness::restore(kept, tensors, sizes).ok_or_else(|| {
                stored.unreadable("what it keeps of its training rows does not fit it".to_owned())
            })
        });
        let likeness = likeness.transpose()?;
        let mut model = Model::new(encoder, batcher, network, file.network);
        let tags = |t: &[Option<Vec<f32>>]| t.iter().map(|t| t.as_ref().map(Vec::len)).collect::<Vec<_>>();
        if tags(&thresholds) != tags(&model.thresholds) {
            return Err(stored.unreadable("its thresholds are not one for each tag".to_owned()));
        }
        let fits = |(trust, target): (&Trust, &Target)| match (&trust.dirichlet, target) {
            (None, _) => true,
            (Some(dirichlet), Target::Classes { names, .. }) => dirichlet.fits(names.len()),
            (Some(_), Target::Tags { .. } | Target::Number { .. }) => false,
        };
        if !trust.iter().zip(model.batcher.targets()).all(fits) {
            return Err(stored.unreadable("its calibration is not one for each class".to_owned()));
        }
        (model.thresholds, model.trust, model.likeness) = (thresholds, trust, likeness);
        Ok(model)
    }
}

/// The place of a class or tag among `names`.
///
/// # Errors
/// A class that does not exist, with the nearest one.
pub(crate) fn place_of(class: &str, names: &[String]) -> Result<usize> {
    names.iter().position(|name| name == class).ok_or_else(|| {
        let near = pellucid_base::nearest(class, names.iter().map(String::as_str));
        let advice = near.map_or_else(
            || format!("there are {}", names.join(", ")),
            |near| format!("did you mean `{near}`?"),
        );
        Error::usage(format!("there is no class `{class}` · {advice}"))
    })
}
