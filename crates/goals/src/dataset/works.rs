//! The column of works, texts, melodies or pictures, from which something new is learned.

use super::survey::USUAL_TARGETS;
use super::{ColumnPlan, Use};
use crate::config::DataConfig;
use crate::{Error, Result};
use pellucid_data::{Storage, Table};
use pellucid_kinds::{Kind, Profile, Role, kind, recognise};

/// The kinds of which new ones can be made, and what they are called.
const MADE: [(&str, &str, &str); 3] =
    [("text", "texts", "write"), ("melody", "melodies", "write"), ("image", "pictures", "paint")];

/// What a label is for a network that paints.
const LABELS: [&str; 2] = ["category", "flag"];

/// The columns that are learned from.
pub(super) struct Works {
    /// The works themselves.
    column: String,
    /// What pictures are asked for by.
    label: Option<String>,
}

fn recognised(p: &Profile, role: Role) -> Option<&'static str> {
    recognise(p, role).kind.map(Kind::name)
}

impl Works {
    /// The columns as they are named, or the only ones that can be meant.
    ///
    /// # Errors
    /// No column, or several of which each can be meant.
    pub(super) fn of(table: &Table, profiles: &[Profile], config: &DataConfig) -> Result<Works> {
        let is_made = |p: &Profile, name: &str| {
            let given = config.kinds.get(&p.name).map(String::as_str);
            given.or(recognised(p, Role::Input)) == Some(name)
        };
        let named = [&config.group, &config.time, &config.split].into_iter().flatten();
        let taken: Vec<&String> = named.chain(&config.ignore).collect();
        let free: Vec<&Profile> = profiles.iter().filter(|p| !taken.contains(&&p.name)).collect();
        let of = |is: &dyn Fn(&Profile) -> bool| -> Vec<&str> {
            let asked = |p: &&&Profile| config.inputs.is_empty() || config.inputs.contains(&p.name);
            free.iter().filter(asked).filter(|p| is(p)).map(|p| p.name.as_str()).collect()
        };
        let holds_text = |p: &Profile| p.storage == Storage::Text;
        let called_text = of(&|p| holds_text(p) && p.name.eq_ignore_ascii_case("text"));
        let [texts, melodies, pictures] = MADE.map(|(name, ..)| of(&|p| is_made(p, name)));
        let found = [pictures, melodies, called_text, texts, of(&holds_text)];
        let column = match (found.iter().find(|names| names.len() == 1), config.inputs.as_slice()) {
            (Some(only), _) => only.concat(),
            (None, [only]) => only.clone(),
            (None, _) => {
                let names: Vec<String> = table.columns().iter().map(|c| format!("`{}`", c.name)).collect();
                return Err(Error::usage(format!(
                    "which column holds the texts, melodies or pictures to learn from? · {} · its columns are {} · name one with --from-column COLUMN",
                    table.origin(),
                    names.join(", ")
                )));
            }
        };
        let of_pictures = profiles.iter().any(|p| p.name == column && is_made(p, "image"));
        let label = of_pictures.then(|| label(&free, &column, config)).flatten();
        Ok(Works { column, label })
    }

    /// What a column is used for.
    ///
    /// # Errors
    /// A kind of which no new ones can be made.
    pub(super) fn plan(&self, position: usize, p: &Profile, config: &DataConfig) -> Result<ColumnPlan> {
        let plan = |kind, role, reason: String| {
            Ok(ColumnPlan { name: p.name.clone(), position, kind, role, reason, or: None })
        };
        if self.label.as_ref() == Some(&p.name) {
            let reason = format!("`{}` says what is to be seen: pictures can be asked for by it", p.name);
            return plan(Some(kind(LABELS[0])?), Use::Input, reason);
        }
        if self.column != p.name {
            let reason = format!("`{}` is left out: nothing else is learned from", p.name);
            return plan(None, Use::Aside, reason);
        }
        let given = config.kinds.get(&p.name).map(String::as_str);
        let made = |name: &&str| MADE.iter().any(|(made, ..)| made == name);
        let name = given.or(recognised(p, Role::Input).filter(made)).unwrap_or(MADE[0].0);
        let Some((_, works, verb)) = MADE.iter().find(|(made, ..)| *made == name) else {
            return Err(Error::usage(format!(
                "no new ones of kind {name} can be made · `{}` · what can is: {}",
                p.name,
                MADE.map(|(name, ..)| name).join(", ")
            )));
        };
        plan(
            Some(kind(name)?),
            Use::Target,
            format!("`{}` holds the {works} that it learns to {verb}", p.name),
        )
    }
}

/// The column by which pictures can be asked for: as named beside theirs, or one with a usual name.
fn label(free: &[&Profile], pictures: &str, config: &DataConfig) -> Option<String> {
    let usual = |p: &&&Profile| USUAL_TARGETS.iter().any(|usual| p.name.eq_ignore_ascii_case(usual));
    let named = |p: &&&Profile| config.inputs.contains(&p.name);
    let is_label = |p: &&&Profile| {
        let kind = recognised(p, Role::Target).or(recognised(p, Role::Input));
        p.name != pictures && p.distinct() > 1 && kind.is_some_and(|kind| LABELS.contains(&kind))
    };
    let others: Vec<&&Profile> = free.iter().filter(is_label).collect();
    let found = others.iter().find(|p| named(p));
    let found = found.or(others.iter().find(|p| config.inputs.len() < 2 && usual(p)));
    found.map(|p| p.name.clone())
}
