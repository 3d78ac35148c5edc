//! What a run is: the file `config.toml`, where every default is written out.
//!
//! Before a run, whatever is not given is `None`; [`crate::train`] decides it, says how, and writes the
//! complete file into the run folder. That file is the one to edit for the next run.

mod limits;

use crate::{Error, Result};
use pellucid_kinds::image::Augment;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A whole configuration.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Config {
    /// The data and what is asked of it.
    pub data: DataConfig,
    /// The network.
    pub network: NetworkConfig,
    /// The training.
    pub training: TrainingConfig,
}

/// The data and what is asked of it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct DataConfig {
    /// Files or folders.
    pub paths: Vec<PathBuf>,
    /// Whether the data set is a sample inside the program, by its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sample: Option<String>,
    /// Columns to predict.
    pub predict: Vec<String>,
    /// The only columns to predict from; empty for all others.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub inputs: Vec<String>,
    /// Whether to learn to translate back as well, from the column that is predicted into the other.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub both_ways: bool,
    /// Whether to learn to write texts or melodies like those of the data, instead of predicting a column.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub generate: bool,
    /// Whether to learn what people like, to recommend it, instead of predicting a column.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub recommend: bool,
    /// The column that says who took or liked something, where the name does not tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub user: Option<String>,
    /// The column that says what was taken or liked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<String>,
    /// The column that says how much it was liked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rating: Option<String>,
    /// Columns to leave out.
    pub ignore: Vec<String>,
    /// Kinds by column, where the recognised one is not the right one.
    pub kinds: BTreeMap<String, String>,
    /// Columns whose groups are to be served equally well; the report says whether they are. They need not be inputs.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub audit: Vec<String>,
    /// A column whose rows of one value must stay on one side of the split (a patient).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub group: Option<String>,
    /// A column that orders the rows in time: the split is then made of blocks of time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub time: Option<String>,
    /// A column that names the part of each row (`train`, `validation`, `test`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub split: Option<String>,
    /// Share of the rows (of the training rows, if only a test part is given) for validation.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation: Option<f64>,
    /// Share of the rows for the test.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub test: Option<f64>,
    /// Share of unreadable rows that is tolerated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip_share: Option<f64>,
    /// Whether to train although the checks found a leak.
    pub allow_leaks: bool,
    /// Cells that were mended, in a list beside the data: a CSV file with the columns `row` (as reports call it), `column` and `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub corrections: Option<PathBuf>,
    /// What the network starts from: a folder in the layout of the Hugging Face hub, with a network for texts or pictures that others
    /// have trained; or an earlier run.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from: Option<PathBuf>,
    /// The vocabulary that texts are read with, a `tokenizer.json`; where none is given, it is learned from them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokenizer: Option<PathBuf>,
    /// The longest side of pictures in pixels; larger ones are scaled down.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_side: Option<usize>,
    /// The longest sound, in seconds; of longer ones the loudest part is taken.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_seconds: Option<f64>,
    /// Bytes of the table's cells, and as many again of prepared rows, kept in memory; more go to temporary files. The
    /// checks look at whole columns: while they run, 8 bytes for each row and column come on top.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub memory: Option<usize>,
}

/// The network.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct NetworkConfig {
    /// A person's own layers, such as `["conv 3x3 32", "relu", "pool 2"]`, in place of the built-in network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub layers: Option<Vec<String>>,
    /// Channels of the first stage of a picture network; later stages have twice, four times … as many.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channels: Option<usize>,
    /// Residual blocks in each stage of a picture network.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub blocks: Option<usize>,
    /// Width of the network that joins all columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub width: Option<usize>,
    /// Residual blocks of the network that joins all columns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<usize>,
    /// Share of values dropped in training (Srivastava et al. 2014).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub dropout: Option<f64>,
    /// Whether texts that are translated and their translations have one vocabulary.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub shared_vocabulary: Option<bool>,
    /// Whether texts are written character by character, and not in pieces of words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub characters: Option<bool>,
    /// Pieces (characters, parts of words, beginnings and ends of notes) that are seen at once when something is written.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub context: Option<usize>,
    /// Networks that start from other weights and answer together; training takes so many times as long.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub members: Option<usize>,
}

/// How large an effort is made.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Preset {
    /// A first look, about a minute.
    Quick,
    /// A good network, some minutes.
    #[default]
    Good,
    /// The best network here, up to an hour.
    Best,
}

/// The targets whose rare classes weigh more in the loss.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(untagged, expecting = "expected a list of columns, or true for all targets, or false for none")]
pub enum ClassWeights {
    /// All targets or none.
    All(bool),
    /// These columns.
    Of(Vec<String>),
}

/// How much equal treatment counts if nothing is said.
pub(crate) const FAIR_STRENGTH: f64 = 1.0;

