//! Categories: one of a limited set of values.

use crate::cells::cell_text;
use crate::number::restore;
use crate::{Feature, FitContext, Guess, Kind, Prepared, Profile, Record, Role, Target, TrainingCells};
use pellucid_data::{Cell, Files, Result, Storage};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;

/// As an input, values seen less often than this in training share one code with unseen ones.
const RARE: usize = 3;

/// At most this many values of an input get codes of their own (the most frequent ones).
const MOST: usize = 5_000;

/// One of a limited set of values.
pub(crate) struct Category;

/// The fitted state of a category column: its values in order of their codes.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct State {
    name: String,
    values: Vec<String>,
    counts: Vec<usize>,
}

/// A category column ready to encode.
pub(crate) struct PreparedCategory {
    state: State,
    codes: HashMap<String, u32>,
}

impl Kind for Category {
    fn name(&self) -> &'static str {
        "category"
    }

    fn about(&self) -> &'static str {
        "one of a limited set of values, without an order"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        let (distinct, rows) = (profile.distinct(), profile.present());
        if !profile.all_counted || distinct == 0 {
            return None;
        }
        let reason =
            format!("{distinct} distinct value{} in {rows} rows", if distinct == 1 { "" } else { "s" });
        let repeats = rows >= 2 * distinct && !profile.all_different;
        match profile.storage {
            Storage::Text if profile.mean_length <= 60.0 && (repeats || distinct <= 2) => {
                Some(Guess::new(0.8, reason))
            }
            Storage::Flag => Some(Guess::new(0.5, reason)),
            // Whole numbers: two values are hardly a quantity; a target with few values is more likely a class.
            Storage::Integer if distinct <= 2 => Some(Guess::new(0.7, reason)),
            Storage::Integer if role == Role::Target && distinct <= 20 && rows >= 5 * distinct => {
                Some(Guess { or: Some("number"), ..Guess::new(0.7, reason) })
            }
            _ => None,
        }
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        let mut counts: HashMap<String, usize> = HashMap::new();
        cells.each(|_, cell| {
            if let Some(text) = cell_text(cell) {
                match counts.get_mut(text.as_ref()) {
                    Some(n) => *n += 1,
                    None => {
                        counts.insert(text.into_owned(), 1);
                    }
                }
            }
            Ok(())
        })?;
        if counts.is_empty() {
            return Err(cells
                .error("no training row has a value here")
                .advise("leave the column out with --ignore"));
        }
        let mut values: Vec<_> = counts.into_iter().collect();
        if context.role == Role::Input {
            values.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
            let enough = values.iter().take_while(|v| v.1 >= RARE).count();
            values.truncate(enough.clamp(2, MOST));
        }
        values.sort_by(|a, b| natural(&a.0, &b.0));
        let (values, counts) = values.into_iter().unzip();
        Ok(Box::new(PreparedCategory::new(State { name: cells.name.to_owned(), values, counts })))
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Ok(Box::new(PreparedCategory::new(restore(state)?)))
    }
}

/// Numbers by size, then text by letters, so that classes 2 and 10 stand in this order.
pub(crate) fn natural(a: &str, b: &str) -> std::cmp::Ordering {
    match (a.parse::<f64>(), b.parse::<f64>()) {
        (Ok(x), Ok(y)) => x.total_cmp(&y).then_with(|| a.cmp(b)),
        (Ok(_), Err(_)) => std::cmp::Ordering::Less,
        (Err(_), Ok(_)) => std::cmp::Ordering::Greater,
        _ => a.cmp(b),
    }
}

impl PreparedCategory {
    fn new(state: State) -> Self {
        let codes = state.values.iter().zip(0..).map(|(v, i)| (v.clone(), i)).collect();
        PreparedCategory { state, codes }
    }

    fn code(&self, cell: Cell<'_>) -> Option<u32> {
        self.codes.get(cell_text(cell)?.as_ref()).copied()
    }
}

impl Prepared for PreparedCategory {
    fn state(&self) -> Value {
        serde_json::to_value(&self.state).unwrap_or_default()
    }

    fn features(&self) -> Vec<Feature> {
        vec![Feature::Code { name: self.state.name.clone(), size: self.state.values.len() + 1 }]
    }

    fn encode(
        &self,
        cell: Cell<'_>,
        _: Option<&Files>,
        record: &mut Record,
    ) -> std::result::Result<(), String> {
        record.codes.push(self.code(cell).map_or(0, |c| c + 1));
        Ok(())
    }

    fn target(&self) -> Option<Target> {
        Some(Target::Classes { names: self.state.values.clone(), counts: self.state.counts.clone() })
    }

    fn encode_target(&self, cell: Cell<'_>) -> Option<f64> {
        self.code(cell).map(f64::from)
    }

    fn describe(&self) -> String {
        format!(
            "{} values with a learned vector each; rare, missing and new values share one",
            self.state.values.len()
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unseen_and_missing_values_share_code_zero() {
        let p = PreparedCategory::new(State {
            name: "c".into(),
            values: vec!["a".into(), "b".into()],
            counts: vec![5, 5],
        });
        let mut record = Record::default();
        for cell in [Cell::Text("b"), Cell::Text("new"), Cell::Missing, Cell::Text("a")] {
            p.encode(cell, None, &mut record).unwrap();
        }
        assert_eq!(record.codes, [2, 0, 0, 1]);
        assert_eq!(p.encode_target(Cell::Text("b")), Some(1.0));
        assert_eq!(p.encode_target(Cell::Text("new")), None);
        let back = Category.restore(&p.state()).unwrap();
        assert_eq!(back.features(), p.features());
        assert!(Category.restore(&Value::Null).is_err());
    }

    #[test]
    fn classes_stand_in_natural_order() {
        let mut names = ["10", "b", "9", "a", "-1"];
        names.sort_by(|a, b| natural(a, b));
        assert_eq!(names, ["-1", "9", "10", "a", "b"]);
    }
}
