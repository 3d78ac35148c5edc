//! A folder in the hub's layout.

use crate::{Error, Result};
use pellucid_tensor::Tensor;
use safetensors::{Dtype, SafeTensors};
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

pub(crate) const CONFIG: &str = "config.json";
pub(crate) const WEIGHTS: &str = "model.safetensors";

pub(crate) const TOKENIZER: &str = "tokenizer.json";
pub(crate) const PREPROCESSOR: &str = "preprocessor_config.json";

/// How the vectors of a text's pieces become one, in the layout of `sentence-transformers`.
pub(crate) const POOLING: &str = "1_Pooling/config.json";

/// Names which of several files holds each tensor of a large network.
pub(crate) const INDEX: &str = "model.safetensors.index.json";

/// How files end that are Python programs.
const PICKLES: [&str; 5] = ["bin", "pt", "pth", "ckpt", "pkl"];

const FETCH: &str = "fetch the folder again from where it came";
pub(crate) const CONVERT: &str =
    "convert it where it came from: `safetensors.torch.save_model(model, \"model.safetensors\")` in Python";

/// Whether a file's name is that of a Python program.
pub(crate) fn is_pickle(name: &str) -> bool {
    name.rsplit_once('.').is_some_and(|(_, end)| PICKLES.contains(&end.to_lowercase().as_str()))
}

/// The files that an index names.
pub(crate) fn parts_of(index: &Value) -> BTreeSet<String> {
    let files = index.get("weight_map").and_then(Value::as_object).into_iter().flatten();
    files.filter_map(|(_, file)| Some(file.as_str()?.to_owned())).collect()
}

/// A folder that holds a network: what it is, and its weights.
pub struct Folder {
    path: PathBuf,
    config: Value,
}

