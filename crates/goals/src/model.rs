//! A trained model as a folder: data, never a program.
//!
//! | file | what it holds |
//! |---|---|
//! | `config.json` | version, columns with all preparation state, the network's blueprint |
//! | `model.safetensors` | the weights |
//! | `SHA256SUMS` | checksums of both, as `sha256sum --check` reads them |

use crate::outcome::Answers;
use crate::predict::{Blueprint, Network};
use crate::{Error, Result};
use pellucid_data::write_atomic;
use pellucid_kinds::{Batcher, Encoder, Record, kind};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::Path;

/// The version of the format written; older ones stay readable.
const VERSION: u32 = 1;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
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
}

fn checksum(bytes: &[u8]) -> String {
    pellucid_base::hex(&Sha256::digest(bytes))
}

impl Model {
    /// Answers for records, one [`Answers`] per target.
    ///
    /// # Errors
    /// Records of another layout, and no memory.
    pub fn answer(&self, records: &[Record]) -> Result<Vec<Answers>> {
        let targets = self.batcher.targets();
        let mut answers: Vec<_> = targets.iter().map(Answers::new).collect();
        for some in records.chunks(crate::predict::INFERENCE_BATCH) {
            let batch = self.batcher.assemble(some, None)?;
            let outputs = self.network.answer(&batch)?;
            for ((answers, target), output) in answers.iter_mut().zip(targets).zip(&outputs) {
                answers.add_outputs(target, output.value())?;
            }
            for record in some {
                answers.iter_mut().zip(&record.targets).for_each(|(a, &t)| a.add_truth(t));
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
        let columns = |list: &[(String, &'static str, Box<dyn pellucid_kinds::Prepared>)]| {
            list.iter()
                .map(|(name, kind, p)| Column {
                    name: name.clone(),
                    kind: (*kind).to_owned(),
                    state: p.state(),
                })
                .collect()
        };
        let file = File {
            format: "pellucid".to_owned(),
            version: VERSION,
            goal: "predict".to_owned(),
            inputs: columns(&self.encoder.inputs),
            targets: columns(&self.encoder.targets),
            network: self.blueprint.clone(),
        };
        let config = serde_json::to_vec_pretty(&file)
            .map_err(|e| Error::model(format!("the model cannot be described · {e}")))?;
        let weights = pellucid_nn::state::to_bytes(&self.network)?;
        std::fs::create_dir_all(folder)
            .map_err(|e| pellucid_data::DataError::io("the model folder cannot be made", folder, &e))?;
        let sums = format!("{}  {CONFIG}\n{}  {WEIGHTS}\n", checksum(&config), checksum(&weights));
        for (name, bytes) in [(WEIGHTS, weights.as_slice()), (CONFIG, &config), (SUMS, sums.as_bytes())] {
            write_atomic(&folder.join(name), |w| w.write_all(bytes))?;
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
        let (config, weights, sums) = (read(CONFIG)?, read(WEIGHTS)?, read(SUMS)?);
        let sums = String::from_utf8_lossy(&sums);
        for (name, bytes) in [(CONFIG, &config), (WEIGHTS, &weights)] {
            if !sums.lines().any(|line| line == format!("{}  {name}", checksum(bytes))) {
                return Err(Error::model(format!(
                    "the model is damaged · {} · its content does not have the checksum in {SUMS} · \
                     copy the model again from where it came, or train it again",
                    folder.join(name).display()
                )));
            }
        }
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
        let file: File = serde_json::from_value(value).map_err(|e| unreadable(e.to_string()))?;
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
        let mut network = Network::build(&file.network, &batcher, 0)?;
        pellucid_nn::state::load_bytes(&mut network, &weights)?;
        Ok(Model { encoder, batcher, network, blueprint: file.network })
    }
}
