//! Names of users or of items, and their numbers.

use serde::{Deserialize, Serialize};
use std::collections::HashMap;

/// Names in the order of their numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<String>", into = "Vec<String>")]
pub(crate) struct Ids {
    names: Vec<String>,
    numbers: HashMap<String, u32>,
}

impl Ids {
    /// The number of a name; a new one is added.
    pub(crate) fn enter(&mut self, name: &str) -> u32 {
        if let Some(&number) = self.numbers.get(name) {
            return number;
        }
        let number = self.names.len() as u32;
        self.names.push(name.to_owned());
        self.numbers.insert(name.to_owned(), number);
        number
    }

    /// The number of a name, if it is known.
    pub(crate) fn find(&self, name: &str) -> Option<u32> {
        self.numbers.get(name).copied()
    }

    /// The name of a number.
    pub(crate) fn name(&self, number: u32) -> &str {
        self.names.get(number as usize).map_or("", String::as_str)
    }

    /// All names.
    pub(crate) fn names(&self) -> &[String] {
        &self.names
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }
}

impl From<Vec<String>> for Ids {
    fn from(names: Vec<String>) -> Ids {
        let numbers = names.iter().cloned().zip(0..).collect();
        Ids { names, numbers }
    }
}

impl From<Ids> for Vec<String> {
    fn from(ids: Ids) -> Vec<String> {
        ids.names
    }
}