impl Folder {
    /// Opens a folder.
    ///
    /// # Errors
    /// A folder without a configuration that can be read.
    pub fn open(path: impl AsRef<Path>) -> Result<Folder> {
        let path = path.as_ref().to_owned();
        let config = path.join(CONFIG);
        let bytes = std::fs::read(&config).map_err(|e| Error::new(&config, e.to_string(), FETCH))?;
        let config = serde_json::from_slice(&bytes).map_err(|e| Error::new(&config, e.to_string(), FETCH))?;
        Ok(Folder { path, config })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// What sort of network it says it is.
    pub fn model_type(&self) -> &str {
        self.config.get("model_type").and_then(Value::as_str).unwrap_or("not named")
    }

    /// Refuses a network whose type is not among these.
    pub(crate) fn is_one_of(&self, types: &[&str]) -> Result<()> {
        if types.contains(&self.model_type()) {
            return Ok(());
        }
        let why =
            format!("it is of the type `{}`, and known are only: {}", self.model_type(), types.join(", "));
        Err(self.error(CONFIG, why))
    }

    /// A file of the folder as JSON; `None` if there is none.
    pub(crate) fn optional<T: DeserializeOwned>(&self, file: &str) -> Result<Option<T>> {
        match std::fs::read(self.path.join(file)) {
            Err(e) if e.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(e) => Err(self.error(file, e.to_string())),
            Ok(bytes) => {
                serde_json::from_slice(&bytes).map(Some).map_err(|e| self.error(file, e.to_string()))
            }
        }
    }

    /// The entries of its configuration that are needed here.
    pub(crate) fn config<T: DeserializeOwned>(&self) -> Result<T> {
        T::deserialize(&self.config).map_err(|e| self.error(CONFIG, e.to_string()))
    }

    /// Its vocabulary, `tokenizer.json`.
    ///
    /// # Errors
    /// A file that is missing or cannot be read.
    pub fn tokenizer(&self) -> Result<Vec<u8>> {
        std::fs::read(self.path.join(TOKENIZER)).map_err(|e| self.error(TOKENIZER, e.to_string()))
    }

    /// An error about one of its files.
    pub(crate) fn error(&self, file: &str, why: impl Into<String>) -> Error {
        Error::new(self.path.join(file), why, FETCH)
    }

    /// All its tensors of floating-point numbers as `f32`; others hold nothing that is learned.
    ///
    /// # Errors
    /// Weights that are missing, damaged, or a program.
    pub fn tensors(&self) -> Result<BTreeMap<String, Tensor>> {
        let mut tensors = BTreeMap::new();
        for name in self.files()? {
            let bytes = std::fs::read(self.path.join(&name)).map_err(|e| self.error(&name, e.to_string()))?;
            let file = SafeTensors::deserialize(&bytes).map_err(|e| self.error(&name, e.to_string()))?;
            for (tensor, view) in file.iter() {
                if let Some(value) = numbers(view.dtype(), view.data(), view.shape()) {
                    let value = value.map_err(|e| self.error(&name, format!("tensor `{tensor}`: {e}")))?;
                    tensors.insert(tensor.to_owned(), value);
                }
            }
        }
        Ok(tensors)
    }

    /// The files with weights.
    fn files(&self) -> Result<BTreeSet<String>> {
        if self.path.join(WEIGHTS).is_file() {
            return Ok(BTreeSet::from([WEIGHTS.to_owned()]));
        }
        if let Ok(bytes) = std::fs::read(self.path.join(INDEX)) {
            let index: Value =
                serde_json::from_slice(&bytes).map_err(|e| self.error(INDEX, e.to_string()))?;
            let files = parts_of(&index);
            // Names, not paths: nothing outside of the folder is read.
            return match files.iter().find(|f| Path::new(f).file_name().is_none_or(|name| name != f.as_str()))
            {
                None => Ok(files),
                Some(path) => Err(self.error(INDEX, format!("`{path}` is not a file of the folder"))),
            };
        }
        let pickle = std::fs::read_dir(&self.path)
            .into_iter()
            .flatten()
            .flatten()
            .find(|entry| is_pickle(&entry.file_name().to_string_lossy()));
        Err(match pickle {
            Some(entry) => {
                let why =
                    "its weights are stored as a Python pickle, which is a program that could do anything";
                Error::new(entry.path(), why, CONVERT)
            }
            None => self.error(WEIGHTS, "there is no such file"),
        })
    }
}

/// A tensor of floating-point numbers as `f32`; `None` for another type.
fn numbers(dtype: Dtype, data: &[u8], shape: &[usize]) -> Option<pellucid_tensor::Result<Tensor>> {
    let values: Vec<f32> = match dtype {
        Dtype::F32 => data.as_chunks().0.iter().map(|b| f32::from_le_bytes(*b)).collect(),
        Dtype::F64 => data.as_chunks().0.iter().map(|b| f64::from_le_bytes(*b) as f32).collect(),
        Dtype::BF16 => {
            let whole = |b: &[u8; 2]| f32::from_bits(u32::from(u16::from_le_bytes(*b)) << 16);
            data.as_chunks().0.iter().map(whole).collect()
        }
        Dtype::F16 => data.as_chunks().0.iter().map(|b| half(u16::from_le_bytes(*b))).collect(),
        _ => return None,
    };
    Some(Tensor::new(&values, shape))
}

/// A number of half precision (IEEE 754 binary16).
fn half(bits: u16) -> f32 {
    let (sign, exponent, fraction) = (bits >> 15, (bits >> 10) & 31, f32::from(bits & 1023));
    let size = match exponent {
        0 => fraction * 2f32.powi(-24),
        31 if fraction == 0.0 => f32::INFINITY,
        31 => f32::NAN,
        e => (1.0 + fraction / 1024.0) * 2f32.powi(i32::from(e) - 15),
    };
    if sign == 1 { -size } else { size }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_precision_has_its_published_values() {
        // IEEE 754-2019, binary16.
        for (bits, value) in [
            (0x3c00, 1.0),
            (0xc000, -2.0),
            (0x7bff, 65504.0),
            (0x0001, 5.960_464_5e-8),
            (0x0400, 6.103_515_6e-5),
            (0x3555, 0.333_251_95),
            (0x7c00, f32::INFINITY),
        ] {
            assert_eq!(half(bits), value, "{bits:#x}");
        }
        assert!(half(0x7e00).is_nan());
    }

    #[test]
    fn programs_and_missing_files_are_refused_with_what_to_do() {
        let folder = tempfile::tempdir().unwrap();
        let why =
            |path: &Path| Folder::open(path).and_then(|f| f.tensors().map(drop)).unwrap_err().to_string();
        assert!(why(folder.path()).contains("config.json"));
        std::fs::write(folder.path().join(CONFIG), "{\"model_type\": \"bert\"}").unwrap();
        assert!(why(folder.path()).contains("there is no such file"));
        std::fs::write(folder.path().join("pytorch_model.bin"), "...").unwrap();
        let pickle = why(folder.path());
        assert!(pickle.contains("pytorch_model.bin") && pickle.contains("safetensors.torch"), "{pickle}");
        std::fs::write(folder.path().join(INDEX), "{\"weight_map\": {\"a\": \"../secret\"}}").unwrap();
        assert!(why(folder.path()).contains("not a file of the folder"));
        std::fs::write(folder.path().join(WEIGHTS), "no tensors").unwrap();
        assert!(why(folder.path()).contains(WEIGHTS));
    }
}
