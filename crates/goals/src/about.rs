//! What a model takes and gives: for pages and programs that ask for its inputs.

use crate::Result;
use crate::infer::stored_model;
use crate::stored::Stored;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::path::Path;

/// What a model takes and gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// What it does: `predict`, `translate`, `generate` or `recommend`.
    pub goal: String,
    /// The columns that it takes.
    pub inputs: Vec<AboutColumn>,
    /// The columns that it answers, or makes anew.
    pub answers: Vec<AboutColumn>,
}

/// A column that a model takes or gives.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AboutColumn {
    /// Its name.
    pub name: String,
    /// Its kind.
    pub kind: String,
    /// The values that it can have, where these are few; of pictures that are painted, their labels.
    pub values: Vec<String>,
    /// A usual value: of numbers the median, of categories the most frequent.
    pub usual: Option<String>,
}

#[derive(Deserialize)]
struct Form {
    #[serde(default)]
    inputs: Vec<Column>,
    #[serde(default)]
    targets: Vec<Column>,
}

#[derive(Deserialize)]
struct Column {
    name: String,
    kind: String,
    #[serde(default)]
    state: Value,
    #[serde(default)]
    labels: Vec<String>,
}

/// What the model of a run (or a model folder) takes and gives.
///
/// # Errors
/// A damaged model, and a run that has none yet.
pub fn about(path: &Path) -> Result<About> {
    About::of(&stored_model(path)?.0)
}

impl About {
    /// What a model whose folder is being read takes and gives.
    pub(crate) fn of(stored: &Stored) -> Result<About> {
        let form: Form = stored.parse()?;
        let all = |columns: Vec<Column>| columns.into_iter().map(Column::about).collect();
        Ok(About { goal: stored.goal.clone(), inputs: all(form.inputs), answers: all(form.targets) })
    }
}

impl Column {
    fn about(self) -> AboutColumn {
        let texts = |key: &str| -> Vec<String> {
            let all = self.state.get(key).and_then(Value::as_array).into_iter().flatten();
            all.filter_map(|value| Some(value.as_str()?.to_owned())).collect()
        };
        let values = if self.labels.is_empty() { texts("values") } else { self.labels.clone() };
        let median = self.state.get("median").and_then(Value::as_f64).map(|x| x.to_string());
        let counts = self.state.get("counts").and_then(Value::as_array).into_iter().flatten();
        let counts = counts.map(|count| count.as_u64().unwrap_or(0));
        let frequent = counts.zip(&values).max_by_key(|(count, _)| *count).map(|(_, value)| value.clone());
        AboutColumn { usual: median.or(frequent), name: self.name, kind: self.kind, values }
    }
}