/// How groups are brought to be served equally well while the network learns.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Fairness {
    /// Rows weigh as if group and answer had nothing to do with each other (Kamiran & Calders 2012).
    Reweighing,
    /// Each answer is as likely for all groups.
    DemographicParity,
    /// Each answer is as likely for all groups among rows of the same truth (Hardt et al., arXiv 1610.02413).
    EqualizedOdds,
    /// The rarer of two answers (each of more) is found as surely in all groups.
    EqualOpportunity,
}

/// The training.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TrainingConfig {
    /// How large an effort is made.
    pub preset: Preset,
    /// The most seconds that training may take; it decides the number of steps before the start.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seconds: Option<f64>,
    /// Batches to learn from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub steps: Option<u64>,
    /// Rows in a batch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub batch: Option<usize>,
    /// The highest learning rate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub learning_rate: Option<f64>,
    /// How strongly weights are pulled towards zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub weight_decay: Option<f64>,
    /// Share of each label that is spread over all classes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label_smoothing: Option<f64>,
    /// How slowly the mean of the weights follows them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ema: Option<f64>,
    /// Validations in a row without improvement that end the training.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patience: Option<u64>,
    /// Steps between validations.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validate_every: Option<u64>,
    /// The targets whose rare classes weigh more in the loss.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub class_weights: Option<ClassWeights>,
    /// Whether the networks of pictures and texts stay as they are given with `from`: what they make of each row is then asked once,
    /// and only what joins it to an answer learns.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub freeze: bool,
    /// How the groups of `audit` are brought to be served equally well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fair: Option<Fairness>,
    /// How much that counts, 1 if nothing is said: more makes groups more equal, and costs right answers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fair_strength: Option<f64>,
    /// What all randomness is derived from.
    pub seed: u64,
    /// Changes to training pictures.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub augment: Option<Augment>,
}

/// Every key that a configuration may have, as `section.key`: for messages on unknown ones.
const KEYS: &[(&str, &[&str])] = &[
    (
        "data",
        &[
            "paths",
            "sample",
            "predict",
            "inputs",
            "both_ways",
            "generate",
            "recommend",
            "user",
            "item",
            "rating",
            "ignore",
            "kinds",
            "audit",
            "group",
            "time",
            "split",
            "validation",
            "test",
            "skip_share",
            "allow_leaks",
            "corrections",
            "from",
            "tokenizer",
            "max_side",
            "max_seconds",
            "memory",
        ],
    ),
    (
        "network",
        &[
            "layers",
            "channels",
            "blocks",
            "width",
            "depth",
            "dropout",
            "shared_vocabulary",
            "characters",
            "context",
            "members",
        ],
    ),
    (
        "training",
        &[
            "preset",
            "seconds",
            "steps",
            "batch",
            "learning_rate",
            "weight_decay",
            "label_smoothing",
            "ema",
            "patience",
            "validate_every",
            "class_weights",
            "freeze",
            "fair",
            "fair_strength",
            "seed",
            "augment",
        ],
    ),
];

/// What a value must be, as the reader of TOML says it and as people do.
const IN_WORDS: [(&str, &str); 5] = [
    ("expected u64", "expected a whole number of at least 0"),
    ("expected usize", "expected a whole number of at least 0"),
    ("expected f64", "expected a number"),
    ("expected a sequence", "expected a list such as [\"this\", \"that\"]"),
    ("expected a boolean", "expected true or false"),
];

impl Config {
    /// Reads a configuration.
    ///
    /// # Errors
    /// A file that cannot be read, TOML that is not valid (with its line), or an unknown key, with the nearest one.
    pub fn read(path: &Path) -> Result<Config> {
        let text = std::fs::read_to_string(path).map_err(|e| {
            let error = pellucid_data::DataError::io("the configuration cannot be read", path, &e);
            pellucid_data::DataError { kind: pellucid_data::ErrorKind::Usage, ..error }
        })?;
        Config::parse(&text, &path.display().to_string())
    }

    /// As [`read`](Config::read), of text; `name` is used in messages.
    ///
    /// # Errors
    /// As [`read`](Config::read).
    pub fn parse(text: &str, name: &str) -> Result<Config> {
        if let Ok(table) = text.parse::<toml::Table>() {
            check_keys(&table, name)?;
        }
        toml::from_str(text).map_err(|e| {
            let said = IN_WORDS.iter().fold(e.to_string(), |said, (type_, words)| said.replace(type_, words));
            Error::usage(format!("the configuration is not valid · {name} · {said}"))
        })
    }

    /// All settings by name, such as `training.steps`, as they are written.
    pub fn settings(&self) -> BTreeMap<String, String> {
        let mut all = BTreeMap::new();
        if let Ok(toml::Value::Table(table)) = toml::Value::try_from(self) {
            flatten(&table, "", &mut all);
        }
        all
    }

    /// The configuration as TOML.
    ///
    /// # Errors
    /// Values that TOML cannot hold.
    pub fn to_toml(&self) -> Result<String> {
        toml::to_string_pretty(self)
            .map_err(|e| Error::usage(format!("the configuration cannot be written · {e}")))
    }
}

