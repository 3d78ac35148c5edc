//! A trained model as a folder: data, never a program.
//!
//! | file | what it holds |
//! |---|---|
//! | `config.json` | format, version, goal; the goal's columns with all preparation state, and the network's blueprint |
//! | `model.safetensors` | the weights, and beside them means and covariances of what the network makes of training rows |
//! | `tokenizer.json` | how a text becomes pieces, in the form of the Hugging Face hub; one for each vocabulary |
//! | `people.json` | who took what, of a model that recommends |
//! | `SHA256SUMS` | checksums of all, as `sha256sum --check` reads them |

use crate::{Error, Result};
use pellucid_data::{DataError, write_atomic};
use pellucid_nn::state::{Named, load_named, named_from_bytes, named_to_bytes};
use pellucid_nn::{Module, params};
use pellucid_tensor::Tensor;
use serde::Serialize;
use serde_json::Value;
use sha2::{Digest, Sha256};
use std::path::{Path, PathBuf};

/// The version of the format written; older ones stay readable.
const VERSION: u32 = 1;

const CONFIG: &str = "config.json";
const WEIGHTS: &str = "model.safetensors";
/// Written last: a folder that has it is complete.
pub(crate) const SUMS: &str = "SHA256SUMS";

/// The keys of `config.json` that all goals have.
const FORMAT: &str = "format";
const VERSION_KEY: &str = "version";
const GOAL: &str = "goal";

fn checksum(bytes: &[u8]) -> String {
    pellucid_base::hex(&Sha256::digest(bytes))
}

fn written(value: &impl Serialize) -> Result<Vec<u8>> {
    serde_json::to_vec_pretty(value).map_err(|e| Error::model(format!("the model cannot be described · {e}")))
}

/// The files of a model that is being saved.
#[derive(Default)]
pub(crate) struct Saving {
    files: Vec<(String, Vec<u8>)>,
    tokenizers: usize,
    tensors: Vec<(&'static str, Tensor)>,
}

impl Saving {
    /// Adds a vocabulary; gives the name of its file.
    ///
    /// # Errors
    /// A value that is no JSON.
    pub(crate) fn tokenizer(&mut self, tokenizer: &Value) -> Result<String> {
        self.tokenizers += 1;
        let name = match self.tokenizers {
            1 => "tokenizer.json".to_owned(),
            n => format!("tokenizer-{n}.json"),
        };
        self.files.push((name.clone(), written(tokenizer)?));
        Ok(name)
    }

    /// Adds a file of what belongs to the model and is neither small nor numbers of its network.
    ///
    /// # Errors
    /// A value that is no JSON.
    pub(crate) fn file(&mut self, name: &str, content: &impl Serialize) -> Result<()> {
        let bytes = serde_json::to_vec(content)
            .map_err(|e| Error::model(format!("the model cannot be described · {e}")))?;
        self.files.push((name.to_owned(), bytes));
        Ok(())
    }

    /// Adds tensors that stand beside the network's.
    pub(crate) fn beside(&mut self, tensors: Vec<(&'static str, Tensor)>) {
        self.tensors.extend(tensors);
    }

    /// Writes the folder of a model with this goal.
    ///
    /// # Errors
    /// Files that cannot be written.
    pub(crate) fn write(
        mut self,
        folder: &Path,
        goal: &str,
        config: &impl Serialize,
        network: &dyn Module,
    ) -> Result<()> {
        let mut all = serde_json::Map::new();
        all.insert(FORMAT.to_owned(), "pellucid".into());
        all.insert(VERSION_KEY.to_owned(), VERSION.into());
        all.insert(GOAL.to_owned(), goal.into());
        let own = serde_json::to_value(config)
            .map_err(|e| Error::model(format!("the model cannot be described · {e}")))?;
        all.extend(own.as_object().cloned().unwrap_or_default());
        let mut weights: Named =
            params(network).into_iter().map(|(path, param)| (path, param.value.clone())).collect();
        weights.extend(self.tensors.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)));
        self.files.push((WEIGHTS.to_owned(), named_to_bytes(&weights)?));
        self.files.push((CONFIG.to_owned(), written(&all)?));
        std::fs::create_dir_all(folder)
            .map_err(|e| DataError::io("the model folder cannot be made", folder, &e))?;
        let sums: String =
            self.files.iter().map(|(name, bytes)| format!("{}  {name}\n", checksum(bytes))).collect();
        self.files.push((SUMS.to_owned(), sums.into_bytes()));
        for (name, bytes) in self.files {
            write_atomic(&folder.join(name), |w| w.write_all(&bytes))?;
        }
        Ok(())
    }
}

