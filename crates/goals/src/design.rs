//! Decisions that a configuration leaves open, with their reasons.

use serde::{Deserialize, Serialize};

/// The reason of a setting that a person chose.
pub(crate) const GIVEN: &str = "given";

/// A setting that was decided, and why: shown to the person.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// The setting, by its key in the configuration.
    pub setting: String,
    /// The value in words.
    pub value: String,
    /// How it was chosen.
    pub why: String,
}

/// Collects decisions: a given value is taken as it is.
#[derive(Default)]
pub(crate) struct Decider {
    pub(crate) decisions: Vec<Decision>,
}

impl Decider {
    /// The given value, or else the own one, for a reason.
    pub(crate) fn decide<T: Copy + std::fmt::Display>(
        &mut self,
        setting: &str,
        given: Option<T>,
        own: T,
        why: &str,
    ) -> T {
        let (value, why) = match given {
            Some(value) => (value, GIVEN),
            None => (own, why),
        };
        self.say(setting, &value.to_string(), why);
        value
    }

    /// A decision in words.
    pub(crate) fn say(&mut self, setting: &str, value: &str, why: &str) {
        self.decisions.push(Decision {
            setting: setting.to_owned(),
            value: value.to_owned(),
            why: why.to_owned(),
        });
    }
}
