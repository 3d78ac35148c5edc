//! A trained model as a folder: data, never a program.
//!
//! | file | what it holds |
//! |---|---|
//! | `config.json` | version, columns with all preparation state, the network's blueprint |
//! | `model.safetensors` | the weights |
//! | `tokenizer.json` | how a text becomes pieces, in the form of the Hugging Face hub; one for each text column |
//! | `SHA256SUMS` | checksums of all, as `sha256sum --check` reads them |

use crate::outcome::Answers;
use crate::predict::{Blueprint, Network, thresholds};
use crate::{Error, Result};
use pellucid_data::write_atomic;
use pellucid_kinds::{Batcher, Encoder, Examples, Record, Target, kind, slots};
use pellucid_nn::Seed;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The version of the format written; older ones stay readable.
const VERSION: u32 = 1;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
/// What a column keeps of its state in a file of its own.
const TOKENIZER: &str = "tokenizer";
/// Written last: a folder that has it is complete.
pub(crate) const SUMS: &str = "SHA256SUMS";

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
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    format: String,
    version: u32,
    goal: String,
    inputs: Vec<Column>,
    targets: Vec<Column>,
    network: Blueprint,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Column {
    name: String,
    kind: String,
    state: Value,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    thresholds: Option<Vec<f32>>,
}

fn written(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Error::model(format!("the model cannot be described · {e}")))
}

fn checksum(bytes: &[u8]) -> String {
    pellucid_base::hex(&Sha256::digest(bytes))
}

