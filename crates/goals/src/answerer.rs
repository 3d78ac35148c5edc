//! A network that stays in memory, for many small questions.

use crate::infer::{Asking, out_columns, stored_model};
use crate::model::Model;
use crate::{About, Error, Result};
use pellucid_data::{Cell, OutColumn, OutValues};
use pellucid_kinds::Record;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// Whole numbers below this are exact.
const WHOLE: f64 = 9_007_199_254_740_992.0;

/// A cell that was given with a question.
#[derive(Clone, Debug, PartialEq)]
pub enum Given {
    /// Text, a category, or a number or time in words.
    Text(String),
    /// A number.
    Number(f64),
    /// True or false.
    Flag(bool),
    /// A picture's or a sound's bytes.
    Bytes(Vec<u8>),
}

/// A network that predicts and stays in memory.
pub struct Answerer {
    model: Model,
    about: About,
}

/// A question as its network sees it.
pub struct Prepared(Record);

impl Answerer {
    /// Opens the model of a run, or a model folder.
    ///
    /// # Errors
    /// A damaged model, and one that does not predict.
    pub fn open(path: &Path) -> Result<Answerer> {
        let (stored, _) = stored_model(path)?;
        Ok(Answerer { model: Model::of(&stored)?, about: About::of(&stored)? })
    }

    /// What it takes and gives.
    pub fn about(&self) -> &About {
        &self.about
    }

    /// Prepares a question: a cell for each input column, by name; columns that are left out are not known. A network with a single column
    /// takes a cell of any name.
    ///
    /// # Errors
    /// A column that it does not take, and a cell that cannot be read, with the reason.
    pub fn prepare(&self, cells: &BTreeMap<String, Given>) -> Result<Prepared> {
        let inputs = &self.model.encoder.inputs;
        let only = |name: &String| match (inputs.as_slice(), cells.len()) {
            ([_], 1) => cells.values().next(),
            _ => cells.get(name),
        };
        if inputs.len() > 1
            && let Some(other) = cells.keys().find(|name| inputs.iter().all(|(input, ..)| input != *name))
        {
            let names = || inputs.iter().map(|(name, ..)| name.as_str());
            let advice = match pellucid_base::nearest(other, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("it takes: {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(Error::usage(format!("the network takes no column `{other}` · {advice}")));
        }
        let cell = |(name, kind, _): &(String, &str, _)| match only(name) {
            None => Cell::Missing,
            Some(Given::Text(text)) if text.is_empty() => Cell::Missing,
            // As tables are read: a number may be written in words.
            Some(Given::Text(text)) if *kind == "number" => {
                text.trim().parse().map_or(Cell::Text(text), Cell::Number)
            }
            Some(Given::Text(text)) => Cell::Text(text),
            Some(Given::Number(x)) if x.fract() == 0.0 && x.abs() < WHOLE => Cell::Integer(*x as i64),
            Some(Given::Number(x)) => Cell::Number(*x),
            Some(Given::Flag(x)) => Cell::Flag(*x),
            Some(Given::Bytes(bytes)) => Cell::Bytes(bytes),
        };
        let row: Vec<Cell<'_>> = inputs.iter().map(cell).collect();
        let mut record = Record::default();
        let unknown = vec![Cell::Missing; self.model.encoder.targets.len()];
        match self.model.encoder.encode_row(&row, &unknown, None, &mut record) {
            Ok(()) => Ok(Prepared(record)),
            Err((column, why)) => Err(Error::usage(format!("`{column}` cannot be read · {why}"))),
        }
    }

    /// Answers questions together: for each `<target>`, `<target>_p` and `<target>_p_<class>`, as a table of answers has them.
    ///
    /// # Errors
    /// No memory.
    pub fn answer(&self, questions: Vec<Prepared>) -> Result<Vec<Map<String, Value>>> {
        let count = questions.len();
        let records: Vec<Record> = questions.into_iter().map(|question| question.0).collect();
        let answers = self.model.answer(&records)?;
        let (all, names): (Vec<usize>, _) = ((0..count).collect(), vec![String::new(); count]);
        let columns = out_columns(&self.model, &answers, &all, &names, &Asking::default());
        let mut rows = vec![Map::new(); count];
        for OutColumn { name, values } in columns.into_iter().skip(1) {
            for (i, row) in rows.iter_mut().enumerate() {
                let value = match &values {
                    OutValues::Text(texts) => texts[i].clone().into(),
                    OutValues::Number(numbers) => numbers[i].into(),
                    OutValues::Integer(numbers) => numbers[i].into(),
                };
                row.insert(name.clone(), value);
            }
        }
        Ok(rows)
    }
}
