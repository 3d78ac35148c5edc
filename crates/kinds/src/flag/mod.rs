//! Flags: yes or no.

use crate::category::Category;
use crate::{FitContext, Guess, Kind, Prepared, Profile, Role, TrainingCells};
use pellucid_data::{Result, Storage};
use serde_json::Value;

/// Yes or no. Everything after recognition is that of a category with two values.
pub(crate) struct Flag;

impl Kind for Flag {
    fn name(&self) -> &'static str {
        "flag"
    }

    fn about(&self) -> &'static str {
        "yes or no"
    }

    fn recognise(&self, profile: &Profile, _: Role) -> Option<Guess> {
        let binary = profile.storage == Storage::Integer && profile.range == Some((0.0, 1.0));
        let (rows, distinct) = (profile.present(), profile.distinct());
        (profile.storage == Storage::Flag || binary).then(|| {
            let values: Vec<_> = profile.values.iter().map(|v| v.0.as_str()).collect();
            Guess::new(0.9, format!("{distinct} distinct values ({}) in {rows} rows", values.join(", ")))
        })
    }

    fn fit(&self, cells: &TrainingCells<'_>, context: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        Category.fit(cells, context)
    }

    fn restore(&self, state: &Value) -> Result<Box<dyn Prepared>> {
        Category.restore(state)
    }
}