/// A model's folder that is being read.
pub(crate) struct Stored {
    /// Where it is.
    pub(crate) folder: PathBuf,
    sums: String,
    /// What its network is for.
    pub(crate) goal: String,
    /// What `config.json` holds beside format, version and goal.
    config: Value,
}

impl Stored {
    /// Opens a model's folder.
    ///
    /// # Errors
    /// Files that are missing, damaged (by their checksums) or of a newer version.
    pub(crate) fn open(folder: &Path) -> Result<Stored> {
        let sums = String::from_utf8_lossy(&read(folder, SUMS)?).into_owned();
        let stored = Stored { folder: folder.to_path_buf(), sums, goal: String::new(), config: Value::Null };
        let config = stored.file(CONFIG)?;
        let mut config: Value =
            serde_json::from_slice(&config).map_err(|e| stored.unreadable(e.to_string()))?;
        match config.get(VERSION_KEY).and_then(Value::as_u64) {
            Some(v) if v <= u64::from(VERSION) => {}
            Some(v) => {
                return Err(stored.unreadable(format!(
                    "it has version {v}, this program reads up to {VERSION} · update Pellucid"
                )));
            }
            None => {
                return Err(stored.unreadable("it is not a Pellucid model: it has no version".to_owned()));
            }
        }
        let goal = config.get(GOAL).and_then(Value::as_str).map(str::to_owned);
        let goal = goal.ok_or_else(|| stored.unreadable("it has no goal".to_owned()))?;
        if let Some(all) = config.as_object_mut() {
            [FORMAT, VERSION_KEY, GOAL].iter().for_each(|key| drop(all.remove(*key)));
        }
        Ok(Stored { goal, config, ..stored })
    }

    /// A file with the checksum that it should have.
    pub(crate) fn file(&self, name: &str) -> Result<Vec<u8>> {
        let bytes = read(&self.folder, name)?;
        match self.sums.lines().any(|line| line == format!("{}  {name}", checksum(&bytes))) {
            true => Ok(bytes),
            false => Err(Error::model(format!(
                "the model is damaged · {} · its content does not have the checksum in {SUMS} · \
                 copy the model again from where it came, or train it again",
                self.folder.join(name).display()
            ))),
        }
    }

    /// The vocabulary in the file that the configuration names.
    ///
    /// # Errors
    /// A name that is none of a file in the folder, and a file that is damaged.
    pub(crate) fn tokenizer(&self, name: &Value) -> Result<Value> {
        let name = name.as_str().map(str::to_owned);
        let name =
            name.ok_or_else(|| self.unreadable("its tokenizer is not the name of a file".to_owned()))?;
        // A name, not a path: a model reads nothing outside of its folder.
        if Path::new(&name).file_name().is_none_or(|file| file != name.as_str()) {
            return Err(self.unreadable(format!("its tokenizer is not a file of its folder: {name}")));
        }
        serde_json::from_slice(&self.file(&name)?)
            .map_err(|e| self.unreadable(format!("its tokenizer {name} is no JSON: {e}")))
    }

    /// Puts the stored weights into a network.
    ///
    /// # Errors
    /// Weights that are damaged or of another network.
    pub(crate) fn fill(&self, network: &mut dyn Module) -> Result<()> {
        self.fill_beside(network, []).map(|[]| ())
    }

    /// The same, and the tensors of these names that may stand beside the network's.
    ///
    /// # Errors
    /// As [`fill`](Self::fill).
    pub(crate) fn fill_beside<const N: usize>(
        &self,
        network: &mut dyn Module,
        beside: [&str; N],
    ) -> Result<[Option<Tensor>; N]> {
        let mut named = named_from_bytes(&self.file(WEIGHTS)?)?;
        let tensors = beside.map(|name| named.remove(name));
        load_named(network, named)?;
        Ok(tensors)
    }

    /// The kind of the first column that it answers or makes anew.
    pub(crate) fn kind(&self) -> Option<&str> {
        self.config.get("targets")?.get(0)?.get("kind")?.as_str()
    }

    /// The configuration as a goal has it.
    ///
    /// # Errors
    /// Another form.
    pub(crate) fn parse<T: serde::de::DeserializeOwned>(&self) -> Result<T> {
        serde_json::from_value(self.config.clone()).map_err(|e| self.unreadable(e.to_string()))
    }

    /// The error for a folder whose files say something impossible.
    pub(crate) fn unreadable(&self, why: String) -> Error {
        let file = self.folder.join(CONFIG);
        Error::model(format!("the model cannot be read · {} · {why}", file.display()))
    }
}

fn read(folder: &Path, name: &str) -> Result<Vec<u8>> {
    Ok(std::fs::read(folder.join(name))
        .map_err(|e| DataError::io("the model cannot be read", folder.join(name), &e))?)
}
