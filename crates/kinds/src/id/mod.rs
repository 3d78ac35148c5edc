//! Identifiers: they name a row and say nothing about it.

use crate::{FitContext, Guess, Kind, Prepared, Profile, Role, TrainingCells};
use pellucid_data::{DataError, Result, Storage};
use serde_json::Value;

/// Names of rows. Set aside: a network would only memorise them.
pub(crate) struct Id;

impl Kind for Id {
    fn name(&self) -> &'static str {
        "id"
    }

    fn about(&self) -> &'static str {
        "a name or number of the row, which says nothing about it; set aside"
    }

    fn recognise(&self, profile: &Profile, role: Role) -> Option<Guess> {
        if role == Role::Target || !profile.all_different || profile.rows < 10 {
            return None;
        }
        let rows = profile.present();
        match profile.storage {
            Storage::Integer if profile.rising => Some(Guess::new(
                0.85,
                format!("whole numbers that rise from row to row, all {rows} different"),
            )),
            Storage::Integer if named_like_one(&profile.name) => {
                Some(Guess::new(0.85, format!("its name, and all {rows} values are different")))
            }
            Storage::Text if profile.mean_length <= 60.0 && profile.pictures == 0 => {
                Some(Guess::new(0.7, format!("all {rows} values are different")))
            }
            _ => None,
        }
    }

    fn is_input(&self) -> bool {
        false
    }

    fn fit(&self, cells: &TrainingCells<'_>, _: &FitContext<'_>) -> Result<Box<dyn Prepared>> {
        Err(cells
            .error("an identifier cannot be learned from or predicted")
            .advise("choose another kind with --kind COLUMN=KIND"))
    }

    fn restore(&self, _: &Value) -> Result<Box<dyn Prepared>> {
        Err(DataError::unreadable("a model cannot hold an identifier column"))
    }
}

fn named_like_one(name: &str) -> bool {
    let name = name.to_lowercase();
    ["id", "uuid", "guid", "index", "nr", "no", "key"].iter().any(|w| {
        name == *w
            || name.ends_with(&format!("_{w}"))
            || name.ends_with(&format!(" {w}"))
            || name.starts_with(&format!("{w}_"))
    })
}