/// The values of a table by their paths.
fn flatten(table: &toml::Table, before: &str, all: &mut BTreeMap<String, String>) {
    for (key, value) in table {
        let name = if before.is_empty() { key.clone() } else { format!("{before}.{key}") };
        match value {
            toml::Value::Table(inner) => flatten(inner, &name, all),
            toml::Value::String(text) => drop(all.insert(name, text.clone())),
            other => drop(all.insert(name, other.to_string())),
        }
    }
}

fn check_keys(table: &toml::Table, name: &str) -> Result<()> {
    let unknown = |key: &str, candidates: &[&str], place: &str| {
        let advice = match pellucid_base::nearest(key, candidates.iter().copied()) {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("there are: {}", candidates.join(", ")),
        };
        Err(Error::usage(format!("unknown key `{key}` {place} · {name} · {advice}")))
    };
    let sections: Vec<&str> = KEYS.iter().map(|(section, _)| *section).collect();
    for (section, content) in table {
        let Some((_, keys)) = KEYS.iter().find(|(s, _)| s == section) else {
            return unknown(section, &sections, "at the top level");
        };
        for key in content.as_table().into_iter().flat_map(|t| t.keys()) {
            if !keys.contains(&key.as_str()) {
                return unknown(key, keys, &format!("in [{section}]"));
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_configuration_survives_its_file() {
        let mut config = Config::default();
        config.data.predict = vec!["outcome".into()];
        config.data.kinds.insert("age".into(), "number".into());
        config.training.augment = Some(Augment::NONE);
        config.training.learning_rate = Some(3e-4);
        assert_eq!(Config::parse(&config.to_toml().unwrap(), "x").unwrap(), config);
    }

    #[test]
    fn values_of_another_type_are_answered_in_words() {
        for (text, says) in [
            ("[training]\nsteps = \"many\"", "expected a whole number of at least 0"),
            ("[network]\nwidth = 1.5", "expected a whole number of at least 0"),
            ("[training]\nlearning_rate = \"fast\"", "expected a number"),
            ("[data]\npredict = \"outcome\"", "expected a list such as"),
            ("[data]\nallow_leaks = 1", "expected true or false"),
        ] {
            let said = Config::parse(text, "my.toml").unwrap_err().to_string();
            assert!(said.contains("my.toml") && said.contains("line 2") && said.contains(says), "{said}");
        }
    }

    #[test]
    fn unknown_keys_name_the_nearest() {
        let message = |text| Config::parse(text, "my.toml").unwrap_err().to_string();
        assert!(message("[training]\nlearning_rat = 1").contains("`learning_rate`"));
        assert!(message("[trainig]\nseed = 1").contains("`training`"));
        assert!(message("[training]\nseed = \"x\"").contains("my.toml"));
    }

    #[test]
    fn every_key_is_listed() {
        let mut full = Config::default();
        full.data.sample = Some(String::new());
        full.data.audit = vec!["a".into()];
        (full.data.group, full.data.time, full.data.split) =
            (Some("g".into()), Some("t".into()), Some("s".into()));
        (full.data.validation, full.data.test, full.data.skip_share) = (Some(0.1), Some(0.1), Some(0.1));
        (full.data.max_side, full.data.max_seconds, full.data.memory) = (Some(1), Some(1.0), Some(1));
        full.data.corrections = Some("mended.csv".into());
        full.data.from = Some("minilm".into());
        full.data.tokenizer = Some("tokenizer.json".into());
        full.data.inputs = vec!["age".into()];
        full.data.both_ways = true;
        full.data.generate = true;
        full.data.recommend = true;
        (full.data.user, full.data.item, full.data.rating) =
            (Some("u".into()), Some("i".into()), Some("r".into()));
        full.network = NetworkConfig {
            layers: Some(vec![]),
            channels: Some(1),
            blocks: Some(1),
            width: Some(1),
            depth: Some(1),
            dropout: Some(0.1),
            shared_vocabulary: Some(true),
            characters: Some(true),
            context: Some(1),
            members: Some(1),
        };
        full.training = TrainingConfig {
            preset: Preset::Best,
            seconds: Some(1.0),
            steps: Some(1),
            batch: Some(1),
            learning_rate: Some(0.1),
            weight_decay: Some(0.1),
            label_smoothing: Some(0.1),
            ema: Some(0.1),
            patience: Some(1),
            validate_every: Some(1),
            class_weights: Some(ClassWeights::Of(vec![])),
            freeze: true,
            fair: Some(Fairness::Reweighing),
            fair_strength: Some(1.0),
            seed: 1,
            augment: Some(Augment::NONE),
        };
        let table: toml::Table = full.to_toml().unwrap().parse().unwrap();
        for (section, keys) in KEYS {
            let written: Vec<_> = table[*section].as_table().unwrap().keys().cloned().collect();
            let mut listed: Vec<String> = keys.iter().map(|k| (*k).to_owned()).collect();
            listed.sort();
            let mut sorted = written.clone();
            sorted.sort();
            assert_eq!(sorted, listed, "[{section}]");
        }
    }
}
