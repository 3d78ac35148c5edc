//! What a person asks of a data set: what to learn, and how much effort to make. The settings are those of a run's `config.toml`.

use pellucid_goals::{Config, Preset};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::path::PathBuf;
use utoipa::ToSchema;

/// What to learn from a data set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Goal {
    /// To answer columns from others.
    #[default]
    Predict,
    /// To make more of the same: texts, melodies, pictures.
    Generate,
    /// To know what people like.
    Recommend,
}

/// How large an effort to make.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Effort {
    /// A first look, about a minute.
    Quick,
    /// A good network, some minutes.
    #[default]
    Good,
    /// The best, up to an hour.
    Best,
}

impl Goal {
    /// All of them, by the names of the API and in words.
    pub(crate) const ALL: [(Goal, &str, &str); 3] = [
        (Goal::Predict, "predict", "answer a column from the others"),
        (Goal::Generate, "generate", "make more of the same: texts, melodies, pictures"),
        (Goal::Recommend, "recommend", "know what people like"),
    ];
}

impl Effort {
    /// All of them, by the names of the API and in words.
    pub(crate) const ALL: [(Effort, &str, &str); 3] = [
        (Effort::Quick, "quick", "a first look, about a minute"),
        (Effort::Good, "good", "a good network, some minutes"),
        (Effort::Best, "best", "the best, up to an hour"),
    ];
}

/// What is asked of a data set. Whatever is left out is decided by the program.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(default, deny_unknown_fields)]
pub(crate) struct Asked {
    /// What to learn.
    pub(crate) goal: Goal,
    /// Columns to predict.
    pub(crate) predict: Vec<String>,
    /// The only columns to predict from; none for all others.
    pub(crate) inputs: Vec<String>,
    /// Columns to leave out.
    pub(crate) ignore: Vec<String>,
    /// Kinds by column, where the recognised one is not right.
    pub(crate) kinds: BTreeMap<String, String>,
    /// A column whose rows of one value stay on one side of the split, such as a patient.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) group: Option<String>,
    /// A column that orders the rows in time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) time: Option<String>,
    /// Whether to train although the checks found a leak.
    pub(crate) allow_leaks: bool,
    /// How large an effort to make.
    pub(crate) effort: Effort,
    /// The most minutes that training may take.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) minutes: Option<f64>,
    /// What all randomness is derived from.
    pub(crate) seed: u64,
}

impl Asked {
    /// The configuration for data that lies at these places.
    pub(crate) fn config(&self, paths: Vec<PathBuf>) -> Config {
        let mut config = Config::default();
        let (data, asked) = (&mut config.data, self.clone());
        data.paths = paths;
        data.generate = self.goal == Goal::Generate;
        data.recommend = self.goal == Goal::Recommend;
        (data.predict, data.inputs, data.ignore) = (asked.predict, asked.inputs, asked.ignore);
        (data.kinds, data.group, data.time) = (asked.kinds, asked.group, asked.time);
        data.allow_leaks = self.allow_leaks;
        config.training.preset = match self.effort {
            Effort::Quick => Preset::Quick,
            Effort::Good => Preset::Good,
            Effort::Best => Preset::Best,
        };
        config.training.seconds = self.minutes.map(|minutes| 60.0 * minutes);
        config.training.seed = self.seed;
        config
    }
}