impl Model {
    /// A model whose tags are answered from a probability of one half on.
    pub(crate) fn new(encoder: Encoder, batcher: Batcher, network: Network, blueprint: Blueprint) -> Model {
        let half = |target: &Target| match target {
            Target::Tags { names, .. } => Some(vec![0.5; names.len()]),
            Target::Classes { .. } | Target::Number { .. } => None,
        };
        let thresholds = batcher.targets().iter().map(half).collect();
        Model { encoder, batcher, network, blueprint, thresholds }
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
        let mut answers = self.no_answers();
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let mut read = Vec::with_capacity(some.len());
            for &i in some {
                let mut record = Record::default();
                examples.read(i, &mut record)?;
                read.push(record);
            }
            for (all, more) in answers.iter_mut().zip(self.answer(&read)?) {
                all.append(more);
            }
        }
        Ok(answers)
    }

    /// Answers for records, one [`Answers`] per target.
    ///
    /// # Errors
    /// Records of another layout, and no memory.
    pub fn answer(&self, records: &[Record]) -> Result<Vec<Answers>> {
        let (targets, slots) = (self.batcher.targets(), slots(self.batcher.targets()));
        let mut answers = self.no_answers();
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let batch = self.batcher.assemble(some, None)?;
            let outputs = self.network.answer(&batch)?;
            for ((answers, target), output) in answers.iter_mut().zip(targets).zip(&outputs) {
                answers.add_outputs(target, output.value())?;
            }
            for record in some {
                let truths = slots.iter().map(|range| record.targets.get(range.clone()).unwrap_or_default());
                answers.iter_mut().zip(truths).for_each(|(a, t)| a.add_truth(t));
            }
        }
        Ok(answers)
    }

    /// The names of the columns to predict.
    pub fn target_names(&self) -> impl Iterator<Item = &str> {
        self.encoder.targets.iter().map(|(name, _, _)| name.as_str())
    }

    /// Writes the model's folder.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub fn save(&self, folder: &Path) -> Result<()> {
        let mut files: Vec<(String, Vec<u8>)> = Vec::new();
        let columns = |list: &[(String, &'static str, Box<dyn pellucid_kinds::Prepared>)]| {
            list.iter()
                .map(|(name, kind, p)| Column {
                    name: name.clone(),
                    kind: (*kind).to_owned(),
                    state: p.state(),
                    thresholds: None,
                })
                .collect::<Vec<_>>()
        };
        let mut targets = columns(&self.encoder.targets);
        targets.iter_mut().zip(&self.thresholds).for_each(|(t, chosen)| t.thresholds.clone_from(chosen));
        let mut inputs = columns(&self.encoder.inputs);
        for state in inputs.iter_mut().map(|column| &mut column.state) {
            let Some(tokenizer) = state.get_mut(TOKENIZER) else { continue };
            let name = match files.len() {
                0 => format!("{TOKENIZER}.json"),
                n => format!("{TOKENIZER}-{}.json", n + 1),
            };
            files.push((name.clone(), written(tokenizer)?));
            *tokenizer = Value::String(name);
        }
        let file = File {
            format: "pellucid".to_owned(),
            version: VERSION,
            goal: "predict".to_owned(),
            inputs,
            targets,
            network: self.blueprint.clone(),
        };
        files.push((WEIGHTS.to_owned(), pellucid_nn::state::to_bytes(&self.network)?));
        files.push((CONFIG.to_owned(), written(&file)?));
        std::fs::create_dir_all(folder)
            .map_err(|e| pellucid_data::DataError::io("the model folder cannot be made", folder, &e))?;
        let sums: String =
            files.iter().map(|(name, bytes)| format!("{}  {name}\n", checksum(bytes))).collect();
        files.push((SUMS.to_owned(), sums.into_bytes()));
        for (name, bytes) in files {
            write_atomic(&folder.join(name), |w| w.write_all(&bytes))?;
        }
        Ok(())
    }

    /// Reads a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged (by their checksums) or of a newer version.
    pub fn load(folder: &Path) -> Result<Model> {
        let read = |name: &str| {
            std::fs::read(folder.join(name))
                .map_err(|e| pellucid_data::DataError::io("the model cannot be read", folder.join(name), &e))
        };
        let sums = read(SUMS)?;
        let sums = String::from_utf8_lossy(&sums);
        let checked = |name: &str| {
            let bytes = read(name)?;
            match sums.lines().any(|line| line == format!("{}  {name}", checksum(&bytes))) {
                true => Ok(bytes),
                false => Err(Error::model(format!(
                    "the model is damaged · {} · its content does not have the checksum in {SUMS} · \
                     copy the model again from where it came, or train it again",
                    folder.join(name).display()
                ))),
            }
        };
        let (config, weights) = (checked(CONFIG)?, checked(WEIGHTS)?);
        let unreadable = |why: String| {
            Error::model(format!("the model cannot be read · {} · {why}", folder.join(CONFIG).display()))
        };
        let value: Value = serde_json::from_slice(&config).map_err(|e| unreadable(e.to_string()))?;
        match value.get("version").and_then(Value::as_u64) {
            Some(v) if v <= u64::from(VERSION) => {}
            Some(v) => {
                return Err(unreadable(format!(
                    "it has version {v}, this program reads up to {VERSION} · update Pellucid"
                )));
            }
            None => return Err(unreadable("it is not a Pellucid model: it has no version".to_owned())),
        }
        let mut file: File = serde_json::from_value(value).map_err(|e| unreadable(e.to_string()))?;
        for state in file.inputs.iter_mut().map(|column| &mut column.state) {
            let Some(tokenizer) = state.get_mut(TOKENIZER) else { continue };
            let name = tokenizer.as_str().map(str::to_owned);
            let name =
                name.ok_or_else(|| unreadable("its tokenizer is not the name of a file".to_owned()))?;
            // A name, not a path: a model reads nothing outside of its folder.
            if Path::new(&name).file_name().is_none_or(|file| file != name.as_str()) {
                return Err(unreadable(format!("its tokenizer is not a file of its folder: {name}")));
            }
            *tokenizer = serde_json::from_slice(&checked(&name)?)
                .map_err(|e| unreadable(format!("its tokenizer {name} is no JSON: {e}")))?;
        }
        let thresholds: Vec<_> = file.targets.iter().map(|t| t.thresholds.clone()).collect();
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
        pellucid_nn::state::load_bytes(&mut network, &weights)?;
        let mut model = Model::new(encoder, batcher, network, file.network);
        let tags = |t: &[Option<Vec<f32>>]| t.iter().map(|t| t.as_ref().map(Vec::len)).collect::<Vec<_>>();
        if tags(&thresholds) != tags(&model.thresholds) {
            return Err(unreadable("its thresholds are not one for each tag".to_owned()));
        }
        model.thresholds = thresholds;
        Ok(model)
    }
}
